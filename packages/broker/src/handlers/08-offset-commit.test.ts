import assert from 'node:assert/strict'
import test from 'node:test'
import { JoinGroup, OffsetCommit, OffsetFetch, zeroUuid } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'
import { joining, soleMember } from './member.test-support.ts'

interface Given {
  groupId?: string
  generation?: number
  memberId?: string
  topic?: string
  topicId?: string
  partition?: number
  offset?: number
  leaderEpoch?: number
  metadata?: string | null
  version?: number
  node?: number
}

async function committed(stage: Stage, given: Given = {}): Promise<number | undefined> {
  const { groupId = 'g', generation = -1, memberId = '', topic = 't', topicId = zeroUuid } = given
  const { partition = 0, offset = 5, leaderEpoch, metadata = '', version = 9, node = 1 } = given
  const asked = {
    partitionIndex: partition,
    committedOffset: offset,
    committedMetadata: metadata,
    ...(leaderEpoch === undefined ? {} : { committedLeaderEpoch: leaderEpoch }),
  }
  const topics = [{ name: topic, topicId, partitions: [asked] }]
  const body = { groupId, generationIdOrMemberEpoch: generation, memberId, topics }
  const answer = await stage.ask(OffsetCommit, version, body, node)
  return answer.topics[0]?.partitions[0]?.errorCode
}

async function stored(stage: Stage, partition = 0) {
  const topics = [{ name: 't', partitionIndexes: [partition] }]
  const answer = await stage.ask(OffsetFetch, 7, { groupId: 'g', topics })
  const [found] = answer.topics[0]?.partitions ?? []
  return found && [found.committedOffset, found.committedLeaderEpoch, found.metadata]
}

async function opened(): Promise<Stage> {
  const stage = await Stage.open()
  stage.broker.createTopic('t', { partitions: 2 })
  return stage
}

test('every version stores what a consumer without a group commits', async () => {
  await using stage = await opened()
  const topicId = await stage.topicId('t')
  for (let version = OffsetCommit.minVersion; version <= OffsetCommit.maxVersion; version++) {
    const metadata = `by v${version}`
    const given = { version, topicId, offset: version * 10, leaderEpoch: 0, metadata }
    assert.equal(await committed(stage, given), 0)
    assert.deepEqual(await stored(stage), [version * 10, version >= 6 ? 0 : -1, metadata])
  }
})

test('metadata comes back as it was, null as nothing; one character too much is refused', async () => {
  await using stage = await opened()
  assert.equal(await committed(stage, { metadata: 'ä'.repeat(4096) }), 0)
  assert.deepEqual(await stored(stage), [5, -1, 'ä'.repeat(4096)])
  assert.equal(await committed(stage, { metadata: null }), 0)
  assert.deepEqual(await stored(stage), [5, -1, ''])
  const tooLarge = code('OFFSET_METADATA_TOO_LARGE')
  assert.equal(await committed(stage, { metadata: 'x'.repeat(4097), offset: 6 }), tooLarge)
  assert.deepEqual(await stored(stage), [5, -1, ''])
})

test('topics and partitions that are not there, by name and by id', async () => {
  await using stage = await opened()
  const unknown = code('UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await committed(stage, { topic: 'u' }), unknown)
  assert.equal(await committed(stage, { partition: 2 }), unknown)
  const topicId = await stage.topicId('t')
  assert.equal(await committed(stage, { version: 10, topicId, partition: 2 }), unknown)
  const other = `${topicId.slice(0, 20)}AA`
  assert.equal(await committed(stage, { version: 10, topicId: other }), code('UNKNOWN_TOPIC_ID'))
  assert.equal(stage.broker.hasTopic('u'), false)
})

test('a generation of a group that is not there', async () => {
  await using stage = await opened()
  const given = { generation: 1, memberId: 'm' }
  assert.equal(await committed(stage, { ...given, version: 8 }), code('ILLEGAL_GENERATION'))
  assert.equal(await committed(stage, { ...given, version: 9 }), code('GROUP_ID_NOT_FOUND'))
  assert.deepEqual(await stored(stage), [-1, -1, ''])
})

test('in a group with members only they commit, in the present generation', async () => {
  await using stage = await opened()
  const { memberId, generationId: generation } = await soleMember(stage)
  assert.equal(await committed(stage, { memberId, generation }), 0)
  assert.equal(await committed(stage, { memberId, generation: generation + 1 }), code('ILLEGAL_GENERATION'))
  assert.equal(await committed(stage, { memberId: 'x', generation }), code('UNKNOWN_MEMBER_ID'))
  assert.equal(await committed(stage), code('UNKNOWN_MEMBER_ID'))
})

test('a stranger with too much metadata is told that he is a stranger', async () => {
  await using stage = await opened()
  await soleMember(stage)
  const given = { memberId: 'x', generation: 1, metadata: 'x'.repeat(4097) }
  assert.equal(await committed(stage, given), code('UNKNOWN_MEMBER_ID'))
})

test('a commit in a rebalance is taken while members join, and not before they have their assignment', async () => {
  await using stage = await opened()
  const { client, memberId, generationId: generation } = await soleMember(stage)
  const second = stage.connect().ask(JoinGroup, 3, joining())
  await stage.world.pass(0)
  assert.equal(await committed(stage, { memberId, generation, offset: 8 }), 0)
  const again = client.ask(JoinGroup, 5, joining({ memberId }))
  const [{ generationId }] = await stage.settled(Promise.all([again, second]))
  const during = await committed(stage, { memberId, generation: generationId })
  assert.equal(during, code('REBALANCE_IN_PROGRESS'))
  assert.deepEqual(await stored(stage), [8, -1, ''])
})

test('an empty group takes commits from outside again', async () => {
  await using stage = await opened()
  await soleMember(stage, { sessionTimeoutMs: 1000 })
  await stage.world.pass(1001)
  assert.equal(await committed(stage), 0)
})

test('partitions are judged one by one', async () => {
  await using stage = await opened()
  const partitions = [0, 7, 1].map((partitionIndex) => ({
    partitionIndex,
    committedOffset: 3,
    committedMetadata: '',
  }))
  const topics = [{ name: 't', topicId: zeroUuid, partitions }]
  const answer = await stage.ask(OffsetCommit, 2, { groupId: 'g', memberId: '', topics })
  assert.deepEqual(
    answer.topics[0]?.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
    [
      [0, 0],
      [7, code('UNKNOWN_TOPIC_OR_PARTITION')],
      [1, 0],
    ],
  )
  assert.deepEqual(await stored(stage, 1), [3, -1, ''])
})

test('another node than the coordinator refuses', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  const codes = [await committed(stage, { node: 1 }), await committed(stage, { node: 2 })]
  assert.deepEqual(codes.sort(), [0, code('NOT_COORDINATOR')])
})
