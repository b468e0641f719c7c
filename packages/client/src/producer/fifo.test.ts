import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from './fifo.ts'

test('an empty queue has no first item and gives none', () => {
  const fifo = new Fifo<number>()
  assert.deepEqual([fifo.length, fifo.first, fifo.shift(), fifo.toArray()], [0, undefined, undefined, []])
})

test('items come out in their order, through every size at which it makes room', () => {
  const fifo = new Fifo<number>()
  const reference: number[] = []
  let next = 0
  // Fills and empties in uneven steps, beyond the size at which taken places are dropped, down to empty and up again.
  for (const [pushes, shifts] of [
    [5, 3],
    [3000, 1023],
    [1, 2],
    [0, 900],
    [10, 1088],
    [4000, 3999],
    [7, 9],
  ] as const) {
    for (let index = 0; index < pushes; index++) {
      fifo.push(next)
      reference.push(next++)
    }
    for (let index = 0; index < shifts; index++) {
      assert.equal(fifo.first, reference[0])
      assert.equal(fifo.shift(), reference.shift())
      assert.equal(fifo.length, reference.length)
    }
    assert.deepEqual(fifo.toArray(), reference)
  }
})
