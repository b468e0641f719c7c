import assert from 'node:assert/strict'
import test from 'node:test'
import { stable, Transcript } from './classic-member.test-support.ts'

test('a follower joins, syncs, is stable, and beats at its interval', () => {
  const member = new Transcript()
  assert.deepEqual(member.step({ type: 'start' }), ["join as ''"])
  assert.equal(member.at, 'joining')
  assert.equal(member.member.wakeAt, Number.POSITIVE_INFINITY)
  assert.deepEqual(member.joined(7), ['sync in generation 7'])
  assert.equal(member.member.generation, 7)
  assert.deepEqual(member.synced(), [])
  assert.equal(member.at, 'stable')
  assert.equal(member.member.wakeAt, member.now + 3_000)
  assert.deepEqual(member.after(2_999), [])
  assert.deepEqual(member.after(1), ['heartbeat in generation 7'])
  assert.deepEqual(member.beaten(), [])
  assert.deepEqual(member.after(3_000), ['heartbeat in generation 7'])
})

test('the leader is told so when it syncs', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.joined(1, 'm1', true), ['sync as leader in generation 1'])
})

test('a coordinator that wants a member id first gives it, and it is joined with at once (KIP-394)', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.refused('join', 'MEMBER_ID_REQUIRED', 'm9'), ["join as 'm9'"])
  assert.deepEqual(member.joined(1, 'm9'), ['sync in generation 1'])
})

test('a rebalance that a heartbeat tells of: give back first, then join again with the same id', () => {
  const member = stable()
  member.after(3_000)
  assert.deepEqual(member.refused('heartbeat', 'REBALANCE_IN_PROGRESS'), ['revoke'])
  assert.equal(member.at, 'revoking')
  assert.equal(member.member.generation, 1, 'the commit before the rebalance belongs to the old generation')
  assert.deepEqual(member.prepared(), ["join as 'm1'"])
  assert.equal(member.member.generation, -1)
  member.joined(2)
  member.synced()
  assert.equal(member.member.generation, 2)
})

test('heartbeats go on while partitions are given back', () => {
  const member = stable()
  member.after(3_000)
  member.refused('heartbeat', 'REBALANCE_IN_PROGRESS')
  assert.deepEqual(member.after(3_000), ['heartbeat in generation 1'])
  assert.deepEqual(member.refused('heartbeat', 'REBALANCE_IN_PROGRESS'), [])
  assert.equal(member.at, 'revoking')
})

test('a group that has moved on while partitions were given back: they are lost, and it is joined at once', () => {
  const member = stable()
  member.after(3_000)
  member.refused('heartbeat', 'REBALANCE_IN_PROGRESS')
  member.after(3_000)
  assert.deepEqual(member.refused('heartbeat', 'UNKNOWN_MEMBER_ID'), ['lose', "join as ''"])
})

test('a rebalance that the sync tells of: nothing is owned, so it is joined again at once', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  member.joined(1)
  assert.deepEqual(member.refused('sync', 'REBALANCE_IN_PROGRESS'), ["join as 'm1'"])
})

test('an illegal generation loses the partitions and keeps the id', () => {
  const member = stable()
  member.after(3_000)
  assert.deepEqual(member.refused('heartbeat', 'ILLEGAL_GENERATION'), ['lose', "join as 'm1'"])
})

test('an unknown member loses the partitions and the id', () => {
  const member = stable()
  member.after(3_000)
  assert.deepEqual(member.refused('heartbeat', 'UNKNOWN_MEMBER_ID'), ['lose', "join as ''"])
})

test('a commit that the group refuses rejoins at once, without waiting for the next heartbeat', () => {
  assert.deepEqual(stable().refused('commit', 'UNKNOWN_MEMBER_ID'), ['lose', "join as ''"])
  assert.deepEqual(stable().refused('commit', 'ILLEGAL_GENERATION'), ['lose', "join as 'm1'"])
  assert.deepEqual(stable().refused('commit', 'REBALANCE_IN_PROGRESS'), ['revoke'])
})

test('a commit that is refused while the group is being joined changes nothing', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.refused('commit', 'UNKNOWN_MEMBER_ID'), [])
  assert.equal(member.at, 'joining')
})

test('a static member that another one has replaced is finished', () => {
  const member = stable({ isStatic: true })
  member.after(3_000)
  assert.deepEqual(member.refused('heartbeat', 'FENCED_INSTANCE_ID'), ['lose', 'fail: FENCED_INSTANCE_ID'])
  assert.equal(member.at, 'failed')
  assert.equal(member.member.wakeAt, Number.POSITIVE_INFINITY)
  assert.deepEqual(member.after(1_000_000), [])
})

test('answers that come after the end are answers to nobody', () => {
  for (const code of ['FENCED_INSTANCE_ID', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'UNREACHABLE']) {
    const member = stable({ isStatic: true })
    assert.equal(member.after(3_000).length, 1, 'a heartbeat is under way')
    member.refused('commit', 'FENCED_INSTANCE_ID')
    assert.deepEqual(member.refused('heartbeat', code), [])
    assert.deepEqual(member.beaten(), [])
    assert.deepEqual(member.step({ type: 'polled' }), [])
    assert.equal(member.at, 'failed')
  }
})

test('a static member says nothing when it leaves, so that it can come back (KIP-345)', () => {
  const member = stable({ isStatic: true })
  assert.deepEqual(member.step({ type: 'leave' }), [])
  assert.equal(member.at, 'idle')
  assert.deepEqual(member.step({ type: 'start' }), ["join as 'm1'"])
})

test('a dynamic member leaves, and is a new one when it starts again', () => {
  const member = stable()
  assert.deepEqual(member.step({ type: 'leave' }), ["leave as 'm1': the consumer was closed"])
  assert.deepEqual(member.step({ type: 'leave' }), [])
  assert.deepEqual(member.step({ type: 'start' }), ["join as ''"])
})

test('a member that rests after an error leaves too', () => {
  const member = stable()
  member.step({ type: 'rejoin' })
  member.prepared()
  member.refused('join', 'UNREACHABLE')
  assert.equal(member.at, 'backingOff')
  assert.deepEqual(member.step({ type: 'leave' }), ["leave as 'm1': the consumer was closed"])
})

test('an answer to a join of before the leave is not taken', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  member.step({ type: 'leave' })
  assert.deepEqual(member.joined(1), [])
  assert.equal(member.at, 'idle')
})

test('a heartbeat that is not answered for a session: the partitions are others’ by now', () => {
  const member = stable()
  assert.deepEqual(member.after(3_000), ['heartbeat in generation 1'])
  assert.deepEqual(member.after(41_999), [])
  assert.deepEqual(member.after(1), ['lose', 'recoordinate', "join as 'm1'"])
})

test('a coordinator that cannot be reached is looked up again, and beaten to after a short rest', () => {
  const member = stable()
  member.after(3_000)
  assert.deepEqual(member.refused('heartbeat', 'UNREACHABLE'), ['recoordinate'])
  assert.equal(member.at, 'stable')
  assert.equal(member.member.wakeAt, member.now + 100)
  assert.deepEqual(member.after(100), ['heartbeat in generation 1'])
})

test('heartbeats that fail do not prolong the session', () => {
  const member = stable()
  const joinedAt = member.now
  while (member.at === 'stable') {
    member.now = member.member.wakeAt
    const effects = member.step({ type: 'tick' })
    if (effects.includes('lose')) break
    member.refused('heartbeat', 'COORDINATOR_NOT_AVAILABLE')
    assert.ok(member.now <= joinedAt + 45_000)
  }
  assert.equal(member.at, 'joining')
  assert.ok(member.now >= joinedAt + 45_000)
})

test('a join that fails is tried again after a rest', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.refused('join', 'COORDINATOR_LOAD_IN_PROGRESS'), ['recoordinate'])
  assert.equal(member.at, 'backingOff')
  assert.deepEqual(member.after(99), [])
  assert.deepEqual(member.after(1), ["join as ''"])
})

test('a group that cannot take the member ends in the reason', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.refused('join', 'GROUP_MAX_SIZE_REACHED'), ['fail: GROUP_MAX_SIZE_REACHED'])
  assert.deepEqual(member.step({ type: 'leave' }), [])
  assert.equal(member.at, 'idle')
})

test('who does not ask for records for maxPollIntervalMs leaves, and joins when it asks again', () => {
  const member = stable({ maxPollIntervalMs: 10_000 })
  member.after(3_000)
  member.beaten()
  member.after(3_000)
  member.beaten()
  member.after(3_000)
  member.beaten()
  assert.equal(member.member.wakeAt, 11_000)
  assert.deepEqual(member.after(1_000), [
    'lose',
    "leave as 'm1': no record was asked for in maxPollIntervalMs (10000 ms)",
  ])
  assert.equal(member.at, 'away')
  assert.deepEqual(member.after(100_000), [])
  assert.deepEqual(member.step({ type: 'polled' }), ["join as ''"])
})

test('a static member that does not ask for records keeps its place and stops beating', () => {
  const member = stable({ maxPollIntervalMs: 1_000, isStatic: true })
  assert.deepEqual(member.after(1_000), ['lose'])
  assert.deepEqual(member.step({ type: 'polled' }), ["join as 'm1'"])
})

test('asking for records in time prolongs it', () => {
  const member = stable({ maxPollIntervalMs: 2_000 })
  member.now += 1_999
  assert.deepEqual(member.step({ type: 'polled' }), [])
  assert.deepEqual(member.after(1), [])
  assert.equal(member.at, 'stable')
})

test('a subscription that changes while stable gives back and joins again', () => {
  const member = stable()
  assert.deepEqual(member.step({ type: 'rejoin' }), ['revoke'])
  assert.deepEqual(member.step({ type: 'rejoin' }), [])
  assert.deepEqual(member.prepared(), ["join as 'm1'"])
})

test('a subscription that changes while joining is told in one more round', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.step({ type: 'rejoin' }), [])
  member.joined(1)
  assert.deepEqual(member.synced(), ['revoke'])
  assert.deepEqual(member.prepared(), ["join as 'm1'"])
})
