import assert from 'node:assert/strict'
import test from 'node:test'
import { Heartbeat, LeaveGroup, SyncGroup } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'
import type { Member } from './member.test-support.ts'
import { soleMember } from './member.test-support.ts'

interface Given {
  groupId?: string
  generationId?: number
  memberId?: string
  groupInstanceId?: string
}

async function beaten(stage: Stage, member: Member, given: Given = {}, version = 4) {
  const { memberId, generationId } = member
  const body = { groupId: 'g', memberId, generationId, ...given }
  return (await stage.ask(Heartbeat, version, body)).errorCode
}

async function synced(stage: Stage, member: Member, given: object = {}, version = 5) {
  const { memberId, generationId } = member
  const body = { groupId: 'g', memberId, generationId, assignments: [], ...given }
  const answer = await stage.ask(SyncGroup, version, body)
  return [answer.errorCode, Buffer.from(answer.assignment).toString()]
}

async function left(stage: Stage, members: { memberId: string; groupInstanceId?: string }[], version = 5) {
  const answer = await stage.ask(LeaveGroup, version, { groupId: 'g', members })
  assert.equal(answer.errorCode, 0)
  return answer.members.map(({ errorCode }) => errorCode)
}

test('every version of Heartbeat knows a member by id and generation', async () => {
  await using stage = await Stage.open()
  const member = await soleMember(stage)
  for (let version = Heartbeat.minVersion; version <= Heartbeat.maxVersion; version++) {
    assert.equal(await beaten(stage, member, {}, version), 0)
    assert.equal(await beaten(stage, member, { generationId: 9 }, version), code('ILLEGAL_GENERATION'))
    assert.equal(await beaten(stage, member, { memberId: 'x' }, version), code('UNKNOWN_MEMBER_ID'))
    assert.equal(await beaten(stage, member, { groupId: 'other' }, version), code('UNKNOWN_MEMBER_ID'))
    assert.equal(await beaten(stage, member, { groupId: '' }, version), code('INVALID_GROUP_ID'))
  }
})

test('heartbeats keep a member alive, silence ends it', async () => {
  await using stage = await Stage.open()
  const member = await soleMember(stage, { sessionTimeoutMs: 1000 })
  for (let second = 0; second < 3; second++) {
    await stage.world.pass(900)
    assert.equal(await beaten(stage, member), 0)
  }
  await stage.world.pass(1001)
  assert.equal(await beaten(stage, member), code('UNKNOWN_MEMBER_ID'))
})

test('another member under the same instance id fences the first', async () => {
  await using stage = await Stage.open()
  const given = { groupInstanceId: 'one' }
  const first = await soleMember(stage, given)
  const second = await soleMember(stage, given)
  assert.notEqual(second.memberId, first.memberId)
  assert.equal(await beaten(stage, first, given), code('FENCED_INSTANCE_ID'))
  assert.equal(await beaten(stage, second, given), 0)
})

test('every version of SyncGroup gives the assignment again', async () => {
  await using stage = await Stage.open()
  const member = await soleMember(stage)
  for (let version = SyncGroup.minVersion; version <= SyncGroup.maxVersion; version++)
    assert.deepEqual(await synced(stage, member, {}, version), [0, 'everything'])
})

test('SyncGroup refuses strangers, other generations and, from v5 on, other protocols', async () => {
  await using stage = await Stage.open()
  const member = await soleMember(stage)
  const refused = async (given: object, error: string) =>
    assert.deepEqual(await synced(stage, member, given), [code(error), ''])
  await refused({ memberId: 'x' }, 'UNKNOWN_MEMBER_ID')
  await refused({ groupId: 'other' }, 'UNKNOWN_MEMBER_ID')
  await refused({ groupId: '' }, 'INVALID_GROUP_ID')
  await refused({ generationId: 9 }, 'ILLEGAL_GENERATION')
  await refused({ protocolType: 'connect' }, 'INCONSISTENT_GROUP_PROTOCOL')
  await refused({ protocolName: 'sticky' }, 'INCONSISTENT_GROUP_PROTOCOL')
  const same = { protocolType: 'consumer', protocolName: 'range' }
  assert.deepEqual(await synced(stage, member, same), [0, 'everything'])
})

test('LeaveGroup names one member before v3, several from v3 on', async () => {
  await using stage = await Stage.open()
  for (let version = 0; version <= LeaveGroup.maxVersion; version++) {
    const { memberId } = await soleMember(stage)
    if (version >= 3) {
      const both = [{ memberId }, { memberId: 'x' }]
      assert.deepEqual(await left(stage, both, version), [0, code('UNKNOWN_MEMBER_ID')])
      continue
    }
    const leave = () => stage.ask(LeaveGroup, version, { groupId: 'g', memberId })
    assert.equal((await leave()).errorCode, 0)
    assert.equal((await leave()).errorCode, code('UNKNOWN_MEMBER_ID'))
  }
})

test('LeaveGroup takes an instance id alone, and refuses one with another member id', async () => {
  await using stage = await Stage.open()
  const groupInstanceId = 'one'
  await soleMember(stage, { groupInstanceId })
  assert.deepEqual(await left(stage, [{ memberId: 'x', groupInstanceId }]), [code('FENCED_INSTANCE_ID')])
  assert.deepEqual(await left(stage, [{ memberId: '', groupInstanceId }]), [0])
  assert.deepEqual(await left(stage, [{ memberId: '', groupInstanceId }]), [code('UNKNOWN_MEMBER_ID')])
})

test('LeaveGroup without a group, and of a group that is not there', async () => {
  await using stage = await Stage.open()
  const members = [{ memberId: 'x' }]
  const none = await stage.ask(LeaveGroup, 5, { groupId: '', members })
  assert.deepEqual([none.errorCode, none.members], [code('INVALID_GROUP_ID'), []])
  assert.deepEqual(await left(stage, members), [code('UNKNOWN_MEMBER_ID')])
})
