import assert from 'node:assert/strict'
import test from 'node:test'
import { DeleteRecords } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

async function deleted(
  stage: Stage,
  offset: number,
  asked: { name?: string; partition?: number } = {},
  version = 2,
) {
  const { name = 't', partition: partitionIndex = 0 } = asked
  const topics = [{ name, partitions: [{ partitionIndex, offset }] }]
  const answer = await stage.ask(DeleteRecords, version, { topics, timeoutMs: 1000 })
  const [reply] = answer.topics[0]?.partitions ?? []
  return [reply?.errorCode, reply?.lowWatermark]
}

async function filled(): Promise<Stage> {
  const stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 1)
  await stage.append('t', batchOf(['a', 'b', 'c']))
  await stage.append('t', batchOf(['d']))
  return stage
}

test('every version moves the beginning to the offset, never back', async () => {
  await using stage = await filled()
  assert.deepEqual(await deleted(stage, 1, {}, 0), [0, 1])
  assert.deepEqual(await deleted(stage, 2, {}, 1), [0, 2])
  assert.deepEqual(await deleted(stage, 1, {}, 2), [0, 2])
  assert.deepEqual(await deleted(stage, 4), [0, 4])
})

test('-1 deletes all that can be read', async () => {
  await using stage = await filled()
  assert.deepEqual(await deleted(stage, -1), [0, 4])
})

test('offsets beyond the end and below -1 are out of range', async () => {
  await using stage = await filled()
  for (const offset of [5, -2])
    assert.deepEqual(await deleted(stage, offset), [code('OFFSET_OUT_OF_RANGE'), -1])
})

test('errors: unknown, internal, not led here', async () => {
  await using stage = await filled()
  const unknown = code('UNKNOWN_TOPIC_OR_PARTITION')
  assert.deepEqual(await deleted(stage, 0, { name: 'u' }), [unknown, -1])
  assert.deepEqual(await deleted(stage, 0, { partition: 1 }), [unknown, -1])
  stage.broker.createTopic('__transaction_state')
  stage.broker.moveLeader('__transaction_state', 0, 1)
  const internal = await deleted(stage, 0, { name: '__transaction_state' })
  assert.deepEqual(internal, [code('INVALID_TOPIC_EXCEPTION'), -1])
  stage.broker.moveLeader('t', 0, 2)
  assert.deepEqual(await deleted(stage, 0), [code('NOT_LEADER_OR_FOLLOWER'), -1])
})

test('a topic that is only compacted keeps its records', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('kept', { configs: { 'cleanup.policy': 'compact' } })
  stage.broker.createTopic('both', { configs: { 'cleanup.policy': 'compact,delete' } })
  for (const name of ['kept', 'both']) await stage.append(name, batchOf(['a'], { key: 'k' }))
  assert.deepEqual(await deleted(stage, -1, { name: 'kept' }), [code('POLICY_VIOLATION'), -1])
  assert.deepEqual(await deleted(stage, -1, { name: 'both' }), [0, 1])
})
