import assert from 'node:assert/strict'
import * as net from 'node:net'
import test from 'node:test'
import {
  ApiVersions,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  Fetch,
  FrameSplitter,
  Heartbeat,
  JoinGroup,
  Metadata,
  Produce,
  zeroUuid,
} from '@samsa/protocol'
import type { Sink, Transport } from '@samsa/runtime'
import { batchOf } from './batches.test-support.ts'
import { startBroker } from './broker.ts'
import { handlers } from './handlers/index.ts'
import { joining } from './handlers/member.test-support.ts'
import { Stage } from './raw-client.test-support.ts'

const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
const frame = (...pieces: Uint8Array[]) => {
  const content = Buffer.concat(pieces)
  const size = Buffer.alloc(4)
  size.writeInt32BE(content.length)
  return Buffer.concat([size, content])
}
const int16 = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff])
const int32 = (value: number) => Buffer.concat([int16(value >>> 16), int16(value & 0xffff)])
/** Header v1: key, version, correlation id, client id. */
const header = (key: number, version: number, correlationId = 1) =>
  Buffer.concat([int16(key), int16(version), int32(correlationId), int16(1), Buffer.from('c')])

const asApiVersions = (correlationId: number) =>
  Buffer.concat(encodeRequest(ApiVersions, 3, correlationId, 'c', software))

/** The end of a connection on the broker's side, in the test's hands: how fast it is read, and how fast written. */
class Wire implements Transport {
  readonly remote = 'wire:1'
  readonly local = 'broker:1'
  sentBytes = 0
  queuedBytes = 0
  isPaused = false
  isOver = false
  /** Bytes that may be queued before `write` says so. */
  limit = Number.POSITIVE_INFINITY
  readonly answers: number[] = []
  #sink: Sink | undefined
  #inbox: Uint8Array[] = []
  readonly #splitter = new FrameSplitter((answer) => void this.answers.push(correlationIdOf(answer)))

  attach(sink: Sink): void {
    this.#sink = sink
  }

  /** Bytes from the client; they wait while the broker does not read. */
  feed(...pieces: Uint8Array[]): void {
    this.#inbox.push(...pieces)
    this.#deliver()
  }

  /** How many pieces the broker has not read. */
  get unread(): number {
    return this.#inbox.length
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.isOver) return false
    for (const piece of pieces) {
      this.queuedBytes += piece.length
      this.#take(piece)
    }
    return this.queuedBytes < this.limit
  }

  /** The client has read everything. */
  drain(): void {
    this.queuedBytes = 0
    this.#sink?.drained()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.#deliver()
  }

  close(): void {
    this.destroy()
  }

  destroy(): void {
    this.isOver = true
  }

  #deliver(): void {
    while (!this.isPaused && !this.isOver && this.#inbox.length > 0)
      pour(this.#inbox.shift() as Uint8Array, this.#sink as Sink)
  }

  #take(piece: Uint8Array): void {
    pour(piece, { room: () => this.#splitter.room(), filled: (length) => this.#splitter.filled(length) })
  }
}

function pour(bytes: Uint8Array, into: Pick<Sink, 'room' | 'filled'>): void {
  for (let at = 0; at < bytes.length; ) {
    const room = into.room()
    const length = Math.min(room.length, bytes.length - at)
    room.set(bytes.subarray(at, at + length))
    into.filled(length)
    at += length
  }
}

function wired(stage: Stage): Wire {
  const wire = new Wire()
  stage.broker.handle(wire, 1)
  return wire
}

async function isServed(stage: Stage): Promise<void> {
  const client = stage.connect()
  assert.equal((await stage.settled(client.ask(ApiVersions, 3, software))).errorCode, 0)
  client.close()
}

const bad: [string, Uint8Array, RegExp][] = [
  ['text', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), /speaks HTTP/],
  ['TLS', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]), /TLS/],
  ['a negative size', Buffer.from([0x80, 0, 0, 0]), /frame size -2147483648 is negative/],
  ['the largest size', Buffer.from([0x7f, 0xff, 0xff, 0xff]), /above the limit/],
  ['an empty frame', frame(), /remain|bytes/],
  ['half a header', frame(int16(18)), /remain|bytes/],
  ['an unknown API', frame(header(999, 0)), /unknown API key 999/],
  ['a negative API key', frame(header(-1, 0)), /unknown API key -1/],
  ['an API that is not offered', frame(header(68, 0)), /unknown API key 68/],
  ['a version that is not offered', frame(header(Metadata.key, 99)), /Metadata v99 is not offered/],
  ['a negative version', frame(header(Heartbeat.key, -1)), /Heartbeat v-1 is not offered/],
  ['an old Produce', frame(header(Produce.key, 2), Buffer.alloc(20)), /Produce/],
  [
    'a body that ends early',
    frame(header(Metadata.key, 1), int32(1), int16(5), Buffer.from('ab')),
    /Metadata|bytes|remain/,
  ],
  ['a count of 2^31-1', frame(header(Metadata.key, 1), int32(2 ** 31 - 1)), /2147483647/],
  ['a count of -2', frame(header(Metadata.key, 1), int32(-2)), /-2/],
]

for (const [what, bytes, problem] of bad) {
  test(`${what} closes the connection and no other`, async () => {
    await using stage = await Stage.open()
    const other = stage.connect()
    const timers = stage.host.timers
    const client = stage.connect()
    client.write(bytes)
    await stage.world.pass(0)
    assert.deepEqual([client.isClosed, client.frames.length], [true, 0])
    assert.equal(stage.problems.length, 1)
    assert.match(stage.problems[0] ?? '', problem)
    assert.equal(stage.host.timers, timers)
    assert.equal((await stage.settled(other.ask(ApiVersions, 0, software))).errorCode, 0)
    await isServed(stage)
  })
}

test('no API is answered in a version beyond those it offers, nor when its body is cut anywhere', async () => {
  await using stage = await Stage.open()
  const whole = encodeRequest(Metadata, 9, 1, 'c', { topics: [{ name: 't', topicId: zeroUuid }] })
  const content = Buffer.concat(whole).subarray(4)
  const cuts = Array.from(content, (_, length) => frame(content.subarray(0, length)))
  const beyond = [...handlers.values()]
    .filter(({ api }) => api !== ApiVersions)
    .map(({ api, maxVersion }) => frame(header(api.key, maxVersion + 1), Buffer.alloc(100)))
  for (const [index, bytes] of [...cuts, ...beyond].entries()) {
    const client = stage.connect()
    client.write(bytes)
    await stage.world.pass(0)
    assert.deepEqual([client.isClosed, client.frames.length, stage.problems.length], [true, 0, index + 1])
  }
  assert.equal(stage.broker.hasTopic('t'), false)
  await isServed(stage)
})

test('a request as large as the limit is read, one byte more is not', async () => {
  await using stage = await Stage.open({ socketRequestMaxBytes: 2000 })
  const wire = wired(stage)
  wire.feed(int32(2000))
  assert.equal(wire.isOver, false)
  const other = wired(stage)
  other.feed(int32(2001))
  assert.equal(other.isOver, true)
})

test('an ApiVersions of a version that nobody knows is answered in v0 with the versions there are', async () => {
  await using stage = await Stage.open()
  const client = stage.connect()
  client.write(frame(header(ApiVersions.key, 99, 7), Buffer.from('whatever it holds')))
  await stage.world.pass(0)
  const [answer] = client.frames
  assert.ok(answer)
  const { errorCode, apiKeys } = decodeResponse(ApiVersions, 0, answer)
  assert.deepEqual([errorCode, apiKeys], [35, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }]])
  assert.deepEqual([correlationIdOf(answer), client.isClosed], [7, false])
  assert.equal((await stage.settled(client.ask(ApiVersions, 4, software))).errorCode, 0)
})

test('a frame is put together from single bytes', async () => {
  await using stage = await Stage.open()
  const wire = wired(stage)
  for (const byte of asApiVersions(3)) wire.feed(Uint8Array.of(byte))
  await stage.world.pass(0)
  assert.deepEqual(wire.answers, [3])
})

test('half a frame and then the end is no problem of anybody', async () => {
  await using stage = await Stage.open()
  const timers = stage.host.timers
  for (const length of [1, 3, 4, 10]) {
    const client = stage.connect()
    client.write(asApiVersions(1).subarray(0, length))
    await stage.world.pass(0)
    client.close()
    await stage.world.pass(0)
  }
  assert.deepEqual([stage.problems, stage.host.timers], [[], timers])
  await isServed(stage)
})

test('answers come in the order of the requests, although the first has to wait', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const wire = wired(stage)
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
  const fetch = { maxWaitMs: 300, minBytes: 1, topics: [{ topic: 't', partitions }] } as never
  wire.feed(...encodeRequest(Fetch, 4, 1, 'c', fetch), asApiVersions(2), asApiVersions(3))
  await stage.world.pass(299)
  assert.deepEqual(wire.answers, [])
  await stage.world.pass(1)
  assert.deepEqual(wire.answers, [1, 2, 3])
})

test('of 5,000 requests behind one that waits only some are read, and all are answered', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const wire = wired(stage)
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
  const fetch = { maxWaitMs: 300, minBytes: 1, topics: [{ topic: 't', partitions }] } as never
  wire.feed(...encodeRequest(Fetch, 4, 0, 'c', fetch))
  for (let id = 1; id <= 5000; id++) wire.feed(asApiVersions(id))
  assert.equal(wire.isPaused, true)
  assert.ok(wire.unread >= 4900, `${wire.unread} are unread`)
  await stage.world.pass(300)
  await stage.world.until(() => wire.answers.length === 5001, 1000)
  assert.deepEqual(
    wire.answers,
    Array.from({ length: 5001 }, (_, id) => id),
  )
  assert.deepEqual([wire.isPaused, wire.unread], [false, 0])
})

test('large requests behind one that waits are not piled up either', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const wire = wired(stage)
  // The second member waits for the first, which never joins again.
  for (const id of [0, 1]) wire.feed(Buffer.concat(encodeRequest(JoinGroup, 3, id, 'c', joining())))
  const records = batchOf(['x'.repeat(1_000_000)])
  const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }] as never
  for (let id = 2; id < 50; id++)
    wire.feed(Buffer.concat(encodeRequest(Produce, 9, id, 'c', { acks: 1, timeoutMs: 1000, topicData })))
  assert.equal(wire.isPaused, true)
  assert.ok(wire.unread > 40, `${wire.unread} are unread`)
  await stage.world.until(() => wire.answers.length === 50, 60_000)
})

test('who does not read gets no more answers, and is not read from', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await stage.append('t', batchOf(['x'.repeat(10_000)]))
  const wire = wired(stage)
  wire.limit = 30_000
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }]
  const fetch = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: 't', partitions }] } as never
  for (let id = 0; id < 1000; id++) wire.feed(Buffer.concat(encodeRequest(Fetch, 4, id, 'c', fetch)))
  await stage.world.pass(1000)
  assert.equal(wire.answers.length, 3)
  assert.equal(wire.isPaused, true)
  assert.ok(wire.unread >= 890, `${wire.unread} are unread`)
  for (let round = 2; wire.answers.length < 1000; round++) {
    wire.drain()
    await stage.world.pass(0)
    assert.ok(wire.answers.length <= round * 3, `${wire.answers.length} answers after ${round} rounds`)
    assert.ok(round < 1000)
  }
  wire.drain()
  assert.deepEqual([wire.isPaused, wire.unread], [false, 0])
})

test('a connection without requests is closed after its time, one with a request in hand is not', async () => {
  await using stage = await Stage.open({ connectionsMaxIdleMs: 1000 })
  stage.broker.createTopic('t')
  const idle = stage.connect()
  const busy = stage.connect()
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
  const fetch = { maxWaitMs: 3000, minBytes: 1, topics: [{ topic: 't', partitions }] } as never
  const waiting = busy.ask(Fetch, 4, fetch)
  await stage.world.pass(999)
  assert.equal(idle.isClosed, false)
  await stage.world.pass(1)
  assert.equal(idle.isClosed, true)
  assert.equal((await stage.settled(waiting)).responses.length, 1)
  assert.deepEqual([busy.isClosed, stage.problems], [false, []])
  await stage.world.pass(2000)
  assert.equal(busy.isClosed, true)
})

test('a request in time keeps a connection', async () => {
  await using stage = await Stage.open({ connectionsMaxIdleMs: 1000 })
  const client = stage.connect()
  for (let round = 0; round < 5; round++) {
    await stage.world.pass(900)
    await stage.settled(client.ask(ApiVersions, 0, software))
  }
  assert.equal(client.isClosed, false)
})

test('200 connections that are opened and dropped leave nothing behind', async () => {
  await using stage = await Stage.open()
  const timers = stage.host.timers
  for (let round = 0; round < 200; round++) {
    const client = stage.connect()
    const waiting = client.ask(JoinGroup, 3, joining({ groupId: `g${round % 7}` })).catch(() => {})
    if (round % 2 === 0) await stage.world.pass(0)
    client.close()
    await waiting
  }
  await stage.world.pass(60 * 60_000)
  assert.equal(stage.host.timers, timers)
  assert.deepEqual(stage.problems, [])
  await isServed(stage)
})

test('real sockets: nothing is left open after garbage, half frames, and a close under load', async () => {
  const resources = () => process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length
  const before = resources()
  const problems: string[] = []
  const broker = await startBroker({ onProblem: (_remote, error) => void problems.push(error.message) })
  const { port } = broker.nodes[0] as { port: number }
  const dial = () =>
    new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1' }, () => resolve(socket))
      socket.once('error', reject)
    })
  const gone = (socket: net.Socket) =>
    new Promise<void>(
      (resolve) =>
        void socket
          .on('error', () => {})
          .once('close', () => resolve())
          .resume(),
    )
  for (let round = 0; round < 10; round++) {
    const garbage = await dial()
    garbage.write('GET / HTTP/1.1\r\n\r\n')
    await gone(garbage)
    const half = await dial()
    half.write(asApiVersions(1).subarray(0, 9))
    half.destroy()
    await gone(half)
  }
  assert.equal(problems.length, 10)
  const left = await Promise.all([dial(), dial(), dial()])
  const join = Buffer.concat(encodeRequest(JoinGroup, 3, 1, 'c', joining()))
  for (const socket of left) socket.write(join)
  const ends = left.map(gone)
  await broker.close()
  await Promise.all(ends)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(resources(), before)
})
