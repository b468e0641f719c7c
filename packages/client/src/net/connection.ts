import type { Api, Request, Response, VersionRange } from '@samsa/protocol'
import {
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  type KafkaError,
  MalformedError,
  negotiate,
  UnsupportedVersionError,
} from '@samsa/protocol'
import type { NetworkError, Runtime, Sink, Timer, Transport } from '@samsa/runtime'
import { AuthenticationError, ConnectionError, TimeoutError } from '../errors.ts'

export interface ConnectionOptions {
  runtime: Runtime
  transport: Transport
  /** How the broker is named in errors: `broker 1 at 10.0.0.1:9092`. */
  broker: string
  address: string
  clientId: string
  receiveMessageMaxBytes: number
  /** A connection that carried nothing for so long is closed; brokers do the same a little later. Infinity: never. */
  idleMs: number
  /** Whether the transport is encrypted, for messages. Default false. */
  isTls?: boolean
  /** Called once, when the connection is over. */
  onEnd: (cause: KafkaError) => void
}

export interface RequestOptions {
  /** How long the answer may take, from now. Milliseconds. */
  timeoutMs: number
  /** Newest version to use, where the caller has reasons of its own. */
  maxVersion?: number | undefined
  /**
   * The broker sends no answer to this request (Produce with acks=0): resolves with undefined once it is written and the
   * socket takes more.
   */
  noResponse?: boolean | undefined
  /** The setting that `timeoutMs` comes from, for messages. Default `requestTimeoutMs`. */
  setting?: string | undefined
}

/** A request's body, or what makes it once the version is known. */
export type Body<A extends Api> = Request<A> | ((version: number) => Request<A>)

interface Waiting {
  api: Api
  correlationId: number
  /** Monotonic. */
  deadline: number
  timeoutMs: number
  /** The setting that `timeoutMs` comes from. */
  setting: string
  /** Bytes written to the transport before this request; more than that sent means that part of it has left. */
  startsAt: number
  settle: (frame: Uint8Array) => void
  reject: (cause: Error) => void
}

/**
 * Silence that a broker asks for is kept for so long at most. A broker that means more does not read meanwhile (KIP-219),
 * and is asked again; one that is out of its mind would else silence its clients for weeks, as Java's are.
 */
const MOST_THROTTLE_MS = 30_000
/** Until the other side has shown that it speaks Kafka, no answer is believed to be larger. */
const HANDSHAKE_MAX_BYTES = 4 * 1024 * 1024

/**
 * One connection to one broker. Answers come in the order of the requests, so who waits is a queue; anything that
 * breaks the order (a timeout, a surplus byte, a wrong correlation id) poisons the connection: it is closed, and each
 * waiter learns the first cause and whether its bytes had left.
 */
export class Connection implements Sink {
  /** What the broker offers; filled by the handshake. */
  versions: ReadonlyMap<number, VersionRange> = new Map()
  /** Monotonic time of the last request or answer. */
  usedAt: number
  readonly #options: ConnectionOptions
  readonly #splitter: FrameSplitter
  readonly #waiting: Waiting[] = []
  /** Requests without an answer that wait until the socket takes more. */
  readonly #draining: Waiting[] = []
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #nextCorrelationId = 1
  #writtenBytes = 0
  #heardBytes = 0
  #throttledUntil = 0
  #poison: KafkaError | undefined
  #isTrusted = false
  #isIdle = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.usedAt = options.runtime.now()
    this.#splitter = new FrameSplitter((frame) => this.#receive(frame), {
      maxFrameBytes: HANDSHAKE_MAX_BYTES,
      trustedBytes: options.receiveMessageMaxBytes,
    })
    options.transport.attach(this)
    this.#arm(this.usedAt + options.idleMs)
  }

  get inFlight(): number {
    return this.#waiting.length
  }

  get isOpen(): boolean {
    return this.#poison === undefined
  }

  /** Monotonic time before which the broker asked for silence (KIP-219); 0 when it did not. */
  get throttledUntil(): number {
    return this.#throttledUntil
  }

  /** Whether it was closed from here because nothing had used it for long. */
  get isIdle(): boolean {
    return this.#isIdle
  }

  /** The other side speaks Kafka, in these versions; from now on larger answers are believed. */
  trust(versions: ReadonlyMap<number, VersionRange>): void {
    this.versions = versions
    this.#splitter.limit(this.#options.receiveMessageMaxBytes)
  }

  /** The questions of the handshake are over: what fails from now on is somebody's request. */
  taken(): void {
    this.#isTrusted = true
  }

  /** The version that a request would use. */
  version(api: Api, maxVersion?: number): number {
    return negotiate(api, this.versions, this.#options.broker, maxVersion)
  }

  /**
   * Sends one request and gives its answer.
   * @throws UnsupportedVersionError, EncodeError, ConnectionError, TimeoutError, MalformedError
   */
  async request<A extends Api>(api: A, body: Body<A>, options: RequestOptions): Promise<Response<A>> {
    if (this.#poison) throw this.#lost(this.#poison, false)
    const version = this.version(api, options.maxVersion)
    const value = typeof body === 'function' ? body(version) : body
    if (options.noResponse) {
      await this.#post(api, version, value, options.timeoutMs)
      return undefined as never
    }
    const { timeoutMs, setting = 'requestTimeoutMs' } = options
    const frame = await this.exchange(api, version, value, timeoutMs, setting)
    const answer = this.decoded(api, version, frame)
    const throttle = (answer as { throttleTimeMs?: number }).throttleTimeMs ?? 0
    if (throttle > 0) {
      const until = this.#options.runtime.now() + Math.min(throttle, MOST_THROTTLE_MS)
      this.#throttledUntil = Math.max(this.#throttledUntil, until)
    }
    return answer
  }

  /** Ends the connection; waiters are rejected with the cause. */
  close(cause: KafkaError): void {
    if (this.#poison) return
    this.#poison = cause
    this.#timer?.cancel()
    const sentBytes = this.#options.transport.sentBytes
    this.#options.transport.destroy()
    for (const waiting of [...this.#waiting.splice(0), ...this.#draining.splice(0)]) {
      const sent = sentBytes > waiting.startsAt
      const isLate = cause instanceof TimeoutError && waiting.deadline <= this.#options.runtime.now()
      waiting.reject(isLate ? this.#late(waiting, sent) : this.#lost(cause, sent, waiting.api))
    }
    this.#options.onEnd(cause)
  }

  room(): Uint8Array {
    return this.#splitter.room()
  }

  filled(length: number): void {
    if (this.#poison) return
    this.#heardBytes += length
    try {
      this.#splitter.filled(length)
    } catch (error) {
      this.close(this.#foreign(error as MalformedError))
    }
  }

  drained(): void {
    for (const { settle } of this.#draining.splice(0)) settle(new Uint8Array(0))
  }

  ended(cause: NetworkError | undefined): void {
    this.close(this.#disconnected(cause))
  }

  /** Sends a request in a version of the caller's choice; gives the frame of its answer. */
  exchange<A extends Api>(
    api: A,
    version: number,
    body: Request<A>,
    timeoutMs: number,
    setting: string,
  ): Promise<Uint8Array> {
    const { runtime } = this.#options
    return new Promise((settle, reject) => {
      if (this.#poison) return reject(this.#lost(this.#poison, false, api))
      const correlationId = this.#correlationId()
      const pieces = this.#encoded(api, version, correlationId, body)
      const deadline = runtime.now() + timeoutMs
      const startsAt = this.#writtenBytes
      this.#waiting.push({ api, correlationId, deadline, timeoutMs, setting, startsAt, settle, reject })
      this.#write(pieces)
      this.#arm(deadline)
    })
  }

  /** Sends what has no answer; when the other side reads slowly, it waits, so that memory stays bounded. */
  #post<A extends Api>(api: A, version: number, body: Request<A>, timeoutMs: number): Promise<unknown> {
    const { runtime } = this.#options
    return new Promise((settle, reject) => {
      const correlationId = this.#correlationId()
      const pieces = this.#encoded(api, version, correlationId, body)
      const deadline = runtime.now() + timeoutMs
      const startsAt = this.#writtenBytes
      if (this.#write(pieces)) return settle(new Uint8Array(0))
      const setting = 'requestTimeoutMs'
      this.#draining.push({ api, correlationId, deadline, timeoutMs, setting, startsAt, settle, reject })
      this.#arm(deadline)
    })
  }

  /** @throws UnsupportedVersionError that names this broker, whose version has no room for a field. */
  #encoded<A extends Api>(api: A, version: number, correlationId: number, body: Request<A>): Uint8Array[] {
    try {
      return encodeRequest(api, version, correlationId, this.#options.clientId, body)
    } catch (error) {
      throw error instanceof UnsupportedVersionError ? error.meantFor(this.#options.broker) : error
    }
  }

  #correlationId(): number {
    const id = this.#nextCorrelationId
    this.#nextCorrelationId = (id + 1) & 0x7fff_ffff
    return id
  }

  #write(pieces: Uint8Array[]): boolean {
    for (const piece of pieces) this.#writtenBytes += piece.length
    this.usedAt = this.#options.runtime.now()
    return this.#options.transport.write(pieces)
  }

  #receive(frame: Uint8Array): void {
    if (this.#poison) return
    this.usedAt = this.#options.runtime.now()
    const waiting = this.#waiting.shift()
    const correlationId = frame.length >= 4 ? correlationIdOf(frame) : undefined
    if (!waiting || correlationId !== waiting.correlationId) {
      if (waiting) this.#waiting.unshift(waiting)
      const expected = waiting ? `the answer ${waiting.correlationId}` : 'no answer'
      throw new MalformedError(`answer ${correlationId} came where ${expected} was expected`, 0)
    }
    waiting.settle(frame)
  }

  /** Reads an answer; where that is not possible, the connection is over. */
  decoded<A extends Api>(api: A, version: number, frame: Uint8Array): Response<A> {
    try {
      return decodeResponse(api, version, frame)
    } catch (error) {
      throw this.unreadable(api, version, error)
    }
  }

  /** Where one answer cannot be read, the next one cannot be trusted either: the connection is over. */
  unreadable(api: Api, version: number, error: unknown): KafkaError {
    const why = error instanceof Error ? error.message : String(error)
    const what = `the answer of ${this.#options.broker} to ${api.name} v${version} cannot be read: ${why}`
    const cause = new MalformedError(what, error instanceof MalformedError ? error.position : 0, {
      cause: error,
    })
    this.close(cause)
    return cause
  }

  /** One timer serves all waiters: it is moved only when an earlier deadline appears. */
  #arm(deadline: number): void {
    if (deadline >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = deadline
    this.#timer = this.#options.runtime.timer(deadline, () => this.#expire())
  }

  #expire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const { runtime, broker, idleMs, address } = this.#options
    const now = runtime.now()
    const pending = [...this.#waiting, ...this.#draining]
    const late = pending.find(({ deadline }) => deadline <= now)
    if (late) {
      this.close(this.#late(late, true))
      return
    }
    if (pending.length === 0 && now - this.usedAt >= idleMs) {
      this.#isIdle = true
      this.close(new ConnectionError(`the connection to ${broker} was idle for ${idleMs} ms`, address, false))
      return
    }
    const deadlines = pending.map(({ deadline }) => deadline)
    this.#arm(pending.length > 0 ? Math.min(...deadlines) : this.usedAt + idleMs)
  }

  #late({ api, timeoutMs, setting }: Waiting, sent: boolean): TimeoutError {
    const hint =
      this.#heardBytes === 0
        ? `It took the connection and said nothing; is it a Kafka broker? ${setting} sets how long is waited`
        : `${setting} sets how long is waited`
    const what = `the answer to ${api.name} from ${this.#options.broker}`
    // A question of the handshake is no request of a caller: nothing of his has left.
    return new TimeoutError(what, timeoutMs, { sent: sent && this.#isTrusted, hint })
  }

  #lost(cause: KafkaError, sent: boolean, api?: Api): KafkaError {
    // The handshake changes nothing, and whoever dials wants to know why it failed: the cause says all.
    if (api && !this.#isTrusted) return cause
    const what = api ? `${api.name} to ${this.#options.broker} failed` : `${this.#options.broker} is lost`
    const outcome = sent ? '; the request had left, so the broker may have acted on it' : ''
    return new ConnectionError(`${what}: ${cause.message}${outcome}`, this.#options.address, sent, { cause })
  }

  #foreign(error: MalformedError): KafkaError {
    const { broker, address } = this.#options
    if (this.versions.size > 0)
      return new ConnectionError(`${broker} sent what is no answer: ${error.message}`, address, false, {
        cause: error,
      })
    const remedy = /TLS/.test(error.message)
      ? "answers with TLS: set securityProtocol: 'SSL', or use its plaintext port"
      : 'does not answer in the Kafka protocol; check host and port'
    return new ConnectionError(`${broker} ${remedy} (${error.message})`, address, false, { cause: error })
  }

  #disconnected(cause: NetworkError | undefined): KafkaError {
    const { broker, address, isTls = false } = this.#options
    const how = cause?.code ? ` (${cause.code})` : ''
    // TLS 1.3 refuses a client only after the handshake.
    if (/^ERR_SSL.*ALERT/.test(cause?.code ?? '')) {
      const what = `${broker} refuses us${how}; it may want a client certificate: ssl.cert and ssl.key`
      return new AuthenticationError(what, { cause })
    }
    if (this.#heardBytes > 0) {
      return new ConnectionError(`${broker} closed the connection${how}`, address, false, { cause })
    }
    // A listener that wants TLS, a certificate or SASL, or that is no Kafka at all, mostly just hangs up.
    const guess = isTls
      ? 'the port may want a client certificate (ssl.cert, ssl.key) or SASL, which is not supported yet'
      : "if the port expects TLS, set securityProtocol: 'SSL'; SASL is not supported yet"
    const what = `${broker} closed the connection before it answered anything${how}; ${guess}`
    return new ConnectionError(what, address, false, { cause })
  }
}
