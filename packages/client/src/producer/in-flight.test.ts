import assert from 'node:assert/strict'
import test from 'node:test'
import { InFlight } from './in-flight.ts'

test('a request that is not written lets none follow to its broker, others as many as allowed', () => {
  let rooms = 0
  const underWay = new InFlight(() => rooms++)
  const first = underWay.begin(1)
  assert.equal(underWay.hasRoom(1, 5), false)
  assert.equal(underWay.hasRoom(2, 5), true)
  first.written()
  assert.equal(rooms, 1)
  assert.equal(underWay.hasRoom(1, 5), true)
  assert.equal(underWay.hasRoom(1, 1), false)
  first.over()
  assert.equal(underWay.hasRoom(1, 1), true)
})

test('the end of a written request says nothing of the one that still waits', () => {
  const underWay = new InFlight(() => {})
  const first = underWay.begin(1)
  first.written()
  const second = underWay.begin(1)
  first.over()
  assert.equal(underWay.hasRoom(1, 5), false)
  second.over()
  assert.equal(underWay.hasRoom(1, 1), true)
})
