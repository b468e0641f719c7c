import assert from 'node:assert/strict'
import test from 'node:test'
import {
  BatchWriter,
  codecNumber,
  Fetch,
  ListOffsets,
  Produce,
  prepareCodec,
  readBatches,
  zeroUuid,
} from '@samsa/protocol'
import { SimWorld, turn } from '@samsa/runtime'
import { batchOf, recordsOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { troubled } from '../troubled-disk.test-support.ts'
import { code } from './handler.ts'

interface Asked {
  records?: Uint8Array | null
  topic?: string
  topicId?: string
  partition?: number
  acks?: number
  version?: number
  node?: number
}

/** The answer for the one partition that is produced to. */
async function produced(stage: Stage, asked: Asked = {}) {
  const { records = batchOf(['a']), topic = 't', topicId = zeroUuid, partition = 0 } = asked
  const { acks = -1, version = 12, node = 1 } = asked
  const named = version >= 13 ? { topicId } : { name: topic }
  const topicData = [{ ...named, partitionData: [{ index: partition, records }] }] as never
  const answer = await stage.ask(Produce, version, { acks, timeoutMs: 1000, topicData }, node)
  const reply = answer.responses[0]?.partitionResponses[0]
  assert.ok(reply)
  return { ...reply, nodeEndpoints: answer.nodeEndpoints }
}

test('versions 3 to 12 append by name and give the base offset', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  for (let version = 3; version <= 12; version++) {
    const { errorCode, baseOffset, logStartOffset, logAppendTimeMs } = await produced(stage, {
      version,
      records: batchOf(['a', 'b']),
    })
    assert.deepEqual([errorCode, baseOffset, logAppendTimeMs], [0, (version - 3) * 2, -1])
    assert.equal(logStartOffset, version >= 5 ? 0 : -1)
  }
})

test('version 13 appends by id; an id that nobody has, and none, are unknown ids', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicId = await stage.topicId('t')
  assert.equal((await produced(stage, { version: 13, topicId })).errorCode, 0)
  const other = `${topicId.slice(0, 20)}AA`
  assert.equal((await produced(stage, { version: 13, topicId: other })).errorCode, code('UNKNOWN_TOPIC_ID'))
  assert.equal((await produced(stage, { version: 13 })).errorCode, code('UNKNOWN_TOPIC_ID'))
  const beyond = await produced(stage, { version: 13, topicId, partition: 1 })
  assert.equal(beyond.errorCode, code('UNKNOWN_TOPIC_OR_PARTITION'))
})

test('a topic or partition that is not there is not created', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  assert.equal((await produced(stage, { topic: 'u' })).errorCode, code('UNKNOWN_TOPIC_OR_PARTITION'))
  for (const partition of [1, -1]) {
    assert.equal((await produced(stage, { partition })).errorCode, code('UNKNOWN_TOPIC_OR_PARTITION'))
  }
  assert.equal(stage.broker.hasTopic('u'), false)
})

test('acknowledgements other than -1, 0 and 1 are refused', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  for (const acks of [2, -2]) {
    assert.equal((await produced(stage, { acks })).errorCode, code('INVALID_REQUIRED_ACKS'))
  }
  assert.equal((await produced(stage, { acks: 1 })).baseOffset, 0)
})

test('without acknowledgement there is no answer, and a failure closes the connection', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const client = stage.connect()
  const tell = (name: string) =>
    client.tell(Produce, 12, {
      acks: 0,
      timeoutMs: 1000,
      topicData: [{ name, partitionData: [{ index: 0, records: batchOf(['a']) }] }] as never,
    })
  tell('t')
  await stage.world.pass(10)
  assert.deepEqual([client.isClosed, client.frames.length], [false, 0])
  assert.equal((await produced(stage)).baseOffset, 1)
  tell('u')
  await stage.world.pass(10)
  assert.equal(client.isClosed, true)
  const transactional = stage.connect()
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(['a']) }] }] as never
  transactional.tell(Produce, 12, { transactionalId: 'tx', acks: 0, timeoutMs: 1000, topicData })
  await stage.world.pass(10)
  assert.deepEqual([transactional.isClosed, transactional.frames.length], [true, 0])
})

test('another node than the leader says who leads, from v10 on with its address', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  stage.broker.createTopic('t')
  stage.broker.moveLeader('t', 0, 2)
  for (const version of [3, 9]) {
    const { errorCode, nodeEndpoints } = await produced(stage, { version, node: 1 })
    assert.deepEqual([errorCode, nodeEndpoints], [code('NOT_LEADER_OR_FOLLOWER'), []])
  }
  const { errorCode, currentLeader, nodeEndpoints } = await produced(stage, { version: 10, node: 1 })
  assert.equal(errorCode, code('NOT_LEADER_OR_FOLLOWER'))
  assert.equal(currentLeader.leaderId, 2)
  const { host, port } = stage.broker.nodes[1] as { host: string; port: number }
  assert.deepEqual(nodeEndpoints, [{ nodeId: 2, host, port, rack: null }])
  assert.equal((await produced(stage, { version: 10, node: 2 })).errorCode, 0)
})

test('what is no whole batch of today is refused by name', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const good = batchOf(['a', 'b'])
  const changed = (at: number, value: number) => {
    const bytes = Uint8Array.from(good)
    bytes[at] = value
    return bytes
  }
  const cases: [string, Uint8Array | null, string][] = [
    ['no records', null, 'INVALID_RECORD'],
    ['no bytes', new Uint8Array(0), 'INVALID_RECORD'],
    ['half a header', good.subarray(0, 30), 'INVALID_RECORD'],
    ['half a batch', good.subarray(0, good.length - 1), 'CORRUPT_MESSAGE'],
    ['two batches', Buffer.concat([good, good]), 'INVALID_RECORD'],
    ['an old format', changed(16, 1), 'INVALID_RECORD'],
    ['a changed byte', changed(good.length - 2, 0x7f), 'CORRUPT_MESSAGE'],
    ['a control batch', marked({ isControl: true }), 'INVALID_RECORD'],
    ['a batch of no transaction', marked({ isTransactional: true }), 'INVALID_TXN_STATE'],
  ]
  for (const [what, records, error] of cases) {
    const answer = await produced(stage, { records })
    assert.deepEqual([answer.errorCode, answer.baseOffset], [code(error), -1], what)
    if (records) assert.notEqual(answer.errorMessage, null, what)
  }
  assert.equal((await produced(stage)).baseOffset, 0)
})

function marked(mark: { isControl?: boolean; isTransactional?: boolean }): Uint8Array {
  const writer = new BatchWriter()
  writer.append(1000, 'k', 'v', undefined)
  return writer.finish({ ...mark, producerId: 1n, producerEpoch: 0, baseSequence: 0 })
}

test('a batch over max.message.bytes is too large, one of that size is not', async () => {
  await using stage = await Stage.open()
  const records = batchOf(['x'.repeat(100)])
  stage.broker.createTopic('t', { configs: { 'max.message.bytes': String(records.length) } })
  assert.equal((await produced(stage, { records })).errorCode, 0)
  const larger = batchOf(['x'.repeat(101)])
  assert.equal((await produced(stage, { records: larger })).errorCode, code('MESSAGE_TOO_LARGE'))
})

test('zstd needs v7', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await prepareCodec('zstd')
  const writer = new BatchWriter()
  writer.append(1000, null, 'a'.repeat(1000), undefined)
  const records = writer.finish({ codec: 'zstd' })
  for (const version of [3, 6]) {
    const { errorCode } = await produced(stage, { records, version })
    assert.equal(errorCode, code('UNSUPPORTED_COMPRESSION_TYPE'))
  }
  assert.equal((await produced(stage, { records, version: 7 })).errorCode, 0)
})

test('a compacted topic wants keys and says which records have none', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { configs: { 'cleanup.policy': 'compact' } })
  const writer = new BatchWriter()
  for (const key of ['k', null, 'k', null]) writer.append(1000, key, 'v', undefined)
  const records = writer.finish()
  assert.equal((await produced(stage, { records, version: 7 })).errorCode, code('INVALID_RECORD'))
  const { errorCode, errorMessage, recordErrors } = await produced(stage, { records, version: 8 })
  assert.equal(errorCode, code('INVALID_RECORD'))
  assert.match(errorMessage ?? '', /key/)
  assert.deepEqual(
    recordErrors.map(({ batchIndex }) => batchIndex),
    [1, 3],
  )
  assert.equal((await produced(stage, { records: batchOf(['v'], { key: 'k' }) })).errorCode, 0)
})

test('a topic that stamps records gives the time at which it did', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
  assert.equal((await produced(stage)).logAppendTimeMs, stage.host.wallTime())
})

test('a repeated batch of an idempotent producer keeps its offset, a gap and an old epoch are refused', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const batch = (baseSequence: number, producerEpoch = 1) => {
    const writer = new BatchWriter()
    writer.append(1000, null, 'a', undefined)
    return writer.finish({ producerId: 7n, producerEpoch, baseSequence })
  }
  assert.equal((await produced(stage, { records: batch(0) })).baseOffset, 0)
  assert.equal((await produced(stage, { records: batch(1) })).baseOffset, 1)
  assert.equal((await produced(stage, { records: batch(0) })).baseOffset, 0)
  const gap = await produced(stage, { records: batch(3) })
  assert.equal(gap.errorCode, code('OUT_OF_ORDER_SEQUENCE_NUMBER'))
  const old = await produced(stage, { records: batch(2, 0) })
  assert.equal(old.errorCode, code('INVALID_PRODUCER_EPOCH'))
})

test('clients do not write internal topics', async () => {
  await using stage = await Stage.open()
  const topic = '__transaction_state'
  stage.broker.createTopic(topic)
  assert.equal((await produced(stage, { topic })).errorCode, code('INVALID_TOPIC_EXCEPTION'))
})

test('too few nodes for min.insync.replicas refuse acks=all and nothing else', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { configs: { 'min.insync.replicas': '2' } })
  assert.equal((await produced(stage)).errorCode, code('NOT_ENOUGH_REPLICAS'))
  assert.equal((await produced(stage, { acks: 1 })).errorCode, 0)
})

test('transactions are refused, each partition with the reason', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(['a']) }] }] as never
  const body = { transactionalId: 'tx', acks: -1, timeoutMs: 1000, topicData }
  const answer = await stage.ask(Produce, 11, body)
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, code('INVALID_TXN_STATE'))
})

test('partitions of one request are judged one by one, in the order of the request', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { partitions: 2 })
  const records = batchOf(['a'])
  const topicData = [
    { name: 'u', partitionData: [{ index: 0, records }] },
    { name: 't', partitionData: [1, 7, 0].map((index) => ({ index, records })) },
  ] as never
  const { responses } = await stage.ask(Produce, 3, { acks: 1, timeoutMs: 1000, topicData })
  const unknown = code('UNKNOWN_TOPIC_OR_PARTITION')
  assert.deepEqual(
    responses.map(({ name, partitionResponses }) => [
      name,
      partitionResponses.map(({ index, errorCode }) => [index, errorCode]),
    ]),
    [
      ['u', [[0, unknown]]],
      [
        't',
        [
          [1, 0],
          [7, unknown],
          [0, 0],
        ],
      ],
    ],
  )
})

test('on disk nothing is acknowledged or shown before it is forced, and nothing after a force that failed', async () => {
  const world = new SimWorld({ seed: 'forced', turn })
  const disk = troubled(world)
  await using stage = await Stage.open({ dataDirectory: '/data' }, world)
  stage.broker.createTopic('t')
  const release = disk.holdSync()
  let answer: number | undefined
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(['a']) }] }] as never
  const sending = stage.connect().ask(Produce, 12, { acks: -1, timeoutMs: 1000, topicData })
  void sending.then(({ responses }) => {
    answer = responses[0]?.partitionResponses[0]?.errorCode
  })
  await world.pass(1_000)
  assert.equal(answer, undefined)
  const end = async () => {
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
    const client = stage.connect()
    const body = { replicaId: -1, isolationLevel: 0, topics }
    const told = await stage.settled(client.ask(ListOffsets, 5, body))
    client.close()
    return told.topics[0]?.partitions[0]?.offset
  }
  assert.equal(await end(), 0)
  release()
  await stage.settled(sending)
  assert.equal(answer, 0)
  assert.equal(await end(), 1)
  disk.failing.sync = 'EIO'
  assert.equal((await produced(stage)).errorCode, code('KAFKA_STORAGE_ERROR'))
  disk.failing = {}
  assert.equal((await produced(stage)).errorCode, code('KAFKA_STORAGE_ERROR'))
  assert.equal(await end(), 1)
})

test('a topic of one codec stores everything in it', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { configs: { 'compression.type': 'zstd' } })
  const client = stage.connect()
  assert.equal((await produced(stage, { records: batchOf(['x'.repeat(500)]) })).errorCode, 0)
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }] }]
  const body = { maxWaitMs: 0, minBytes: 0, maxBytes: 10_000, topics, forgottenTopicsData: [] }
  const { responses } = await stage.settled(client.ask(Fetch, 11, body))
  const records = responses[0]?.partitions[0]?.records ?? new Uint8Array(0)
  assert.deepEqual(
    [...readBatches(records)].map(({ codec }) => codec),
    [codecNumber('zstd')],
  )
  assert.deepEqual(recordsOf(records), [`0=${'x'.repeat(500)}`])
})
