import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeWorld } from '../world.test-support.ts'
import type { UnobservedFailure } from './unobserved-failures.ts'
import { UnobservedFailures } from './unobserved-failures.ts'

function stage() {
  const world = new FakeWorld()
  const lines: string[] = []
  const told: UnobservedFailure[] = []
  const logger = { debug() {}, info() {}, warn: (line: string) => void lines.push(line), error() {} }
  const failures = new UnobservedFailures(world, logger, (failure) => told.push(failure))
  /** So many records fail; gives what looks at one of them. */
  const fail = (count: number, message = 'refused') => {
    let open = count
    failures.watch({ topic: 't', partition: 0, error: new Error(message), unobserved: () => open })
    return () => {
      open--
      failures.looked()
    }
  }
  return { world, lines, told, failures, fail }
}

test('what nobody looks at for three seconds is told, once, and those of a kind together', async () => {
  const { world, lines, told, failures, fail } = stage()
  fail(3)
  fail(1, 'late')
  fail(2)
  await world.advance(2_999)
  assert.equal(told.length, 0)
  await world.advance(1)
  assert.deepEqual(
    told.map(({ count, error }) => [count, error.message]),
    [
      [5, 'refused'],
      [1, 'late'],
    ],
  )
  assert.equal(failures.count, 6)
  assert.deepEqual(lines, [
    '5 records for t-0 could not be sent, and nobody looked: Error: refused',
    '1 record for t-0 could not be sent, and nobody looked: Error: late',
  ])
  await world.advance(60_000)
  assert.equal(told.length, 2)
  assert.equal(world.armed, 0)
})

test('who looks at one after the other, with work between, is not told of those he has not come to', async () => {
  const { world, told, fail } = stage()
  const look = fail(10)
  for (let index = 0; index < 10; index++) {
    await world.advance(2_500)
    look()
  }
  await world.advance(60_000)
  assert.deepEqual(told, [])
  assert.equal(world.armed, 0)
})

test('nobody is given more than thirty seconds, and who stops looking not more than three', async () => {
  const { world, told, fail } = stage()
  const look = fail(100)
  for (let index = 0; index < 11; index++) {
    await world.advance(2_900)
    look()
  }
  assert.deepEqual(
    told.map(({ count }) => count),
    [90],
  )
  const { world: other, told: heard, fail: failAgain } = stage()
  const glance = failAgain(2)
  await other.advance(2_000)
  glance()
  await other.advance(2_999)
  assert.equal(heard.length, 0)
  await other.advance(1)
  assert.deepEqual(
    heard.map(({ count }) => count),
    [1],
  )
})

test('at the end what was not looked at is told when nobody looks any more, and no timer is left', async () => {
  const { world, told, failures, fail } = stage()
  const look = fail(5)
  fail(1, 'forgotten')
  failures.close()
  for (let index = 0; index < 5; index++) {
    await Promise.resolve()
    look()
  }
  await world.settle()
  assert.deepEqual(
    told.map(({ count, error }) => [count, error.message]),
    [[1, 'forgotten']],
  )
  fail(1, 'after the end')
  await world.settle()
  assert.equal(told.length, 2)
  assert.equal(world.armed, 0)
})
