import type { Api, Request } from '@samsa/protocol'
import { correlationIdOf, encodeRequest, FrameSplitter } from '@samsa/protocol'
import type { NetworkError, Sink, Transport } from '@samsa/runtime'
import { nodeRuntime } from '@samsa/runtime'

const DIAL_LIMIT_MS = 5_000
const ANSWER_LIMIT_MS = 20_000

interface Waiting {
  take(frame: Uint8Array): void
  fail(error: Error): void
}

/** One connection that does nothing of its own accord: a request out, the frame of its answer in. */
export class Asker implements Sink {
  readonly #transport: Transport
  readonly #splitter = new FrameSplitter((frame) => this.#receive(frame))
  readonly #waiting = new Map<number, Waiting>()
  readonly #clientId: string
  #correlationId = 0
  #closed: Error | undefined

  private constructor(transport: Transport, clientId: string) {
    this.#transport = transport
    this.#clientId = clientId
    transport.attach(this)
  }

  static async dial(host: string, port: number, clientId = 'asker'): Promise<Asker> {
    return new Asker(await nodeRuntime().dial({ host, port, timeoutMs: DIAL_LIMIT_MS }), clientId)
  }

  /** Rejects when the connection ends before the answer, or when there is none in time. */
  ask<A extends Api>(
    api: A,
    version: number,
    body: Request<A>,
    limitMs = ANSWER_LIMIT_MS,
  ): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(this.#closed)
    const correlationId = ++this.#correlationId
    const pieces = encodeRequest(api, version, correlationId, this.#clientId, body)
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#waiting.delete(correlationId)
        reject(new Error(`no answer within ${limitMs} ms`))
      }, limitMs)
      this.#waiting.set(correlationId, {
        take: (frame) => {
          clearTimeout(limit)
          resolve(frame)
        },
        fail: (error) => {
          clearTimeout(limit)
          reject(error)
        },
      })
      this.#transport.write(pieces)
    })
  }

  close(): void {
    this.#transport.destroy()
  }

  room(): Uint8Array {
    return this.#splitter.room()
  }

  filled(length: number): void {
    try {
      this.#splitter.filled(length)
    } catch (error) {
      this.#end(error as Error)
    }
  }

  drained(): void {}

  ended(cause: NetworkError | undefined): void {
    this.#end(new Error('the connection was closed', { cause }))
  }

  #end(error: Error): void {
    this.#closed ??= error
    for (const { fail } of this.#waiting.values()) fail(error)
    this.#waiting.clear()
    this.#transport.destroy()
  }

  #receive(frame: Uint8Array): void {
    const id = correlationIdOf(frame)
    const waiting = this.#waiting.get(id)
    if (!waiting) {
      this.#end(new Error(`an answer to ${id}, which was not asked`))
      return
    }
    this.#waiting.delete(id)
    waiting.take(frame)
  }
}
