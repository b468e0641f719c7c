import assert from 'node:assert/strict'
import test from 'node:test'
import { outcomeOf } from './outcome.ts'

const table: [string[], string][] = [
  [['NONE'], 'ok'],
  [['TIMEOUT', 'NONE'], 'ok'],
  [['DISCONNECTED', 'DUPLICATE_SEQUENCE_NUMBER'], 'ok'],
  [['MESSAGE_TOO_LARGE'], 'fail'],
  [['NOT_SENT'], 'fail'],
  [['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS', 'TOPIC_AUTHORIZATION_FAILED'], 'fail'],
  [['NOT_ENOUGH_REPLICAS_AFTER_APPEND'], 'unk'],
  [['TIMEOUT'], 'unk'],
  [['DISCONNECTED'], 'unk'],
  [['NOT_LEADER_OR_FOLLOWER'], 'unk'],
  [['UNKNOWN_SERVER_ERROR'], 'unk'],
  [['REQUEST_TIMED_OUT'], 'unk'],
  [['KAFKA_STORAGE_ERROR'], 'unk'],
  [['TIMEOUT', 'MESSAGE_TOO_LARGE'], 'unk'],
  [['MESSAGE_TOO_LARGE', 'TIMEOUT'], 'unk'],
  [['A_CODE_OF_TOMORROW'], 'unk'],
  [[], 'unk'],
]

for (const [attempts, outcome] of table) {
  test(`${attempts.join(', then ') || 'nothing known'} is ${outcome}`, () => {
    assert.equal(outcomeOf(attempts), outcome)
  })
}
