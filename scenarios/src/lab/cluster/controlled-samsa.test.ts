import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { KafkaProducer } from '@samsa/client'
import type { ControlledCluster } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import { controlSamsa } from './controlled-samsa.ts'
import { faultSchedule } from './fault-schedule.ts'
import type { FaultNote } from './run-schedule.ts'
import { runSchedule } from './run-schedule.ts'
import { notReadOnce, sendThroughout } from './traffic.ts'

/** Long enough for a machine that does other things. */
const TEST_LIMIT_MS = 90_000
const limit = { timeout: TEST_LIMIT_MS }

describe("our broker's process under control", () => {
  let cluster: ControlledCluster
  before(async () => {
    cluster = await controlSamsa()
  })
  after(() => cluster?.stop())

  it('kill -9 in the middle of sending loses nothing that was acknowledged', limit, async () => {
    await cluster.createTopic('killed', { partitions: 3 })
    const acknowledged = await sendThroughout(cluster, 'killed', async () => {
      const before = cluster.nodes[0]?.pid
      await cluster.nodes[0]?.kill9()
      assert.deepEqual(
        cluster.nodes.map(({ state, pid }) => [state, pid]),
        cluster.nodes.map(() => ['down', undefined]),
      )
      await cluster.nodes[0]?.start()
      assert.notEqual(cluster.nodes[0]?.pid, before)
      await cluster.waitUntilLed('killed')
      await cluster.waitUntilInSync('killed')
    })
    assert.deepEqual(await notReadOnce(cluster, 'killed', acknowledged), [])
  })

  it('a clean restart keeps addresses and records', limit, async () => {
    const servers = cluster.bootstrapServers
    await cluster.createTopic('restarted', { partitions: 2 })
    const acknowledged = await sendThroughout(cluster, 'restarted', async () => {
      await cluster.nodes[1]?.stop()
      await cluster.nodes[1]?.start()
      await cluster.waitUntilLed('restarted')
    })
    assert.equal(cluster.bootstrapServers, servers)
    assert.deepEqual(await notReadOnce(cluster, 'restarted', acknowledged), [])
  })

  it('while frozen nothing is acknowledged, after thawing all is', limit, async () => {
    await cluster.createTopic('frozen', { partitions: 1 })
    const producer = producerOf(cluster)
    await producer.send({ topic: 'frozen', value: 'before' })
    cluster.nodes[0]?.freeze()
    assert.equal(cluster.nodes[2]?.state, 'frozen')
    let isAcknowledged = false
    const during = Promise.resolve(producer.send({ topic: 'frozen', value: 'during' })).then(() => {
      isAcknowledged = true
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.equal(isAcknowledged, false)
    cluster.nodes[0]?.thaw()
    await during
    await producer.close()
    assert.equal(await cluster.endOffset('frozen', 0), 2)
  })

  it('leaders and coordinators move, partitions are added, a topic is made anew', limit, async () => {
    await cluster.createTopic('moved', { partitions: 2 })
    const from = await cluster.leaderOf('moved', 1)
    const to = (from % 3) + 1
    await cluster.moveLeader('moved', 1, to)
    assert.equal(await cluster.leaderOf('moved', 1), to)
    const coordinator = await cluster.coordinatorOf('some-group')
    const other = await cluster.moveCoordinator('some-group')
    assert.notEqual(other, coordinator)
    assert.equal(await cluster.coordinatorOf('some-group'), other)
    await cluster.addPartitions('moved', 5)
    assert.equal(await cluster.partitionsOf('moved'), 5)
    const producer = producerOf(cluster)
    await producer.send({ topic: 'moved', value: 'v', partition: 4 })
    await producer.close()
    assert.equal(await cluster.endOffset('moved', 4), 1)
    await cluster.recreateTopic('moved')
    assert.equal(await cluster.partitionsOf('moved'), 5)
    assert.equal(await cluster.endOffset('moved', 4), 0)
    await cluster.deleteTopic('moved')
    await assert.rejects(cluster.leaderOf('moved', 0), { code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await assert.rejects(cluster.deleteTopic('moved'), { code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await assert.rejects(cluster.moveLeader('moved', 0, 1), /does not exist/)
  })

  it('under a schedule of faults nothing that was acknowledged is lost', limit, async () => {
    await cluster.createTopic('scheduled', { partitions: 3 })
    const kinds = ['kill', 'restart', 'rolling-restart', 'freeze', 'leader-move', 'coordinator-move'] as const
    const timing = { everyMs: 400, holdMs: [50, 300], durationMs: 5000, healMs: 100 } as const
    const schedule = faultSchedule('samsa', { kinds, ...timing })
    assert.ok(new Set(schedule.map(({ kind }) => kind)).size > 4)
    const notes: string[] = []
    const acknowledged = await sendThroughout(cluster, 'scheduled', async () => {
      const options = { topics: ['scheduled'], groups: ['some-group'] }
      const note = ({ f, text }: FaultNote) => void notes.push(`${f} ${text}`)
      const summary = await runSchedule(cluster, schedule, note, options)
      assert.deepEqual(summary.failed, [])
      assert.equal(summary.made, schedule.length - 1)
    })
    assert.equal(notes.length, (schedule.length - 1) * 2 + 1)
    assert.ok(cluster.nodes.every(({ state }) => state === 'up'))
    assert.deepEqual(await notReadOnce(cluster, 'scheduled', acknowledged), [])
  })

  it('says of what it cannot do that and why', limit, async () => {
    await assert.rejects(cluster.electUnclean('killed', 0), NotPossible)
    await assert.rejects(cluster.setQuota({ clientId: 'c', producerByteRate: 1 }), NotPossible)
    await assert.rejects(cluster.fillDisk(), NotPossible)
    await assert.rejects(cluster.moveCoordinator('t', 'transaction'), NotPossible)
  })
})

function producerOf({ bootstrapServers }: ControlledCluster): KafkaProducer<string, string> {
  return new KafkaProducer({ bootstrapServers, deliveryTimeoutMs: 60_000 })
}
