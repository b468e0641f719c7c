import assert from 'node:assert/strict'
import test from 'node:test'
import { errorCodes, KafkaError, MalformedError, UnsupportedVersionError } from '@samsa/protocol'
import { AuthenticationError, ConnectionError, closedError, ServerError, TimeoutError } from '../errors.ts'
import type { Recovery } from './recovery.ts'
import { recover, recovery } from './recovery.ts'
import { routeOf } from './routing.ts'

const places: Record<string, Recovery> = recovery
/** What each place may do besides telling the caller. */
const possible: Record<string, readonly string[]> = {
  produce: ['retry', 'refresh', 'success', 'split', 'sequence', 'fail'],
  metadata: ['retry', 'refresh', 'recoordinate', 'fail'],
  fetch: ['retry', 'refresh', 'resetOffset', 'fail'],
  offsetFetch: ['retry', 'recoordinate', 'fail'],
  offsetCommit: ['retry', 'recoordinate', 'fail'],
  listOffsets: ['retry', 'refresh', 'fail'],
  findCoordinator: ['retry', 'recoordinate', 'fail'],
  initProducerId: ['retry', 'recoordinate', 'fail'],
}

for (const [name, place] of Object.entries(places)) {
  test(`${name}: every code of Kafka's table has an action that the place knows, and every entry is a code`, () => {
    for (const { code } of errorCodes) {
      if (code === 0) continue
      const action = recover(new ServerError(code, { api: 'test' }), place)
      assert.ok(possible[name]?.includes(action), `${code}: ${action}`)
    }
    const names = new Set<string>(errorCodes.map((each) => each.name))
    for (const code of Object.keys(place.codes)) assert.ok(names.has(code), `${code} is no code of Kafka`)
    assert.equal(recover(new ServerError(9999, { api: 'test' }), place), place.otherwise)
  })

  test(`${name}: what could not be reached is tried again, what cannot be healed is told`, () => {
    const lost = [
      new ConnectionError('lost', 'k:1', true),
      new TimeoutError('an answer', 5),
      new MalformedError('bytes', 0),
    ]
    for (const error of lost) assert.equal(recover(error, place), place.unreachable)
    const final = [
      new AuthenticationError('no'),
      new UnsupportedVersionError('no', 'Fetch'),
      closedError('the client'),
      new KafkaError('CONFIG', 'no'),
      new Error('a bug'),
      'no error at all',
    ]
    for (const error of final) assert.equal(recover(error, place), 'fail')
  })
}

test('a code that Kafka marks as retriable is told only where it does not belong, or where Kafka tells it too', () => {
  const elsewhere = /COORDINATOR|CONTROLLER|ELECT|ELIGIBLE|PREFERRED_LEADER|SESSION|UNSTABLE_OFFSET/
  const told = (place: Recovery) =>
    errorCodes
      .filter(({ retriable, name }) => retriable && !elsewhere.test(name))
      .filter(({ code }) => recover(new ServerError(code, { api: 'test' }), place) === 'fail')
      .map(({ name }) => name)
  assert.deepEqual(told(recovery.produce), [])
  assert.deepEqual(told(recovery.fetch), [
    'CORRUPT_MESSAGE',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'CONCURRENT_TRANSACTIONS',
  ])
})

test('requests go where they belong, on connections that do not block one another', () => {
  assert.deepEqual(routeOf('Produce'), { to: 'leader', lane: 'main' })
  assert.deepEqual(routeOf('Fetch'), { to: 'leader', lane: 'fetch' })
  assert.deepEqual(routeOf('JoinGroup'), { to: 'group', lane: 'join' })
  assert.deepEqual(routeOf('LeaveGroup'), { to: 'group', lane: 'main' })
  assert.deepEqual(routeOf('CreateTopics'), { to: 'controller', lane: 'main' })
  assert.deepEqual(routeOf('SomethingNew'), { to: 'any', lane: 'main' })
})
