import { FrameSplitter, peekRequest } from '@samsa/protocol'
import type { Host, Listener, ListenTarget, NetworkError, Runtime, Sink, Transport } from '@samsa/runtime'
import type { Storms } from './storms.ts'

/**
 * Stands between the broker and the network: hears who asks for what. The broker takes it for the world it runs in.
 * @param host where the broker runs
 */
export function gatedRuntime(host: Host, storms: Storms): Runtime {
  const { disk, observe } = host
  return {
    disk,
    observe,
    now: () => host.now(),
    wallTime: () => host.wallTime(),
    turn: () => host.turn(),
    timer: (at, fire) => host.timer(at, fire),
    random: () => host.random(),
    randomBytes: (length) => host.randomBytes(length),
    resolve: (name) => host.resolve(name),
    dial: (target) => host.dial(target),
    listen: (target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener> =>
      host.listen(target, (transport) => accept(new Gate(transport, storms))),
  }
}

/** A connection whose requests are counted on their way in. */
class Gate implements Transport {
  readonly remote: string
  readonly local: string
  readonly #inner: Transport
  readonly #storms: Storms

  constructor(inner: Transport, storms: Storms) {
    this.#inner = inner
    this.#storms = storms
    this.remote = inner.remote
    this.local = inner.local
  }

  get queuedBytes(): number {
    return this.#inner.queuedBytes
  }

  get sentBytes(): number {
    return this.#inner.sentBytes
  }

  attach(sink: Sink): void {
    const client = this.remote.slice(0, this.remote.lastIndexOf(':'))
    this.#inner.attach(new Ear(sink, (apiKey) => this.#storms.asked(client, apiKey)))
  }

  write(pieces: readonly Uint8Array[]): boolean {
    return this.#inner.write(pieces)
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  close(): void {
    this.#inner.close()
  }

  destroy(): void {
    this.#inner.destroy()
  }
}

/** Hears the frames that go into a sink. */
class Ear implements Sink {
  readonly #sink: Sink
  readonly #splitter: FrameSplitter
  #room: Uint8Array = new Uint8Array(0)
  #isDeaf = false

  constructor(sink: Sink, onRequest: (apiKey: number) => void) {
    this.#sink = sink
    this.#splitter = new FrameSplitter((frame) => onRequest(peekRequest(frame).apiKey))
  }

  room(): Uint8Array {
    this.#room = this.#sink.room()
    return this.#room
  }

  filled(length: number): void {
    if (!this.#isDeaf) this.#hear(this.#room.subarray(0, length))
    this.#sink.filled(length)
  }

  drained(): void {
    this.#sink.drained()
  }

  ended(cause: NetworkError | undefined): void {
    this.#sink.ended(cause)
  }

  /** What is no frame is for the broker to refuse. */
  #hear(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) {
        const room = this.#splitter.room()
        const length = Math.min(room.length, bytes.length - at)
        room.set(bytes.subarray(at, at + length))
        this.#splitter.filled(length)
        at += length
      }
    } catch {
      this.#isDeaf = true
    }
  }
}
