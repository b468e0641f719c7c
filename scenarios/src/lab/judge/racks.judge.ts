import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { ControlledCluster, ControlledNode } from '../cluster/controlled-cluster.ts'
import { controlKafka } from '../cluster/controlled-kafka.ts'
import { delay } from '../cluster/surroundings.ts'
import { waitUntil } from '../cluster/wait-until.ts'
import type { SeenFrame } from '../proxy/fault.ts'
import type { FaultProxy } from '../proxy/proxy.ts'
import { startProxy } from '../proxy/proxy.ts'

const TOPIC = 'racks.topic'
const PARTITIONS = 6
const RACKS = ['a', 'b', 'c']
/** Every partition is led by this node, and the reader stands beside that one. */
const LEADER = 1
const NEAR = 3
/** A reader that was sent back to the leader asks it again for the near replica after this. */
const METADATA_MAX_AGE_MS = 4_000
const PAUSE_MS = 4
const READ_LIMIT_MS = 30_000

/** What one node has answered to Fetch. */
interface Served {
  /** Bytes of records. */
  bytes: number
  /** Partitions for which it named another replica to read from. */
  sentAway: number
}

/** What is used of an answer to Fetch. */
interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly records: Uint8Array | null
      readonly preferredReadReplica?: number
    }[]
  }[]
}

/** Watches what each node answers to a reader, in the frames themselves. */
class Watch {
  readonly proxy: FaultProxy
  readonly #nodeAt: ReadonlyMap<string, number>
  #served = new Map<number, Served>()

  static async start({ bootstrapServers, nodes }: ControlledCluster): Promise<Watch> {
    return new Watch(await startProxy({ bootstrapServers, seed: 1 }), nodes)
  }

  private constructor(proxy: FaultProxy, nodes: readonly ControlledNode[]) {
    this.proxy = proxy
    this.#nodeAt = new Map(nodes.map(({ id, port }) => [`127.0.0.1:${port}`, id]))
    const where = (frame: SeenFrame) => {
      this.#see(frame)
      return false
    }
    proxy.inject({ api: 'Fetch', direction: 'response', action: 'delay', ms: 0, where })
  }

  #see({ address, body }: SeenFrame): void {
    const answer = body as FetchAnswer | undefined
    const served = this.of(this.#nodeAt.get(address) ?? -1)
    for (const { records, preferredReadReplica = -1 } of answer?.responses.flatMap(
      (each) => each.partitions,
    ) ?? []) {
      served.bytes += records?.length ?? 0
      if (preferredReadReplica >= 0) served.sentAway++
    }
  }

  of(node: number): Served {
    const served = this.#served.get(node) ?? { bytes: 0, sentAway: 0 }
    this.#served.set(node, served)
    return served
  }

  /** Counts from nought again. */
  forget(): void {
    this.#served = new Map()
  }

  toString(): string {
    return RACKS.map((_, at) => {
      const { bytes, sentAway } = this.of(at + 1)
      return `node ${at + 1}: ${bytes} bytes of records, ${sentAway} partitions sent away`
    }).join('; ')
  }
}

/** Writes numbered records by turns to every partition until it is stopped; each is acknowledged. */
class Writer {
  readonly #producer: KafkaProducer
  readonly #writing: Promise<void>
  count = 0
  #isStopped = false

  constructor(bootstrapServers: string) {
    this.#producer = new KafkaProducer({ bootstrapServers, lingerMs: 5 })
    this.#writing = this.#write()
  }

  async #write(): Promise<void> {
    const sends: PromiseLike<unknown>[] = []
    while (!this.#isStopped) {
      const value = `${this.count}`.padEnd(200, '.')
      sends.push(this.#producer.send({ topic: TOPIC, partition: this.count % PARTITIONS, value }))
      this.count++
      await delay(PAUSE_MS)
    }
    await Promise.all(sends)
  }

  /** Resolves when all that was written is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true
    try {
      await this.#writing
    } finally {
      await this.#producer.close()
    }
  }
}

/** Reads everything as the only member of its group, and notes the number of each record. */
class Reader {
  readonly numbers: number[] = []
  readonly #consumer: KafkaConsumer
  readonly #reading: Promise<void>
  #failure: unknown

  constructor(bootstrapServers: string, clientRack: string) {
    this.#consumer = new KafkaConsumer({
      bootstrapServers,
      clientRack,
      groupId: `racks.${clientRack}`,
      autoOffsetReset: 'earliest',
      metadataMaxAgeMs: METADATA_MAX_AGE_MS,
      valueDeserializer: 'string',
    })
    this.#consumer.subscribe(TOPIC)
    this.#reading = this.#read().catch((error) => {
      this.#failure = error
    })
  }

  async #read(): Promise<void> {
    for await (const { value } of this.#consumer) this.numbers.push(Number.parseInt(String(value), 10))
  }

  /** Resolves when it has so many records. */
  async has(count: number): Promise<void> {
    await waitUntil(`${count} records are read`, READ_LIMIT_MS, async () => {
      if (this.#failure) throw this.#failure
      return this.numbers.length >= count ? undefined : `${this.numbers.length} are`
    })
  }

  async close(): Promise<void> {
    await this.#consumer.close()
    await this.#reading
  }
}

/** Each record once, and those of a partition in the order in which they were sent. */
function assertOnceInOrder(numbers: readonly number[], count: number): void {
  const seen = new Set(numbers)
  const lost = Array.from({ length: count }, (_, number) => number).filter((number) => !seen.has(number))
  assert.deepEqual(lost, [], `of ${count} records ${lost.length} were not read`)
  assert.equal(numbers.length, count, `${numbers.length - seen.size} records were read twice`)
  const last = new Map<number, number>()
  for (const number of numbers) {
    const partition = number % PARTITIONS
    assert.ok((last.get(partition) ?? -1) < number, `${number} came after ${last.get(partition)}`)
    last.set(partition, number)
  }
}

describe('a reader beside a follower, on an Apache Kafka of three racks (KIP-392)', () => {
  let cluster: ControlledCluster
  let watch: Watch
  let writer: Writer
  let reader: Reader
  before(async () => {
    const selector = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'
    cluster = await controlKafka({ racks: RACKS, overrides: { 'replica.selector.class': selector } })
    await cluster.createTopic(TOPIC, { partitions: PARTITIONS, replicationFactor: 3 })
    for (let partition = 0; partition < PARTITIONS; partition++)
      await cluster.moveLeader(TOPIC, partition, LEADER)
    watch = await Watch.start(cluster)
    writer = new Writer(cluster.bootstrapServers)
    reader = new Reader(watch.proxy.bootstrapServers, RACKS[NEAR - 1] as string)
  })
  after(async () => {
    await reader?.close()
    await writer?.stop().catch(() => {})
    await watch?.proxy.close()
    await cluster?.stop()
  })

  const node = (id: number) => cluster.nodes.find((each) => each.id === id) as ControlledNode
  /** Lets the reader go on for a while, and says what was served meanwhile. */
  const meanwhile = async (records: number) => {
    watch.forget()
    await reader.has(reader.numbers.length + records)
    console.log(`${watch}`)
  }
  const mostFrom = (id: number) => {
    const others = RACKS.map((_, at) => at + 1).filter((each) => each !== id)
    const far = others.reduce((sum, each) => sum + watch.of(each).bytes, 0)
    const { bytes } = watch.of(id)
    assert.ok(bytes > 0 && far < bytes / 10, `node ${id} should serve nearly all, but ${watch}`)
  }

  it('the leader sends it to the near replica, and the records come from there', async () => {
    await reader.has(1)
    await waitUntil('the leader names the near replica', READ_LIMIT_MS, async () =>
      watch.of(LEADER).sentAway > 0 ? undefined : `${watch}`,
    )
    await meanwhile(2_000)
    mostFrom(NEAR)
  })

  it('when the near node is killed the leader serves, when it is back it serves again', async () => {
    await node(NEAR).kill9()
    await meanwhile(1_000)
    mostFrom(LEADER)
    await node(NEAR).start()
    await cluster.waitUntilInSync(TOPIC)
    await waitUntil('the near node serves again', READ_LIMIT_MS, async () =>
      watch.of(NEAR).bytes > 0 ? undefined : `${watch}`,
    )
    // What was asked of the leader before it sent the reader away has come by then.
    await delay(METADATA_MAX_AGE_MS)
    await meanwhile(1_000)
    mostFrom(NEAR)
  })

  it('when the leader is killed it goes on beside the near replica', async () => {
    await node(LEADER).kill9()
    await cluster.waitUntilLed(TOPIC)
    await delay(METADATA_MAX_AGE_MS)
    await meanwhile(1_000)
    mostFrom(NEAR)
    await node(LEADER).start()
    await cluster.waitUntilInSync(TOPIC)
  })

  it('has read every record exactly once, in order', async () => {
    await writer.stop()
    await reader.has(writer.count)
    // What would come twice gets the time to come.
    await delay(2_000)
    assertOnceInOrder(reader.numbers, writer.count)
    console.log(`${writer.count} records`)
  })
})
