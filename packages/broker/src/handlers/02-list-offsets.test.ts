import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, ListOffsets } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4

interface Asked {
  topic?: string
  partition?: number
  currentLeaderEpoch?: number
  version?: number
}

async function listed(stage: Stage, timestamp: number, asked: Asked = {}) {
  const { topic = 't', partition: partitionIndex = 0, currentLeaderEpoch = -1, version = 9 } = asked
  const partitions = [{ partitionIndex, currentLeaderEpoch, timestamp }]
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }] }
  const { topics } = await stage.ask(ListOffsets, version, body)
  const [reply] = topics[0]?.partitions ?? []
  assert.ok(reply)
  return reply
}

const offsetOf = async (stage: Stage, timestamp: number, asked: Asked = {}) =>
  (await listed(stage, timestamp, asked)).offset

/** Times 1000 and 1001, 5000 (compressed) and 3000, 3000. */
async function filled(): Promise<Stage> {
  const stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 1)
  await stage.append('t', batchOf(['a', 'b'], { timestamp: 1000 }))
  const writer = new BatchWriter()
  for (const timestamp of [2000, 5000, 4000]) writer.append(timestamp, null, 'x'.repeat(500), undefined)
  await stage.append('t', writer.finish({ codec: 'gzip' }))
  await stage.append('t', batchOf(['c'], { timestamp: 3000 }))
  return stage
}

test('the ends of a partition, in every version', async () => {
  await using stage = await filled()
  for (let version = ListOffsets.minVersion; version <= ListOffsets.maxVersion; version++) {
    const latest = await listed(stage, LATEST, { version })
    assert.deepEqual([latest.errorCode, latest.offset, latest.timestamp], [0, 6, -1])
    assert.equal(latest.leaderEpoch, version >= 4 ? 1 : -1)
    const earliest = await listed(stage, EARLIEST, { version })
    assert.deepEqual([earliest.errorCode, earliest.offset, earliest.timestamp], [0, 0, -1])
  }
})

test('a time finds the first record at or after it, also inside of a compressed batch', async () => {
  await using stage = await filled()
  const found = async (timestamp: number) => {
    const { offset, timestamp: at } = await listed(stage, timestamp)
    return [offset, at]
  }
  assert.deepEqual(await found(0), [0, 1000])
  assert.deepEqual(await found(1001), [1, 1001])
  assert.deepEqual(await found(1002), [2, 2000])
  assert.deepEqual(await found(2001), [3, 5000])
  assert.deepEqual(await found(5000), [3, 5000])
  assert.deepEqual(await found(5001), [-1, -1])
})

test('the greatest time is asked for from v7 on, earliest local offsets from v8', async () => {
  await using stage = await filled()
  const greatest = await listed(stage, MAX_TIMESTAMP, { version: 7 })
  assert.deepEqual([greatest.offset, greatest.timestamp, greatest.leaderEpoch], [3, 5000, 1])
  assert.equal(await offsetOf(stage, EARLIEST_LOCAL, { version: 8 }), 0)
  for (const [timestamp, version] of [
    [MAX_TIMESTAMP, 6],
    [EARLIEST_LOCAL, 7],
    [-5, 8],
    [-6, 10],
    [-7, 11],
  ] as const) {
    const { errorCode, offset } = await listed(stage, timestamp, { version })
    assert.deepEqual([errorCode, offset], [code('UNSUPPORTED_VERSION'), -1], String(timestamp))
  }
})

test('there are no tiers', async () => {
  await using stage = await filled()
  for (const [timestamp, version] of [
    [-5, 9],
    [-6, 11],
  ] as const) {
    const { errorCode, offset, timestamp: at } = await listed(stage, timestamp, { version })
    assert.deepEqual([errorCode, offset, at], [0, -1, -1])
  }
})

test('an empty partition has ends and no times', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  assert.equal(await offsetOf(stage, LATEST), 0)
  assert.equal(await offsetOf(stage, EARLIEST), 0)
  for (const timestamp of [MAX_TIMESTAMP, 0]) {
    const { errorCode, offset, timestamp: at } = await listed(stage, timestamp)
    assert.deepEqual([errorCode, offset, at], [0, -1, -1])
  }
})

test('deleted records are not found', async () => {
  await using stage = await filled()
  await stage.deleteRecords('t', 0, 1)
  assert.equal(await offsetOf(stage, EARLIEST), 1)
  assert.equal(await offsetOf(stage, 0), 1)
  assert.equal(await offsetOf(stage, LATEST), 6)
})

test('the epoch is that in which the record was written', async () => {
  await using stage = await filled()
  stage.broker.moveLeader('t', 0, 2)
  stage.broker.moveLeader('t', 0, 1)
  assert.equal((await listed(stage, EARLIEST)).leaderEpoch, 1)
  assert.equal((await listed(stage, 1001)).leaderEpoch, 1)
  assert.equal((await listed(stage, LATEST)).leaderEpoch, 3)
})

test('errors: unknown, not led here, epochs, asked twice', async () => {
  await using stage = await filled()
  const errorOf = async (asked: Asked) => {
    const { errorCode, offset, timestamp } = await listed(stage, LATEST, asked)
    assert.deepEqual([offset, timestamp], [-1, -1])
    return errorCode
  }
  assert.equal(await errorOf({ topic: 'u' }), code('UNKNOWN_TOPIC_OR_PARTITION'))
  assert.equal(stage.broker.hasTopic('u'), false)
  assert.equal(await errorOf({ partition: 1 }), code('UNKNOWN_TOPIC_OR_PARTITION'))
  assert.equal(await errorOf({ currentLeaderEpoch: 0 }), code('FENCED_LEADER_EPOCH'))
  assert.equal(await errorOf({ currentLeaderEpoch: 2 }), code('UNKNOWN_LEADER_EPOCH'))
  stage.broker.moveLeader('t', 0, 2)
  assert.equal(await errorOf({}), code('NOT_LEADER_OR_FOLLOWER'))
  const twice = [0, 0].map((partitionIndex) => ({ partitionIndex, timestamp: LATEST }))
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: 't', partitions: twice }] }
  const { topics } = await stage.ask(ListOffsets, 5, body)
  assert.deepEqual(
    topics[0]?.partitions.map(({ errorCode }) => errorCode),
    [code('INVALID_REQUEST'), code('INVALID_REQUEST')],
  )
})
