import assert from 'node:assert/strict'
import test from 'node:test'
import {
  ApiVersions,
  encodeResponse,
  Heartbeat,
  KafkaError,
  MalformedError,
  Metadata,
  Produce,
  UnsupportedVersionError,
} from '@samsa/protocol'
import type { Transport } from '@samsa/runtime'
import { ConnectionError, ServerError, TimeoutError } from '../errors.ts'
import { FakeBroker, FakeWorld } from '../world.test-support.ts'
import { Connection } from './connection.ts'
import { handshake } from './handshake.ts'

const beat = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
const quick = { timeoutMs: 100 }

function open(options: { idleMs?: number; wrap?: (transport: Transport) => Transport } = {}) {
  const world = new FakeWorld()
  const broker = new FakeBroker()
  const ends: KafkaError[] = []
  const transport = broker.connect()
  const connection = new Connection({
    runtime: world,
    transport: options.wrap?.(transport) ?? transport,
    broker: 'broker 1 at k:9092',
    address: 'k:9092',
    clientId: 'test',
    receiveMessageMaxBytes: 1_000_000,
    idleMs: options.idleMs ?? 60_000,
    onEnd: (cause) => ends.push(cause),
  })
  return { world, broker, connection, ends }
}

function shake(connection: Connection, timeoutMs: number): Promise<void> {
  const who = { broker: 'broker 1 at k:9092', address: 'k:9092' }
  return handshake(connection, { ...who, timeLeft: () => timeoutMs, clusterId: null })
}

function gone(sent: boolean, message: RegExp): (error: Error) => boolean {
  return (error) => {
    assert.ok(error instanceof ConnectionError, String(error))
    assert.match(error.message, message)
    assert.equal(error.sent, sent)
    return true
  }
}

test('the handshake learns what the broker speaks, with our name in newer versions', async () => {
  const { broker, connection } = open()
  await shake(connection, 100)
  assert.equal(connection.version(Heartbeat), Heartbeat.maxVersion)
  assert.equal(connection.version(Heartbeat, 2), 2)
  assert.equal(broker.asked[0]?.version, ApiVersions.maxVersion)
  assert.equal(broker.asked[0]?.body.clientSoftwareName, 'samsa')
})

test('an older broker names its version of ApiVersions, or none: then version 0 is taken (KIP-511)', async () => {
  for (const ranges of [[{ apiKey: 18, minVersion: 0, maxVersion: 2 }], []]) {
    const { broker, connection } = open()
    broker.on(ApiVersions, ({ version, correlationId, connection: peer }) => {
      if (version > 2) peer.answer(ApiVersions, 0, correlationId, { errorCode: 35, apiKeys: ranges })
      else {
        const apiKeys = [{ apiKey: Heartbeat.key, minVersion: 0, maxVersion: 3 }]
        peer.answer(ApiVersions, version, correlationId, { errorCode: 0, apiKeys })
      }
    })
    await shake(connection, 100)
    assert.deepEqual(
      broker.asked.map(({ version }) => version),
      [ApiVersions.maxVersion, ranges.length > 0 ? 2 : 0],
    )
    assert.equal(connection.version(Heartbeat), 3)
  }
})

test('a broker that refuses every version, or whose answer is too short, fails the handshake with a typed error', async () => {
  const refusing = open()
  refusing.broker.on(ApiVersions, ({ correlationId, connection }) => {
    connection.answer(ApiVersions, 0, correlationId, { errorCode: 35, apiKeys: [] })
  })
  await assert.rejects(shake(refusing.connection, 100), ServerError)
  const short = open()
  short.broker.on(ApiVersions, ({ correlationId, connection }) => {
    connection.write(Uint8Array.of(0, 0, 0, 5, 0, 0, 0, correlationId, 0))
  })
  await assert.rejects(shake(short.connection, 100), MalformedError)
  assert.equal(short.connection.isOpen, false)
})

test('several requests are under way at once and get their answers in order', async () => {
  const { broker, connection } = open()
  await shake(connection, 100)
  broker.answers(Heartbeat, ({ body }) => ({ errorCode: body.generationId }))
  const answers = [1, 2, 3].map((generationId) =>
    connection.request(Heartbeat, { ...beat, generationId }, quick),
  )
  assert.equal(connection.inFlight, 3)
  assert.deepEqual(
    (await Promise.all(answers)).map(({ errorCode }) => errorCode),
    [1, 2, 3],
  )
  assert.equal(connection.inFlight, 0)
})

test('an answer that does not come closes the connection: who is late learns that, the others the cause', async () => {
  const { world, broker, connection, ends } = open()
  await shake(connection, 100)
  const late = connection.request(Heartbeat, beat, { timeoutMs: 100 })
  const other = connection.request(Metadata, { topics: null }, { timeoutMs: 5000 })
  const watched = [
    assert.rejects(late, (error: Error) => {
      assert.ok(error instanceof TimeoutError)
      assert.equal(error.sent, true)
      assert.match(error.message, /waited 100 ms for the answer to Heartbeat from broker 1 at k:9092/)
      return true
    }),
    assert.rejects(other, gone(true, /Metadata to broker 1.*answer to Heartbeat.*the request had left/)),
  ]
  await world.advance(100)
  await Promise.all(watched)
  assert.equal(ends.length, 1)
  assert.equal(broker.connections[0]?.isOver, true)
  assert.equal(world.armed, 0)
  await assert.rejects(
    connection.request(Heartbeat, beat, quick),
    gone(false, /is lost.*answer to Heartbeat/),
  )
})

test('whoever waits learns whether his bytes had left', async () => {
  let isStuck = false
  let sentBytes = 0
  const wrap = (transport: Transport): Transport =>
    new Proxy(transport, {
      get: (target, name) => {
        if (!isStuck) sentBytes = target.sentBytes
        if (name === 'sentBytes') return sentBytes
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const { broker, connection, world } = open({ wrap })
  await shake(connection, 100)
  const first = connection.request(Heartbeat, beat, quick)
  first.catch(() => undefined)
  await connection.request(Heartbeat, beat, { ...quick, noResponse: true })
  isStuck = true
  const second = connection.request(Heartbeat, beat, quick)
  const watched = [assert.rejects(first, gone(true, /closed/)), assert.rejects(second, gone(false, /closed/))]
  broker.connections[0]?.close()
  await world.settle()
  await Promise.all(watched)
})

function rewritten(bytes: Buffer, value: number, at: number): Buffer {
  bytes.writeInt32BE(value, at)
  return bytes
}

const poisons: [string, (answer: Buffer) => Uint8Array, RegExp][] = [
  [
    'another correlation id',
    (answer) => rewritten(answer, 77, 4),
    /answer 77 came where the answer \d+ was expected/,
  ],
  [
    'a surplus byte',
    (answer) => {
      answer.writeInt32BE(answer.readInt32BE(0) + 1, 0)
      return Buffer.concat([answer, Buffer.of(1)])
    },
    /left|surplus|byte/,
  ],
  ['a size beyond the limit', () => Buffer.from([0x7f, 0, 0, 0]), /sent what is no answer.*above the limit/],
  ['a negative size', () => Buffer.from([0xff, 0, 0, 0]), /sent what is no answer.*negative/],
  ['an answer that is cut', (answer) => rewritten(answer, 6, 0).subarray(0, 10), /./],
]
for (const [title, spoil, message] of poisons) {
  test(`${title} poisons the connection: all who wait learn the cause`, async () => {
    const { broker, connection, ends, world } = open()
    await shake(connection, 100)
    broker.on(Heartbeat, ({ version, correlationId, connection: peer }) => {
      if (broker.asked.filter(({ api }) => api === Heartbeat).length < 2) return
      const pieces = encodeResponse(Heartbeat, version, correlationId - 1, { errorCode: 0 })
      peer.write(spoil(Buffer.concat(pieces)))
    })
    const waiting = [connection.request(Heartbeat, beat, quick), connection.request(Heartbeat, beat, quick)]
    const outcomes = await Promise.allSettled(waiting)
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.ok((outcome as PromiseRejectedResult).reason instanceof KafkaError)
      assert.match((outcome as PromiseRejectedResult).reason.message, message)
    }
    assert.equal(ends.length, 1)
    assert.equal(connection.isOpen, false)
    await world.settle()
    assert.equal(world.armed, 0)
  })
}

test('what does not speak Kafka is told from what speaks TLS, before any answer', async () => {
  const tls = open()
  tls.broker.on(ApiVersions, ({ connection }) => connection.write(Uint8Array.of(21, 3, 3, 0, 2, 2, 40)))
  await assert.rejects(
    shake(tls.connection, 100),
    gone(false, /answers with TLS: set securityProtocol: 'SSL'/),
  )
  const http = open()
  http.broker.on(ApiVersions, ({ connection }) => connection.write(Buffer.from('HTTP/1.1 400 Bad Request')))
  await assert.rejects(shake(http.connection, 100), gone(false, /does not answer in the Kafka protocol/))
  const silent = open()
  silent.broker.on(ApiVersions, ({ connection }) => connection.close())
  await assert.rejects(
    shake(silent.connection, 100),
    gone(false, /before it answered anything; if the port expects TLS/),
  )
})

test('a surplus answer that nobody asked for closes the connection', async () => {
  const { broker, connection, ends, world } = open()
  await shake(connection, 100)
  broker.connections[0]?.answer(Heartbeat, 4, 9, { errorCode: 0 })
  await world.settle()
  assert.match(ends[0]?.message ?? '', /answer 9 came where no answer was expected/)
})

test('silence that a broker asks for is kept to its latest end (KIP-219)', async () => {
  const { world, broker, connection } = open()
  await shake(connection, 100)
  const throttles = [500, 100]
  broker.answers(Heartbeat, () => ({ errorCode: 0, throttleTimeMs: throttles.shift() ?? 0 }))
  await connection.request(Heartbeat, beat, quick)
  assert.equal(connection.throttledUntil, world.time + 500)
  await connection.request(Heartbeat, beat, quick)
  assert.equal(connection.throttledUntil, world.time + 500, 'a later, shorter one does not shorten it')
})

test('silence without an end is not kept for longer than half a minute', async () => {
  const { world, broker, connection } = open()
  await shake(connection, 100)
  broker.answers(Heartbeat, () => ({ errorCode: 0, throttleTimeMs: 2 ** 31 - 1 }))
  await connection.request(Heartbeat, beat, quick)
  assert.equal(connection.throttledUntil, world.time + 30_000)
})

test('an idle connection is closed, one that waits for an answer is not, and waiting costs no timers', async () => {
  const { world, broker, connection, ends } = open({ idleMs: 1000 })
  await shake(connection, 100)
  let fired = 0
  const original = world.timer.bind(world)
  world.timer = (at, fire) => {
    fired++
    return original(at, fire)
  }
  const long = connection.request(Heartbeat, beat, { timeoutMs: 60_000 })
  await world.advance(30_000)
  assert.equal(connection.isOpen, true)
  assert.ok(fired < 10, `${fired} timers were armed`)
  const { version, correlationId, connection: peer } = broker.asked.at(-1) as (typeof broker.asked)[number]
  peer.answer(Heartbeat, version, correlationId, { errorCode: 0 })
  await long
  await world.advance(40_000)
  assert.match(ends[0]?.message ?? '', /was idle for 1000 ms/)
  assert.equal(world.armed, 0)
})

test('a connection that is closed by us tells everybody and leaves nothing behind', async () => {
  const { world, connection, ends } = open()
  const shaking = assert.rejects(shake(connection, 1000), /closed by us/)
  connection.close(new KafkaError('CLOSED', 'closed by us'))
  connection.close(new KafkaError('CLOSED', 'again'))
  await shaking
  await world.settle()
  assert.equal(ends.length, 1)
  assert.equal(world.armed, 0)
})

test('a request without an answer waits while the socket takes no more, and has its limit', async () => {
  let isRoomy = true
  const wrap = (transport: Transport): Transport =>
    new Proxy(transport, {
      get: (target, name) => {
        if (name === 'write') return (pieces: Uint8Array[]) => target.write(pieces) && isRoomy
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const { world, connection } = open({ wrap })
  await shake(connection, 100)
  const body = { acks: 0, timeoutMs: 100, topicData: [] }
  const post = () => connection.request(Produce, body, { timeoutMs: 100, noResponse: true })
  assert.equal(await post(), undefined)
  isRoomy = false
  let isDone = false
  const waiting = post().then(() => {
    isDone = true
  })
  await world.settle()
  assert.equal(isDone, false)
  connection.drained()
  await waiting
  const stuck = assert.rejects(post(), TimeoutError)
  await world.advance(100)
  await stuck
  assert.equal(connection.isOpen, false)
})

test('a field that the agreed version lacks is refused by name, version and broker, and nothing is sent', async () => {
  for (const noResponse of [false, true]) {
    const { broker, connection } = open()
    await shake(connection, 100)
    const asked = broker.asked.length
    const member = { ...beat, groupInstanceId: 'i' }
    await assert.rejects(
      connection.request(Heartbeat, member, { ...quick, maxVersion: 2, noResponse }),
      (error) => {
        assert.ok(error instanceof UnsupportedVersionError, String(error))
        assert.match(
          error.message,
          /^HeartbeatRequest v2 \(agreed on with broker 1 at k:9092\) has no field groupInstanceId,/,
        )
        assert.deepEqual(
          [error.version, error.field, error.broker],
          [2, 'groupInstanceId', 'broker 1 at k:9092'],
        )
        return true
      },
    )
    assert.equal(broker.asked.length, asked)
    assert.equal(connection.inFlight, 0)
    assert.ok(connection.isOpen)
  }
})
