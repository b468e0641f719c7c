import type { OnReadOpts } from 'node:net'
import type { Sink } from '../runtime.ts'

/** For what arrives before there is a sink; brokers do not speak first. */
const EARLY_BYTES = 4096

/**
 * Where a socket's bytes go in. Given to a socket as `onread` they are read straight into the sink's own memory;
 * `data` events would cost an allocation and a copy for each read.
 */
export class Inlet implements OnReadOpts {
  #sink: Sink | undefined
  #early: Uint8Array[] = []
  /** The memory that is being read into is the sink's. */
  #isOfSink = false

  /** Bytes go here from now on; what came before is handed over at once. */
  attach(sink: Sink): void {
    this.#sink = sink
    const early = this.#early
    this.#early = []
    for (const chunk of early) deliver(sink, chunk)
  }

  /** Node asks after each read where the next one may go. */
  readonly buffer = (): Uint8Array => {
    this.#isOfSink = this.#sink !== undefined
    return this.#sink?.room() ?? Buffer.allocUnsafeSlow(EARLY_BYTES)
  }

  readonly callback = (length: number, memory: Uint8Array): boolean => {
    if (this.#isOfSink) this.#sink?.filled(length)
    else if (this.#sink) deliver(this.#sink, memory.subarray(0, length))
    else this.#early.push(memory.subarray(0, length))
    return true
  }
}

/** Copies a chunk into the sink's memory. */
export function deliver(sink: Sink, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) {
    const room = sink.room()
    const length = Math.min(room.length, chunk.length - at)
    room.set(length === chunk.length ? chunk : chunk.subarray(at, at + length))
    sink.filled(length)
    at += length
  }
}
