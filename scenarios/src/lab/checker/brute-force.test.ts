import assert from 'node:assert/strict'
import test from 'node:test'
import { compared, disagreement, naive } from './brute-force.ts'
import { smallHistories } from './small-history.ts'

const sizes = [
  { sends: 1, reads: 2, offsets: 2, partitions: 2 },
  { sends: 2, reads: 1, offsets: 3, partitions: 1 },
  { sends: 2, reads: 2, offsets: 2, partitions: 1 },
  { sends: 3, reads: 0, offsets: 3, partitions: 1 },
]

// `prove.js brute-force` does this with all histories of up to six operations.
test('the checker and the naive definitions agree on small histories, in which every anomaly of the log occurs', () => {
  const met = new Set()
  for (const size of sizes) {
    for (const history of smallHistories(size)) {
      assert.equal(disagreement(history), undefined)
      for (const code of naive(history)) met.add(code)
    }
  }
  const three = { sends: 2, reads: 3, offsets: 3, partitions: 1 }
  let at = 0
  for (const history of smallHistories(three)) {
    // Every few of these, else they are too many.
    if (at++ % 397 === 0) assert.equal(disagreement(history), undefined)
    for (const code of naive(history)) met.add(code)
  }
  assert.deepEqual(
    [...compared].filter((code) => !met.has(code)),
    [],
  )
})

test('a checker that sees nothing would be found out', () => {
  const send = { producer: 0, partition: 0, outcome: 'ok', offset: 0, overlaps: false } as const
  const history = { sends: [send, { ...send, offset: 1 }], reads: [], isDrained: true }
  assert.deepEqual([...naive(history)], ['L2'])
})
