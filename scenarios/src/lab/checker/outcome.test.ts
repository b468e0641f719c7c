import assert from 'node:assert/strict'
import test from 'node:test'
import { mayComeLate, outcomeOf, settled } from './outcome.ts'

const ofAttempts: [string[], string][] = [
  [['NONE'], 'ok'],
  [['TIMEOUT', 'NONE'], 'ok'],
  [['NOT_LEADER_OR_FOLLOWER', 'NONE'], 'ok'],
  [['DISCONNECTED', 'DUPLICATE_SEQUENCE_NUMBER'], 'ok'],
  [['MESSAGE_TOO_LARGE'], 'fail'],
  [['RECORD_LIST_TOO_LARGE'], 'fail'],
  [['INVALID_RECORD'], 'fail'],
  [['INVALID_TIMESTAMP'], 'fail'],
  [['TOPIC_AUTHORIZATION_FAILED'], 'fail'],
  [['INVALID_PRODUCER_EPOCH'], 'fail'],
  [['PRODUCER_FENCED'], 'fail'],
  [['OUT_OF_ORDER_SEQUENCE_NUMBER'], 'fail'],
  [['NOT_SENT'], 'fail'],
  [['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS', 'TOPIC_AUTHORIZATION_FAILED'], 'fail'],
  [['NOT_ENOUGH_REPLICAS_AFTER_APPEND'], 'unk'],
  [['TIMEOUT'], 'unk'],
  [['DISCONNECTED'], 'unk'],
  [['NOT_TOLD'], 'unk'],
  [['NOT_LEADER_OR_FOLLOWER'], 'unk'],
  [['UNKNOWN_TOPIC_OR_PARTITION'], 'unk'],
  [['UNKNOWN_SERVER_ERROR'], 'unk'],
  [['REQUEST_TIMED_OUT'], 'unk'],
  [['KAFKA_STORAGE_ERROR'], 'unk'],
  [['NETWORK_EXCEPTION'], 'unk'],
  [['TIMEOUT', 'MESSAGE_TOO_LARGE'], 'unk'],
  [['TIMEOUT', 'OUT_OF_ORDER_SEQUENCE_NUMBER'], 'unk'],
  [['DISCONNECTED', 'PRODUCER_FENCED'], 'unk'],
  [['NOT_TOLD', 'TOPIC_AUTHORIZATION_FAILED'], 'unk'],
  [['NOT_LEADER_OR_FOLLOWER', 'NOT_SENT'], 'unk'],
  [['MESSAGE_TOO_LARGE', 'TIMEOUT'], 'unk'],
  [['A_CODE_OF_TOMORROW'], 'unk'],
  [[], 'unk'],
]

for (const [attempts, outcome] of ofAttempts) {
  test(`${attempts.join(', then ') || 'nothing known'} is ${outcome}`, () => {
    assert.equal(outcomeOf(attempts), outcome)
  })
}

const ofEnds: [Parameters<typeof settled>[0], string][] = [
  [{ r: 'ok' }, 'ok'],
  [{ r: 'ok', attempts: ['TIMEOUT', 'NONE'] }, 'ok'],
  // The answer to the last attempt was lost on its way through the client.
  [{ r: 'fail', attempts: ['TIMEOUT', 'NONE'] }, 'unk'],
  [{ r: 'fail', attempts: ['MESSAGE_TOO_LARGE'] }, 'fail'],
  // The driver took it for a failure; the attempts know better.
  [{ r: 'fail', attempts: ['TIMEOUT', 'MESSAGE_TOO_LARGE'] }, 'unk'],
  [{ r: 'fail', attempts: ['NOT_LEADER_OR_FOLLOWER'] }, 'unk'],
  [{ r: 'unk', attempts: ['NOT_SENT'] }, 'fail'],
  // Attempts that nobody told of may have been unanswered.
  [{ r: 'fail', code: 'TOPIC_AUTHORIZATION_FAILED' }, 'unk'],
  [{ r: 'fail' }, 'unk'],
  [{ r: 'fail', code: 'NOT_SENT' }, 'fail'],
  [{ r: 'unk', code: 'NOT_SENT' }, 'unk'],
  // A claim of the client is held against it.
  [{ r: 'fail', attempts: ['TIMEOUT'], definite: true }, 'fail'],
  [{ r: 'unk', code: 'TIMEOUT', definite: false }, 'unk'],
]

for (const [end, outcome] of ofEnds) {
  test(`an end ${JSON.stringify(end)} is ${outcome}`, () => {
    assert.equal(settled(end), outcome)
  })
}

test('an attempt without an answer may be carried out late, a refused one not', () => {
  assert.equal(mayComeLate(['TIMEOUT', 'NONE']), true)
  assert.equal(mayComeLate(['DISCONNECTED']), true)
  assert.equal(mayComeLate(['NOT_ENOUGH_REPLICAS', 'NONE']), false)
  assert.equal(mayComeLate(undefined), false)
})
