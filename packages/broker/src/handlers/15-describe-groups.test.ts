import assert from 'node:assert/strict'
import test from 'node:test'
import {
  DeleteGroups,
  DescribeGroups,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  OffsetCommit,
  OffsetFetch,
  zeroUuid,
} from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'
import { joining, soleMember } from './member.test-support.ts'

async function described(stage: Stage, groupId: string, version = 5, includeAuthorizedOperations = false) {
  const asked = version >= 3 ? { includeAuthorizedOperations } : {}
  const { groups } = await stage.ask(DescribeGroups, version, { groups: [groupId], ...asked })
  const [group] = groups
  assert.ok(group)
  assert.equal(group.groupId, groupId)
  return group
}

/** A consumer without a group commits under the name of one. */
async function commit(stage: Stage, groupId: string, node = 1) {
  const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }]
  const topics = [{ name: 't', topicId: zeroUuid, partitions }]
  const answer = await stage.ask(OffsetCommit, 7, { groupId, memberId: '', topics }, node)
  return answer.topics[0]?.partitions[0]?.errorCode
}

async function listed(
  stage: Stage,
  filters: { statesFilter?: string[]; typesFilter?: string[] } = {},
  version = 5,
) {
  const { errorCode, groups } = await stage.ask(ListGroups, version, filters)
  assert.equal(errorCode, 0)
  return groups.map(({ groupId, groupState }) => `${groupId} ${groupState}`).sort()
}

async function deleted(stage: Stage, groupsNames: string[], version = 2, node = 1) {
  const { results } = await stage.ask(DeleteGroups, version, { groupsNames }, node)
  return results.map(({ groupId, errorCode }) => [groupId, errorCode])
}

/** One group with a member, one that only has offsets. */
async function filled(): Promise<Stage> {
  const stage = await Stage.open()
  stage.broker.createTopic('t')
  await soleMember(stage, { groupId: 'busy' })
  await commit(stage, 'simple')
  return stage
}

test('every version of DescribeGroups shows a stable group with its member', async () => {
  await using stage = await filled()
  for (let version = DescribeGroups.minVersion; version <= DescribeGroups.maxVersion; version++) {
    const group = await described(stage, 'busy', version)
    assert.deepEqual([group.errorCode, group.groupState], [0, 'Stable'])
    assert.deepEqual([group.protocolType, group.protocolData], ['consumer', 'range'])
    const [member] = group.members
    assert.deepEqual([group.members.length, member?.clientId, member?.clientHost], [1, 'raw', '/pair-a'])
    assert.equal(Buffer.from(member?.memberMetadata ?? []).toString(), 'subscription')
    assert.equal(Buffer.from(member?.memberAssignment ?? []).toString(), 'everything')
  }
})

test('of a group that is not stable there is neither protocol nor metadata to show', async () => {
  await using stage = await filled()
  const waiting = stage.connect().ask(JoinGroup, 3, joining({ groupId: 'busy' }))
  await stage.world.pass(0)
  const group = await described(stage, 'busy')
  assert.deepEqual(
    [group.groupState, group.protocolType, group.protocolData],
    ['PreparingRebalance', 'consumer', ''],
  )
  assert.deepEqual(
    group.members.map(({ memberMetadata }) => memberMetadata.length),
    [0, 0],
  )
  await stage.settled(waiting)
  assert.equal((await described(stage, 'busy')).groupState, 'CompletingRebalance')
})

test('a group that only has offsets is empty; one that is not there is dead, and from v6 on an error', async () => {
  await using stage = await filled()
  const simple = await described(stage, 'simple', 6)
  assert.deepEqual([simple.errorCode, simple.groupState, simple.members], [0, 'Empty', []])
  const dead = await described(stage, 'nobody', 5)
  assert.deepEqual([dead.errorCode, dead.groupState], [0, 'Dead'])
  const error = await described(stage, 'nobody', 6)
  assert.deepEqual([error.errorCode, error.groupState], [code('GROUP_ID_NOT_FOUND'), 'Dead'])
  assert.match(error.errorMessage ?? '', /nobody/)
})

test('what one may do is told to those who ask', async () => {
  await using stage = await filled()
  const bits = (...operations: number[]) => operations.reduce((sum, bit) => sum | (1 << bit), 0)
  const READ = 3
  const DELETE = 6
  const DESCRIBE = 8
  const DESCRIBE_CONFIGS = 10
  const ALTER_CONFIGS = 11
  assert.equal((await described(stage, 'busy', 5)).authorizedOperations, -(2 ** 31))
  const asked = await described(stage, 'busy', 5, true)
  const all = bits(READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS)
  assert.equal(asked.authorizedOperations, all)
})

test('every version of ListGroups lists groups with members and such as have offsets', async () => {
  await using stage = await filled()
  for (let version = ListGroups.minVersion; version <= ListGroups.maxVersion; version++) {
    const expected = version >= 4 ? ['busy Stable', 'simple Empty'] : ['busy ', 'simple ']
    assert.deepEqual(await listed(stage, {}, version), expected)
  }
  const { groups } = await stage.ask(ListGroups, 5, {})
  assert.deepEqual(
    groups.map(({ groupId, protocolType, groupType }) => [groupId, protocolType, groupType]).sort(),
    [
      ['busy', 'consumer', 'classic'],
      ['simple', '', 'classic'],
    ],
  )
})

test('lists are filtered by states and types, in capitals or not', async () => {
  await using stage = await filled()
  assert.deepEqual(await listed(stage, { statesFilter: ['Stable'] }, 4), ['busy Stable'])
  assert.deepEqual(await listed(stage, { statesFilter: ['eMPTY', 'Dead'] }), ['simple Empty'])
  assert.deepEqual(await listed(stage, { statesFilter: ['NoSuchState'] }), [])
  assert.deepEqual(await listed(stage, { typesFilter: ['Classic'] }), ['busy Stable', 'simple Empty'])
  assert.deepEqual(await listed(stage, { typesFilter: ['consumer'] }), [])
  assert.deepEqual(await listed(stage, { typesFilter: ['classic'], statesFilter: ['Stable'] }), [
    'busy Stable',
  ])
})

test('every version of DeleteGroups takes groups without members, with their offsets', async () => {
  await using stage = await filled()
  const gone = code('GROUP_ID_NOT_FOUND')
  for (let version = DeleteGroups.minVersion; version <= DeleteGroups.maxVersion; version++) {
    await commit(stage, 'simple')
    assert.deepEqual(await deleted(stage, ['simple', 'busy', 'nobody'], version), [
      ['simple', 0],
      ['busy', code('NON_EMPTY_GROUP')],
      ['nobody', gone],
    ])
    assert.deepEqual(await deleted(stage, ['simple'], version), [['simple', gone]])
  }
  const { topics } = await stage.ask(OffsetFetch, 5, { groupId: 'simple', topics: null })
  assert.deepEqual(topics, [])
  assert.deepEqual(await listed(stage), ['busy Stable'])
})

test('each node has its own groups', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  const homes = new Map<string, number>()
  for (const group of ['a', 'b', 'c', 'd', 'e'])
    homes.set(group, (await commit(stage, group, 1)) === 0 ? 1 : 2)
  for (const [group, home] of homes) {
    assert.equal(await commit(stage, group, home), 0)
    const other = 3 - home
    const { groups } = await stage.ask(DescribeGroups, 5, { groups: [group] }, other)
    assert.equal(groups[0]?.errorCode, code('NOT_COORDINATOR'))
    assert.deepEqual(await deleted(stage, [group], 2, other), [[group, code('NOT_COORDINATOR')]])
  }
  for (const node of [1, 2]) {
    const { groups } = await stage.ask(ListGroups, 4, {}, node)
    const expected = [...homes].filter(([, home]) => home === node).map(([group]) => group)
    assert.deepEqual(groups.map(({ groupId }) => groupId).sort(), expected)
  }
})

test('a group that has lost its members stays what it was as long as it has offsets', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  for (const groupId of ['with', 'without']) {
    const { memberId, generationId } = await soleMember(stage, { groupId })
    if (groupId === 'with') {
      const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }]
      const topics = [{ name: 't', topicId: zeroUuid, partitions }]
      const body = { groupId, memberId, generationIdOrMemberEpoch: generationId, topics }
      await stage.ask(OffsetCommit, 7, body)
    }
    await stage.ask(LeaveGroup, 5, { groupId, members: [{ memberId }] })
  }
  await stage.world.pass(3_600_000)
  const { groups } = await stage.ask(ListGroups, 5, {})
  assert.deepEqual(
    groups.map(({ groupId, groupState, protocolType }) => [groupId, groupState, protocolType]),
    [['with', 'Empty', 'consumer']],
  )
  await stage.deleteTopic('t')
  await stage.world.pass(600_001)
  assert.deepEqual(await listed(stage), [])
})
