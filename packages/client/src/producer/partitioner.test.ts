import assert from 'node:assert/strict'
import test from 'node:test'
import { NodeLatency } from './node-latency.ts'
import type { TopicView } from './partitioner.ts'
import { StickyPartitioner } from './partitioner.ts'

/** Numbers that look random and are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function viewOf(lengths: number[], available = lengths.map((_, index) => index)): TopicView {
  return { partitions: lengths.length, available, queueLength: (partition) => lengths[partition] ?? 0 }
}

function stickyOf(
  given: { batchSize?: number; isAdaptive?: boolean; seed?: number } = {},
): StickyPartitioner {
  const { batchSize = 1000, isAdaptive = true, seed = 1 } = given
  return new StickyPartitioner({ batchSize, isAdaptive, random: seeded(seed) })
}

/** How often each partition is drawn in so many switches. */
function drawn(sticky: StickyPartitioner, view: TopicView, switches: number): number[] {
  const counts = new Array<number>(view.partitions).fill(0)
  for (let index = 0; index < switches; index++) {
    counts[sticky.current(view)] = (counts[sticky.current(view)] as number) + 1
    sticky.account(2000, false, view)
  }
  return counts
}

test('records without a key stay on one partition until a batch is full', () => {
  const sticky = stickyOf()
  const view = viewOf([0, 0, 0, 0, 0, 0, 0, 0])
  const chosen = new Set<number>()
  for (let index = 0; index < 9; index++) {
    chosen.add(sticky.current(view))
    sticky.account(100, false, view)
  }
  assert.equal(chosen.size, 1)
})

test('batchSize bytes switch only when they made a batch ready, twice as many always', () => {
  const view = viewOf([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  const switched = (bytes: number, isReady: boolean) => {
    let count = 0
    for (let seed = 0; seed < 50; seed++) {
      const sticky = stickyOf({ seed })
      const before = sticky.current(view)
      sticky.account(bytes, isReady, view)
      if (sticky.current(view) !== before) count++
    }
    return count > 25
  }
  assert.equal(switched(1000, false), false)
  assert.equal(switched(999, true), false)
  assert.equal(switched(1000, true), true)
  assert.equal(switched(2000, false), true)
})

test('without queues every partition is as likely as any other', () => {
  const counts = drawn(stickyOf(), viewOf([0, 0, 0, 0]), 4000)
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`)
})

test('a longer queue is drawn less: weight = longest + 1 - own (KIP-794)', () => {
  const counts = drawn(stickyOf(), viewOf([0, 3, 1]), 7000)
  // Weights 4, 1, 3.
  const [a, b, c] = counts as [number, number, number]
  assert.ok(Math.abs(a - 3500) < 250 && Math.abs(b - 875) < 200 && Math.abs(c - 2625) < 250, `${counts}`)
})

test('queues do not matter when adaptive partitioning is off', () => {
  const counts = drawn(stickyOf({ isAdaptive: false }), viewOf([0, 100]), 2000)
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`)
})

test('a partition without a leader is not drawn while another has one', () => {
  assert.deepEqual(drawn(stickyOf(), viewOf([0, 0, 0], [2]), 100), [0, 0, 100])
})

test('when no partition has a leader, any is drawn', () => {
  const counts = drawn(stickyOf(), viewOf([0, 0], []), 1000)
  for (const count of counts) assert.ok(count > 400, `${counts}`)
})

test('a key decides among all partitions, also those without a leader', () => {
  const key = new TextEncoder().encode('my key')
  const all = stickyOf().ofKey(key, viewOf([0, 0, 0, 0, 0, 0, 0]))
  assert.equal(stickyOf({ seed: 9 }).ofKey(key, viewOf([9, 0, 0, 0, 0, 0, 0], [1])), all)
})

test('a partition that is gone is not kept', () => {
  const sticky = stickyOf({ seed: 3 })
  sticky.current(viewOf([0, 0, 0, 0, 0, 0, 0, 0]))
  assert.equal(sticky.current(viewOf([0])), 0)
})

test('partitions whose broker takes nothing for long are left out, unless all are', () => {
  const view = (slow: number[]) => ({
    ...viewOf([0, 0, 0, 0]),
    isSlow: (partition: number) => slow.includes(partition),
  })
  const counts = drawn(stickyOf(), view([1, 2]), 400)
  assert.deepEqual([counts[1], counts[2]], [0, 0])
  assert.ok((counts[0] ?? 0) > 100 && (counts[3] ?? 0) > 100)
  assert.ok(drawn(stickyOf(), view([0, 1, 2, 3]), 400).every((count) => count > 50))
  assert.ok(drawn(stickyOf({ isAdaptive: false }), view([1, 2]), 400).every((count) => count > 50))
})

test('a broker is slow when something for it could not be sent for longer than the time', () => {
  const latency = new NodeLatency()
  assert.equal(latency.isSlow(1, 100), false, 'nothing is known of it')
  latency.looked(1, false, 1000)
  latency.looked(1, false, 1100)
  assert.equal(latency.isSlow(1, 100), false)
  latency.looked(1, false, 1101)
  assert.equal(latency.isSlow(1, 100), true)
  assert.equal(latency.isSlow(2, 100), false)
  latency.looked(1, true, 5000)
  assert.equal(latency.isSlow(1, 100), false)
})
