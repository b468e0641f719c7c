import type { NetworkError, Runtime, Sink, Transport } from './runtime.ts'

/** Room for the next bytes; small, so that what arrives is taken in several steps. */
const ROOM_BYTES = 1009

/** Takes down what a transport tells. */
export class Recorder implements Sink {
  readonly transport: Transport
  readonly ends: (NetworkError | undefined)[] = []
  drains = 0
  length = 0
  readonly #pieces: Uint8Array[] = []
  #room = new Uint8Array(ROOM_BYTES)

  constructor(transport: Transport) {
    this.transport = transport
    transport.attach(this)
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** How many bytes came at once, each time. */
  get stretches(): number[] {
    return this.#pieces.map(({ length }) => length)
  }

  room(): Uint8Array {
    return this.#room
  }

  filled(length: number): void {
    this.#pieces.push(this.#room.subarray(0, length))
    this.length += length
    this.#room = new Uint8Array(ROOM_BYTES)
  }

  drained(): void {
    this.drains++
  }

  ended(cause: NetworkError | undefined): void {
    this.ends.push(cause)
  }
}

export function sleep(runtime: Runtime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.timer(runtime.now() + ms, resolve))
}

/** Waits on the runtime's own clock; for conditions that nothing announces. */
export async function until(runtime: Runtime, isTrue: () => boolean, limitMs = 10_000): Promise<void> {
  const deadline = runtime.now() + limitMs
  while (!isTrue()) {
    if (runtime.now() > deadline) throw new Error(`not within ${limitMs} ms: ${isTrue}`)
    await sleep(runtime, 1)
  }
}
