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

test('a member without a common protocol, of another type or without any is refused', () => {
  const group = stable()
  const refused = ['m3: INCONSISTENT_GROUP_PROTOCOL']
  assert.deepEqual(group.join('?m3', { protocols: protocols('sticky') }), refused)
  assert.deepEqual(group.join('?m3', { protocolType: 'connect' }), refused)
  assert.deepEqual(group.join('?m3', { protocols: [] }), refused)
  assert.deepEqual(group.join('?m3', { protocolType: '' }), refused)
  assert.equal(group.at, 'Stable in generation 2')
})

test('session timeouts outside of the bounds are refused', () => {
  const group = new Transcript()
  assert.deepEqual(group.join('?m1', { sessionTimeoutMs: 5_999 }), ['m1: INVALID_SESSION_TIMEOUT'])
  assert.deepEqual(group.join('?m1', { sessionTimeoutMs: 1_800_001 }), ['m1: INVALID_SESSION_TIMEOUT'])
  assert.deepEqual(group.join('?m1', { sessionTimeoutMs: 6_000 }), ['m1: leads m1 by range in 1'])
})

test('a full group refuses newcomers; in a rebalance the places go to who joins first', () => {
  const group = new Transcript({ maxSize: 2 })
  group.join('?m1')
  group.sync('m1', 1)
  group.join('?m2')
  group.join('m1')
  group.sync('m2', 2)
  group.sync('m1', 2)
  assert.deepEqual(group.join('?m3'), ['m3: GROUP_MAX_SIZE_REACHED'])
  group.join('m1')
  group.join('?m3')
  assert.deepEqual(group.join('m2'), [
    'm2: GROUP_MAX_SIZE_REACHED',
    'm1: leads m1 m3 by range in 3',
    'm3: follows m1 in 3',
  ])
})

test('the first rebalance waits for those who start together, longer while more arrive (KIP-134)', () => {
  const group = new Transcript({ initialRebalanceDelayMs: 3_000 })
  assert.deepEqual(group.join('?m1', { rebalanceTimeoutMs: 7_000 }), [])
  assert.deepEqual(group.after(2_000), [])
  assert.deepEqual(group.join('?m2', { rebalanceTimeoutMs: 7_000 }), [])
  assert.deepEqual(group.after(2_000), [], 'm2 came within the delay: another 3 s')
  assert.deepEqual(group.after(2_000), ['m1: leads m1 m2 by range in 1', 'm2: follows m1 in 1'])
})

test('the first rebalance is not put off beyond the rebalance timeout', () => {
  const group = new Transcript({ initialRebalanceDelayMs: 3_000 })
  group.join('?m1', { rebalanceTimeoutMs: 7_000 })
  const told: string[] = []
  for (let newcomer = 2; newcomer <= 8; newcomer++) {
    told.push(...group.after(1_000))
    if (told.length > 0) break
    told.push(...group.join(`?m${newcomer}`, { rebalanceTimeoutMs: 7_000 }))
  }
  assert.equal(told[0], 'm1: leads m1 m2 m3 m4 m5 m6 m7 by range in 1')
  assert.equal(group.now, 8_000, '7 s after the first')
})
