import assert from 'node:assert/strict'
import test from 'node:test'
import { stable, Transcript } from './classic-member.test-support.ts'

test('a session counts from the sending of the heartbeat that was answered, not from its answer', () => {
  const member = stable()
  member.after(3_000)
  member.now += 2_000
  member.beaten()
  assert.equal(member.member.overAt, 1_000 + 3_000 + 45_000)
  assert.equal(member.member.wakeAt, 1_000 + 3_000 + 3_000)
})

test('a process that stood still for a session has lost its partitions when it goes on', () => {
  const member = stable()
  member.now += 60_000
  assert.ok(member.member.overAt <= member.now)
  assert.deepEqual(member.step({ type: 'tick' }), ['lose', 'recoordinate', "join as 'm1'"])
})

test('who does not ask for records while the group waits for him leaves as well', () => {
  const member = stable({ maxPollIntervalMs: 10_000 })
  member.after(3_000)
  member.refused('heartbeat', 'REBALANCE_IN_PROGRESS')
  while (member.now < 10_900) {
    member.after(100)
    member.refused('heartbeat', 'REBALANCE_IN_PROGRESS')
  }
  assert.equal(member.at, 'revoking')
  assert.match(member.after(100).join(), /^lose,leave as 'm1'/)
  assert.equal(member.at, 'away')
})

test('a rebalance waits for maxPollIntervalMs: then the partitions are others’, also of who asks all the time', () => {
  const member = stable({ maxPollIntervalMs: 10_000 })
  member.step({ type: 'rejoin' })
  for (let second = 1; second < 10; second++) {
    member.now += 1_000
    assert.deepEqual(
      member.step({ type: 'polled' }).filter((effect) => !effect.startsWith('heartbeat')),
      [],
    )
    member.beaten()
  }
  member.now += 1_000
  assert.deepEqual(member.step({ type: 'polled' }), ['lose', 'recoordinate', "join as 'm1'"])
})

test('tries that fail one after the other have growing pauses, and none is left when one succeeds', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  const pauses: number[] = []
  for (let n = 0; n < 4; n++) {
    member.refused('join', 'NOT_COORDINATOR')
    pauses.push(member.member.wakeAt - member.now)
    member.now = member.member.wakeAt
    member.step({ type: 'tick' })
  }
  assert.deepEqual(pauses, [100, 200, 400, 800])
  member.joined(1)
  member.synced()
  member.after(3_000)
  member.refused('heartbeat', 'UNREACHABLE')
  assert.equal(member.member.wakeAt - member.now, 100)
})

test('a coordinator that forgets each member at once is not stormed', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.refused('join', 'UNKNOWN_MEMBER_ID'), ["join as ''"])
  assert.deepEqual(member.refused('join', 'UNKNOWN_MEMBER_ID'), [])
  assert.equal(member.at, 'backingOff')
  assert.deepEqual(member.after(100), ["join as ''"])
})

test('a refusal that nobody knows is told, where it concerns the membership', () => {
  const member = new Transcript()
  member.step({ type: 'start' })
  assert.deepEqual(member.refused('join', 'UNKNOWN_CODE_9999'), ['fail: UNKNOWN_CODE_9999'])
  assert.deepEqual(stable().refused('heartbeat', 'UNKNOWN_CODE_9999'), ['lose', 'fail: UNKNOWN_CODE_9999'])
})
