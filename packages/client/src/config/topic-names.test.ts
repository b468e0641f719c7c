import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { checkTopicPartition, checkTopics } from '../cluster/topic-partition.ts'
import { ConfigError } from '../errors.ts'
import { checkTopicName, topicNameProblem } from './arguments.ts'

/** Names and what `Topic.validate` of Kafka 4.3 says of them. */
const verdicts = gunzipSync(readFileSync(new URL('../../testdata/topic-names.jsonl.gz', import.meta.url)))
  .toString('utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { name: string; valid: boolean })

test('names are refused that Kafka refuses, and no others', () => {
  assert.ok(verdicts.length > 100)
  for (const { name, valid } of verdicts)
    assert.equal(topicNameProblem(name) === undefined, valid, JSON.stringify(name.slice(0, 50)))
})

test('every call that takes a topic refuses an impossible name, and says why in one line', () => {
  const calls: ((name: string) => void)[] = [
    (name) => checkTopicName('send', name),
    (name) => checkTopics([name]),
    (name) => checkTopicPartition('seek', { topic: name, partition: 0 }),
  ]
  for (const name of ['a b', 'x'.repeat(250), '..', 'a\ud800b', 'straße']) {
    for (const call of calls) {
      assert.throws(
        () => call(name),
        (error: Error) => {
          assert.ok(error instanceof ConfigError)
          assert.match(error.message, /^(send|seek|subscribe): the name of a topic (may|must) /)
          assert.ok(error.message.length < 350)
          return true
        },
      )
    }
  }
  for (const call of calls) assert.doesNotThrow(() => call('x'.repeat(249)))
})
