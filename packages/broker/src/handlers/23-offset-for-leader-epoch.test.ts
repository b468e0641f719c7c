import assert from 'node:assert/strict'
import test from 'node:test'
import { OffsetForLeaderEpoch } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

interface Asked {
  topic?: string
  partition?: number
  currentLeaderEpoch?: number
  version?: number
}

async function ended(stage: Stage, leaderEpoch: number, asked: Asked = {}) {
  const { topic = 't', partition = 0, currentLeaderEpoch = -1, version = 4 } = asked
  const partitions = [{ partition, currentLeaderEpoch, leaderEpoch }]
  const { topics } = await stage.ask(OffsetForLeaderEpoch, version, { topics: [{ topic, partitions }] })
  const [reply] = topics[0]?.partitions ?? []
  assert.ok(reply)
  return reply
}

const end = async (stage: Stage, epoch: number) => {
  const { errorCode, leaderEpoch, endOffset } = await ended(stage, epoch)
  assert.equal(errorCode, 0)
  return [leaderEpoch, endOffset]
}

/** Epoch 1 has offsets 0 and 1, epoch 3 offset 2; nothing was written in 0, 2, 4 and 5, which is now. */
async function filled(): Promise<Stage> {
  const stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 1)
  await stage.append('t', batchOf(['a', 'b']))
  stage.broker.moveLeader('t', 0, 2)
  stage.broker.moveLeader('t', 0, 1)
  await stage.append('t', batchOf(['c']))
  stage.broker.moveLeader('t', 0, 2)
  stage.broker.moveLeader('t', 0, 1)
  return stage
}

test('an epoch ended where the next one began', async () => {
  await using stage = await filled()
  for (let version = OffsetForLeaderEpoch.minVersion; version <= OffsetForLeaderEpoch.maxVersion; version++) {
    const { errorCode, leaderEpoch, endOffset } = await ended(stage, 1, { version })
    assert.deepEqual([errorCode, leaderEpoch, endOffset], [0, 1, 2])
  }
  assert.deepEqual(await end(stage, 3), [3, 3])
  assert.deepEqual(await end(stage, 5), [5, 3])
})

test('of an epoch without records it is the one before it', async () => {
  await using stage = await filled()
  assert.deepEqual(await end(stage, 2), [1, 2])
  assert.deepEqual(await end(stage, 4), [3, 3])
})

test('an epoch before all records ended where they begin', async () => {
  await using stage = await filled()
  assert.deepEqual(await end(stage, 0), [0, 0])
  await stage.deleteRecords('t', 0, 2)
  assert.deepEqual(await end(stage, 0), [0, 2])
  stage.broker.createTopic('empty')
  stage.broker.moveLeader('empty', 0, 1)
  assert.equal((await ended(stage, 0, { topic: 'empty' })).endOffset, 0)
})

test('an epoch after the present one, or none, has no end', async () => {
  await using stage = await filled()
  assert.deepEqual(await end(stage, 6), [-1, -1])
  assert.deepEqual(await end(stage, -1), [-1, -1])
})

test('errors: unknown, not led here, epochs', async () => {
  await using stage = await filled()
  const errorOf = async (asked: Asked) => {
    const { errorCode, leaderEpoch, endOffset } = await ended(stage, 1, asked)
    assert.deepEqual([leaderEpoch, endOffset], [-1, -1])
    return errorCode
  }
  assert.equal(await errorOf({ topic: 'u' }), code('UNKNOWN_TOPIC_OR_PARTITION'))
  assert.equal(await errorOf({ partition: -1 }), code('UNKNOWN_TOPIC_OR_PARTITION'))
  assert.equal(await errorOf({ currentLeaderEpoch: 4 }), code('FENCED_LEADER_EPOCH'))
  assert.equal(await errorOf({ currentLeaderEpoch: 6 }), code('UNKNOWN_LEADER_EPOCH'))
  stage.broker.moveLeader('t', 0, 2)
  assert.equal(await errorOf({}), code('NOT_LEADER_OR_FOLLOWER'))
})
