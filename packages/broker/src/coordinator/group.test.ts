import assert from 'node:assert/strict'
import test from 'node:test'
import { protocols, Transcript } from './group.test-support.ts'

/** m1 leads, m2 follows, both have an assignment of generation 2. */
function stable(): Transcript {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1, { m1: 'all' })
  group.join('?m2')
  group.join('m1')
  group.sync('m2', 2)
  group.sync('m1', 2, { m1: 'a', m2: 'b' })
  assert.equal(group.at, 'Stable in generation 2')
  return group
}

test('a member alone joins, leads, assigns itself everything, and beats', () => {
  const group = new Transcript()
  assert.equal(group.at, 'Empty in generation 0')
  assert.deepEqual(group.join('?m1'), ['m1: leads m1 by range in 1'])
  assert.equal(group.at, 'CompletingRebalance in generation 1')
  assert.equal(group.beat('m1', 1), 'NONE')
  assert.deepEqual(group.sync('m1', 1, { m1: 'all' }), ["m1: gets 'all'"])
  assert.equal(group.at, 'Stable in generation 1')
  assert.equal(group.beat('m1', 1), 'NONE')
  assert.deepEqual(group.sync('m1', 1), ["m1: gets 'all'"], 'an answer that was lost is given again')
})

test('a newcomer starts a rebalance: others are told by their heartbeat and all join anew', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1, { m1: 'all' })
  assert.deepEqual(group.join('?m2'), [], 'held back until m1 has joined too')
  assert.equal(group.at, 'PreparingRebalance in generation 1')
  assert.equal(group.beat('m1', 1), 'REBALANCE_IN_PROGRESS')
  assert.deepEqual(group.sync('m1', 1), ['m1: REBALANCE_IN_PROGRESS'])
  assert.deepEqual(group.join('m1'), ['m1: leads m1 m2 by range in 2', 'm2: follows m1 in 2'])
  assert.deepEqual(group.sync('m2', 2), [], 'held back until the leader has assigned')
  assert.deepEqual(group.sync('m1', 2, { m1: 'a', m2: 'b' }), ["m1: gets 'a'", "m2: gets 'b'"])
})

test('a member that the leader did not name gets nothing', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2')
  group.join('m1')
  group.sync('m2', 2)
  assert.deepEqual(group.sync('m1', 2, { m1: 'a', stranger: 'b' }), ["m1: gets 'a'", "m2: gets ''"])
})

test('who does not rejoin within the rebalance timeout is left behind', () => {
  const group = stable()
  group.join('?m3')
  // m1 and m2 keep beating, but do not join.
  for (let beats = 0; beats < 11; beats++) {
    assert.deepEqual(group.after(5_000), [])
    assert.equal(group.beat('m1', 2), 'REBALANCE_IN_PROGRESS')
    assert.equal(group.beat('m2', 2), 'REBALANCE_IN_PROGRESS')
  }
  assert.deepEqual(group.after(5_000), ['m3: leads m3 by range in 3'])
  assert.equal(group.beat('m1', 2), 'UNKNOWN_MEMBER_ID')
})

test('the longest rebalance timeout of all members counts', () => {
  const group = new Transcript()
  group.join('?m1', { rebalanceTimeoutMs: 200_000, sessionTimeoutMs: 1_000_000 })
  group.sync('m1', 1)
  group.join('?m2', { rebalanceTimeoutMs: 10_000 })
  assert.deepEqual(group.after(199_999), [])
  assert.deepEqual(group.after(1), ['m2: leads m2 by range in 2'])
})

test('a session that is over removes its member, and the others are asked to rejoin', () => {
  const group = stable()
  group.after(9_000)
  group.beat('m1', 2)
  assert.deepEqual(group.after(1_000), [])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
  assert.equal(group.beat('m2', 2), 'UNKNOWN_MEMBER_ID')
  assert.deepEqual(group.join('m1'), ['m1: leads m1 by range in 3'])
})

test('the last session that is over leaves an empty group that still tells what it was', () => {
  const group = stable()
  group.after(10_000)
  assert.equal(group.at, 'Empty in generation 3')
  assert.equal(group.group.protocolType, 'consumer')
  assert.equal(group.group.protocolName, null)
  assert.equal(group.group.wakeAt, Number.POSITIVE_INFINITY)
  assert.equal(group.beat('m1', 3), 'UNKNOWN_MEMBER_ID')
})

test('an empty group takes members of any kind', () => {
  const group = stable()
  group.after(10_000)
  const other = { protocolType: 'connect', protocols: protocols('sessioned') }
  assert.deepEqual(group.join('?w1', other), ['w1: leads w1 by sessioned in 4'])
  assert.equal(group.group.protocolType, 'connect')
})

test('a follower that waits for a slow leader outlives its session, since it cannot beat', () => {
  const group = new Transcript()
  group.join('?m1', { rebalanceTimeoutMs: 300_000 })
  group.sync('m1', 1)
  group.join('?m2', { rebalanceTimeoutMs: 300_000 })
  group.join('m1', { rebalanceTimeoutMs: 300_000 })
  group.sync('m2', 2)
  for (let beats = 0; beats < 5; beats++) {
    assert.deepEqual(group.after(6_000), [])
    assert.equal(group.beat('m1', 2), 'NONE')
  }
  assert.deepEqual(group.sync('m1', 2, { m2: 'b' }), ["m1: gets ''", "m2: gets 'b'"])
  group.after(9_000)
  group.beat('m1', 2)
  group.after(1_000)
  assert.equal(group.beat('m2', 2), 'UNKNOWN_MEMBER_ID', 'from then on it has to beat again')
})

test('a member of old that waits for others to rejoin waits as long as the rebalance may take', () => {
  const group = new Transcript()
  const patient = { rebalanceTimeoutMs: 900_000, sessionTimeoutMs: 10_000 }
  group.join('?m1', patient)
  group.sync('m1', 1)
  group.join('?m2', { ...patient, sessionTimeoutMs: 1_000_000 })
  group.join('m1', patient)
  group.sync('m2', 2)
  group.sync('m1', 2)
  group.join('m1', { ...patient, protocols: protocols('range=other topics') })
  assert.deepEqual(group.after(600_000), [])
  assert.deepEqual(group.join('m2', patient), ['m1: leads m1 m2 by range in 3', 'm2: follows m1 in 3'])
})

test('a newcomer is given up after five minutes of waiting', () => {
  const group = new Transcript()
  const patient = { rebalanceTimeoutMs: 900_000, sessionTimeoutMs: 1_000_000 }
  group.join('?m1', patient)
  group.sync('m1', 1)
  group.join('?m2')
  assert.deepEqual(group.after(299_999), [])
  assert.deepEqual(group.after(1), ['m2: UNKNOWN_MEMBER_ID'])
})

test('whose connection breaks while it waits has a session to come back', () => {
  const group = new Transcript()
  const patient = { rebalanceTimeoutMs: 900_000, sessionTimeoutMs: 1_000_000 }
  group.join('?m1', patient)
  group.sync('m1', 1)
  group.join('?m2')
  group.hangup('m2')
  assert.deepEqual(group.after(9_999), [])
  assert.deepEqual(group.join('m1', patient), [], 'm2 is still waited for')
  assert.deepEqual(group.after(1), ['m1: leads m1 by range in 2'])
})

test('a leader that never assigns is removed with all who did not ask, and the rest rejoins', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2')
  group.join('m1')
  group.sync('m2', 2)
  for (let beats = 0; beats < 11; beats++) {
    group.after(5_000)
    assert.equal(group.beat('m1', 2), 'NONE')
  }
  assert.deepEqual(group.after(5_000), ['m2: REBALANCE_IN_PROGRESS'])
  assert.equal(group.beat('m1', 2), 'UNKNOWN_MEMBER_ID')
  assert.deepEqual(group.join('m2'), ['m2: leads m2 by range in 3'])
})

test('a follower that never asks for its assignment is removed, though it beats', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2')
  group.join('m1')
  group.sync('m1', 2, { m1: 'a', m2: 'b' })
  assert.equal(group.at, 'Stable in generation 2')
  for (let beats = 0; beats < 11; beats++) {
    group.after(5_000)
    group.beat('m1', 2)
    assert.equal(group.beat('m2', 2), 'NONE')
  }
  assert.deepEqual(group.after(5_000), [])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
  assert.equal(group.beat('m2', 2), 'UNKNOWN_MEMBER_ID')
})

test('a newcomer while the leader assigns: who waits for an assignment is sent back', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2')
  group.join('m1')
  group.sync('m2', 2)
  assert.deepEqual(group.join('?m3'), ['m2: REBALANCE_IN_PROGRESS'])
  assert.deepEqual(group.sync('m1', 2, { m1: 'late' }), ['m1: REBALANCE_IN_PROGRESS'])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
})

test('a follower that joins again as it is gets the present generation; the leader starts a rebalance', () => {
  const group = stable()
  assert.deepEqual(group.join('m2'), ['m2: follows m1 in 2'])
  assert.equal(group.at, 'Stable in generation 2')
  assert.deepEqual(group.join('m1'), [])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
})

test('while the leader assigns, both leader and follower may ask for their place again', () => {
  const group = new Transcript()
  group.join('?m1')
  assert.deepEqual(group.join('m1'), ['m1: leads m1 by range in 1'])
  assert.equal(group.at, 'CompletingRebalance in generation 1')
})

test('a follower that subscribes to other topics starts a rebalance', () => {
  const group = stable()
  assert.deepEqual(group.join('m2', { protocols: protocols('range=other topics') }), [])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
})

test('who joins twice is waited for once: the first request is let go', () => {
  const group = stable()
  group.join('m2', { protocols: protocols('range=other topics') })
  assert.deepEqual(group.join('m2'), ['m2: UNKNOWN_MEMBER_ID'])
  assert.deepEqual(group.join('m1'), ['m1: leads m1 m2 by range in 3', 'm2: follows m1 in 3'])
})

test('who asks twice for its assignment is answered once, and nobody waits for ever', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2')
  group.join('m1')
  group.sync('m2', 2)
  assert.deepEqual(group.sync('m2', 2), ['m2: REBALANCE_IN_PROGRESS'])
  assert.deepEqual(group.sync('m1', 2, { m2: 'b' }), ["m1: gets ''", "m2: gets 'b'"])
})

test('the generation decides who may sync, beat and commit', () => {
  const group = stable()
  assert.deepEqual(group.sync('m1', 1), ['m1: ILLEGAL_GENERATION'])
  assert.deepEqual(group.sync('m1', 3), ['m1: ILLEGAL_GENERATION'])
  assert.deepEqual(group.sync('m9', 2), ['m9: UNKNOWN_MEMBER_ID'])
  assert.equal(group.beat('m1', 1), 'ILLEGAL_GENERATION')
  assert.equal(group.beat('m9', 2), 'UNKNOWN_MEMBER_ID')
  assert.equal(group.commit('m1', 2), 'NONE')
  assert.equal(group.commit('m1', 1), 'ILLEGAL_GENERATION')
  assert.equal(group.commit('m9', 2), 'UNKNOWN_MEMBER_ID')
})

test('a sync that believes in another protocol is refused (KIP-559)', () => {
  const group = stable()
  assert.deepEqual(group.sync('m1', 2, {}, { protocolName: 'sticky' }), ['m1: INCONSISTENT_GROUP_PROTOCOL'])
  assert.deepEqual(group.sync('m1', 2, {}, { protocolType: 'connect' }), ['m1: INCONSISTENT_GROUP_PROTOCOL'])
  const right = { protocolName: 'range', protocolType: 'consumer' }
  assert.deepEqual(group.sync('m1', 2, {}, right), ["m1: gets 'a'"])
})

test('commits while a group moves: taken as long as the old generation holds, refused between two', () => {
  const group = stable()
  group.join('?m3')
  assert.equal(group.commit('m1', 2), 'NONE', 'what was processed before the rebalance')
  group.join('m1')
  group.join('m2')
  assert.equal(group.at, 'CompletingRebalance in generation 3')
  assert.equal(group.commit('m1', 2), 'ILLEGAL_GENERATION')
  assert.equal(group.commit('m1', 3), 'REBALANCE_IN_PROGRESS')
})

test('commits from outside of a group: only while nobody is in it', () => {
  const group = new Transcript()
  assert.equal(group.commit('', -1), 'NONE')
  group.join('?m1')
  assert.equal(group.commit('', -1), 'UNKNOWN_MEMBER_ID')
  assert.equal(group.commit('m1', -1), 'ILLEGAL_GENERATION')
  group.leave('m1')
  assert.equal(group.commit('', -1), 'NONE')
})

test('a commit is a sign of life', () => {
  const group = stable()
  for (let rounds = 0; rounds < 5; rounds++) {
    group.after(9_000)
    assert.equal(group.commit('m1', 2), 'NONE')
    assert.equal(group.commit('m2', 2), 'NONE')
  }
  assert.equal(group.at, 'Stable in generation 2')
})

test('a member without an id gets one first, and is waited for (KIP-394)', () => {
  const group = new Transcript()
  assert.deepEqual(group.join('?m1', { requiresKnownMemberId: true }), ['m1: MEMBER_ID_REQUIRED m1'])
  assert.equal(group.at, 'Empty in generation 0')
  assert.equal(group.group.isDeserted, false)
  assert.deepEqual(group.join('m1', { requiresKnownMemberId: true }), ['m1: leads m1 by range in 1'])
  group.sync('m1', 1)
  group.join('?m2', { requiresKnownMemberId: true })
  assert.equal(group.at, 'Stable in generation 1', 'an id alone moves nothing')
  assert.deepEqual(group.join('m1'), [], 'but a rebalance that begins waits for m2')
  assert.deepEqual(group.join('m2'), ['m1: leads m1 m2 by range in 2', 'm2: follows m1 in 2'])
})

test('an id that is not used within a session lapses, and the rebalance goes on without it', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2', { requiresKnownMemberId: true })
  group.join('m1')
  assert.deepEqual(group.after(10_000), ['m1: leads m1 by range in 2'])
  assert.deepEqual(group.join('m2'), ['m2: UNKNOWN_MEMBER_ID'])
})

test('an id that was given out and is handed back is not waited for', () => {
  const group = new Transcript()
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2', { requiresKnownMemberId: true })
  group.join('m1')
  assert.deepEqual(group.leave('m2'), ['m2: NONE', 'm1: leads m1 by range in 2'])
})

test('an unknown member id is refused', () => {
  const group = new Transcript()
  assert.deepEqual(group.join('m1'), ['m1: UNKNOWN_MEMBER_ID'])
  assert.equal(group.group.isDeserted, true)
})

test('leaving: the others rejoin, the next one leads, and the last leaves an empty group', () => {
  const group = stable()
  assert.deepEqual(group.leave('m1'), ['m1: NONE'])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
  assert.deepEqual(group.join('m2'), ['m2: leads m2 by range in 3'])
  assert.deepEqual(group.leave('m1'), ['m1: UNKNOWN_MEMBER_ID'])
  assert.deepEqual(group.leave('m2'), ['m2: NONE'])
  assert.equal(group.at, 'Empty in generation 4')
})

test('leaving while others wait: the rebalance goes on without who left, and what it held is let go', () => {
  const group = stable()
  group.join('?m3')
  group.join('m1')
  assert.deepEqual(group.leave('m2'), ['m2: NONE', 'm1: leads m1 m3 by range in 3', 'm3: follows m1 in 3'])
  group.sync('m3', 3)
  assert.deepEqual(group.leave('m3'), ['m3: NONE', 'm3: UNKNOWN_MEMBER_ID'])
})

test('a leader that does not rejoin in time hands the lead to one who did', () => {
  const group = stable()
  group.join('m2', { protocols: protocols('range=other topics') })
  for (let beats = 0; beats < 11; beats++) {
    group.after(5_000)
    group.beat('m1', 2)
  }
  assert.deepEqual(group.after(5_000), ['m2: leads m2 by range in 3'])
})

test('the protocol is one that all have, by majority of first choices', () => {
  const group = new Transcript()
  group.join('?m1', { protocols: protocols('sticky', 'range', 'roundrobin') })
  group.sync('m1', 1)
  group.join('?m2', { protocols: protocols('roundrobin', 'range') })
  group.join('?m3', { protocols: protocols('roundrobin', 'range') })
  const joined = group.join('m1', { protocols: protocols('sticky', 'range', 'roundrobin') })
  assert.equal(joined[0], 'm1: leads m1 m2 m3 by roundrobin in 2')
})
