import assert from 'node:assert/strict'
import test from 'node:test'
import { Ints, Names, Numbers, Places } from './columns.ts'

test('a column keeps its entries over many pages', () => {
  const ints = new Ints()
  const numbers = new Numbers()
  for (let at = 0; at < 50_000; at++) {
    assert.equal(ints.push(-at), at)
    numbers.push(at / 2)
  }
  ints.set(40_000, 7)
  assert.deepEqual([ints.length, ints.at(0), ints.at(49_999), ints.at(40_000)], [50_000, 0, -49_999, 7])
  assert.equal(numbers.at(33_333), 16_666.5)
})

test('values get numbers once, whatever they are', () => {
  const places = new Places()
  const values = Array.from({ length: 20_000 }, (_, at) =>
    at % 3 === 0 ? at * 4294967296 : at % 3 === 1 ? -at : at,
  )
  for (const value of values) assert.equal(places.of(value), values.indexOf(value, places.values.length - 1))
  for (const [at, value] of values.entries()) assert.equal(places.find(value), at)
  assert.equal(places.find(0.5), -1)
  assert.equal(places.of(values[77] as number), 77)
})

test('names get numbers once', () => {
  const names = new Names()
  assert.deepEqual([names.of('a'), names.of('b'), names.of('a'), names.find('c')], [0, 1, 0, -1])
  assert.equal(names.name(1), 'b')
})
