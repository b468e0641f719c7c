import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ControlledCluster, ControlledNode } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import { controlKafka } from './controlled-kafka.ts'
import type { FaultKind } from './fault-schedule.ts'
import { faultSchedule } from './fault-schedule.ts'
import { produceRaw } from './raw-produce.ts'
import type { FaultNote } from './run-schedule.ts'
import { runSchedule } from './run-schedule.ts'
import { timed } from './timed.ts'
import { notReadOnce, sendThroughout } from './traffic.ts'

const TEST_LIMIT_MS = 240_000
const limit = { timeout: TEST_LIMIT_MS }
const replicated = { partitions: 3, replicationFactor: 3 }

const alone = (kind: FaultKind) => ({ kind, atMs: 0, forMs: 0, nodes: 1, pick: 0 })

describe('a three-node Apache Kafka under control', () => {
  let cluster: ControlledCluster
  before(async () => {
    cluster = await timed('start', () => controlKafka())
  })
  after(() => cluster?.stop())

  const node = (id: number): ControlledNode => {
    const found = cluster.nodes.find((each) => each.id === id)
    assert.ok(found, `node ${id}`)
    return found
  }

  it('kill -9 of a leader: another leads, and when it is back all are in sync', limit, async () => {
    await timed('create a topic', () => cluster.createTopic('killed', replicated))
    const acknowledged = await sendThroughout(cluster, 'killed', async () => {
      const killed = node(await cluster.leaderOf('killed', 0))
      const pid = killed.pid
      await timed('kill -9', () => killed.kill9())
      assert.equal(killed.pid, undefined)
      console.log(`led again after kill -9: ${Math.round(await cluster.waitUntilLed('killed'))} ms`)
      assert.notEqual(await cluster.leaderOf('killed', 0), killed.id)
      await timed('start again', () => killed.start())
      assert.notEqual(killed.pid, pid)
      console.log(`in sync again: ${Math.round(await cluster.waitUntilInSync('killed'))} ms`)
    })
    assert.deepEqual(await notReadOnce(cluster, 'killed', acknowledged), [])
  })

  it('a clean restart hands leadership over before it ends', limit, async () => {
    const stopped = node(await cluster.leaderOf('killed', 1))
    await timed('stop', () => stopped.stop())
    assert.ok((await cluster.waitUntilLed('killed')) < 2000)
    await timed('start after a stop', () => stopped.start())
    await cluster.waitUntilInSync('killed')
  })

  it('a frozen leader loses its partitions and comes back as a follower', limit, async () => {
    const frozen = node(await cluster.leaderOf('killed', 0))
    frozen.freeze()
    assert.equal(frozen.state, 'frozen')
    console.log(`led again after freezing: ${Math.round(await cluster.waitUntilLed('killed'))} ms`)
    assert.notEqual(await cluster.leaderOf('killed', 0), frozen.id)
    frozen.thaw()
    console.log(`in sync after thawing: ${Math.round(await cluster.waitUntilInSync('killed'))} ms`)
  })

  it('leaders move to each node, also to one that had no replica', limit, async () => {
    for (const { id } of cluster.nodes) {
      await timed('move a leader', () => cluster.moveLeader('killed', 0, id))
      assert.equal(await cluster.leaderOf('killed', 0), id)
    }
    await cluster.createTopic('single', { partitions: 1, replicationFactor: 1 })
    const from = await cluster.leaderOf('single', 0)
    const to = cluster.nodes.find(({ id }) => id !== from) as ControlledNode
    await timed('move a leader with its data', () => cluster.moveLeader('single', 0, to.id))
    assert.equal(await cluster.leaderOf('single', 0), to.id)
  })

  it('coordinators of groups and transactions move', limit, async () => {
    for (const kind of ['group', 'transaction'] as const) {
      const from = await cluster.coordinatorOf('the-key', kind)
      const to = await timed(`move the coordinator of a ${kind}`, () =>
        cluster.moveCoordinator('the-key', kind),
      )
      assert.notEqual(to, from)
      assert.equal(await cluster.coordinatorOf('the-key', kind), to)
    }
  })

  it('partitions are added, and a topic is made anew, empty', limit, async () => {
    await timed('add partitions', () => cluster.addPartitions('killed', 5))
    assert.equal(await cluster.partitionsOf('killed'), 5)
    await produceRaw(node(await cluster.leaderOf('killed', 4)), { topic: 'killed', partition: 4, value: 'v' })
    assert.equal(await cluster.endOffset('killed', 4), 1)
    await timed('make a topic anew', () => cluster.recreateTopic('killed'))
    assert.equal(await cluster.partitionsOf('killed'), 5)
    assert.equal(await cluster.endOffset('killed', 4), 0)
    await timed('delete a topic', () => cluster.deleteTopic('killed'))
    await assert.rejects(cluster.leaderOf('killed', 0), { code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('under a schedule of faults nothing that was acknowledged is lost', limit, async () => {
    const topic = 'scheduled'
    await cluster.createTopic(topic, replicated)
    const kinds = ['kill', 'restart', 'freeze', 'leader-move', 'coordinator-move', 'add-partitions'] as const
    const timing = { everyMs: [4000, 8000], holdMs: [2000, 6000], durationMs: 60_000, healMs: 1000 } as const
    const schedule = [
      { ...alone('rolling-restart'), atMs: 0 },
      { ...alone('freeze'), atMs: 1, forMs: 10_000, nodes: 2 },
      ...faultSchedule(4, { kinds, ...timing }),
    ]
    const begun = performance.now()
    const note = ({ f, text }: FaultNote) =>
      console.log(`${Math.round(performance.now() - begun)} ms ${f} ${text}`)
    const acknowledged = await sendThroughout(cluster, topic, async () => {
      const summary = await runSchedule(cluster, schedule, note, { topics: [topic], groups: ['the-group'] })
      assert.deepEqual(summary.failed, [])
    })
    console.log(`${acknowledged.size} acknowledged under ${schedule.length - 1} faults`)
    assert.ok(cluster.nodes.every(({ state }) => state === 'up'))
    assert.deepEqual(await notReadOnce(cluster, topic, acknowledged), [])
  })

  it('an unclean election takes acknowledged records back', limit, async () => {
    const topic = 'unclean'
    const configs = { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' }
    await cluster.createTopic(topic, { partitions: 1, replicationFactor: 3, configs })
    const send = async (value: string, acks: number) => {
      const leader = node(await cluster.leaderOf(topic, 0))
      assert.equal((await produceRaw(leader, { topic, partition: 0, value, acks })).error, 'NONE')
    }
    for (const value of ['kept-1', 'kept-2', 'kept-3']) await send(value, -1)
    const lose = async () => {
      for (let count = 0; count < 7; count++) await send(`lost-${count}`, 1)
    }
    const election = await timed('an unclean election', () => cluster.electUnclean(topic, 0, lose))
    assert.equal(election.endBefore, 10)
    assert.equal(election.endAfter, 3)
    assert.notEqual(election.leaderAfter, election.leaderBefore)
    assert.ok(cluster.nodes.every(({ state }) => state === 'up'))
    assert.equal(await cluster.endOffset(topic, 0), 3)
    await send('after', -1)
    assert.equal(await cluster.endOffset(topic, 0), 4)
  })

  it('a quota throttles, and stops to when it is removed', limit, async () => {
    await cluster.createTopic('slow', { partitions: 1, replicationFactor: 1 })
    const leader = node(await cluster.leaderOf('slow', 0))
    const value = Buffer.alloc(100_000, 'x')
    const throttle = async () => {
      const record = { topic: 'slow', partition: 0, value, clientId: 'limited' }
      return (await produceRaw(leader, record)).throttleTimeMs
    }
    assert.equal(await throttle(), 0)
    await timed('set a quota', () => cluster.setQuota({ clientId: 'limited', producerByteRate: 2000 }))
    await throttle()
    assert.ok((await throttle()) > 0)
    await cluster.setQuota({ clientId: 'limited', producerByteRate: null })
    assert.equal(await throttle(), 0)
    for (const value of [1000, null]) {
      await cluster.setQuota({
        user: 'ANONYMOUS',
        clientId: null,
        consumerByteRate: value,
        requestPercentage: value,
      })
      await cluster.setQuota({ user: null, producerByteRate: value })
    }
    await assert.rejects(cluster.setQuota({ clientId: 'c' }), /needs one of producerByteRate/)
    await assert.rejects(cluster.setQuota({ producerByteRate: 1 }), /needs a user or a client id/)
  })

  it('refuses a full disk where disks are not limited', limit, async () => {
    await assert.rejects(cluster.fillDisk(), NotPossible)
  })
})
