import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ControlledCluster } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import { controlKafka } from './controlled-kafka.ts'
import { controlSamsa } from './controlled-samsa.ts'
import { produceRaw } from './raw-produce.ts'
import { remainsAfter } from './remains.ts'
import { SmallDisk } from './small-disk.ts'
import { timed } from './timed.ts'
import { waitUntil } from './wait-until.ts'

const limit = { timeout: 240_000 }
const ATTEMPTS = 200
const WAIT_MS = 60_000
const VALUE = Buffer.alloc(100_000, 'x')
const topic = 'filled'

/** Why no disk of limited size can be had here; undefined where one can. */
function refusal(): string | undefined {
  try {
    new SmallDisk(1).unmount()
    return undefined
  } catch (error) {
    if (error instanceof NotPossible) return error.message
    throw error
  }
}

const why = refusal()
if (why === undefined) {
  fillKafka()
  fillSamsa()
  lookAtRemains()
} else {
  it('asks for a limited disk where none can be had, and is told why', async () => {
    console.log(why)
    await assert.rejects(controlSamsa({ diskMegabytes: 32 }), NotPossible)
    await assert.rejects(controlKafka({ diskMegabytes: 32 }), NotPossible)
  })
}

function fillKafka(): void {
  describe('full disks of a three-node Apache Kafka', () => {
    let cluster: ControlledCluster
    const sent: number[] = []
    before(async () => {
      cluster = await timed('start', () => controlKafka({ diskMegabytes: 64 }))
    })
    after(() => cluster?.stop())

    it('one: its leader says so, another takes over', limit, async () => {
      await timed('a topic', () => cluster.createTopic(topic, { partitions: 1, replicationFactor: 3 }))
      for (let count = 0; count < 10; count++) assert.equal(await send(cluster, sent), 'NONE')
      const first = await cluster.leaderOf(topic, 0)
      await timed('fill a disk', () => cluster.fillDisk(first))
      assert.equal(await firstError(cluster, sent), 'KAFKA_STORAGE_ERROR')
      const moved = waitUntil('another leads', WAIT_MS, async () =>
        (await cluster.leaderOf(topic, 0)) === first ? 'the first does' : undefined,
      )
      console.log(`another leads after ${Math.round(await moved)} ms`)
      for (let count = 0; count < 10; count++) assert.equal(await send(cluster, sent), 'NONE')
    })

    it(
      'all: nothing is taken any more, and after room was made all that was acknowledged is there',
      limit,
      async () => {
        await cluster.fillDisk()
        console.log(`with all disks full: ${await firstError(cluster, sent)}`)
        await timed('make room', () => cluster.freeDisk())
        console.log(`led after ${Math.round(await cluster.waitUntilLed(topic, WAIT_MS))} ms`)
        console.log(`in sync after ${Math.round(await cluster.waitUntilInSync(topic, WAIT_MS))} ms`)
        assert.equal(await send(cluster, sent), 'NONE')
        assert.equal(new Set(sent).size, sent.length)
        assert.ok((await cluster.endOffset(topic, 0)) > Math.max(...sent))
        assert.ok(cluster.nodes.every(({ state }) => state === 'up'))
      },
    )
  })
}

function fillSamsa(): void {
  describe("a full disk of our broker's process", () => {
    let cluster: ControlledCluster
    const sent: number[] = []
    before(async () => {
      cluster = await timed('start', () => controlSamsa({ diskMegabytes: 32 }))
    })
    after(() => cluster?.stop())

    it('says so, and after room was made all that was acknowledged is there', limit, async () => {
      await cluster.createTopic(topic, { partitions: 1 })
      for (let count = 0; count < 10; count++) assert.equal(await send(cluster, sent), 'NONE')
      await cluster.fillDisk()
      assert.equal(await firstError(cluster, sent), 'KAFKA_STORAGE_ERROR')
      assert.ok((await cluster.endOffset(topic, 0)) > Math.max(...sent), 'it goes on being read')
      await timed('make room', () => cluster.freeDisk())
      assert.equal(await send(cluster, sent), 'NONE')
      assert.equal(new Set(sent).size, sent.length)
      assert.equal(await cluster.endOffset(topic, 0), sent.length)
    })
  })
}

function lookAtRemains(): void {
  describe('a test that is ended by SIGTERM leaves no process, file or mount behind', () => {
    const options = { diskMegabytes: 32 }
    it("of our broker's", limit, async () => {
      const samsa = { file: 'controlled-samsa', call: 'controlSamsa', options }
      assert.deepEqual(await remainsAfter('SIGTERM', samsa), [])
    })

    it("of Kafka's", limit, async () => {
      const kafka = { file: 'controlled-kafka', call: 'controlKafka', options: { ...options, nodes: 1 } }
      assert.deepEqual(await remainsAfter('SIGTERM', kafka), [])
    })
  })
}

/** One record to the leader; where it was acknowledged, its offset is noted. */
async function send(cluster: ControlledCluster, sent: number[]): Promise<string> {
  const leader = await cluster.leaderOf(topic, 0)
  const node = cluster.nodes.find(({ id }) => id === leader)
  if (!node) return 'nobody leads'
  const { error, baseOffset } = await produceRaw(node, { topic, partition: 0, value: VALUE })
  if (error === 'NONE') sent.push(baseOffset)
  return error
}

/** Sends until it is refused. */
async function firstError(cluster: ControlledCluster, sent: number[]): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const error = await send(cluster, sent)
    if (error !== 'NONE') return error
  }
  return `${ATTEMPTS} records were taken`
}
