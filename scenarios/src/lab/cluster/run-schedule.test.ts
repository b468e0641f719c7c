import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeCluster } from './fake-cluster.ts'
import type { ClusterFault } from './fault-schedule.ts'
import { faultKinds, faultSchedule } from './fault-schedule.ts'
import type { FaultNote, RunOptions, RunSummary } from './run-schedule.ts'
import { runSchedule } from './run-schedule.ts'

const HEAL: ClusterFault = { atMs: 60_000, kind: 'heal', forMs: 5000, nodes: 1, pick: 0 }

function fault(kind: ClusterFault['kind'], more: Partial<ClusterFault> = {}): ClusterFault {
  return { atMs: 1000, kind, forMs: 10_000, nodes: 1, pick: 0, ...more }
}

/** Runs a schedule in no time. */
async function ran(cluster: FakeCluster, faults: readonly ClusterFault[], options: Partial<RunOptions> = {}) {
  const notes: string[] = []
  const note = ({ f, text }: FaultNote) => void notes.push(`${cluster.clock.now()} ${f} ${text}`)
  const given = { topics: ['t'], groups: ['g'], clock: cluster.clock, ...options }
  const summary: RunSummary = await runSchedule(cluster, faults, note, given)
  return { notes, summary }
}

test('a node is killed at its time, started after its time, and both are noted', async () => {
  const cluster = new FakeCluster()
  const { notes, summary } = await ran(cluster, [fault('kill', { pick: 1 << 8 }), HEAL])
  assert.deepEqual(cluster.told, ['1000 kill 2', '12000 start 2', '60000 free'])
  assert.deepEqual(notes, [
    '1000 fault kill: node 2 killed',
    '12000 heal kill: node 2 killed',
    '60000 heal all: led after 0 ms, in sync after 0 ms',
  ])
  assert.deepEqual(summary, { made: 1, failed: [], ledMs: 0, inSyncMs: 0 })
  assert.equal(cluster.clock.now(), 65_000)
})

test('as many nodes are frozen as asked for, the leader among them', async () => {
  const cluster = new FakeCluster()
  await ran(cluster, [fault('freeze', { nodes: 2, pick: 2 << 8 }), HEAL])
  assert.deepEqual(cluster.told, [
    '1000 freeze 3',
    '1000 freeze 1',
    '11000 thaw 3',
    '11000 thaw 1',
    '60000 free',
  ])
})

test('nodes of one process are one victim, and one of a rolling restart', async () => {
  const cluster = new FakeCluster(1)
  await ran(cluster, [fault('rolling-restart'), fault('kill', { atMs: 20_000, nodes: 3 }), HEAL])
  assert.deepEqual(cluster.told.slice(0, 4), ['1000 stop 1', '2000 start 1', '20000 kill 1', '31000 start 1'])
})

test('what cannot be done is noted with its reason, and the rest goes on', async () => {
  const cluster = new FakeCluster()
  const faults = [fault('unclean-election'), fault('leader-move', { atMs: 20_000 }), HEAL]
  const { notes, summary } = await ran(cluster, faults)
  assert.deepEqual(notes.slice(0, 2), [
    '1000 fault unclean-election: t-0 loses its end',
    '1000 heal unclean-election: t-0 loses its end failed: it has no replicas',
  ])
  assert.deepEqual(summary.failed, ['unclean-election: t-0 loses its end failed: it has no replicas'])
  assert.equal(summary.made, 1)
  assert.deepEqual(cluster.told, ['20000 move t-0 to 2', '60000 free'])
})

test('a fault for which there is nothing to choose does not begin', async () => {
  const cluster = new FakeCluster()
  const { notes, summary } = await ran(cluster, [fault('coordinator-move'), HEAL], { groups: [] })
  assert.equal(notes[0], '1000 note coordinator-move failed: there is nothing to choose from')
  assert.equal(summary.made, 0)
})

test('a run that is cut short mends at once', async () => {
  const cluster = new FakeCluster()
  const stop = new AbortController()
  const clock = {
    now: () => cluster.clock.now(),
    sleep: async (ms: number) => {
      await cluster.clock.sleep(ms)
      if (cluster.clock.now() > 5000) stop.abort()
    },
  }
  const faults = [fault('kill'), fault('freeze', { atMs: 20_000 }), HEAL]
  await ran(cluster, faults, { signal: stop.signal, clock })
  assert.deepEqual(cluster.told, ['1000 kill 1', '12000 start 1', '12000 free'])
})

test('no node is left dead when one of them does not start, when a note throws, or when there was no mending', async () => {
  const stubborn = new FakeCluster()
  stubborn.broken.add(1)
  await assert.rejects(ran(stubborn, [fault('kill', { nodes: 2 }), HEAL]), /node 1 does not start/)
  assert.deepEqual(
    stubborn.nodes.map(({ state }) => state),
    ['down', 'up', 'up'],
  )
  const silent = new FakeCluster()
  const note = () => {
    throw new Error('no room for the history')
  }
  const options = { topics: ['t'], clock: silent.clock }
  await assert.rejects(runSchedule(silent, [fault('freeze'), HEAL], note, options), /no room/)
  assert.ok(silent.nodes.every(({ state }) => state === 'up'))
  const unled = new FakeCluster()
  await ran(unled, [fault('kill'), HEAL], { topics: [] })
  assert.ok(unled.nodes.every(({ state }) => state === 'up'))
})

test('schedules of every kind end with all nodes up, and as many notes of beginnings as of ends', async () => {
  const kinds = faultKinds.filter((kind) => kind !== 'none')
  for (let seed = 0; seed < 100; seed++) {
    const cluster = new FakeCluster()
    const faults = faultSchedule(seed, {
      kinds,
      everyMs: [1000, 20_000],
      durationMs: 300_000,
      healMs: 0,
      nodesAtOnce: 2,
    })
    const { notes, summary } = await ran(cluster, faults)
    assert.ok(cluster.nodes.every(({ state }) => state === 'up'))
    assert.equal(summary.made + summary.failed.length, faults.length - 1)
    const begun = notes.filter((note) => / fault /.test(note))
    assert.equal(begun.length, faults.length - 1)
    assert.equal(notes.length, begun.length * 2 + 1)
  }
})
