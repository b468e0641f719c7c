import assert from 'node:assert/strict'
import test from 'node:test'
import { FindCoordinator, Heartbeat, ListOffsets, Metadata } from '@samsa/protocol'
import { ConfigError, ConnectionError } from '../errors.ts'
import type { FakeBroker } from '../world.test-support.ts'
import { FakeWorld } from '../world.test-support.ts'
import { clusterOf, metadata } from './cluster.test-support.ts'

const none = { replicaId: -1, topics: [] }

function asked(broker: FakeBroker): { names: string[] | null; creates: boolean }[] {
  return broker.asked
    .filter(({ api }) => api === Metadata)
    .map(({ body }) => ({
      names: body.topics?.map(({ name }: { name: string }) => name) ?? null,
      creates: body.allowAutoTopicCreation,
    }))
}

/** A log that keeps its warnings. */
function listener() {
  const warnings: string[] = []
  return { warnings, debug() {}, info() {}, error() {}, warn: (line: string) => void warnings.push(line) }
}

test('only a topic that was never there may be created by asking; what was deleted stays deleted', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  let isThere = true
  broker.answers(Metadata, ({ body }) =>
    metadata({
      topics: (body.topics as { name: string }[]).map(({ name }) =>
        isThere ? { name, leaders: [1] } : { name, errorCode: 3 },
      ),
    }),
  )
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.want('a')
  await cluster.refresh()
  isThere = false
  await cluster.refresh()
  cluster.want('b')
  await cluster.refresh()
  cluster.unwant('a')
  cluster.want('a')
  await cluster.refresh()
  assert.deepEqual(asked(broker), [
    { names: ['a'], creates: true },
    { names: ['a'], creates: false },
    { names: ['b'], creates: true },
    { names: ['a'], creates: false },
    { names: ['b', 'a'], creates: true },
  ])
  cluster.close()
})

test('somebody who uses a topic that was deleted may have it created again', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, metadata({ topics: [{ name: 'a', leaders: [1] }] }))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.want('a')
  await cluster.refresh()
  cluster.mayCreate('a')
  await cluster.refresh()
  assert.deepEqual(
    asked(broker).map(({ creates }) => creates),
    [true, true],
  )
  cluster.close()
  const strict = clusterOf(world, { bootstrapServers: 'k1:1', allowAutoCreateTopics: false })
  strict.want('a')
  await strict.refresh()
  assert.equal(asked(broker).at(-1)?.creates, false)
  strict.close()
})

test('answers that change nothing make the pauses grow, one that does makes them short again', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  let errorCode = 3
  broker.answers(Metadata, () => metadata({ topics: [{ name: 't', errorCode, leaders: [1] }] }))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.want('t')
  const count = async (ms: number) => {
    const before = asked(broker).length
    for (let passed = 0; passed < ms; passed += 10) {
      cluster.requestRefresh()
      await world.advance(10)
    }
    return asked(broker).length - before
  }
  await count(5000)
  const storm = await count(10_000)
  assert.ok(storm >= 9 && storm <= 12, `${storm} questions in 10 s`)
  errorCode = 0
  await count(1100)
  const lively = await count(150)
  assert.ok(lively >= 1, 'the pause is short again')
  cluster.close()
})

test('a topic that becomes wanted is asked for at once, also while one that is missing is asked for rarely', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, ({ body }) =>
    metadata({
      topics: (body.topics as { name: string }[]).map(({ name }) =>
        name === 'missing' ? { name, errorCode: 3 } : { name, leaders: [1] },
      ),
    }),
  )
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.want('missing')
  for (let passed = 0; passed < 10_000; passed += 100) {
    cluster.requestRefresh()
    await world.advance(100)
  }
  await world.advance(3000)
  const before = asked(broker).length
  cluster.requestRefresh()
  cluster.requestRefresh()
  await world.settle()
  assert.equal(asked(broker).length, before + 1)
  await world.advance(10)
  cluster.requestRefresh()
  cluster.want('new')
  await world.advance(10)
  assert.ok(cluster.metadata.topics.has('new'))
  cluster.close()
  await world.settle()
  assert.equal(world.armed, 0)
})

test('many who wait for the same missing topic ask as rarely as one', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, metadata({ topics: [{ name: 't', errorCode: 3 }] }))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const deadline = world.time + 20_000
  const waiting = Array.from({ length: 50 }, async (_, index) => {
    await new Promise<void>((resolve) => world.timer(world.time + index * 37, resolve))
    await assert.rejects(cluster.awaitTopic('t', deadline), { code: 'TIMEOUT' })
  })
  await world.advance(10_000)
  const before = asked(broker).length
  await world.advance(5000)
  assert.ok(asked(broker).length - before <= 8, `${asked(broker).length - before} questions in 5 s`)
  await world.advance(20_000)
  await Promise.all(waiting)
  cluster.close()
})

test('a connection that breaks, also an idle one, makes the client ask where everything is', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, metadata()).answers(ListOffsets, { topics: [] })
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  await cluster.request(ListOffsets, none, { node: await cluster.refresh().then(() => 1) })
  await world.advance(60_000)
  const before = asked(broker).length
  broker.connections.at(-1)?.close()
  await world.advance(1000)
  assert.ok(asked(broker).length > before)
  const idle = clusterOf(world, { bootstrapServers: 'k1:1', connectionsMaxIdleMs: 1000 })
  await idle.refresh()
  const quiet = asked(broker).length
  await world.advance(30_000)
  assert.equal(asked(broker).length, quiet, 'what was closed for being idle is not lost')
  cluster.close()
  idle.close()
})

test('another cluster behind a known address gets nothing, and is told at once and once', async () => {
  const world = new FakeWorld()
  let clusterId = 'ours'
  const broker = world.broker('k1:1')
  broker.answers(Metadata, () => metadata({ clusterId })).answers(ListOffsets, { topics: [] })
  const log = listener()
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' }, log)
  await cluster.refresh()
  clusterId = 'theirs'
  for (const connection of broker.connections) connection.close()
  await world.advance(10)
  const error = await cluster.request(ListOffsets, none, { node: 1 }).catch((reason: unknown) => reason)
  assert.ok(error instanceof ConnectionError)
  assert.equal(error.sent, false)
  assert.match(
    error.message,
    /broker 1 at k1:1 belongs to another cluster, theirs, while this client works with ours/,
  )
  await world.advance(100_000)
  assert.equal(cluster.metadata.clusterId, 'ours')
  assert.ok(!broker.asked.some(({ api }) => api === ListOffsets))
  assert.equal(log.warnings.filter((line) => /^broker 1 at k1:1 fails/.test(line)).length, 1)
  clusterId = 'ours'
  await world.advance(5000)
  await cluster.request(ListOffsets, none, { node: 1 })
  cluster.close()
})

test('where nobody of its own cluster has answered for long, the client goes on in the one that is there', async () => {
  const world = new FakeWorld()
  let answer = metadata({ clusterId: 'old', topics: [{ name: 't', leaders: [1, 1] }] })
  const broker = world.broker('k1:1')
  broker.answers(Metadata, () => answer)
  const log = listener()
  const given = { bootstrapServers: 'k1:1', metadataRecoveryRebootstrapTriggerMs: 20_000 }
  const cluster = clusterOf(world, given, log)
  const careless = clusterOf(world, { ...given, metadataRecoveryStrategy: 'none' })
  for (const each of [cluster, careless]) {
    each.want('t')
    await each.refresh()
  }
  answer = metadata({ clusterId: 'new', topics: [{ name: 't', leaders: [1] }] })
  for (const connection of broker.connections) connection.close()
  await world.advance(15_000)
  assert.equal(cluster.metadata.clusterId, 'old')
  assert.equal(careless.metadata.clusterId, 'new', 'without a way back there is no check (KIP-1242)')
  await world.advance(15_000)
  assert.equal(cluster.metadata.clusterId, 'new')
  assert.equal(cluster.metadata.topics.get('t')?.partitions.length, 1, 'nothing of the old cluster is left')
  assert.ok(
    log.warnings.some((line) =>
      /going back to bootstrapServers, since no broker has answered for 20000 ms/.test(line),
    ),
  )
  assert.ok(log.warnings.includes('the cluster is another one now: new, not old'))
  cluster.close()
  careless.close()
})

test('REBOOTSTRAP_REQUIRED sends the client back to its bootstrap addresses at once (KIP-1102)', async () => {
  const world = new FakeWorld()
  const boot = world.broker('boot:9')
  const inside = world.broker('k1:1')
  let home = metadata({ brokers: [{ nodeId: 1, host: 'k1', port: 1 }] })
  boot.answers(Metadata, () => home)
  inside.answers(Metadata, () => metadata({ errorCode: 129 }))
  const cluster = clusterOf(world, { bootstrapServers: 'boot:9' })
  await cluster.refresh()
  inside.answers(ListOffsets, { topics: [] }).answers(Metadata, () => home)
  await cluster.request(ListOffsets, none, { node: 1 })
  inside.answers(Metadata, () => metadata({ errorCode: 129 }))
  boot.connections[0]?.close()
  home = metadata({ clusterId: 'moved', brokers: [{ nodeId: 2, host: 'k2', port: 1 }] })
  await world.settle()
  const { brokers, clusterId } = await cluster.refresh()
  assert.deepEqual([...brokers.keys()], [2])
  assert.equal(clusterId, 'moved')
  cluster.close()
})

test('a controller is recognised and told at once', async () => {
  const world = new FakeWorld()
  const controller = world.broker('k1:9093')
  controller.offers([1, 18, 52, 53, 55])
  const cluster = clusterOf(world, { bootstrapServers: 'k1:9093' })
  const before = world.time
  await assert.rejects(cluster.awaitTopic('t', world.time + 60_000), (error: Error) => {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /k1:9093 is a KRaft controller, not a broker.*mostly 9092/)
    return true
  })
  assert.equal(world.time, before)
  cluster.close()
})

test('a coordinator is reached where it says it is, also when metadata has not heard of it', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1').answers(Metadata, metadata())
  const coordinator = world.broker('k7:7').answers(Heartbeat, { errorCode: 0 }).answers(Metadata, metadata())
  broker.answers(FindCoordinator, {
    coordinators: [{ key: 'g', nodeId: 7, host: 'k7', port: 7, errorCode: 0, errorMessage: null }],
  })
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const beat = { groupId: 'g', generationId: 1, memberId: 'm' }
  assert.equal((await cluster.request(Heartbeat, beat, { key: 'g' })).errorCode, 0)
  await cluster.refresh()
  assert.ok(cluster.metadata.brokers.has(7), 'a refresh that does not name it does not take it away')
  assert.equal((await cluster.request(Heartbeat, beat, { key: 'g' })).errorCode, 0)
  assert.equal(coordinator.connections.length, 1)
  assert.equal(broker.asked.filter(({ api }) => api === FindCoordinator).length, 1)
  cluster.close()
})

test('what fails for 10 s is said once, with the reason', async () => {
  const world = new FakeWorld()
  const log = listener()
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' }, log)
  cluster.requestRefresh()
  await world.advance(9000)
  assert.deepEqual(log.warnings, [])
  await world.advance(60_000)
  assert.equal(log.warnings.length, 1)
  assert.match(log.warnings[0] ?? '', /^no metadata, trying on: ConnectionError: cannot reach .*ECONNREFUSED/)
  cluster.close()
})

test('a request for several leaders is asked of each, and one that fails takes nobody else down', async () => {
  const world = new FakeWorld()
  const [one, two] = [world.broker('k1:1'), world.broker('k2:1')]
  const brokers = [1, 2].map((nodeId) => ({ nodeId, host: `k${nodeId}`, port: 1 }))
  const answer = metadata({ brokers, topics: [{ name: 't', leaders: [1, 2, -1] }] })
  for (const broker of [one, two]) broker.answers(Metadata, answer)
  const offsets = (offset: number, partitionIndex: number) => ({
    topics: [
      { name: 't', partitions: [{ partitionIndex, errorCode: 0, timestamp: -1, offset, leaderEpoch: 1 }] },
    ],
  })
  one.answers(ListOffsets, offsets(5, 0))
  two.answers(ListOffsets, offsets(6, 1))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.want('t')
  await cluster.refresh()
  const partitions = [0, 1, 2].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
  const ask = (indexes: number[], onPartFailed?: (error: Error) => void) =>
    cluster.request(
      ListOffsets,
      {
        replicaId: -1,
        topics: [{ name: 't', partitions: partitions.filter((_, index) => indexes.includes(index)) }],
      },
      onPartFailed ? { onPartFailed } : {},
    )
  const found = (await ask([0, 1])).topics.flatMap((topic) => topic.partitions.map(({ offset }) => offset))
  assert.deepEqual(found, [5, 6])
  await assert.rejects(ask([0, 2]), { code: 'LEADER_NOT_AVAILABLE' })
  const failures: string[] = []
  const rest = await ask([0, 1, 2], ({ message }) => failures.push(message))
  assert.equal(rest.topics[0]?.partitions.length, 2)
  assert.match(failures.join(), /t-2: LEADER_NOT_AVAILABLE/)
  cluster.close()
})
