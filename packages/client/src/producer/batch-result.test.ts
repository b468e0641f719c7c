import assert from 'node:assert/strict'
import test from 'node:test'
import type { Outcome } from './batch-result.ts'
import { BatchResult } from './batch-result.ts'

function stored(baseOffset: number): Outcome {
  return { baseOffset, logAppendTime: -1, error: undefined }
}

test('observers learn the outcome once, at once when it is known', () => {
  const result = new BatchResult()
  const heard: string[] = []
  result.observe(0, ({ baseOffset }, index) => heard.push(`early ${baseOffset + index}`))
  result.settle(stored(10))
  result.settle(stored(99))
  result.observe(2, ({ baseOffset }, index) => heard.push(`late ${baseOffset + index}`))
  assert.deepEqual(heard, ['early 10', 'late 12'])
})

test('records of a split batch follow their part, observed before or after', () => {
  const [whole, front, back] = [new BatchResult(), new BatchResult(), new BatchResult()]
  const heard: string[] = []
  whole.observe(3, ({ baseOffset }, index) => heard.push(`3 is ${baseOffset + index}`))
  whole.split([
    { result: front, count: 2 },
    { result: back, count: 2 },
  ])
  whole.observe(1, ({ baseOffset }, index) => heard.push(`1 is ${baseOffset + index}`))
  assert.equal(whole.outcomeOf(1), undefined)
  front.settle(stored(5))
  back.settle(stored(50))
  assert.deepEqual(heard, ['1 is 6', '3 is 51'])
  assert.deepEqual(whole.outcomeOf(2)?.index, 0)
})

test('a batch is over when each of its parts is, also those of parts', () => {
  const [whole, front, back, first, second] = [
    new BatchResult(),
    new BatchResult(),
    new BatchResult(),
    new BatchResult(),
    new BatchResult(),
  ]
  let isOver = false
  whole.whenOver(() => {
    isOver = true
  })
  whole.split([
    { result: front, count: 2 },
    { result: back, count: 1 },
  ])
  front.split([
    { result: first, count: 1 },
    { result: second, count: 1 },
  ])
  back.settle(stored(0))
  second.settle(stored(1))
  assert.equal(isOver, false)
  first.settle(stored(2))
  assert.equal(isOver, true)
})
