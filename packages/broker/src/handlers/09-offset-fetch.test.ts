import assert from 'node:assert/strict'
import test from 'node:test'
import { OffsetCommit, OffsetFetch, zeroUuid } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

type Found = { partitionIndex: number; committedOffset: number | bigint; errorCode: number }
const offsets = (partitions: readonly Found[]) =>
  partitions.map(({ partitionIndex, committedOffset, errorCode }) => [
    partitionIndex,
    committedOffset,
    errorCode,
  ])

/** Group g has committed t-0 at 4 and t-1 at 6, group h u-0 at 8. */
async function filled(brokers = 1): Promise<Stage> {
  const stage = await Stage.open({ brokers })
  for (const name of ['t', 'u']) stage.broker.createTopic(name, { partitions: 3 })
  const commit = async (groupId: string, name: string, found: number[]) => {
    const partitions = found.map((committedOffset, partitionIndex) => ({
      partitionIndex,
      committedOffset,
      committedMetadata: 'm',
      committedLeaderEpoch: 0,
    }))
    const body = { groupId, memberId: '', topics: [{ name, topicId: zeroUuid, partitions }] }
    for (let node = 1; node <= brokers; node++) await stage.ask(OffsetCommit, 6, body, node)
  }
  await commit('g', 't', [4, 6])
  await commit('h', 'u', [8])
  return stage
}

test('versions 1 to 7 answer one group', async () => {
  await using stage = await filled()
  for (let version = 1; version <= 7; version++) {
    const topics = [{ name: 't', partitionIndexes: [1, 2, 9] }]
    const answer = await stage.ask(OffsetFetch, version, { groupId: 'g', topics })
    assert.equal(answer.errorCode, 0)
    const partitions = answer.topics[0]?.partitions ?? []
    assert.deepEqual(offsets(partitions), [
      [1, 6, 0],
      [2, -1, 0],
      [9, -1, 0],
    ])
    assert.deepEqual(
      partitions.map(({ metadata }) => metadata),
      ['m', '', ''],
    )
    assert.equal(partitions[0]?.committedLeaderEpoch, version >= 5 ? 0 : -1)
  }
})

test('versions 8 and 9 answer several groups by name, 10 by id', async () => {
  await using stage = await filled()
  const topicId = await stage.topicId('t')
  for (const version of [8, 9, 10]) {
    const groups = [
      { groupId: 'g', topics: [{ name: 't', topicId, partitionIndexes: [0] }] },
      { groupId: 'h', topics: null },
      { groupId: 'nobody', topics: [{ name: 't', topicId, partitionIndexes: [0] }] },
    ]
    const answer = await stage.ask(OffsetFetch, version, { groups } as never)
    assert.deepEqual(
      answer.groups.map(({ groupId, errorCode, topics }) => [
        groupId,
        errorCode,
        topics.map(({ name, partitions }) => [name, ...offsets(partitions)]),
      ]),
      [
        ['g', 0, [[version >= 10 ? '' : 't', [0, 4, 0]]]],
        ['h', 0, [[version >= 10 ? '' : 'u', [0, 8, 0]]]],
        ['nobody', 0, [[version >= 10 ? '' : 't', [0, -1, 0]]]],
      ],
    )
    if (version >= 10) {
      const ids = answer.groups.map(({ topics }) => topics[0]?.topicId)
      assert.deepEqual(ids, [topicId, await stage.topicId('u'), topicId])
    }
  }
})

test('an id that no topic has is told for each of its partitions', async () => {
  await using stage = await filled()
  const topicId = `${(await stage.topicId('t')).slice(0, 20)}AA`
  const groups = [{ groupId: 'g', topics: [{ topicId, partitionIndexes: [0, 1] }] }]
  const answer = await stage.ask(OffsetFetch, 10, { groups } as never)
  const unknown = code('UNKNOWN_TOPIC_ID')
  assert.deepEqual(offsets(answer.groups[0]?.topics[0]?.partitions ?? []), [
    [0, -1, unknown],
    [1, -1, unknown],
  ])
})

test('null asks for all that was committed, also of a group that has committed nothing', async () => {
  await using stage = await filled()
  const all = async (groupId: string) => {
    const { topics, errorCode } = await stage.ask(OffsetFetch, 2, { groupId, topics: null })
    assert.equal(errorCode, 0)
    return topics.map(({ name, partitions }) => [name, ...offsets(partitions)])
  }
  assert.deepEqual(await all('g'), [['t', [0, 4, 0], [1, 6, 0]]])
  assert.deepEqual(await all('nobody'), [])
})

test('another node than the coordinator refuses: each partition in v1, the whole from v2 on, each group from v8', async () => {
  await using stage = await filled(2)
  const refused = code('NOT_COORDINATOR')
  const topics = [{ name: 't', partitionIndexes: [0, 1] }]
  const groups = [{ groupId: 'g', topics: null }]
  const answers = await Promise.all(
    [1, 2].map(async (node) => ({
      node,
      code: (await stage.ask(OffsetFetch, 2, { groupId: 'g', topics }, node)).errorCode,
    })),
  )
  assert.deepEqual(answers.map((answer) => answer.code).sort(), [0, refused])
  const other = answers.find((answer) => answer.code === refused)?.node ?? 0
  const old = await stage.ask(OffsetFetch, 1, { groupId: 'g', topics }, other)
  assert.deepEqual(offsets(old.topics[0]?.partitions ?? []), [
    [0, -1, refused],
    [1, -1, refused],
  ])
  const several = await stage.ask(OffsetFetch, 8, { groups } as never, other)
  assert.deepEqual([several.groups[0]?.errorCode, several.groups[0]?.topics], [refused, []])
})
