import assert from 'node:assert/strict'
import test from 'node:test'
import { protocols, Transcript } from './group.test-support.ts'

const as = (groupInstanceId: string) => ({ groupInstanceId, requiresKnownMemberId: true })

/** Two static members: m1 of instance a leads, m2 of instance b follows, in generation 2. */
function stable(): Transcript {
  const group = new Transcript()
  group.join('?m1', as('a'))
  group.sync('m1', 1, {}, { groupInstanceId: 'a' })
  group.join('?m2', as('b'))
  group.join('m1', as('a'))
  group.sync('m2', 2, {}, { groupInstanceId: 'b' })
  group.sync('m1', 2, { m1: 'left', m2: 'right' }, { groupInstanceId: 'a' })
  assert.equal(group.at, 'Stable in generation 2')
  return group
}

test('a static member joins at once, without being sent back for an id', () => {
  const group = new Transcript()
  assert.deepEqual(group.join('?m1', as('a')), ['m1: leads m1/a by range in 1'])
})

test('a follower that restarts keeps its assignment, and nobody is disturbed (KIP-345)', () => {
  const group = stable()
  assert.deepEqual(group.join('?m3', as('b')), ['m3: follows m1 in 2'])
  assert.equal(group.at, 'Stable in generation 2')
  assert.deepEqual(group.sync('m3', 2, {}, { groupInstanceId: 'b' }), ["m3: gets 'right'"])
  assert.equal(group.beat('m1', 2, 'a'), 'NONE')
})

test('the old incarnation is fenced wherever it shows up', () => {
  const group = stable()
  group.join('?m3', as('b'))
  assert.equal(group.beat('m2', 2, 'b'), 'FENCED_INSTANCE_ID')
  assert.deepEqual(group.sync('m2', 2, {}, { groupInstanceId: 'b' }), ['m2: FENCED_INSTANCE_ID'])
  assert.equal(group.commit('m2', 2, 'b'), 'FENCED_INSTANCE_ID')
  assert.deepEqual(group.join('m2', as('b')), ['m2: FENCED_INSTANCE_ID'])
  assert.deepEqual(group.leave('m2', 'b'), ['m2: FENCED_INSTANCE_ID'])
  assert.equal(group.beat('m2', 2), 'UNKNOWN_MEMBER_ID', 'also when it hides its instance id')
})

test('a leader that restarts leads on without assigning anew (KIP-814)', () => {
  const group = stable()
  assert.deepEqual(group.join('?m3', as('a')), ['m3: leads m2/b m3/a by range in 2 without assigning'])
  assert.deepEqual(group.sync('m3', 2, {}, { groupInstanceId: 'a' }), ["m3: gets 'left'"])
})

test('before JoinGroup v9 a leader that restarts is told of a leader that is not there', () => {
  const group = stable()
  const old = { ...as('a'), supportsSkippingAssignment: false }
  assert.deepEqual(group.join('?m3', old), ['m3: follows m1 in 2'])
  assert.equal(group.group.leaderId, 'm3')
})

test('a restart with another subscription starts a rebalance', () => {
  const group = stable()
  assert.deepEqual(group.join('?m3', { ...as('b'), protocols: protocols('range=other topics') }), [])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
})

test('a restart while others wait: the old one that waits is fenced, and the rebalance goes on', () => {
  const group = new Transcript()
  group.join('?m1', as('a'))
  group.sync('m1', 1, {}, { groupInstanceId: 'a' })
  group.join('?m2', as('b'))
  assert.deepEqual(group.join('?m3', as('b')), ['m2: FENCED_INSTANCE_ID'])
  assert.deepEqual(group.join('m1', as('a')), ['m1: leads m1/a m3/b by range in 2', 'm3: follows m1 in 2'])
})

test('a restart while the leader assigns makes it assign anew, since it names the old member id', () => {
  const group = new Transcript()
  group.join('?m1', as('a'))
  group.sync('m1', 1, {}, { groupInstanceId: 'a' })
  group.join('?m2', as('b'))
  group.join('m1', as('a'))
  group.sync('m2', 2, {}, { groupInstanceId: 'b' })
  assert.deepEqual(group.join('?m3', as('b')), ['m2: FENCED_INSTANCE_ID'])
  assert.equal(group.at, 'PreparingRebalance in generation 2')
})

test('a static member that is away during a rebalance keeps its place until its session is over', () => {
  const group = stable()
  const patient = { rebalanceTimeoutMs: 8_000 }
  assert.deepEqual(group.join('m1', { ...as('a'), ...patient }), [])
  group.join('?m3', as('b'))
  group.sync('m1', 3, { m1: 'left', m3: 'right' }, { groupInstanceId: 'a' })
  assert.equal(group.at, 'Stable in generation 3')
})

test('static members that are all away: nobody leads, and their sessions decide', () => {
  const group = new Transcript()
  const settings = { ...as('a'), rebalanceTimeoutMs: 8_000, sessionTimeoutMs: 30_000 }
  group.join('?m1', settings)
  group.sync('m1', 1, {}, { groupInstanceId: 'a' })
  group.join('?m2', { ...settings, groupInstanceId: 'b' })
  assert.deepEqual(group.hangup('m2'), [])
  assert.deepEqual(group.after(20_000), [])
  assert.equal(group.at, 'PreparingRebalance in generation 1')
  assert.deepEqual(group.after(10_000), [])
  assert.equal(group.at, 'Empty in generation 2')
})

test('an administrator removes a static member by its instance id alone', () => {
  const group = stable()
  assert.deepEqual(group.leave('', 'b'), ['b: NONE'])
  assert.equal(group.beat('m2', 2, 'b'), 'UNKNOWN_MEMBER_ID')
  assert.deepEqual(group.leave('', 'nobody'), ['nobody: UNKNOWN_MEMBER_ID'])
})

test('a static member that restarts finds its place in a full group', () => {
  const group = new Transcript({ maxSize: 1 })
  group.join('?m1', as('a'))
  group.sync('m1', 1, { m1: 'all' }, { groupInstanceId: 'a' })
  assert.deepEqual(group.join('?m2', as('b')), ['m2: GROUP_MAX_SIZE_REACHED'])
  assert.deepEqual(group.join('?m3', as('a')), ['m3: leads m3/a by range in 1 without assigning'])
})

test('a member id and an instance id that do not belong together are refused', () => {
  const group = stable()
  assert.deepEqual(group.join('m1', as('b')), ['m1: FENCED_INSTANCE_ID'])
  assert.deepEqual(group.join('m1', as('c')), ['m1: UNKNOWN_MEMBER_ID'])
})
