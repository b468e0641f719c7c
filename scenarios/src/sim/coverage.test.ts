import assert from 'node:assert/strict'
import test from 'node:test'
import { Coverage, sumOf } from './coverage.ts'
import { coverageReport } from './coverage-report.ts'
import { possiblePairs } from './machines.ts'

test('steps are counted under the faults that are at work, a moment after those of a moment too', () => {
  let now = 0
  const coverage = new Coverage(() => now)
  const count = () => coverage.count('group', 'Empty', 'join')
  count()
  coverage.begin('split', 5000)
  coverage.begin('cut', 0)
  count()
  now = 1500
  count()
  now = 6000
  count()
  assert.deepEqual(coverage.counts, {
    'group/Empty/join/none': 2,
    'group/Empty/join/split': 2,
    'group/Empty/join/cut': 1,
  })
  assert.equal(sumOf([coverage.counts, coverage.counts])['group/Empty/join/none'], 4)
})

test('pairs that were never met are listed, and those that nobody thought of', () => {
  const pairs = possiblePairs()
  assert.equal(new Set(pairs).size, pairs.length)
  const counts = Object.fromEntries(pairs.map((pair) => [`${pair}/none`, 1]))
  assert.match(coverageReport([counts]), new RegExp(`^coverage: ${pairs.length} of ${pairs.length} pairs`))
  const text = coverageReport([
    { 'member/idle/start/none': 1, 'member/idle/start/cut': 1, 'group/Dead/tick/cut': 2 },
  ])
  assert.match(
    text,
    /^coverage: 1 of \d+ pairs of state and event, 2 of \d+ with each of 2 faults\n {2}never met:\n/,
  )
  assert.match(text, /\n {2}met, and not in the table of what is possible:\n {4}group Dead tick$/)
})
