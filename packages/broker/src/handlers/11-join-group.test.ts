import assert from 'node:assert/strict'
import test from 'node:test'
import { Heartbeat, JoinGroup, LeaveGroup, SyncGroup } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'
import { assign, joining, soleMember } from './member.test-support.ts'

test('versions 0 to 3 take a member at once', async () => {
  await using stage = await Stage.open()
  for (let version = 0; version <= 3; version++) {
    const groupId = `g${version}`
    const { rebalanceTimeoutMs: _, ...rest } = joining({ groupId })
    const body = version >= 1 ? joining({ groupId }) : rest
    const answer = await stage.ask(JoinGroup, version, body)
    assert.deepEqual([answer.errorCode, answer.generationId, answer.protocolName], [0, 1, 'range'])
    assert.match(answer.memberId, /^raw-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.equal(answer.leader, answer.memberId)
    assert.deepEqual(
      answer.members.map(({ memberId, metadata }) => [memberId, Buffer.from(metadata).toString()]),
      [[answer.memberId, 'subscription']],
    )
  }
})

test('versions 4 and later give an id first and take the member with it', async () => {
  await using stage = await Stage.open()
  for (let version = 4; version <= JoinGroup.maxVersion; version++) {
    const groupId = `g${version}`
    const first = await stage.ask(JoinGroup, version, joining({ groupId }))
    assert.deepEqual([first.errorCode, first.generationId], [code('MEMBER_ID_REQUIRED'), -1])
    assert.deepEqual([first.protocolName, first.leader, first.members], [version >= 7 ? null : '', '', []])
    const { memberId } = first
    const second = await stage.ask(JoinGroup, version, joining({ groupId, memberId }))
    assert.deepEqual([second.errorCode, second.generationId, second.memberId], [0, 1, memberId])
    assert.equal(second.protocolType, version >= 7 ? 'consumer' : null)
    assert.equal(second.skipAssignment, false)
  }
})

test('a static member gets in at once, under an id that begins with its own', async () => {
  await using stage = await Stage.open()
  const answer = await stage.ask(JoinGroup, 5, joining({ groupInstanceId: 'one' }))
  assert.equal(answer.errorCode, 0)
  assert.match(answer.memberId, /^one-/)
  assert.equal(answer.members[0]?.groupInstanceId, 'one')
})

test('refusals, with the name of the protocol in the form of the version', async () => {
  await using stage = await Stage.open({ groupMinSessionTimeoutMs: 6000, brokers: 2 })
  const home = await homeOf(stage, 'g')
  const refused = async (given: Parameters<typeof joining>[0], error: string, node = home) => {
    for (const version of [5, 7]) {
      const answer = await stage.ask(JoinGroup, version, joining(given), node)
      assert.equal(answer.errorCode, code(error))
      assert.deepEqual([answer.generationId, answer.leader, answer.members], [-1, '', []])
      assert.equal(answer.protocolName, version >= 7 ? null : '')
      assert.equal(answer.memberId, given?.memberId ?? '')
    }
  }
  await refused({ groupId: '', memberId: 'm' }, 'INVALID_GROUP_ID')
  await refused({ memberId: 'm' }, 'NOT_COORDINATOR', 3 - home)
  await refused({ memberId: 'stranger' }, 'UNKNOWN_MEMBER_ID')
  await refused({ sessionTimeoutMs: 5999 }, 'INVALID_SESSION_TIMEOUT')
  await refused({ sessionTimeoutMs: 1_800_001 }, 'INVALID_SESSION_TIMEOUT')
  await refused({ protocols: [] }, 'INCONSISTENT_GROUP_PROTOCOL')
  await refused({ protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL')
})

/** The node, of two, that coordinates a group. */
async function homeOf(stage: Stage, groupId: string): Promise<number> {
  const heartbeat = { groupId, generationId: 1, memberId: 'm' }
  const { errorCode } = await stage.ask(Heartbeat, 0, heartbeat, 1)
  return errorCode === code('NOT_COORDINATOR') ? 2 : 1
}

test('a full group takes nobody', async () => {
  await using stage = await Stage.open({ groupMaxSize: 1 })
  await soleMember(stage)
  const answer = await stage.ask(JoinGroup, 3, joining())
  assert.equal(answer.errorCode, code('GROUP_MAX_SIZE_REACHED'))
})

test('two members: the second waits for the first to join again; the leader gets everybody and assigns', async () => {
  await using stage = await Stage.open()
  const leader = await soleMember(stage)
  const other = stage.connect()
  const second = other.ask(JoinGroup, 3, joining())
  const heartbeat = { groupId: 'g', generationId: leader.generationId, memberId: leader.memberId }
  await stage.world.pass(0)
  const beat = await stage.settled(leader.client.ask(Heartbeat, 3, heartbeat))
  assert.equal(beat.errorCode, code('REBALANCE_IN_PROGRESS'))
  const again = leader.client.ask(JoinGroup, 5, joining({ memberId: leader.memberId }))
  const [first, joined] = await stage.settled(Promise.all([again, second]))
  assert.deepEqual([first.generationId, joined.generationId], [2, 2])
  assert.equal(joined.leader, leader.memberId)
  assert.deepEqual([first.members.length, joined.members.length], [2, 0])
  const waiting = other.ask(SyncGroup, 3, {
    groupId: 'g',
    generationId: 2,
    memberId: joined.memberId,
    assignments: [],
  })
  await assign(stage, { ...leader, generationId: 2 })
  const synced = await stage.settled(waiting)
  assert.deepEqual([synced.errorCode, synced.assignment.length], [0, 0])
})

test('who does not join again within the rebalance timeout is out', async () => {
  await using stage = await Stage.open()
  const lost = await soleMember(stage, { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 3000 })
  const before = stage.world.now
  const joined = await stage.settled(stage.connect().ask(JoinGroup, 3, joining({ rebalanceTimeoutMs: 3000 })))
  assert.deepEqual([joined.errorCode, joined.members.length, stage.world.now - before], [0, 1, 3000])
  const heartbeat = { groupId: 'g', generationId: 1, memberId: lost.memberId }
  const beat = await stage.settled(lost.client.ask(Heartbeat, 3, heartbeat))
  assert.equal(beat.errorCode, code('UNKNOWN_MEMBER_ID'))
})

test('v0 has no rebalance timeout: the session timeout stands for it', async () => {
  await using stage = await Stage.open()
  const { rebalanceTimeoutMs: _, ...old } = joining({ sessionTimeoutMs: 4000 })
  await stage.ask(JoinGroup, 0, old)
  const before = stage.world.now
  await stage.settled(stage.connect().ask(JoinGroup, 0, old))
  assert.equal(stage.world.now - before, 4000)
})

test('a member whose join is held back for longer than its session timeout stays', async () => {
  await using stage = await Stage.open()
  const member = await soleMember(stage, { sessionTimeoutMs: 5000 })
  const slow = stage.connect()
  const second = slow.ask(JoinGroup, 3, joining({ sessionTimeoutMs: 60_000 }))
  const again = member.client.ask(
    JoinGroup,
    5,
    joining({ memberId: member.memberId, sessionTimeoutMs: 5000 }),
  )
  const [, { memberId }] = await stage.settled(Promise.all([again, second]))
  // Now the first one joins again, and the second takes its time.
  const left = member.client.ask(JoinGroup, 5, {
    ...joining({ memberId: member.memberId, sessionTimeoutMs: 5000 }),
    protocols: [{ name: 'range', metadata: Buffer.from('another subscription') }],
  })
  await stage.world.pass(19_000)
  const late = slow.ask(JoinGroup, 3, joining({ memberId, sessionTimeoutMs: 60_000 }))
  const [first, other] = await stage.settled(Promise.all([left, late]))
  assert.deepEqual([first.errorCode, other.errorCode, first.members.length], [0, 0, 2])
})

test('a member that vanishes while it waits leaves the others to go on', async () => {
  await using stage = await Stage.open()
  const leader = await soleMember(stage)
  const lost = stage.connect()
  const waiting = lost.ask(JoinGroup, 3, joining())
  await stage.world.pass(0)
  lost.close()
  await assert.rejects(waiting)
  const again = leader.client.ask(JoinGroup, 5, joining({ memberId: leader.memberId }))
  assert.equal((await stage.settled(again)).errorCode, 0)
  const body = { groupId: 'g', members: [{ memberId: leader.memberId }] }
  assert.equal((await stage.settled(leader.client.ask(LeaveGroup, 4, body))).members[0]?.errorCode, 0)
})
