import type { Api, Reply } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'
import { decodeRequest, encodeResponse, FrameSplitter, peekRequest } from '@samsa/protocol'
import type { DialTarget, Listener, Runtime, Sink, Timer, Transport } from '@samsa/runtime'
import { NetworkError, nodeRuntime, transportPair, turn } from '@samsa/runtime'

const apis = new Map<number, Api>()
for (const value of Object.values(protocol)) {
  if (typeof value === 'object' && value !== null && 'request' in value && 'response' in value)
    apis.set((value as Api).key, value as Api)
}

/** For tests only: a world whose clock is moved by hand and whose network is a script. */
export class FakeWorld implements Runtime {
  time = 1000
  /** Addresses of host names; a name that is missing is its own address. */
  readonly hosts = new Map<string, readonly string[]>()
  readonly dialled: DialTarget[] = []
  /** Answers a dial; the default reaches `brokers`, and refuses what is not there. */
  onDial: (target: DialTarget) => Promise<Transport> = (target) => this.reach(target)
  readonly brokers = new Map<string, FakeBroker>()
  readonly #timers = new Set<{ at: number; fire: () => void }>()
  readonly disk = nodeRuntime().disk

  now(): number {
    return this.time
  }

  wallTime(): number {
    return 1_700_000_000_000 + this.time
  }

  timer(at: number, fire: () => void): Timer {
    const timer = { at, fire }
    this.#timers.add(timer)
    // A time in the past fires on the next turn.
    if (at <= this.time) void turn().then(() => this.#timers.delete(timer) && fire())
    return { cancel: () => void this.#timers.delete(timer) }
  }

  turn(): Promise<void> {
    return turn()
  }

  random(): number {
    return 0.5
  }

  randomBytes(length: number): Uint8Array {
    return new Uint8Array(length)
  }

  async resolve(host: string): Promise<readonly string[]> {
    return this.hosts.get(host) ?? [host]
  }

  dial(target: DialTarget): Promise<Transport> {
    this.dialled.push(target)
    return this.onDial(target)
  }

  listen(): Promise<Listener> {
    throw new Error('nobody listens here')
  }

  /** Timers that are armed: a client that is closed leaves none. */
  get armed(): number {
    return this.#timers.size
  }

  /** Connects to the broker at an address. */
  async reach({ host, port }: DialTarget): Promise<Transport> {
    const broker = this.brokers.get(`${host}:${port}`)
    if (!broker) throw new NetworkError('connect', 'ECONNREFUSED', `${host}:${port}`, 'refused')
    return broker.connect()
  }

  /** A dial that takes all of its time and then fails, as to an address that answers nothing. */
  blackHole({ host, port, timeoutMs }: DialTarget): Promise<Transport> {
    return new Promise((_, reject) => {
      const address = `${host}:${port}`
      this.timer(this.time + timeoutMs, () =>
        reject(new NetworkError('timeout', 'ETIMEDOUT', address, 'no answer')),
      )
    })
  }

  /** Adds a broker that answers ApiVersions. */
  broker(address: string): FakeBroker {
    const broker = new FakeBroker()
    this.brokers.set(address, broker)
    return broker
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) await turn()
  }

  /** Moves the clock, firing what is due on the way in its order. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await this.settle()
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0]
      if (!next || next.at > end) break
      this.#timers.delete(next)
      this.time = Math.max(this.time, next.at)
      next.fire()
      await this.settle()
    }
    this.time = end
    await this.settle()
  }
}

/** A request as a fake broker got it. */
export interface Asked {
  api: Api
  version: number
  correlationId: number
  body: any
  /** Answers it, or sends something else instead. */
  connection: FakeConnection
}

/** For tests only: the other end of connections; answers what it was told to, in the order of the requests. */
export class FakeBroker {
  readonly asked: Asked[] = []
  readonly connections: FakeConnection[] = []
  readonly #answers = new Map<number, (asked: Asked) => void>()

  constructor() {
    this.offers([...apis.keys()])
  }

  /** Says to speak only some APIs, by their keys, and of some only versions up to one. */
  offers(keys: readonly number[], most: Readonly<Record<number, number>> = {}): this {
    return this.on(protocol.ApiVersions, ({ connection, version, correlationId }) => {
      const known = keys.map((key) => apis.get(key) ?? { key, minVersion: 0, maxVersion: 0 })
      const apiKeys = known.map(({ key, minVersion, maxVersion }) => ({
        apiKey: key,
        minVersion,
        maxVersion: most[key] ?? maxVersion,
      }))
      connection.answer(protocol.ApiVersions, version, correlationId, { errorCode: 0, apiKeys })
    })
  }

  /** What to do with requests of an API; without it they are kept without an answer. */
  on<A extends Api>(api: A, handle: (asked: Asked) => void): this {
    this.#answers.set(api.key, handle)
    return this
  }

  /** Always gives the same answer. */
  answers<A extends Api>(api: A, body: Reply<A> | ((asked: Asked) => Reply<A>)): this {
    return this.on(api, (asked) => {
      const reply = typeof body === 'function' ? body(asked) : body
      asked.connection.answer(api, asked.version, asked.correlationId, reply)
    })
  }

  connect(): Transport {
    const [client, server] = transportPair()
    this.connections.push(new FakeConnection(server, (asked) => this.#received(asked)))
    return client
  }

  #received(asked: Asked): void {
    this.asked.push(asked)
    this.#answers.get(asked.api.key)?.(asked)
  }
}

class FakeConnection implements Sink {
  isOver = false
  readonly #transport: Transport
  readonly #splitter: FrameSplitter

  constructor(transport: Transport, received: (asked: Asked) => void) {
    this.#transport = transport
    this.#splitter = new FrameSplitter((frame) => {
      const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
      const api = apis.get(apiKey) as Api
      const known = version <= api.maxVersion
      const body = known ? decodeRequest(api, version, frame) : undefined
      received({ api, version, correlationId, body, connection: this })
    })
    transport.attach(this)
  }

  answer<A extends Api>(api: A, version: number, correlationId: number, body: Reply<A>): void {
    this.#transport.write(encodeResponse(api, version, correlationId, body))
  }

  write(bytes: Uint8Array): void {
    this.#transport.write([bytes])
  }

  close(): void {
    this.#transport.destroy()
  }

  room(): Uint8Array {
    return this.#splitter.room()
  }

  filled(length: number): void {
    this.#splitter.filled(length)
  }

  drained(): void {}

  ended(): void {
    this.isOver = true
  }
}
