import assert from 'node:assert/strict'
import test from 'node:test'
import { Metadata, zeroUuid } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

interface Asked {
  allowAutoTopicCreation?: boolean
  version?: number
  node?: number
}

function described(stage: Stage, names: string[] | null, asked: Asked = {}) {
  const { allowAutoTopicCreation = false, version = 12, node = 1 } = asked
  const topics = names?.map((name) => ({ name, topicId: zeroUuid })) ?? null
  return stage.ask(Metadata, version, { topics, ...(version >= 4 ? { allowAutoTopicCreation } : {}) }, node)
}

const byId = (stage: Stage, topicId: string, name: string | null, version: number) =>
  stage.ask(Metadata, version, { topics: [{ topicId, name }], allowAutoTopicCreation: true })

const codes = (answer: { topics: readonly { name: string | null; errorCode: number }[] }) =>
  answer.topics.map(({ name, errorCode }) => [name, errorCode])

test('every version tells the brokers and a topic with its partitions', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  stage.broker.createTopic('t', { partitions: 3 })
  for (let version = Metadata.minVersion; version <= Metadata.maxVersion; version++) {
    const answer = await described(stage, ['t'], { version })
    assert.deepEqual(
      answer.brokers.map(({ nodeId, host, port }) => [nodeId, host, port]),
      stage.broker.nodes.map(({ id, host, port }) => [id, host, port]),
    )
    assert.equal(answer.controllerId, version >= 1 ? 1 : -1)
    assert.equal(answer.clusterId?.length, version >= 2 ? 22 : undefined)
    const [topic] = answer.topics
    assert.deepEqual([topic?.errorCode, topic?.name, topic?.isInternal], [0, 't', false])
    assert.equal(topic?.topicId === zeroUuid, version < 10)
    assert.deepEqual(
      topic?.partitions.map(({ errorCode, partitionIndex }) => [errorCode, partitionIndex]),
      [
        [0, 0],
        [0, 1],
        [0, 2],
      ],
    )
    assert.deepEqual(new Set(topic?.partitions.map(({ leaderId }) => leaderId)), new Set([1, 2, 3]))
    for (const { leaderId, replicaNodes, isrNodes, offlineReplicas, leaderEpoch } of topic?.partitions ??
      []) {
      assert.deepEqual([replicaNodes, isrNodes, offlineReplicas], [[leaderId], [leaderId], []])
      assert.equal(leaderEpoch, version >= 7 ? 0 : -1)
    }
  }
})

test('all topics: null, and in v0 an empty list; an empty list is none from v1 on', async () => {
  await using stage = await Stage.open()
  for (const name of ['a', 'b']) stage.broker.createTopic(name)
  const both = [
    ['a', 0],
    ['b', 0],
  ]
  assert.deepEqual(codes(await described(stage, [], { version: 0 })), both)
  assert.deepEqual(codes(await described(stage, null, { version: 1 })), both)
  assert.deepEqual(codes(await described(stage, null, { version: 13 })), both)
  for (const version of [1, 13]) assert.deepEqual(codes(await described(stage, [], { version })), [])
})

test('a named topic is created when broker and request allow it, before v4 without being asked', async () => {
  await using stage = await Stage.open({ numPartitions: 2 })
  for (const version of [0, 3]) {
    const [topic] = (await described(stage, [`v${version}`], { version })).topics
    assert.deepEqual([topic?.errorCode, topic?.partitions.length], [0, 2])
  }
  assert.deepEqual(codes(await described(stage, ['v4'], { version: 4 })), [
    ['v4', code('UNKNOWN_TOPIC_OR_PARTITION')],
  ])
  assert.equal(stage.broker.hasTopic('v4'), false)
  const asked = await described(stage, ['v4'], { version: 4, allowAutoTopicCreation: true })
  assert.deepEqual(codes(asked), [['v4', 0]])
})

test('a broker that does not create topics by itself says that it does not know them', async () => {
  await using stage = await Stage.open({ autoCreateTopicsEnable: false })
  const asked = await described(stage, ['t'], { allowAutoTopicCreation: true })
  assert.deepEqual(codes(asked), [['t', code('UNKNOWN_TOPIC_OR_PARTITION')]])
  assert.deepEqual(codes(await described(stage, ['t'], { version: 0 })), [
    ['t', code('UNKNOWN_TOPIC_OR_PARTITION')],
  ])
  assert.equal(stage.broker.hasTopic('t'), false)
})

test('a name that no topic may have is told, whether it might be created or not', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('a.b')
  for (const allowAutoTopicCreation of [true, false]) {
    for (const name of ['', '.', '..', 'a b', 'x'.repeat(250), 'ä']) {
      const asked = await described(stage, [name], { allowAutoTopicCreation })
      assert.deepEqual(codes(asked), [[name, code('INVALID_TOPIC_EXCEPTION')]])
    }
  }
  const twin = await described(stage, ['a_b'], { allowAutoTopicCreation: true })
  assert.deepEqual(codes(twin), [['a_b', code('INVALID_TOPIC_EXCEPTION')]])
  const longest = 'x'.repeat(249)
  assert.deepEqual(codes(await described(stage, [longest], { allowAutoTopicCreation: true })), [[longest, 0]])
})

test('a topic that is named twice is answered once', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  assert.deepEqual(codes(await described(stage, ['t', 't'])), [['t', 0]])
})

test('ids are asked for from v12 on; an unknown one is told as such and creates nothing', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const id = await stage.topicId('t')
  const known = await byId(stage, id, null, 12)
  assert.deepEqual(codes(known), [['t', 0]])
  assert.deepEqual(codes(await byId(stage, id, 'u', 12)), [['t', 0]], 'the id counts, not the name beside it')
  assert.equal(stage.broker.hasTopic('u'), false)
  const other = `${id.slice(0, 20)}AA`
  const unknown = await byId(stage, other, null, 13)
  assert.deepEqual(codes(unknown), [[null, code('UNKNOWN_TOPIC_ID')]])
  assert.equal(unknown.topics[0]?.topicId, other)
  await stage.deleteTopic('t')
  stage.broker.createTopic('t')
  assert.deepEqual(codes(await byId(stage, id, null, 12)), [[null, code('UNKNOWN_TOPIC_ID')]])
})

test('v10 and v11 know ids in answers only', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const id = await stage.topicId('t')
  for (const version of [10, 11]) {
    assert.deepEqual(codes(await byId(stage, id, 't', version)), [['t', code('INVALID_REQUEST')]])
    assert.deepEqual(codes(await byId(stage, id, null, version)), [['', code('INVALID_REQUEST')]])
    assert.deepEqual(codes(await byId(stage, zeroUuid, 't', version)), [['t', 0]])
  }
})

test('the topic of committed offsets that is created on the way has the partitions that groups need', async () => {
  await using stage = await Stage.open()
  const asked = await described(stage, ['__consumer_offsets'], { allowAutoTopicCreation: true })
  assert.deepEqual(codes(asked), [['__consumer_offsets', 0]])
  assert.deepEqual([asked.topics[0]?.isInternal, asked.topics[0]?.partitions.length], [true, 50])
})

test('a node that is down is not told, and what it led is led by others with a higher epoch', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  stage.broker.createTopic('t', { partitions: 3 })
  await stage.settled(stage.broker.stopNode(1))
  const answer = await described(stage, ['t'], { node: 2 })
  assert.deepEqual(
    answer.brokers.map(({ nodeId }) => nodeId),
    [2, 3],
  )
  assert.equal(answer.controllerId, 2)
  const partitions = answer.topics[0]?.partitions ?? []
  assert.equal(
    partitions.every(({ leaderId, errorCode }) => leaderId !== 1 && errorCode === 0),
    true,
  )
  assert.deepEqual(partitions.map(({ leaderEpoch }) => leaderEpoch).sort(), [0, 0, 1])
})

test('a partition whose node is down and that nobody took over has no leader', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  await stage.settled(stage.broker.stopNode(2))
  stage.broker.moveLeader('t', 0, 2)
  const [topic] = (await described(stage, ['t'])).topics
  const [partition] = topic?.partitions ?? []
  assert.deepEqual([topic?.errorCode, partition?.errorCode], [0, code('LEADER_NOT_AVAILABLE')])
  assert.deepEqual([partition?.leaderId, partition?.isrNodes, partition?.offlineReplicas], [-1, [], [2]])
})

test('what one may do with topics and the cluster is told to those who ask', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const bits = (operations: number[]) => operations.reduce((sum, bit) => sum | (1 << bit), 0)
  const asked = async (version: number, cluster: boolean, topic: boolean) => {
    const answer = await stage.ask(Metadata, version, {
      topics: null,
      includeClusterAuthorizedOperations: cluster,
      includeTopicAuthorizedOperations: topic,
    })
    return [answer.clusterAuthorizedOperations, answer.topics[0]?.topicAuthorizedOperations]
  }
  const none = -(2 ** 31)
  const topic = bits([3, 4, 5, 6, 7, 8, 10, 11])
  const cluster = bits([5, 7, 8, 9, 10, 11, 12])
  assert.deepEqual(await asked(8, true, true), [cluster, topic])
  assert.deepEqual(await asked(10, false, true), [none, topic])
  assert.deepEqual(await asked(13, false, false), [none, none])
})
