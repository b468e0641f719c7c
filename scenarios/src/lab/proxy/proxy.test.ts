import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { startBroker } from '@samsa/broker'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { ApiVersions, encodeRequest } from '@samsa/protocol'
import { authority, server } from '../../hostile/certificates.ts'
import type { FaultProxy, ProxyOptions } from './proxy.ts'
import { startProxy } from './proxy.ts'

const LIMIT_MS = 30_000
const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
const question = Buffer.concat(encodeRequest(ApiVersions, 3, 7, 'test', software))

/** A broker of ours with a topic, and a proxy before it. */
async function opened(t: { after(close: () => Promise<void>): void }, options: Partial<ProxyOptions> = {}) {
  const broker = await startBroker({ brokers: 1 })
  t.after(() => broker.close())
  const topic = 'proxied.topic'
  broker.createTopic(topic)
  const proxy = await startProxy({ bootstrapServers: broker.bootstrapServers, seed: 1, ...options })
  t.after(() => proxy.close())
  return { broker, proxy, topic }
}

/** Reads the topic past the proxy until a record says `end`, which is written past the proxy too. */
async function allIn(bootstrapServers: string, topic: string): Promise<string[]> {
  await using producer = new KafkaProducer({ bootstrapServers })
  await producer.send({ topic, value: 'end' })
  await using consumer = new KafkaConsumer({ bootstrapServers, autoOffsetReset: 'earliest' })
  consumer.assign([{ topic, partition: 0 }])
  const values: string[] = []
  for (;;) {
    const { value } = await consumer.next({ timeoutMs: LIMIT_MS })
    if (String(value.value) === 'end') return values
    values.push(String(value.value))
  }
}

/** A plain connection to the proxy, and what becomes of it. */
class Raw {
  readonly socket: Socket
  readonly events: string[] = []
  bytes = 0
  readonly #waiting = new Set<() => void>()

  constructor(proxy: FaultProxy) {
    const [host, port] = proxy.bootstrapServers.split(':')
    this.socket = connect({ host: host as string, port: Number(port), allowHalfOpen: true })
    this.socket.on('connect', () => this.#happened('connect'))
    this.socket.on('data', (bytes) => {
      this.bytes += bytes.length
      this.#happened('data')
    })
    this.socket.on('end', () => this.#happened('end'))
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.#happened(error.code ?? 'error'))
    this.socket.on('close', () => this.#happened('close'))
  }

  async until(what: string): Promise<void> {
    const end = performance.now() + LIMIT_MS
    while (!this.events.includes(what)) {
      const left = end - performance.now()
      assert.ok(left > 0, `no ${what}, but ${this.events.join(', ')}`)
      const changed = new Promise<void>((resolve) => this.#waiting.add(resolve))
      await Promise.race([changed, delay(left, undefined, { ref: false })])
    }
  }

  #happened(what: string): void {
    this.events.push(what)
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

test('a cluster of three works through the proxy, and no request goes past it', async () => {
  await using broker = await startBroker({ brokers: 3 })
  await using proxy = await startProxy({ bootstrapServers: broker.bootstrapServers, seed: 1 })
  const { bootstrapServers } = proxy
  const topic = 'through.topic'
  broker.createTopic(topic, { partitions: 6 })
  const producer = new KafkaProducer({ bootstrapServers })
  const values = Array.from({ length: 60 }, (_, index) => `value ${index}`)
  await Promise.all(values.map((value, index) => producer.send({ topic, partition: index % 6, value })))
  const settings = { bootstrapServers, groupId: 'through', autoOffsetReset: 'earliest' } as const
  const consumer = new KafkaConsumer(settings)
  consumer.subscribe(topic)
  const read = new Set<string>()
  while (read.size < values.length)
    read.add(String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value))
  await consumer.close()
  await producer.close()
  const requests = proxy.trace().filter(({ direction }) => direction === 'request')
  const count = (apis: readonly (string | undefined)[]) => apis.toSorted()
  assert.deepEqual(count(requests.map(({ api }) => api)), count(broker.requests.recent.map(({ api }) => api)))
  assert.equal(new Set(requests.map(({ address }) => address)).size, 3)
  for (const { did } of proxy.trace()) assert.doesNotMatch(did.join(), /cannot be read/)
  assert.match(proxy.traceText(400, true), /Produce v\d+ request/)
})

test('an answer that is lost does not double the record', async (t) => {
  const { broker, proxy, topic } = await opened(t)
  const producer = new KafkaProducer({ bootstrapServers: proxy.bootstrapServers, requestTimeoutMs: 500 })
  const lost = proxy.inject({ action: 'drop', api: 'Produce', nth: 2 })
  const torn = proxy.inject({ action: 'cut', api: 'Produce', nth: 4, at: 'half' })
  const whole = proxy.inject({ action: 'cut', api: 'Produce', nth: 6, at: 'end' })
  const values = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const value of values) await producer.send({ topic, value, partition: 0 })
  await producer.close()
  await Promise.all([lost, torn, whole].map((fault) => fault.hit()))
  assert.deepEqual(await allIn(broker.bootstrapServers, topic), values)
  assert.deepEqual(
    proxy.counts().map(({ hits }) => hits),
    [1, 1, 1],
  )
})

test('a request is carried out after the client has given up, and its record is there', async (t) => {
  const { broker, proxy, topic } = await opened(t)
  const late = proxy.inject({ action: 'late', api: 'Produce', topic, ms: 50 })
  const producer = new KafkaProducer({
    bootstrapServers: proxy.bootstrapServers,
    enableIdempotence: false,
    requestTimeoutMs: 300,
    deliveryTimeoutMs: 400,
    lingerMs: 0,
    retries: 0,
  })
  await assert.rejects(Promise.resolve(producer.send({ topic, value: 'late', partition: 0 })))
  await late.hit()
  await producer.close()
  const end = performance.now() + LIMIT_MS
  const isReleased = () => proxy.trace().some(({ did }) => did.includes('released'))
  const isApplied = () => broker.requests.recent.some(({ api }) => api === 'Produce')
  while (!(isReleased() && isApplied()) && performance.now() < end) await delay(10)
  assert.deepEqual(await allIn(broker.bootstrapServers, topic), ['late'])
})

test('of a request that comes late after its repetition the broker keeps one record', async (t) => {
  const { broker, proxy, topic } = await opened(t)
  const late = proxy.inject({ action: 'late', api: 'Produce', ms: 60_000 })
  const producer = new KafkaProducer({ bootstrapServers: proxy.bootstrapServers, requestTimeoutMs: 300 })
  await producer.send({ topic, value: 'once', partition: 0 })
  await late.hit()
  const repeated = broker.requests.recent.filter(({ api }) => api === 'Produce').length
  assert.equal(repeated, 1)
  late.release()
  const end = performance.now() + LIMIT_MS
  const count = () => broker.requests.recent.filter(({ api }) => api === 'Produce').length
  while (count() < 2 && performance.now() < end) await delay(10)
  assert.equal(count(), 2)
  assert.deepEqual(await allIn(broker.bootstrapServers, topic), ['once'])
  await producer.close()
})

test('errors, versions and throttle times that are rewritten reach our client', async (t) => {
  const { broker, proxy, topic } = await opened(t)
  proxy.inject({ action: 'versions', of: 'Produce', max: 8 })
  const moved = proxy.inject({ action: 'errorCode', api: 'Produce', topic, code: 'NOT_LEADER_OR_FOLLOWER' })
  const slow = proxy.inject({ action: 'throttle', api: 'Produce', nth: 2, ms: 100 })
  const producer = new KafkaProducer({ bootstrapServers: proxy.bootstrapServers })
  await producer.send({ topic, value: 'a', partition: 0 })
  await producer.send({ topic, value: 'b', partition: 0 })
  await producer.close()
  await Promise.all([moved.hit(), slow.hit()])
  const versions = broker.requests.recent.filter(({ api }) => api === 'Produce').map(({ version }) => version)
  assert.ok(versions.length >= 3 && versions.every((version) => version === 8), `${versions}`)
  assert.deepEqual(await allIn(broker.bootstrapServers, topic), ['a', 'b'])
})

test('a client comes back from silence, black holes, refusals and resets once they are healed', async (t) => {
  const { broker, proxy, topic } = await opened(t)
  const producer = new KafkaProducer({
    bootstrapServers: proxy.bootstrapServers,
    requestTimeoutMs: 300,
    socketConnectionSetupTimeoutMs: 300,
    retryBackoffMs: 20,
    reconnectBackoffMs: 20,
    reconnectBackoffMaxMs: 100,
  })
  const values: string[] = []
  for (const action of ['silent', 'blackHole', 'refuse', 'reset', 'forget', 'stall', 'halfClose'] as const) {
    const value = `${action}`
    await producer.send({ topic, value: `before ${value}`, partition: 0 })
    const fault = proxy.inject({ action })
    if (action === 'silent' || action === 'refuse') proxy.cutAll()
    const sending = Promise.resolve(producer.send({ topic, value, partition: 0 }))
    await fault.hit()
    await delay(350)
    fault.heal()
    await sending
    values.push(`before ${value}`, value)
  }
  await producer.close()
  assert.deepEqual(await allIn(broker.bootstrapServers, topic), values)
})

test('sockets see a FIN, a RST, a refusal or nothing, as was asked for', async (t) => {
  const { proxy } = await opened(t)
  const asked = async () => {
    const raw = new Raw(proxy)
    t.after(async () => void raw.socket.destroy())
    raw.socket.write(question)
    await raw.until('data')
    return raw
  }
  const half = await asked()
  const halfClose = proxy.inject({ action: 'halfClose', direction: 'response' })
  await half.until('end')
  halfClose.heal()
  assert.ok(!half.events.includes('close'))

  const reset = await asked()
  const cut = proxy.inject({ action: 'reset' })
  await reset.until('ECONNRESET')
  cut.heal()

  const exact = new Raw(proxy)
  await exact.until('connect')
  const after = proxy.inject({ action: 'cut', direction: 'response', afterBytes: 11, how: 'close' })
  exact.socket.write(question)
  await exact.until('end')
  assert.equal(exact.bytes, 11)
  after.heal()

  const refuse = proxy.inject({ action: 'refuse' })
  const refused = new Raw(proxy)
  await refused.until('ECONNREFUSED')
  refuse.heal()

  const silent = proxy.inject({ action: 'silent' })
  const unheard = new Raw(proxy)
  // A port that was closed a moment ago may take a while to listen again.
  while (!unheard.events.includes('connect')) {
    await delay(20)
    if (unheard.events.includes('close')) break
  }
  unheard.socket.write(question)
  await silent.hit()
  await delay(100)
  assert.equal(unheard.bytes, 0)
  unheard.socket.destroy()
  silent.heal()
  assert.ok((await asked()).bytes > 0)
})

test('100 MiB go through, and little of it is kept while the broker does not read', async (t) => {
  const size = 100 * 1024 * 1024
  let received = 0
  const sinks: Socket[] = []
  const sink = createServer({ pauseOnConnect: true }, (socket) => sinks.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  t.after(async () => void sink.close())
  const { port } = sink.address() as AddressInfo
  await using proxy = await startProxy({ bootstrapServers: `127.0.0.1:${port}`, seed: 1 })
  const raw = new Raw(proxy)
  t.after(async () => void raw.socket.destroy())
  const head = Buffer.from(question.subarray(0, 14))
  head.writeInt32BE(size)
  head.writeInt16BE(0, 4)
  raw.socket.write(head)
  const piece = Buffer.alloc(256 * 1024)
  let sent = head.length
  let isRead = false
  while (sent < size + 4) {
    const part = piece.subarray(0, Math.min(piece.length, size + 4 - sent))
    sent += part.length
    if (raw.socket.write(part)) continue
    const drained = new Promise((resolve) => raw.socket.once('drain', resolve))
    const isStuck = await Promise.race([drained.then(() => false), delay(500, true, { ref: false })])
    if (isStuck && !isRead) {
      isRead = true
      // What systems hold in their own buffers, and about a MiB of the proxy's.
      assert.ok(sent < size / 2, `${sent} bytes were taken though nobody reads them`)
      for (const socket of sinks) socket.on('data', (bytes) => (received += bytes.length)).resume()
    }
    await drained
  }
  assert.ok(isRead, 'all was taken though nobody read it')
  const end = performance.now() + LIMIT_MS
  while (received < size + 4 && performance.now() < end) await delay(20)
  assert.equal(received, size + 4)
})

test('TLS goes through as bytes; faults of frames are refused, those of bytes are not', async (t) => {
  const echo = createTlsServer(server, (socket) => socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  t.after(async () => void echo.close())
  const { port: own } = echo.address() as AddressInfo
  await using proxy = await startProxy({ bootstrapServers: `127.0.0.1:${own}`, seed: 1 })
  const [host, port] = proxy.bootstrapServers.split(':')
  const socket = connectTls({ host: host as string, port: Number(port), ca: authority })
  t.after(async () => void socket.destroy())
  socket.on('error', () => {})
  socket.write(question)
  await new Promise((resolve) => socket.once('data', resolve))
  const wrong = (error: { code?: string }) => error.code === 'PROXY_FRAMES_HIDDEN'
  assert.throws(() => proxy.inject({ action: 'drop', api: 'Produce' }), wrong)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  proxy.inject({ action: 'reset' })
  await closed
})

test('a fault that is not met says so, with the trace', async (t) => {
  const { proxy } = await opened(t)
  const fault = proxy.inject({ action: 'drop', api: 'Heartbeat' })
  await assert.rejects(fault.hit({ timeoutMs: 20 }), /has met 0 of 1 within 20 ms; 0 matched\n +0\.0 ms/)
  const waiting = assert.rejects(fault.hit(), /the proxy was closed/)
  await proxy.close()
  await waiting
})
