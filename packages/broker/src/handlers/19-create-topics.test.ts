import assert from 'node:assert/strict'
import test from 'node:test'
import { CreateTopics, FindCoordinator, Metadata, zeroUuid } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

interface Asked {
  name?: string
  numPartitions?: number
  replicationFactor?: number
  assignments?: { partitionIndex: number; brokerIds: number[] }[]
  configs?: { name: string; value: string | null }[]
}

async function all(stage: Stage, asked: Asked[], version = 7, validateOnly = false) {
  const defaults = { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
  const topics = asked.map((each) => ({ ...defaults, ...each }))
  return (await stage.ask(CreateTopics, version, { topics, timeoutMs: 1000, validateOnly })).topics
}

async function created(stage: Stage, asked: Asked = {}, version = 7, validateOnly = false) {
  const [topic] = await all(stage, [asked], version, validateOnly)
  assert.ok(topic)
  return topic
}

/** Name of the error, with a message. */
async function errorOf(stage: Stage, asked: Asked, error: string): Promise<void> {
  const { errorCode, errorMessage, topicId } = await created(stage, asked)
  assert.deepEqual([errorCode, topicId], [code(error), zeroUuid], errorMessage ?? '')
  assert.notEqual(errorMessage ?? '', '')
}

async function leadersOf(stage: Stage, name: string): Promise<number[]> {
  const asked = { topics: [{ name, topicId: zeroUuid }], allowAutoTopicCreation: false }
  const { topics } = await stage.ask(Metadata, 12, asked)
  return topics[0]?.partitions.map(({ leaderId }) => leaderId) ?? []
}

test('every version creates; v5 on tells the settings, v7 the id', async () => {
  await using stage = await Stage.open()
  for (let version = CreateTopics.minVersion; version <= CreateTopics.maxVersion; version++) {
    const configs = [{ name: 'retention.ms', value: '5' }]
    const name = `v${version}`
    const topic = await created(stage, { name, numPartitions: 2, replicationFactor: 1, configs }, version)
    assert.deepEqual([topic.errorCode, topic.errorMessage, topic.name], [0, null, name])
    assert.equal(stage.broker.hasTopic(name), true)
    const isTold = version >= 5
    assert.deepEqual([topic.numPartitions, topic.replicationFactor], isTold ? [2, 1] : [-1, -1])
    const source = (key: string) => topic.configs?.find((config) => config.name === key)
    if (isTold) {
      assert.deepEqual([source('retention.ms')?.value, source('retention.ms')?.configSource], ['5', 1])
      assert.deepEqual(
        [source('cleanup.policy')?.value, source('cleanup.policy')?.configSource],
        ['delete', 5],
      )
    }
    assert.equal(topic.topicId, version >= 7 ? await stage.topicId(name) : zeroUuid)
  }
})

test('-1 asks for the defaults of the broker', async () => {
  await using stage = await Stage.open({ numPartitions: 3 })
  const topic = await created(stage)
  assert.deepEqual([topic.errorCode, topic.numPartitions, topic.replicationFactor], [0, 3, 1])
})

test('a request that only validates answers alike and creates nothing', async () => {
  await using stage = await Stage.open()
  const topic = await created(stage, { numPartitions: 4 }, 7, true)
  assert.deepEqual([topic.errorCode, topic.numPartitions], [0, 4])
  assert.equal(stage.broker.hasTopic('t'), false)
  const bad = await created(stage, { numPartitions: 0 }, 7, true)
  assert.equal(bad.errorCode, code('INVALID_PARTITIONS'))
})

test('a topic that exists is told as such, whatever else is wrong', async () => {
  await using stage = await Stage.open()
  await created(stage)
  await errorOf(stage, {}, 'TOPIC_ALREADY_EXISTS')
  await errorOf(stage, { replicationFactor: 3 }, 'TOPIC_ALREADY_EXISTS')
  await errorOf(stage, { numPartitions: 0 }, 'TOPIC_ALREADY_EXISTS')
})

test('names, numbers and settings that cannot be', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  await created(stage, { name: 'a.b' })
  for (const name of ['', '.', '..', 'a/b', 'x'.repeat(250), 'a_b', '__consumer.offsets'])
    await errorOf(stage, { name }, 'INVALID_TOPIC_EXCEPTION')
  for (const numPartitions of [0, -2]) await errorOf(stage, { numPartitions }, 'INVALID_PARTITIONS')
  for (const replicationFactor of [0, -2, 3])
    await errorOf(stage, { replicationFactor }, 'INVALID_REPLICATION_FACTOR')
  for (const [name, value] of [
    ['no.such', '1'],
    ['retention.ms', 'soon'],
    ['cleanup.policy', 'keep'],
    ['retention.ms', null],
    ['retention.ms', ''],
    ['retention.ms', '1.5'],
    ['retention.ms', '-2'],
    ['retention.ms', '9223372036854775808'],
    ['toString', '1'],
    ['cleanup.policy', 'compact,forget'],
    ['segment.bytes', '1048575'],
    ['min.cleanable.dirty.ratio', '1.5'],
    ['preallocate', 'perhaps'],
  ] as const)
    await errorOf(stage, { configs: [{ name, value }] }, 'INVALID_CONFIG')
  assert.equal(stage.broker.hasTopic('t'), false)
  const configs = [
    { name: 'min.cleanable.dirty.ratio', value: '0.01' },
    { name: 'cleanup.policy', value: 'compact, delete' },
    { name: 'flush.messages', value: '1' },
    { name: 'preallocate', value: 'true' },
  ]
  assert.equal((await created(stage, { configs })).errorCode, 0)
})

test('more partitions than one request may create are refused before any is made', async () => {
  await using stage = await Stage.open()
  for (const sizes of [[2 ** 31 - 1], [5000, 5001]]) {
    const topics = await all(
      stage,
      sizes.map((numPartitions, index) => ({ name: `t${index}`, numPartitions })),
    )
    for (const { errorCode } of topics) assert.equal(errorCode, code('POLICY_VIOLATION'))
  }
  assert.equal(stage.broker.hasTopic('t0'), false)
})

test('a topic that is named twice is created not even once', async () => {
  await using stage = await Stage.open()
  const topics = await all(stage, [{ name: 'a' }, { name: 'b' }, { name: 'a' }])
  assert.deepEqual(
    topics.map(({ name, errorCode }) => [name, errorCode]),
    [
      ['b', 0],
      ['a', code('INVALID_REQUEST')],
    ],
  )
  assert.equal(stage.broker.hasTopic('a'), false)
})

test('an assignment by hand says who leads', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  const assignments = [
    { partitionIndex: 1, brokerIds: [3, 1] },
    { partitionIndex: 0, brokerIds: [2, 3] },
  ]
  const topic = await created(stage, { assignments })
  assert.deepEqual([topic.errorCode, topic.numPartitions, topic.replicationFactor], [0, 2, 2])
  assert.deepEqual(await leadersOf(stage, 't'), [2, 3])
})

test('an assignment that cannot be', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  const one = (...brokerIds: number[]) => [{ partitionIndex: 0, brokerIds }]
  await errorOf(stage, { assignments: one(1), numPartitions: 1 }, 'INVALID_REQUEST')
  await errorOf(stage, { assignments: one(1), replicationFactor: 1 }, 'INVALID_REQUEST')
  const refused = 'INVALID_REPLICA_ASSIGNMENT'
  await errorOf(stage, { assignments: one() }, refused)
  await errorOf(stage, { assignments: one(1, 1) }, refused)
  await errorOf(stage, { assignments: one(4) }, refused)
  await errorOf(stage, { assignments: [...one(1), ...one(2)] }, refused)
  await errorOf(stage, { assignments: [{ partitionIndex: 1, brokerIds: [1] }] }, refused)
  await errorOf(stage, { assignments: [...one(1), { partitionIndex: 1, brokerIds: [1, 2] }] }, refused)
  await stage.settled(stage.broker.stopNode(3))
  await errorOf(stage, { assignments: one(3) }, refused)
  assert.equal((await created(stage, { assignments: one(3, 2) })).errorCode, 0)
  assert.deepEqual(await leadersOf(stage, 't'), [2])
})

test('a node that is down gets no new partitions', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  await stage.settled(stage.broker.stopNode(2))
  await created(stage, { numPartitions: 6 })
  assert.deepEqual(new Set(await leadersOf(stage, 't')), new Set([1, 3]))
})

test('groups find their coordinator whatever number of partitions the offsets topic was given', async () => {
  await using stage = await Stage.open()
  await created(stage, { name: '__consumer_offsets', numPartitions: 3 })
  for (let group = 0; group < 20; group++) {
    const { errorCode, nodeId } = await stage.ask(FindCoordinator, 0, { key: `group-${group}` })
    assert.deepEqual([errorCode, nodeId], [0, 1])
  }
})
