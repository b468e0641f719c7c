import assert from 'node:assert/strict'
import test from 'node:test'
import { nameIn, recordValue } from './record.ts'

const name = { run: '7', inc: 'producer-1.2', seq: 3, tp: 'orders-1-0', v: 41 }

test('a record says what it is, whatever its padding', () => {
  for (const padding of [0, 1, 60]) assert.deepEqual(nameIn(recordValue(name, padding)), name)
})

test('one that was damaged anywhere says nothing', () => {
  const value = recordValue(name, 3)
  for (let at = 0; at < value.length; at++)
    assert.equal(nameIn(`${value.slice(0, at)}#${value.slice(at + 1)}`), undefined, `at ${at}`)
  for (const wrong of [null, '', value.slice(0, -4), `${value}|`]) assert.equal(nameIn(wrong), undefined)
})
