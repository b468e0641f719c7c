import assert from 'node:assert/strict'
import test from 'node:test'
import {
  ApiVersions,
  Fetch,
  FindCoordinator,
  JoinGroup,
  ListOffsets,
  Metadata,
  UnsupportedVersionError,
} from '@samsa/protocol'
import { NetworkError, turn } from '@samsa/runtime'
import { AuthenticationError, ConnectionError, ServerError, TimeoutError } from '../errors.ts'
import { FakeWorld } from '../world.test-support.ts'
import { clusterOf, metadata } from './cluster.test-support.ts'
import { recovery } from './recovery.ts'

test('dead bootstrap addresses cost nothing as long as one lives', async () => {
  const world = new FakeWorld()
  world.broker('k3:3').answers(Metadata, metadata({ brokers: [{ nodeId: 3, host: 'k3', port: 3 }] }))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1,k2:2,k3:3' })
  const { brokers } = await cluster.refresh()
  assert.deepEqual([...brokers.keys()], [3])
  cluster.close()
  await world.settle()
  assert.equal(world.armed, 0)
})

test('when no address answers, the error lists what happened at each', async () => {
  const world = new FakeWorld()
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1,k2:2' })
  await assert.rejects(cluster.refresh(), (error: Error) => {
    assert.ok(error instanceof ConnectionError)
    assert.equal(error.sent, false)
    for (const part of [
      /k1:1: nothing listens there \(ECONNREFUSED\)/,
      /k2:2: nothing listens there \(ECONNREFUSED\)/,
    ])
      assert.match(error.message, part)
    return true
  })
  cluster.close()
})

test('a host name with a dead address and a living one is reached, also when the dead one swallows everything', async () => {
  for (const how of ['refuses', 'swallows'] as const) {
    const world = new FakeWorld()
    world.hosts.set('kafka', ['10.0.0.1', '10.0.0.2'])
    world.broker('10.0.0.2:9092').answers(Metadata, metadata())
    world.onDial = (target) =>
      how === 'swallows' && target.host === '10.0.0.1' ? world.blackHole(target) : world.reach(target)
    const cluster = clusterOf(world, { bootstrapServers: 'kafka:9092' })
    const asked = cluster.refresh()
    await world.advance(10_000)
    assert.equal((await asked).brokers.size, 1)
    cluster.close()
  }
})

test('an address where something hangs up or is silent is passed over for the next of the same name', async () => {
  const world = new FakeWorld()
  world.hosts.set('kafka', ['::1', '127.0.0.1'])
  const silent = world.broker('::1:9092')
  silent.on(ApiVersions, () => {})
  world.broker('127.0.0.1:9092').answers(Metadata, metadata())
  const cluster = clusterOf(world, { bootstrapServers: 'kafka:9092' })
  const asked = cluster.refresh()
  await world.advance(10_000)
  assert.equal((await asked).brokers.size, 1)
  assert.equal(silent.connections[0]?.isOver, true, 'what was given up is closed')
  cluster.close()
})

test('closing while a handshake is under way closes its connection and leaves no timer', async () => {
  const world = new FakeWorld()
  const silent = world.broker('k1:1')
  silent.on(ApiVersions, () => {})
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const asked = assert.rejects(cluster.refresh(), { code: 'CLOSED' })
  await world.settle()
  cluster.close()
  await asked
  await world.settle()
  assert.equal(silent.connections[0]?.isOver, true)
  assert.equal(world.armed, 0)
  await assert.rejects(cluster.request(Metadata, { topics: null }), { code: 'CLOSED' })
})

test('a broker that moved while it was dialled is dialled at its new address, and the old connection is dropped', async () => {
  const world = new FakeWorld()
  const boot = world.broker('boot:9')
  const [old, fresh] = [world.broker('old:1'), world.broker('new:1')]
  let host = 'old'
  boot.answers(Metadata, () =>
    metadata({
      brokers: [
        { nodeId: 1, host, port: 1 },
        { nodeId: 9, host: 'boot', port: 9 },
      ],
    }),
  )
  fresh.answers(ListOffsets, { topics: [] })
  for (const broker of [old, fresh]) broker.answers(Metadata, metadata())
  let arrive = () => {}
  world.onDial = async (target) => {
    if (target.host === 'old')
      await new Promise<void>((resolve) => {
        arrive = resolve
      })
    return world.reach(target)
  }
  const cluster = clusterOf(world, { bootstrapServers: 'boot:9' })
  await cluster.refresh()
  const none = { replicaId: -1, topics: [] }
  const first = assert.rejects(
    cluster.request(ListOffsets, none, { node: 1 }),
    /not the address of the broker any more/,
  )
  await world.settle()
  host = 'new'
  await cluster.refresh()
  arrive()
  await first
  await world.settle()
  assert.equal(old.connections[0]?.isOver, true)
  assert.equal((await cluster.request(ListOffsets, none, { node: 1 })).topics.length, 0)
  cluster.close()
  await world.settle()
  assert.equal(world.armed, 0)
})

test('an advertised address that cannot be reached names who advertised it', async () => {
  const world = new FakeWorld()
  world.broker('boot:9').answers(Metadata, metadata({ brokers: [{ nodeId: 1, host: 'inside', port: 1 }] }))
  const cluster = clusterOf(world, { bootstrapServers: 'boot:9' })
  await cluster.refresh()
  await assert.rejects(
    cluster.request(ListOffsets, { replicaId: -1, topics: [] }, { node: 1 }),
    /broker 1 at inside:1: nothing listens there \(ECONNREFUSED\).*boot:9 answered and advertised.*advertised.listeners/,
  )
  await assert.rejects(
    cluster.request(ListOffsets, { replicaId: -1, topics: [] }, { node: 7 }),
    /broker 7 is not part of the cluster/,
  )
  cluster.close()
})

test('a broker that refuses is dialled again with growing pauses, and at once answered for again when it is back', async () => {
  const world = new FakeWorld()
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.requestRefresh()
  await world.advance(10_000)
  const dials = world.dialled.length
  assert.ok(dials >= 8 && dials <= 20, `${dials} dials in 10 s`)
  world.broker('k1:1').answers(Metadata, metadata())
  await world.advance(2000)
  assert.equal(cluster.metadata.brokers.size, 1)
  const after = world.dialled.length
  await world.advance(10_000)
  assert.equal(world.dialled.length, after)
  cluster.close()
})

test('a request for metadata that does not name a topic wanted since is followed by one that does', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, ({ body }) =>
    metadata({ topics: body.topics.map(({ name }: { name: string }) => ({ name, leaders: [1] })) }),
  )
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  cluster.want('a')
  const first = cluster.refresh()
  await world.settle()
  cluster.unwant('a')
  cluster.want('b')
  const second = await Promise.all([first, cluster.refresh()])
  assert.ok(second[1].topics.has('b'))
  cluster.close()
})

test('awaitTopic waits for a new topic, tells a final refusal at once, and forgets a refusal that is healed', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  let errorCode = 3
  broker.answers(Metadata, () =>
    metadata({ topics: [{ name: 't', errorCode, leaders: errorCode === 0 ? [1] : [] }] }),
  )
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const found = cluster.awaitTopic('t', world.time + 60_000)
  await world.advance(3000)
  errorCode = 0
  await world.advance(3000)
  assert.equal((await found).partitions.length, 1)
  const missing = assert.rejects(cluster.awaitTopic('t', world.time + 1000, 4), (error: Error) => {
    assert.ok(error instanceof TimeoutError)
    assert.match(error.message, /partition 4 of topic t to be known/)
    return true
  })
  await world.advance(2000)
  await missing
  errorCode = 29
  cluster.want('t')
  await cluster.refresh()
  await assert.rejects(cluster.awaitTopic('t', world.time + 60_000), (error: Error) => {
    assert.ok(error instanceof ServerError)
    assert.equal(error.code, 'TOPIC_AUTHORIZATION_FAILED')
    return true
  })
  errorCode = 0
  assert.equal((await cluster.awaitTopic('t', world.time + 60_000)).errorCode, 0)
  cluster.close()
})

test('awaitTopic tells what went wrong on the way when its time is over', async () => {
  const world = new FakeWorld()
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const waiting = assert.rejects(cluster.awaitTopic('t', world.time + 1000), (error: Error) => {
    assert.match(
      error.message,
      /topic t to be known; the last problem was: cannot reach the bootstrap server k1:1/,
    )
    return true
  })
  await world.advance(2000)
  await waiting
  cluster.close()
})

test('a refused TLS handshake is told at once: another try with the same settings cannot help', async () => {
  const world = new FakeWorld()
  world.onDial = async ({ host, port }) => {
    throw new NetworkError('handshake', 'CERT', `${host}:${port}`, 'self-signed certificate')
  }
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1,k2:2', securityProtocol: 'SSL' })
  await assert.rejects(cluster.awaitTopic('t', world.time + 60_000), AuthenticationError)
  assert.ok(world.time < 2000)
  // Somebody has put the certificate right: who asks again is not told of the old one.
  world.broker('k1:1').answers(Metadata, metadata({ topics: [{ name: 't', leaders: [1] }] }))
  world.onDial = (target) => world.reach(target)
  const found = cluster.awaitTopic('t', world.time + 60_000)
  await world.advance(1000)
  assert.equal((await found).partitions.length, 1)
  cluster.close()
})

test('retrying repeats what its table says, looks coordinators up anew, and tells the last problem in the end', async () => {
  const world = new FakeWorld()
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const commit = (ms: number) => ({ what: 'the commit', place: recovery.commit, deadline: world.time + ms })
  const refuse = (code: number) => async () => {
    throw new ServerError(code, { api: 'OffsetCommit' })
  }
  const end = assert.rejects(
    cluster.retrying(commit(5000), refuse(14)),
    /waited \d+ ms for the commit; the last problem was: OffsetCommit: COORDINATOR_LOAD_IN_PROGRESS/,
  )
  await world.advance(6000)
  await end
  await assert.rejects(cluster.retrying(commit(5000), refuse(22)), {
    code: 'ILLEGAL_GENERATION',
  })
  let attempts = 0
  const hung = cluster.retrying(commit(1000), () => {
    attempts++
    return attempts === 1 ? refuse(14)() : new Promise<never>(() => {})
  })
  const told = assert.rejects(
    hung,
    /^TimeoutError: waited 1000 ms for the commit; the last problem was: OffsetCommit/,
  )
  await world.advance(1000)
  await told
  cluster.close()
  await world.settle()
  assert.equal(world.armed, 0)
})

test('a coordinator is asked for once, remembered, and asked for again when it was forgotten', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, metadata({ brokers: [{ nodeId: 1, host: 'k1', port: 1 }] }))
  let errorCode = 0
  broker.answers(FindCoordinator, () => ({
    coordinators: [{ key: 'g', nodeId: 1, host: 'k1', port: 1, errorCode, errorMessage: null }],
  }))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  assert.equal(await cluster.coordinator('group', 'g'), 1)
  assert.equal(await cluster.coordinator('group', 'g'), 1)
  const lookUps = () => broker.asked.filter(({ api }) => api === FindCoordinator).length
  assert.equal(lookUps(), 1)
  cluster.forgetCoordinator('group', 'g')
  errorCode = 15
  await assert.rejects(cluster.coordinator('group', 'g'), /COORDINATOR_NOT_AVAILABLE/)
  assert.equal(lookUps(), 2)
  cluster.close()
})

test('a field that matters and that the broker has no room for is refused, not dropped', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1').answers(Metadata, metadata())
  broker.answers(FindCoordinator, {
    coordinators: [{ key: 'g', nodeId: 1, host: 'k1', port: 1, errorCode: 0, errorMessage: null }],
  })
  broker.offers([3, 10, 11, 18], { 11: 4 })
  broker.answers(JoinGroup, {
    errorCode: 0,
    generationId: 1,
    protocolName: 'range',
    leader: 'm',
    memberId: 'm',
    members: [],
  })
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  const join = { groupId: 'g', sessionTimeoutMs: 1, memberId: '', protocolType: 'consumer', protocols: [] }
  await cluster.request(JoinGroup, { ...join, groupInstanceId: null, reason: 'why not' }, { key: 'g' })
  await assert.rejects(
    cluster.request(JoinGroup, { ...join, groupInstanceId: 'static' }, { key: 'g' }),
    (error: Error) => {
      assert.ok(error instanceof UnsupportedVersionError)
      assert.match(error.message, /broker 1 at k1:1.*groupInstanceId|groupInstanceId.*broker 1 at k1:1/)
      return true
    },
  )
  assert.equal(broker.asked.filter(({ api }) => api === JoinGroup).length, 1)
  cluster.close()
})

test('who asked for silence is not spoken to before its end (KIP-219)', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1').answers(Metadata, metadata())
  const times: number[] = []
  broker.answers(ListOffsets, () => {
    times.push(world.time)
    return { throttleTimeMs: times.length === 1 ? 700 : 0, topics: [] }
  })
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  await cluster.refresh()
  const ask = () => cluster.request(ListOffsets, { replicaId: -1, topics: [] }, { node: 1 })
  await ask()
  const second = ask()
  await world.advance(2000)
  await second
  assert.equal((times[1] ?? 0) - (times[0] ?? 0), 700)
  cluster.close()
})

test('silence asked for on one lane does not silence another', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, metadata())
  broker.answers(Fetch, { errorCode: 0, throttleTimeMs: 700, responses: [] })
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1' })
  await cluster.refresh()
  await cluster.request(Fetch, { maxWaitMs: 0, minBytes: 0, topics: [] }, { node: 1 })
  assert.equal(cluster.notBefore(1, 'fetch'), world.time + 700)
  assert.ok(cluster.notBefore(1, 'main') <= world.time)
  cluster.close()
})

test('a leaderless partition is asked about in intervals, not in a circle', async () => {
  const world = new FakeWorld()
  const broker = world.broker('k1:1')
  broker.answers(Metadata, metadata({ topics: [{ name: 't', leaders: [-1] }] }))
  const cluster = clusterOf(world, { bootstrapServers: 'k1:1', retryBackoffMs: 100 })
  cluster.want('t')
  cluster.onMetadata(() => void turn().then(() => cluster.requestRefresh()))
  cluster.requestRefresh()
  await world.advance(60_000)
  const asked = broker.asked.filter(({ api }) => api === Metadata).length
  assert.ok(asked >= 50 && asked <= 70, `${asked} times in a minute`)
  cluster.close()
})
