import assert from 'node:assert/strict'
import test from 'node:test'
import { errorCodes, KafkaError, MalformedError, UnsupportedVersionError } from '@samsa/protocol'
import {
  AuthenticationError,
  ConnectionError,
  closedError,
  EncodeError,
  ServerError,
  TimeoutError,
} from '../errors.ts'
import type { Recovery } from './recovery.ts'
import { recover, recovery } from './recovery.ts'

const places: Record<string, Recovery> = recovery
/** What each place may do besides trying again, after a refresh or not, and telling the caller. */
const possible: Record<keyof typeof recovery, readonly string[]> = {
  produce: ['success', 'split', 'sequence'],
  metadata: [],
  fetch: ['resetOffset'],
  offsetFetch: ['recoordinate'],
  listOffsets: [],
  initProducerId: ['recoordinate'],
  joinGroup: ['recoordinate', 'rejoin', 'takeMemberId', 'forgetGeneration', 'forgetMember'],
  syncGroup: ['recoordinate', 'rejoin', 'forgetGeneration', 'forgetMember'],
  heartbeat: ['recoordinate', 'rejoin', 'forgetGeneration', 'forgetMember'],
  leaveGroup: ['recoordinate', 'success'],
  commit: ['recoordinate', 'rejoin', 'forgetGeneration', 'forgetMember'],
}

function refusal(name: string): ServerError {
  const { code } = errorCodes.find((each) => each.name === name) ?? assert.fail(name)
  return new ServerError(code, { api: 'test' })
}

for (const [name, place] of Object.entries(places)) {
  test(`${name}: every code of Kafka's table has an action that the place knows`, () => {
    const known = ['retry', 'refresh', 'fail', ...possible[name as keyof typeof recovery]]
    for (const { code } of errorCodes) {
      if (code === 0) continue
      const action = recover(new ServerError(code, { api: 'test' }), place)
      assert.ok(known.includes(action), `${code}: ${action}`)
    }
  })

  test(`${name}: a code that nobody knows is told at once, one that Kafka calls retriable is tried again`, () => {
    assert.equal(recover(new ServerError(9999, { api: 'test' }), place), 'fail')
    for (const { code, retriable, name: error } of errorCodes) {
      if (!retriable || place.codes[error as 'NONE']) continue
      assert.notEqual(recover(new ServerError(code, { api: 'test' }), place), 'fail', error)
    }
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
      new EncodeError('too long'),
      closedError('the client'),
      new KafkaError('CONFIG', 'no'),
      new Error('a bug'),
      'no error at all',
    ]
    for (const error of final) assert.equal(recover(error, place), 'fail')
  })
}

test('codes that Kafka marks as retriable and a place tells at once are few, and each has its reason', () => {
  const told = Object.entries(places).flatMap(([name, place]) =>
    errorCodes
      .filter(
        ({ code, retriable }) => retriable && recover(new ServerError(code, { api: 't' }), place) === 'fail',
      )
      .map((error) => `${name} ${error.name}`),
  )
  assert.deepEqual(told, [
    // The log is damaged: another read gives the same (`FetchCollector`).
    'fetch CORRUPT_MESSAGE',
    // A topic that was deleted must not hold up the commits of the others.
    'commit UNKNOWN_TOPIC_OR_PARTITION',
    'commit UNKNOWN_TOPIC_ID',
  ])
})

test("a group's answers mean what they mean to AbstractCoordinator", () => {
  const { joinGroup, syncGroup, heartbeat, commit } = recovery
  for (const place of [joinGroup, syncGroup, heartbeat, commit]) {
    assert.equal(recover(refusal('NOT_COORDINATOR'), place), 'recoordinate')
    assert.equal(recover(refusal('COORDINATOR_LOAD_IN_PROGRESS'), place), 'retry')
    assert.equal(recover(refusal('REBALANCE_IN_PROGRESS'), place), 'rejoin')
    assert.equal(recover(refusal('UNKNOWN_MEMBER_ID'), place), 'forgetMember')
    assert.equal(recover(refusal('ILLEGAL_GENERATION'), place), 'forgetGeneration')
    for (const name of ['FENCED_INSTANCE_ID', 'GROUP_AUTHORIZATION_FAILED', 'INCONSISTENT_GROUP_PROTOCOL'])
      assert.equal(recover(refusal(name), place), 'fail')
  }
  assert.equal(recover(refusal('MEMBER_ID_REQUIRED'), joinGroup), 'takeMemberId')
  assert.equal(recover(refusal('GROUP_MAX_SIZE_REACHED'), joinGroup), 'fail')
})

test('the actions of a place are types, so that whoever acts on them forgets none', () => {
  const action: 'retry' | 'refresh' | 'fail' | 'resetOffset' = recover(
    refusal('OFFSET_OUT_OF_RANGE'),
    recovery.fetch,
  )
  assert.equal(action, 'resetOffset')
  // @ts-expect-error: a name that Kafka does not have does not compile.
  const misspelt: Recovery = { codes: { NOT_A_LEADER: 'retry' }, unreachable: 'retry' }
  assert.ok(misspelt)
})
