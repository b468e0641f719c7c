import assert from 'node:assert/strict'
import test from 'node:test'
import {
  ApiVersions,
  decodeResponse,
  encodeRequest,
  Heartbeat,
  Metadata,
  Produce,
  SaslAuthenticate,
  SaslHandshake,
} from '@samsa/protocol'
import { ADDRESS, CoreStage } from './core-stage.test-support.ts'
import type { FaultRule } from './fault.ts'
import { traceText } from './trace.ts'

const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
const id = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** A request to append to partitions of a topic. */
function produce(topic: string, indexes: readonly number[], bytes = 10) {
  const records = Buffer.alloc(bytes, 1)
  const partitionData = indexes.map((index) => ({ index, records }))
  return { acks: -1, timeoutMs: 1000, topicData: [{ name: topic, topicId: id, partitionData }] }
}

function produced(topic: string, indexes: readonly number[]) {
  const partitionResponses = indexes.map((index) => ({ index, errorCode: 0, baseOffset: 5 }))
  return { responses: [{ name: topic, topicId: id, partitionResponses }] }
}

/** A stage with one connection, and a fault. */
function staged(rule: FaultRule) {
  const stage = new CoreStage()
  stage.connect()
  return { stage, fault: stage.inject(rule) }
}

/** The correlation ids of the frames in these bytes. */
function idsIn(bytes: Buffer, at: 4 | 8): number[] {
  const ids: number[] = []
  for (let start = 0; start < bytes.length; start += 4 + bytes.readInt32BE(start))
    ids.push(bytes.readInt32BE(start + at))
  return ids
}

test('a frame of 100 MiB goes through without being kept', () => {
  const stage = new CoreStage()
  stage.connect()
  const size = 100 * 1024 * 1024
  const head = Buffer.concat(encodeRequest(Produce, 9, 1, 'test', produce('t', [0])))
  head.writeInt32BE(size)
  stage.bytes('client', head)
  let passed = stage.got('server').length
  const piece = Buffer.alloc(64 * 1024)
  for (let left = size + 4 - head.length; left > 0; left -= piece.length) {
    const part = piece.subarray(0, Math.min(left, piece.length))
    stage.bytes('client', part)
    const got = stage.got('server').length
    assert.equal(got, part.length)
    passed += got
  }
  assert.equal(passed, size + 4)
  stage.ask(Heartbeat, 4, 2, heartbeat)
  assert.deepEqual(idsIn(stage.got('server'), 8), [2])
})

test('the k-th response of an API is dropped, with what is to follow', () => {
  const fates = { silence: [1], 'go on': [1, 3], close: [1], reset: [1] } as const
  for (const [next, expected] of Object.entries(fates)) {
    const { stage, fault } = staged({
      action: 'drop',
      api: 'Produce',
      nth: 2,
      next: next as keyof typeof fates,
    })
    for (const at of [1, 2, 3]) stage.ask(Produce, 9, at, produce('t', [0]))
    for (const at of [1, 2, 3]) stage.answer(Produce, 9, at, produced('t', [0]))
    assert.deepEqual(idsIn(stage.got('client'), 4), expected, next)
    assert.equal(fault.hits, 1)
    assert.equal(stage.did(`destroy 1 client ${next}`), next === 'close' || next === 'reset', next)
  }
})

test('a frame is held until it is released, or for its time, and those behind it too', () => {
  const { stage, fault } = staged({ action: 'hold', api: 'Heartbeat', direction: 'request' })
  stage.ask(Heartbeat, 4, 1, heartbeat)
  stage.ask(Produce, 9, 2, produce('t', [0]))
  stage.wait(60_000)
  assert.equal(stage.got('server').length, 0)
  assert.ok(stage.core.isHolding(fault))
  stage.step({ kind: 'release', fault })
  assert.deepEqual(idsIn(stage.got('server'), 8), [1, 2])
  stage.inject({ action: 'hold', api: 'Heartbeat', direction: 'response', ms: 500 })
  stage.answer(Heartbeat, 4, 1, { errorCode: 0 })
  stage.wait(499)
  assert.equal(stage.got('client').length, 0)
  stage.wait(1)
  assert.deepEqual(idsIn(stage.got('client'), 4), [1])
})

test('only the frames that are meant are delayed', () => {
  const { stage } = staged({
    action: 'delay',
    api: 'Produce',
    topic: 'slow',
    direction: 'request',
    ms: 300,
    times: 2,
  })
  stage.ask(Produce, 9, 1, produce('fast', [0]))
  assert.deepEqual(idsIn(stage.got('server'), 8), [1])
  stage.ask(Produce, 9, 2, produce('slow', [0]))
  stage.wait(299)
  assert.equal(stage.got('server').length, 0)
  stage.wait(1)
  assert.deepEqual(idsIn(stage.got('server'), 8), [2])
})

test('a request is cut after half of it, or when the broker has all of it and may still answer', () => {
  const half = staged({ action: 'cut', api: 'Produce', at: 'half' }).stage
  const frame = half.ask(Produce, 9, 1, produce('t', [0], 100))
  assert.deepEqual(half.got('server'), frame.subarray(0, frame.length >> 1))
  assert.ok(half.did('destroy 1 client reset') && half.did('destroy 1 server reset'))

  const { stage } = staged({ action: 'cut', api: 'Produce', at: 'end' })
  const whole = stage.ask(Produce, 9, 1, produce('t', [0], 100))
  assert.deepEqual(stage.got('server'), whole)
  assert.ok(stage.did('destroy 1 client reset') && stage.did('end 1 server'))
  stage.answer(Produce, 9, 1, produced('t', [0]))
  assert.equal(stage.got('client').length, 0)
  stage.wait(60_000)
  assert.equal(stage.core.connections, 0)
})

test('error codes are written at the top, in each part, or in the partition that is meant', () => {
  const codes = (rule: object) => {
    const { stage } = staged({ action: 'errorCode', code: 'NOT_LEADER_OR_FOLLOWER', ...rule } as FaultRule)
    stage.ask(Produce, 9, 1, produce('t', [0, 1]))
    stage.answer(Produce, 9, 1, produced('t', [0, 1]))
    const body = decodeResponse(Produce, 9, stage.got('client').subarray(4))
    return body.responses.flatMap(({ partitionResponses }) =>
      partitionResponses.map(({ errorCode }) => errorCode),
    )
  }
  assert.deepEqual(codes({ api: 'Produce' }), [6, 6])
  assert.deepEqual(codes({ api: 'Produce', topic: 't', partition: 1 }), [0, 6])
  assert.deepEqual(codes({ api: 'Produce', topic: 'other' }), [0, 0])

  const { stage } = staged({ action: 'errorCode', api: 'Heartbeat', code: 27 })
  stage.ask(Heartbeat, 4, 1, heartbeat)
  stage.answer(Heartbeat, 4, 1, { errorCode: 0 })
  assert.equal(decodeResponse(Heartbeat, 4, stage.got('client').subarray(4)).errorCode, 27)

  const metadata = staged({ action: 'errorCode', api: 'Metadata', code: 5, place: 'inner' })
  metadata.stage.ask(Metadata, 9, 1, { topics: null })
  const partition = { errorCode: 0, partitionIndex: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1] }
  metadata.stage.answer(Metadata, 9, 1, {
    brokers: [],
    topics: [{ errorCode: 0, name: 't', partitions: [partition] }],
  })
  const [topic] = decodeResponse(Metadata, 9, metadata.stage.got('client').subarray(4)).topics
  assert.deepEqual([topic?.errorCode, topic?.partitions[0]?.errorCode], [0, 5])
})

test('a topic known by its id only is met by its name once an answer has told it', () => {
  const stage = new CoreStage()
  stage.connect()
  stage.ask(Metadata, 12, 1, { topics: null })
  stage.answer(Metadata, 12, 1, {
    brokers: [],
    topics: [{ errorCode: 0, name: 'named', topicId: id, partitions: [] }],
  })
  const fault = stage.inject({
    action: 'drop',
    api: 'Produce',
    direction: 'request',
    topic: 'named',
    next: 'go on',
  })
  stage.got('server')
  stage.ask(Produce, 13, 2, produce('', [0]))
  stage.ask(Produce, 13, 3, produce('', [0]))
  assert.deepEqual(idsIn(stage.got('server'), 8), [3])
  assert.equal(fault.hits, 1)
})

test('version ranges are rewritten; what cannot be read here is not offered, and that is said', () => {
  const { stage } = staged({ action: 'versions', of: 'Produce', max: 7 })
  stage.inject({ action: 'versions', of: 'Fetch', remove: true })
  stage.ask(ApiVersions, 3, 1, { clientSoftwareName: 'x', clientSoftwareVersion: '1' })
  const apiKeys = [
    { apiKey: 0, minVersion: 0, maxVersion: 99 },
    { apiKey: 1, minVersion: 4, maxVersion: 17 },
    { apiKey: 3, minVersion: 0, maxVersion: 99 },
    { apiKey: 9999, minVersion: 0, maxVersion: 1 },
  ]
  stage.answer(ApiVersions, 3, 1, { errorCode: 0, apiKeys })
  const body = decodeResponse(ApiVersions, 3, stage.got('client').subarray(4))
  assert.deepEqual(
    body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
    [
      [0, 0, 7],
      [3, 0, Metadata.maxVersion],
    ],
  )
  const did = stage.core.trace.at(-1)?.did.join('; ') ?? ''
  assert.match(did, new RegExp(`Metadata cut from 99 to ${Metadata.maxVersion}; API key 9999 taken out`))
})

test('a version of ApiVersions that cannot be read here is not asked for', () => {
  const stage = new CoreStage()
  stage.connect()
  stage.bytes('client', Buffer.from('0000000a' + '00120063' + '00000009' + '0000', 'hex'))
  assert.equal(stage.got('server').readInt16BE(6), 0x7fff)
  stage.answer(ApiVersions, 0, 9, { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 99 }] })
  const body = decodeResponse(ApiVersions, 0, stage.got('client').subarray(4))
  assert.deepEqual([body.errorCode, body.apiKeys[0]?.maxVersion], [35, ApiVersions.maxVersion])
})

test('a throttle time is written into answers, however absurd', () => {
  const { stage } = staged({ action: 'throttle', api: 'Produce', ms: 2 ** 31 - 1 })
  stage.ask(Produce, 9, 1, produce('t', [0]))
  stage.answer(Produce, 9, 1, produced('t', [0]))
  assert.equal(decodeResponse(Produce, 9, stage.got('client').subarray(4)).throttleTimeMs, 2 ** 31 - 1)
})

test('a late request comes when the client has given up, and the broker is told of its end only after its answer', () => {
  const { stage, fault } = staged({ action: 'late', api: 'Produce', ms: [5000, 60_000] })
  stage.ask(Produce, 9, 1, produce('t', [0]))
  stage.wait(100_000)
  assert.equal(stage.got('server').length, 0)
  stage.step({ kind: 'ended', connection: 1, side: 'client' })
  stage.step({ kind: 'gone', connection: 1, side: 'client' })
  stage.wait(4999)
  assert.equal(stage.got('server').length, 0)
  let released = stage.got('server')
  for (
    const end = stage.now + 55_001;
    released.length === 0 && stage.now < end;
    released = stage.got('server')
  )
    stage.wait(100)
  assert.deepEqual(idsIn(released, 8), [1])
  assert.ok(!stage.did('end 1 server'))
  stage.answer(Produce, 9, 1, produced('t', [0]))
  assert.ok(stage.did('end 1 server'))
  assert.equal(stage.got('client').length, 0)
  assert.equal(fault.hits, 1)
  stage.step({ kind: 'gone', connection: 1, side: 'server' })
  assert.equal(stage.core.connections, 0)
  assert.match(stage.core.trace.map(({ did }) => did.join('; ')).join('\n'), /given up: released in \d+ ms/)
})

test('a client that keeps its connection has given up after its time; heal delivers at once', () => {
  const { stage } = staged({ action: 'late', api: 'Produce', ms: 5000, gaveUpMs: 1000 })
  stage.ask(Produce, 9, 1, produce('t', [0]))
  stage.wait(5999)
  assert.equal(stage.got('server').length, 0)
  stage.wait(1)
  assert.deepEqual(idsIn(stage.got('server'), 8), [1])
  stage.inject({ action: 'late', api: 'Produce', ms: 60_000 })
  stage.ask(Produce, 9, 2, produce('t', [0]))
  stage.step({ kind: 'gone', connection: 1, side: 'client' })
  assert.equal(stage.got('server').length, 0)
  stage.step({ kind: 'heal' })
  assert.deepEqual(idsIn(stage.got('server'), 8), [2])
})

test('chances and drawn times are equal for equal seeds', () => {
  const run = (seed: number) => {
    const stage = new CoreStage(seed)
    stage.connect()
    const fault = stage.inject({
      action: 'drop',
      api: 'Heartbeat',
      chance: 0.3,
      times: Infinity,
      next: 'go on',
    })
    for (let at = 0; at < 100; at++) {
      stage.ask(Heartbeat, 4, at, heartbeat)
      stage.answer(Heartbeat, 4, at, { errorCode: 0 })
    }
    return { ids: idsIn(stage.got('client'), 4), hits: fault.hits }
  }
  const first = run(3)
  assert.deepEqual(first, run(3))
  assert.notDeepEqual(first, run(4))
  assert.equal(first.ids.length + first.hits, 100)
  assert.ok(first.hits > 10 && first.hits < 60, `${first.hits}`)
})

test('a predicate that throws ends its fault with the reason', () => {
  const where = () => {
    throw new Error('no')
  }
  const { stage, fault } = staged({ action: 'drop', api: 'Heartbeat', direction: 'request', where })
  stage.ask(Heartbeat, 4, 1, heartbeat)
  assert.deepEqual(idsIn(stage.got('server'), 8), [1])
  assert.match(fault.refusal?.message ?? '', /threw: Error: no/)
})

test('the trace shows frames field by field with what was done to them, and keeps a bounded number', () => {
  const { stage } = staged({ action: 'drop', api: 'Heartbeat' })
  stage.ask(Heartbeat, 4, 77, heartbeat)
  stage.answer(Heartbeat, 4, 77, { errorCode: 0 })
  const frames = stage.core.trace.filter(({ direction }) => direction)
  assert.deepEqual(
    frames.map(({ api, version, correlationId, address, did }) => [
      api,
      version,
      correlationId,
      address,
      did,
    ]),
    [
      ['Heartbeat', 4, 77, ADDRESS, []],
      ['Heartbeat', 4, 77, ADDRESS, ['dropped by fault 1']],
    ],
  )
  assert.match(frames[0]?.text ?? '', /groupId +"g"/)
  assert.match(frames[1]?.text ?? '', /errorCode +0/)
  for (let at = 0; at < 3000; at++) stage.ask(Heartbeat, 4, at, heartbeat)
  assert.equal(stage.core.trace.length, 1000)
})

test('secrets are not in the trace, and bare tokens of SASL go through', () => {
  const stage = new CoreStage()
  stage.connect()
  const sent = [
    stage.ask(SaslAuthenticate, 2, 1, { authBytes: Buffer.from('\0user\0hush') }),
    stage.ask(SaslHandshake, 0, 2, { mechanism: 'PLAIN' }),
  ]
  // Of a user whose name begins like a request.
  for (const token of ['0000000c004142004300687573680000', '00000000']) {
    sent.push(Buffer.from(token, 'hex'))
    stage.bytes('client', Buffer.from(token, 'hex'))
  }
  assert.deepEqual(stage.got('server'), Buffer.concat(sent))
  stage.bytes('server', Buffer.alloc(4))
  assert.deepEqual(stage.got('client'), Buffer.alloc(4))
  stage.ask(Metadata, 12, 3, { topics: [] })
  stage.answer(Metadata, 12, 3, { brokers: [{ nodeId: 1, host: 'far.example', port: 9092 }], topics: [] })
  const [broker] = decodeResponse(Metadata, 12, stage.got('client').subarray(4)).brokers
  assert.equal(broker?.host, '127.0.0.1')
  assert.doesNotMatch(traceText(stage.core.trace, true), /hush/)
})
