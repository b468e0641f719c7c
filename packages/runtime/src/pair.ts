import type { Sink, Transport } from './runtime.ts'

/**
 * Two connected transports in memory: what is written to one arrives at the other, on a later microtask. For tests and
 * for a client and a broker in one process without a socket.
 */
export function transportPair(): [Transport, Transport] {
  const a = new PairedTransport('pair-a', 'pair-b')
  const b = new PairedTransport('pair-b', 'pair-a')
  a.connect(b)
  b.connect(a)
  return [a, b]
}

class PairedTransport implements Transport {
  readonly remote: string
  readonly local: string
  sentBytes = 0
  readonly queuedBytes = 0
  #other: PairedTransport | undefined
  #sink: Sink | undefined
  #inbox: Uint8Array[] = []
  #isPaused = false
  #isOver = false
  #isEnded = false

  constructor(local: string, remote: string) {
    this.local = local
    this.remote = remote
  }

  connect(other: PairedTransport): void {
    this.#other = other
  }

  attach(sink: Sink): void {
    this.#sink = sink
    queueMicrotask(() => this.#deliver())
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.#isOver) return false
    for (const piece of pieces) {
      this.sentBytes += piece.length
      this.#other?.arrive(Uint8Array.from(piece))
    }
    return true
  }

  arrive(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#inbox.push(bytes)
    queueMicrotask(() => this.#deliver())
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    queueMicrotask(() => this.#deliver())
  }

  close(): void {
    this.destroy()
  }

  destroy(): void {
    this.finish()
    this.#other?.finish()
  }

  finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    queueMicrotask(() => this.#deliver())
  }

  #deliver(): void {
    const sink = this.#sink
    if (!sink) return
    while (!this.#isPaused && this.#inbox.length > 0) {
      const bytes = this.#inbox.shift() as Uint8Array
      for (let at = 0; at < bytes.length; ) {
        const room = sink.room()
        const length = Math.min(room.length, bytes.length - at)
        room.set(bytes.subarray(at, at + length))
        sink.filled(length)
        at += length
      }
    }
    if (!this.#isOver || this.#isEnded) return
    this.#isEnded = true
    sink.ended(undefined)
  }
}
