import assert from 'node:assert/strict'
import test from 'node:test'
import { startBroker } from '@samsa/broker'
import { CreateTopics, DescribeClientQuotas, DescribeCluster, Metadata, zeroUuid } from '@samsa/protocol'
import { Admin } from './admin.ts'
import { freePorts } from './ports.ts'
import { waitUntil } from './wait-until.ts'

const wish = (name: string) => ({
  topics: [{ name, numPartitions: 1, replicationFactor: -1, assignments: [], configs: [] }],
  timeoutMs: 1000,
})

test('a node that cannot be reached is passed over, and the answer is read in the version both speak', async () => {
  await using broker = await startBroker()
  const [dead] = (await freePorts(1)) as [number]
  const { port } = broker.nodes[0] as { port: number }
  const places = [
    { id: 7, port: dead },
    { id: 8, port },
  ]
  const admin = new Admin(() => places)
  for (let turn = 0; turn < 2; turn++) {
    const { brokers } = await admin.ask(DescribeCluster, { includeClusterAuthorizedOperations: false })
    assert.deepEqual(
      brokers.map((each) => each.port),
      [port],
    )
  }
})

test('what will not succeed later is thrown by its name, unless it is accepted', async () => {
  await using broker = await startBroker()
  const admin = new Admin(() => broker.nodes)
  await admin.ask(CreateTopics, wish('t'))
  await assert.rejects(admin.ask(CreateTopics, wish('t')), { code: 'TOPIC_ALREADY_EXISTS' })
  await admin.ask(CreateTopics, wish('t'), { accept: ['TOPIC_ALREADY_EXISTS'] })
  await assert.rejects(admin.ask(DescribeClientQuotas, { components: [], strict: false }), {
    code: 'UNSUPPORTED_VERSION',
  })
})

test('what may succeed later is asked until it does or the time is over', async () => {
  await using broker = await startBroker()
  const admin = new Admin(() => broker.nodes)
  const asked = { topics: [{ name: 'late', topicId: zeroUuid }], allowAutoTopicCreation: false }
  await assert.rejects(admin.ask(Metadata, asked, { limitMs: 300 }), {
    code: 'REQUEST_TIMED_OUT',
    message: 'Metadata did not succeed in 300 ms: UNKNOWN_TOPIC_OR_PARTITION',
  })
  const asking = admin.ask(Metadata, asked)
  broker.createTopic('late')
  assert.equal((await asking).topics[0]?.errorCode, 0)
  await assert.rejects(new Admin(() => []).ask(Metadata, asked, { limitMs: 50 }), /no node is up/)
})

test('waiting ends when nothing is missing, and tells what was when its time is over', async () => {
  let looks = 0
  const passed = await waitUntil('it', 10_000, async () => {
    looks++
    if (looks === 1) throw new Error('not yet')
    return looks < 3 ? 'nearly' : undefined
  })
  assert.equal(looks, 3)
  assert.ok(passed > 0)
  await assert.rejects(
    waitUntil('it', 100, async () => 'the other half'),
    /it: not in 100 ms; the other half/,
  )
})
