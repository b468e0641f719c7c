import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, table } from './figures.ts'

test('the median is the middle figure, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([10, 1, 9, 2]), 5.5)
  assert.equal(median([7]), 7)
  assert.ok(Number.isNaN(median([])))
})

test('a table is as wide as its longest cells; figures stand to the right', () => {
  const text = table(['', 'ns'], [['long', '7'], ['a']])
  assert.deepEqual(text.split('\n'), ['|      | ns |', '| ---- | -: |', '| long |  7 |', '| a    |    |'])
})
