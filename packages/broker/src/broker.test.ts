import assert from 'node:assert/strict'
import test from 'node:test'
import {
  ApiVersions,
  InitProducerId,
  ListOffsets,
  Metadata,
  OffsetCommit,
  OffsetFetch,
  zeroUuid,
} from '@samsa/protocol'
import type { Transport } from '@samsa/runtime'
import { SimWorld, transportPair, turn } from '@samsa/runtime'
import { batchOf } from './batches.test-support.ts'
import type { BrokerOptions } from './broker.ts'
import { startBroker } from './broker.ts'
import { RawClient, Stage } from './raw-client.test-support.ts'

const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
const LIMIT_MS = 10_000

/** A world with one machine for brokers and one for clients. */
class Site {
  readonly world = new SimWorld({ seed: 'site', turn })

  start(options: BrokerOptions = {}) {
    return this.run(startBroker({ runtime: this.world.host('broker'), host: 'broker', ...options }))
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.world.until(work, LIMIT_MS)
  }

  async dial(port: number): Promise<RawClient> {
    let client: RawClient | undefined
    const attach = (transport: Transport) => {
      client = new RawClient(transport)
      return client
    }
    return this.run(this.world.host('client').dial({ host: 'broker', port, timeoutMs: 1000 }).then(attach))
  }

  get timers(): number {
    return this.world.host('broker').timers
  }
}

const refuses = (code: string, message = /./) => ({ name: 'KafkaError', code, message })

test('each node listens on a port of its own and tells it', async () => {
  const site = new Site()
  const broker = await site.start({ brokers: 3 })
  const ports = broker.nodes.map(({ port }) => port)
  assert.equal(new Set(ports).size, 3)
  assert.equal(broker.bootstrapServers, ports.map((port) => `broker:${port}`).join(','))
  for (const { port } of broker.nodes) {
    const client = await site.dial(port)
    assert.equal((await site.run(client.ask(ApiVersions, 3, software))).errorCode, 0)
  }
  await site.run(broker.close())
  assert.equal(site.timers, 0)
})

test('with a port, the nodes take as many in a row', async () => {
  const site = new Site()
  const broker = await site.start({ brokers: 3, port: 7000 })
  assert.deepEqual(
    broker.nodes.map(({ port }) => port),
    [7000, 7001, 7002],
  )
  await site.run(broker.close())
})

test('clients are sent to the advertised host', async () => {
  const site = new Site()
  const broker = await site.start({ advertisedHost: 'kafka.example' })
  const [node] = broker.nodes
  assert.equal(broker.bootstrapServers, `kafka.example:${node?.port}`)
  const client = await site.dial(node?.port ?? 0)
  const { brokers } = await site.run(client.ask(Metadata, 1, { topics: [] }))
  assert.deepEqual(
    brokers.map(({ host, port }) => [host, port]),
    [['kafka.example', node?.port]],
  )
  await site.run(broker.close())
})

test('a port that is taken is named, and the ports that were free are free again', async () => {
  const site = new Site()
  const first = await site.start({ port: 7001 })
  await assert.rejects(site.start({ port: 7000, brokers: 2 }), refuses('ADDRESS_IN_USE', /7001/))
  const second = await site.start({ port: 7000 })
  await site.run(Promise.all([first.close(), second.close()]))
  assert.equal(site.timers, 0)
})

test('a broker is closed once, however often it is asked, and takes no connections then', async () => {
  const site = new Site()
  const broker = await site.start()
  const client = await site.dial(broker.nodes[0]?.port ?? 0)
  await site.run(Promise.all([broker.close(), broker.close(), broker[Symbol.asyncDispose]()]))
  await site.run(broker.close())
  await site.world.pass(LIMIT_MS)
  assert.equal(client.isClosed, true)
  await assert.rejects(site.dial(broker.nodes[0]?.port ?? 0))
  const [near, far] = transportPair()
  const late = new RawClient(near)
  broker.handle(far)
  await site.world.pass(10)
  assert.equal(late.isClosed, true)
  assert.equal(site.timers, 0)
})

test('a node of a broker that was closed does not come back', async () => {
  const site = new Site()
  const broker = await site.start({ brokers: 2 })
  await site.run(broker.stopNode(2))
  await site.run(broker.close())
  await assert.rejects(site.run(broker.startNode(2)), refuses('BROKER_NOT_AVAILABLE', /closed/))
  await assert.rejects(site.dial(broker.nodes[1]?.port ?? 0))
})

test('a node that is stopped closes its port and its connections, and no others', async () => {
  const site = new Site()
  const broker = await site.start({ brokers: 2 })
  const [one, two] = broker.nodes.map(({ port }) => port) as [number, number]
  const clients = [await site.dial(one), await site.dial(two)]
  for (const client of clients) await site.run(client.ask(ApiVersions, 3, software))
  await site.run(broker.stopNode(2))
  await site.run(broker.stopNode(2))
  await site.world.pass(LIMIT_MS)
  assert.deepEqual(
    clients.map(({ isClosed }) => isClosed),
    [false, true],
  )
  await assert.rejects(site.dial(two))
  await site.run(broker.startNode(2))
  await site.run(broker.startNode(2))
  assert.equal(broker.nodes[1]?.port, two)
  const again = await site.dial(two)
  assert.equal((await site.run(again.ask(ApiVersions, 3, software))).errorCode, 0)
  await site.run(broker.close())
  assert.equal(site.timers, 0)
})

test('a node whose port was taken meanwhile stays down, and can be started later', async () => {
  const site = new Site()
  const broker = await site.start({ brokers: 2, port: 7000 })
  await site.run(broker.stopNode(2))
  const other = await site.start({ port: 7001 })
  await assert.rejects(site.run(broker.startNode(2)), refuses('ADDRESS_IN_USE', /7001/))
  assert.equal(broker.nodes[1]?.isUp, false)
  await site.run(other.close())
  await site.run(broker.startNode(2))
  assert.equal(broker.nodes[1]?.isUp, true)
  await site.run(broker.close())
})

test('two calls at once start a node once', async () => {
  const site = new Site()
  const broker = await site.start({ brokers: 2 })
  await site.run(broker.stopNode(2))
  await site.run(Promise.all([broker.startNode(2), broker.startNode(2)]))
  await site.run(broker.close())
  await assert.rejects(site.dial(broker.nodes[1]?.port ?? 0))
})

test('a node there is not', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  await assert.rejects(stage.broker.stopNode(3), refuses('BROKER_NOT_AVAILABLE', /no node 3/))
  await assert.rejects(stage.broker.startNode(0), refuses('BROKER_NOT_AVAILABLE', /no node 0/))
})

test('records survive the stop of every node in turn', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  stage.broker.createTopic('t')
  const leaderOf = async (node: number) => {
    const { topics } = await stage.ask(Metadata, 12, { topics: null }, node)
    return topics[0]?.partitions[0]?.leaderId ?? -1
  }
  let up = 1
  let count = 0
  for (const down of [1, 2, 3]) {
    up = (down % 3) + 1
    await stage.settled(stage.broker.stopNode(down))
    const leader = await leaderOf(up)
    assert.notEqual(leader, down)
    await stage.append('t', batchOf(['a']), 0, leader)
    count++
    const partitions = [{ partitionIndex: 0, timestamp: -1 }]
    const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: 't', partitions }] }
    const { topics } = await stage.ask(ListOffsets, 5, body, leader)
    assert.equal(topics[0]?.partitions[0]?.offset, count)
    await stage.settled(stage.broker.startNode(down))
  }
})

test('topics are made, known, and refused with the name of what is wrong', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  const { broker } = stage
  broker.createTopic('t', { partitions: 2, configs: { 'cleanup.policy': 'compact' } })
  assert.deepEqual([broker.hasTopic('t'), broker.hasTopic('u')], [true, false])
  assert.throws(() => broker.createTopic('t'), refuses('TOPIC_ALREADY_EXISTS'))
  assert.throws(() => broker.createTopic('a/b'), refuses('INVALID_TOPIC_EXCEPTION'))
  assert.throws(() => broker.createTopic('u', { partitions: 0 }), refuses('INVALID_PARTITIONS'))
  assert.throws(() => broker.createTopic('u', { partitions: 1.5 }), refuses('INVALID_PARTITIONS'))
  assert.throws(() => broker.createTopic('u', { configs: { nonsense: '1' } }), refuses('INVALID_CONFIG'))
  assert.throws(() => broker.moveLeader('u', 0, 1), refuses('UNKNOWN_TOPIC_OR_PARTITION'))
  assert.throws(() => broker.moveLeader('t', 2, 1), refuses('UNKNOWN_TOPIC_OR_PARTITION'))
  assert.throws(() => broker.moveLeader('t', 0, 3), refuses('BROKER_NOT_AVAILABLE'))
})

test('a data directory has one broker at a time, and keeps topics, records, offsets and ids', async () => {
  const world = new SimWorld({ seed: 'disk', turn })
  const host = world.host('broker')
  const options = { runtime: host, host: 'broker', dataDirectory: '/data' }
  const open = async () => {
    const broker = await world.until(startBroker(options), LIMIT_MS)
    return new Stage(world, host, broker, [])
  }
  const first = await open()
  await assert.rejects(world.until(startBroker(options), LIMIT_MS), /broker|lock|process/)
  first.broker.createTopic('t', { partitions: 2 })
  await first.append('t', batchOf(['a', 'b']))
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'm' }]
  const topics = [{ name: 't', topicId: zeroUuid, partitions }]
  await first.ask(OffsetCommit, 7, { groupId: 'g', memberId: '', topics })
  const noTransaction = { transactionalId: null, transactionTimeoutMs: 1000 }
  const before = await first.ask(InitProducerId, 5, noTransaction)
  const topicId = await first.topicId('t')
  const { clusterId } = await first.ask(Metadata, 12, { topics: [] })
  await first.close()

  const second = await open()
  assert.equal(await second.topicId('t'), topicId)
  assert.equal((await second.ask(Metadata, 12, { topics: [] })).clusterId, clusterId)
  const body = {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  }
  const ends = await second.ask(ListOffsets, 5, body)
  assert.equal(ends.topics[0]?.partitions[0]?.offset, 2)
  const fetched = await second.ask(OffsetFetch, 5, { groupId: 'g', topics: null })
  const [found] = fetched.topics[0]?.partitions ?? []
  assert.deepEqual([found?.committedOffset, found?.metadata], [1, 'm'])
  const after = await second.ask(InitProducerId, 5, noTransaction)
  assert.ok(after.producerId > before.producerId)
  await second.close()
})
