import type { Api, IncomingHeader, Reply } from '@samsa/protocol'
import {
  ApiVersions,
  decodeRequest,
  encodeResponse,
  errorNamed,
  FrameSplitter,
  peekRequest,
} from '@samsa/protocol'
import type { NetworkError, Runtime, Sink, Timer, Transport } from '@samsa/runtime'
import type { Faults } from './faults.ts'
import { withErrorCode } from './faults.ts'
import type { Handler, RequestContext } from './handlers/handler.ts'
import type { BrokerState } from './state.ts'

/** Requests of one connection that wait their turn, before reading stops. */
const MOST_QUEUED_REQUESTS = 100
/** Bytes of such requests, before reading stops. */
const MOST_QUEUED_BYTES = 4 * 1024 * 1024

export interface SessionOptions {
  state: BrokerState
  runtime: Runtime
  transport: Transport
  node: number
  handlers: ReadonlyMap<number, Handler>
  faults: Faults
  /** Told why a connection was closed from this side. */
  onProblem: (remote: string, error: Error) => void
  onEnd: () => void
}

/**
 * One connection: requests are handled one after the other and answered in their order, as Kafka does. Whatever is not
 * a request that this broker advertises closes the connection, and only it.
 */
export class Session implements Sink {
  readonly #options: SessionOptions
  readonly #splitter: FrameSplitter
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  readonly #gone = new AbortController()
  #isBusy = false
  #isPaused = false
  #isOver = false
  #isFull = false
  #usedAt: number
  #idle: Timer | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    const maxFrameBytes = options.state.settings.socketRequestMaxBytes
    this.#splitter = new FrameSplitter((frame) => this.#receive(frame), { maxFrameBytes })
    this.#usedAt = options.runtime.now()
    this.#watchIdle()
    options.transport.attach(this)
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#idle?.cancel()
    this.#queue.length = 0
    this.#gone.abort()
    this.#options.transport.destroy()
    this.#options.onEnd()
  }

  room(): Uint8Array {
    return this.#splitter.room()
  }

  filled(length: number): void {
    if (this.#isOver) return
    try {
      this.#splitter.filled(length)
    } catch (error) {
      this.#break(error as Error)
    }
  }

  drained(): void {
    this.#isFull = false
    this.#next()
  }

  ended(_cause: NetworkError | undefined): void {
    this.close()
  }

  #break(error: Error): void {
    if (!this.#isOver) this.#options.onProblem(this.#options.transport.remote, error)
    this.close()
  }

  #receive(frame: Uint8Array): void {
    this.#usedAt = this.#options.runtime.now()
    this.#queue.push(frame)
    this.#queuedBytes += frame.length
    const isMuch = this.#queue.length >= MOST_QUEUED_REQUESTS || this.#queuedBytes >= MOST_QUEUED_BYTES
    if (isMuch && !this.#isPaused) {
      this.#isPaused = true
      this.#options.transport.pause()
    }
    this.#next()
  }

  #next(): void {
    if (this.#isBusy || this.#isOver || this.#isFull) return
    const frame = this.#queue.shift()
    if (!frame) return
    // Before reading goes on: what is read then must not overtake this request.
    this.#isBusy = true
    this.#queuedBytes -= frame.length
    const isLittle =
      this.#queue.length < MOST_QUEUED_REQUESTS / 2 && this.#queuedBytes < MOST_QUEUED_BYTES / 2
    if (this.#isPaused && isLittle) {
      this.#isPaused = false
      this.#options.transport.resume()
    }
    this.#handle(frame).then(
      () => {
        this.#isBusy = false
        this.#next()
      },
      (error: Error) => this.#break(error),
    )
  }

  /** Rejects when the connection is to be closed. */
  async #handle(frame: Uint8Array): Promise<void> {
    const { handlers, state, node, transport, faults, runtime } = this.#options
    const header = peekRequest(frame)
    const handler = handlers.get(header.apiKey)
    if (!handler) throw new Error(`unknown API key ${header.apiKey}`)
    const { api } = handler
    if (header.apiVersion < handler.minVersion || header.apiVersion > handler.maxVersion) {
      this.#refuseVersion(api, header)
      return
    }
    const body = decodeRequest(api, header.apiVersion, frame)
    const context: RequestContext = {
      state,
      node,
      version: header.apiVersion,
      clientId: header.clientId,
      clientHost: `/${transport.remote.replace(/:\d+$/, '')}`,
      gone: this.#gone.signal,
    }
    state.requests.note(node, api.name, header.apiVersion, runtime.now())
    const fault = faults.match(api.name, node)
    if (fault?.delayMs) await faults.wait(runtime, fault.delayMs, this.#gone.signal)
    if (this.#isOver) return
    if (fault?.action === 'close') throw new Error('fault: close')
    const reply = await handler.handle(body as never, context)
    if (fault?.action === 'dropReply')
      throw new Error('fault: the reply is dropped after the request was applied')
    if (reply === undefined || this.#isOver) return
    const answered =
      fault?.errorCode === undefined
        ? (reply as Reply<Api>)
        : withErrorCode(api, header.apiVersion, reply as Reply<Api>, fault.errorCode)
    this.#send(encodeResponse(api, header.apiVersion, header.correlationId, answered))
  }

  /** An unknown version of ApiVersions is answered in version 0, naming the known ones; any other closes (KIP-511). */
  #refuseVersion(api: Api, { apiKey, apiVersion, correlationId }: IncomingHeader): void {
    if (apiKey !== ApiVersions.key) throw new Error(`${api.name} v${apiVersion} is not offered`)
    const { minVersion, maxVersion } = api
    const errorCode = errorNamed('UNSUPPORTED_VERSION')?.code ?? 35
    this.#send(
      encodeResponse(ApiVersions, 0, correlationId, {
        errorCode,
        apiKeys: [{ apiKey, minVersion, maxVersion }],
      }),
    )
  }

  #send(pieces: Uint8Array[]): void {
    if (this.#isOver) return
    // Who does not read its answers is not read from either.
    if (!this.#options.transport.write(pieces)) this.#isFull = this.#options.transport.queuedBytes > 0
  }

  #watchIdle(): void {
    const { runtime, state } = this.#options
    const limit = state.settings.connectionsMaxIdleMs
    this.#idle = runtime.timer(this.#usedAt + limit, () => {
      if (runtime.now() - this.#usedAt >= limit && !this.#isBusy) this.close()
      else {
        if (this.#isBusy) this.#usedAt = runtime.now()
        this.#watchIdle()
      }
    })
  }
}
