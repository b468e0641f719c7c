import assert from 'node:assert/strict'
import test from 'node:test'
import { Fetch, readBatches, zeroUuid } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

interface AskedPartition {
  partition?: number
  fetchOffset?: number
  partitionMaxBytes?: number
  currentLeaderEpoch?: number
  lastFetchedEpoch?: number
}

interface Asked {
  topic?: string
  topicId?: string
  partitions?: AskedPartition[]
  maxWaitMs?: number
  minBytes?: number
  maxBytes?: number
  sessionId?: number
  sessionEpoch?: number
  isolationLevel?: number
}

function request(asked: Asked = {}) {
  const { topic = 't', topicId = zeroUuid, partitions = [{}], ...rest } = asked
  const defaults = { maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000 }
  const wanted = partitions.map((partition) => ({
    partition: 0,
    fetchOffset: 0,
    partitionMaxBytes: 1_000_000,
    ...partition,
  }))
  return { ...defaults, ...rest, topics: [{ topic, topicId, partitions: wanted }] } as never
}

async function fetched(stage: Stage, asked: Asked = {}, version = 12, node = 1) {
  const { responses, ...rest } = await stage.ask(Fetch, version, request(asked), node)
  return { ...rest, partitions: responses.flatMap(({ partitions }) => partitions) }
}

async function only(stage: Stage, asked: Asked = {}, version = 12, node = 1) {
  const { partitions } = await fetched(stage, asked, version, node)
  assert.equal(partitions.length, 1)
  const [reply] = partitions
  assert.ok(reply)
  return reply
}

const append = (stage: Stage, values: string[], partition = 0): Promise<number> =>
  stage.append('t', batchOf(values), partition)

const values = (records: Uint8Array | null) =>
  [...readBatches(records ?? new Uint8Array(0))].flatMap((batch) =>
    batch.records().map(({ value }) => Buffer.from(value ?? []).toString()),
  )

/** Whether a promise is settled once everything that can run now has run. */
async function isSettled(stage: Stage, work: Promise<unknown>): Promise<boolean> {
  let settled = false
  work.then(
    () => {
      settled = true
    },
    () => {},
  )
  await stage.world.pass(0)
  return settled
}

test('every version gives the records with the three marks of the log', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicId = await stage.topicId('t')
  await append(stage, ['a', 'b'])
  for (let version = Fetch.minVersion; version <= Fetch.maxVersion; version++) {
    const reply = await only(stage, { topicId }, version)
    assert.equal(reply.errorCode, 0)
    assert.deepEqual(values(reply.records), ['a', 'b'])
    assert.deepEqual([reply.highWatermark, reply.lastStableOffset], [2, 2])
    assert.equal(reply.logStartOffset, version >= 5 ? 0 : -1)
    assert.equal(reply.abortedTransactions, null)
  }
})

test('from v13 on topics go by id', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicId = await stage.topicId('t')
  const other = `${topicId.slice(0, 20)}AA`
  assert.equal((await only(stage, { topicId: other }, 13)).errorCode, code('UNKNOWN_TOPIC_ID'))
  const unknown = code('UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal((await only(stage, { topicId, partitions: [{ partition: 1 }] }, 13)).errorCode, unknown)
  assert.equal((await only(stage, { topic: 'u' }, 12)).errorCode, unknown)
  assert.equal(stage.broker.hasTopic('u'), false)
})

test('an offset outside of the log is out of range, with all marks unknown; its end is not', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await append(stage, ['a', 'b'])
  for (const fetchOffset of [-1, 3]) {
    const reply = await only(stage, { partitions: [{ fetchOffset }] })
    assert.equal(reply.errorCode, code('OFFSET_OUT_OF_RANGE'))
    assert.deepEqual([reply.highWatermark, reply.lastStableOffset, reply.logStartOffset], [-1, -1, -1])
    assert.deepEqual(reply.records, Buffer.alloc(0))
  }
  const end = await only(stage, { partitions: [{ fetchOffset: 2 }] })
  assert.deepEqual([end.errorCode, end.records?.length, end.highWatermark], [0, 0, 2])
})

test('an offset inside of a batch is answered with the whole batch', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await append(stage, ['a', 'b', 'c'])
  assert.deepEqual(values((await only(stage, { partitions: [{ fetchOffset: 1 }] })).records), ['a', 'b', 'c'])
})

test('who reads committed records only is told that no transaction was aborted', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  assert.deepEqual((await only(stage, { isolationLevel: 1 })).abortedTransactions, [])
})

test('with nothing to read it waits until the time is up, not longer', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const before = stage.world.now
  const reply = await only(stage, { maxWaitMs: 500 })
  assert.deepEqual([reply.errorCode, reply.records?.length], [0, 0])
  assert.equal(stage.world.now - before, 500)
})

test('what is appended ends the wait once it is enough', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const batchBytes = batchOf(['a']).length
  const waiting = stage.connect().ask(Fetch, 12, request({ maxWaitMs: 5000, minBytes: batchBytes + 1 }))
  assert.equal(await isSettled(stage, waiting), false)
  await append(stage, ['a'])
  assert.equal(await isSettled(stage, waiting), false)
  const before = stage.world.now
  await append(stage, ['b'])
  const { responses } = await stage.settled(waiting)
  assert.equal(stage.world.now, before)
  assert.deepEqual(values(responses[0]?.partitions[0]?.records ?? null), ['a', 'b'])
})

test('least bytes beyond what an answer may hold do not make it wait', async () => {
  await using stage = await Stage.open({ fetchMaxBytes: 100 })
  stage.broker.createTopic('t')
  await append(stage, ['x'.repeat(200)])
  const before = stage.world.now
  const huge = { maxWaitMs: 5000, minBytes: 10_000_000, maxBytes: 20_000_000 }
  assert.equal((await only(stage, huge)).errorCode, 0)
  assert.equal(stage.world.now, before)
})

test('a partition that is full to its limit does not wait for bytes that cannot be added', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const size = await append(stage, ['x'.repeat(200)])
  await append(stage, ['y'.repeat(200)])
  const before = stage.world.now
  const limit = Math.floor(size * 1.5)
  const asked = { maxWaitMs: 5000, minBytes: limit, partitions: [{ partitionMaxBytes: limit }] }
  assert.equal((await only(stage, asked)).records?.length, size)
  assert.equal(stage.world.now, before)
})

test('a batch that does not fit behind another partition does not make it wait', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { partitions: 2 })
  const size = await append(stage, ['a'])
  await append(stage, ['b'], 1)
  const before = stage.world.now
  const partitions = [{ partition: 0 }, { partition: 1 }]
  const limit = size * 2 - 1
  const answer = await fetched(stage, { maxWaitMs: 5000, minBytes: limit, maxBytes: limit, partitions })
  assert.deepEqual(
    answer.partitions.map(({ records }) => values(records)),
    [['a'], []],
  )
  assert.equal(stage.world.now, before)
})

test('the end of a segment does not make it wait', async () => {
  const size = batchOf(['x']).length
  await using stage = await Stage.open({ logSegmentBytes: size })
  stage.broker.createTopic('t')
  await append(stage, ['x'])
  await append(stage, ['y'])
  const before = stage.world.now
  assert.deepEqual(values((await only(stage, { maxWaitMs: 5000, minBytes: size * 2 })).records), ['x'])
  assert.equal(stage.world.now, before)
})

test('no partitions, or an error in one, are answered at once', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const before = stage.world.now
  assert.deepEqual((await fetched(stage, { maxWaitMs: 5000, partitions: [] })).partitions, [])
  const two = await fetched(stage, { maxWaitMs: 5000, partitions: [{ partition: 0 }, { partition: 9 }] })
  assert.deepEqual(
    two.partitions.map(({ errorCode }) => errorCode),
    [0, code('UNKNOWN_TOPIC_OR_PARTITION')],
  )
  assert.equal(stage.world.now, before)
})

test('a new leader ends the wait, and so does the end of the topic', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 1)
  const wait = () => stage.connect().ask(Fetch, 12, request({ maxWaitMs: 5000 }))
  const errorOf = async (waiting: ReturnType<typeof wait>) => {
    const before = stage.world.now
    const { responses } = await stage.settled(waiting)
    assert.equal(stage.world.now, before)
    return responses[0]?.partitions[0]?.errorCode
  }
  const first = wait()
  assert.equal(await isSettled(stage, first), false)
  stage.broker.moveLeader('t', 0, 2)
  assert.equal(await errorOf(first), code('NOT_LEADER_OR_FOLLOWER'))
  stage.broker.moveLeader('t', 0, 1)
  const second = wait()
  assert.equal(await isSettled(stage, second), false)
  await stage.deleteTopic('t')
  assert.equal(await errorOf(second), code('UNKNOWN_TOPIC_OR_PARTITION'))
})

test('a connection that ends leaves no wait behind', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const timers = stage.host.timers
  const client = stage.connect()
  const waiting = client.ask(Fetch, 12, request({ maxWaitMs: 60_000 }))
  assert.equal(await isSettled(stage, waiting), false)
  client.close()
  await assert.rejects(waiting)
  await stage.world.pass(0)
  assert.equal(stage.host.timers, timers)
})

test('a first batch above both limits is given, a second that does not fit is not', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { partitions: 2 })
  await append(stage, ['a'])
  await append(stage, ['b'])
  await append(stage, ['c'], 1)
  const both = [{ partition: 0 }, { partition: 1 }]
  const sizes = async (asked: Asked) =>
    (await fetched(stage, { partitions: both, ...asked })).partitions.map(({ records }) => values(records))
  assert.deepEqual(await sizes({ maxBytes: 1 }), [['a'], []])
  const narrow = both.map((each) => ({ ...each, partitionMaxBytes: 1 }))
  assert.deepEqual(await sizes({ partitions: narrow }), [['a'], []])
  const size = batchOf(['a']).length
  assert.deepEqual(await sizes({ maxBytes: size * 2 }), [['a', 'b'], []])
  assert.deepEqual(await sizes({ maxBytes: size * 3 }), [['a', 'b'], ['c']])
  const empty = [{ partition: 0, fetchOffset: 2 }, { partition: 1 }]
  assert.deepEqual(await sizes({ maxBytes: 1, partitions: empty }), [[], ['c']])
})

test('another node than the leader says who leads from v12 on, and where from v16', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 2)
  const topicId = await stage.topicId('t')
  for (const version of [4, 11, 12, 15, 16, 18]) {
    const { partitions, nodeEndpoints } = await fetched(stage, { topicId }, version)
    assert.equal(partitions[0]?.errorCode, code('NOT_LEADER_OR_FOLLOWER'))
    assert.equal(partitions[0]?.currentLeader.leaderId, version >= 12 ? 2 : -1)
    assert.deepEqual(
      nodeEndpoints.map(({ nodeId }) => nodeId),
      version >= 16 ? [2] : [],
    )
  }
})

test('an older epoch is fenced, a newer one unknown, none is not looked at', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 2)
  stage.broker.moveLeader('t', 0, 1)
  const errorOf = async (currentLeaderEpoch: number) =>
    (await only(stage, { partitions: [{ currentLeaderEpoch }] })).errorCode
  assert.equal(await errorOf(-1), 0)
  assert.equal(await errorOf(2), 0)
  assert.equal(await errorOf(1), code('FENCED_LEADER_EPOCH'))
  assert.equal(await errorOf(3), code('UNKNOWN_LEADER_EPOCH'))
})

test('who has read in an epoch that ended before its offset is told where it ended', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 1)
  await append(stage, ['a', 'b'])
  stage.broker.moveLeader('t', 0, 2)
  stage.broker.moveLeader('t', 0, 1)
  await append(stage, ['c', 'd'])
  const asked = (fetchOffset: number, lastFetchedEpoch: number) =>
    only(stage, { maxWaitMs: 5000, partitions: [{ fetchOffset, lastFetchedEpoch }] })
  const before = stage.world.now
  const same = await asked(2, 1)
  assert.deepEqual([values(same.records), same.divergingEpoch.epoch], [['c', 'd'], -1])
  const beyond = await asked(3, 1)
  assert.deepEqual(beyond.divergingEpoch, { epoch: 1, endOffset: 2 })
  assert.deepEqual([beyond.errorCode, beyond.records?.length, beyond.highWatermark], [0, 0, 4])
  assert.deepEqual((await asked(3, 2)).divergingEpoch, { epoch: 1, endOffset: 2 })
  assert.equal((await asked(4, 9)).errorCode, code('OFFSET_OUT_OF_RANGE'))
  assert.equal(stage.world.now, before)
})

test('no session is opened, and none is known', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await append(stage, ['a'])
  const asked = async (sessionId: number, sessionEpoch: number) => {
    const answer = await fetched(stage, { sessionId, sessionEpoch })
    assert.equal(answer.sessionId, 0)
    return [answer.errorCode, answer.partitions.length]
  }
  // Full requests: without a session, to open one, to close one, to replace one.
  for (const [id, epoch] of [
    [0, -1],
    [0, 0],
    [7, -1],
    [7, 0],
  ] as const)
    assert.deepEqual(await asked(id, epoch), [0, 1])
  const unknown = code('FETCH_SESSION_ID_NOT_FOUND')
  assert.deepEqual(await asked(7, 1), [unknown, 0])
  assert.deepEqual(await asked(0, 1), [unknown, 0])
})

test('what was deleted is out of range at once, and the new beginning is told', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await append(stage, ['a'])
  await append(stage, ['b'])
  await stage.deleteRecords('t', 0, 1)
  assert.equal((await only(stage)).errorCode, code('OFFSET_OUT_OF_RANGE'))
  const rest = await only(stage, { partitions: [{ fetchOffset: 1 }] })
  assert.deepEqual([values(rest.records), rest.logStartOffset], [['b'], 1])
})
