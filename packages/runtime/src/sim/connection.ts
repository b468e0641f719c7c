import type { Sink, Timer, Transport } from '../runtime.ts'
import { NetworkError } from '../runtime.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Trace } from './trace.ts'
import type { Parcel, Wire } from './wire.ts'

/** node:stream's default: `write` asks to wait when so much is queued. */
const HIGH_WATER_BYTES = 16_384
/** As in node/net.ts: how long an orderly close waits for the other side. */
const CLOSE_LIMIT_MS = 5000
/** Most bytes that are read at once, as libuv does. */
const READ_BYTES = 65_536

/**
 * When a connection is cut, counted on what one side writes: at once; when it writes next, before any of it or after
 * all of it has left; after so many more bytes, which may be amid a frame.
 */
export type Cut = 'now' | 'beforeWrite' | 'afterWrite' | { readonly afterBytes: number }

/** How connections behave. */
export interface ConnectionSettings {
  /** What the operating systems of both sides take before the writer has to wait. */
  readonly windowBytes: number
  /** How likely a stretch of the stream arrives in pieces of the seed's choice. */
  readonly pieceChance: number
  /** How likely the bytes that are on their way are lost, from some byte on, when their writer drops the connection. */
  readonly tearChance: number
}

/** What the two ends of a connection share. */
export interface EndOptions {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly settings: ConnectionSettings
  readonly local: string
  readonly remote: string
  /** False once the process that has this end is dead. */
  readonly isAlive: () => boolean
  /** Cuts the connection: both sides are told. */
  readonly onCut: () => void
  /** Bytes arrived here although who sent them has given up the connection. */
  readonly onLate: () => void
  /** This end is over, and its sink knows. */
  readonly onOver: () => void
}

/** One end of a simulated connection. Its manners are those of a socket of node:net. */
export class End implements Transport {
  readonly local: string
  readonly remote: string
  readonly #options: EndOptions
  #wire: Wire | undefined
  #peer: End | undefined
  #sink: Sink | undefined
  #outbox: Uint8Array[] = []
  #queuedBytes = 0
  #sentBytes = 0
  /** Sent and not read by the other side. */
  #unreadBytes = 0
  #inbox: Uint8Array[] = []
  #cut: { at: number } | 'afterWrite' | undefined
  #isCut = false
  #isPaused = false
  #isClosing = false
  #isEndSent = false
  #hasEndArrived = false
  #isEndRead = false
  #isOver = false
  #needsDrain = false
  #closeLimit: Timer | undefined

  constructor(options: EndOptions) {
    this.#options = options
    this.local = options.local
    this.remote = options.remote
  }

  /** Puts the end on its wire. */
  join(wire: Wire, peer: End): void {
    this.#wire = wire
    this.#peer = peer
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  get isOver(): boolean {
    return this.#isOver
  }

  attach(sink: Sink): void {
    this.#sink = sink
    this.#later(() => this.#flow())
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.#isOver || this.#isClosing) return false
    for (const piece of pieces) {
      if (piece.length === 0) continue
      this.#outbox.push(piece)
      this.#queuedBytes += piece.length
    }
    const isRoomy = this.#queuedBytes < HIGH_WATER_BYTES
    if (!isRoomy) this.#needsDrain = true
    if (this.#cut === 'afterWrite') this.#cut = { at: this.#sentBytes + this.#queuedBytes }
    this.#pump()
    return isRoomy
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#later(() => this.#flow())
  }

  close(): void {
    if (this.#isOver || this.#isClosing) return
    this.#isClosing = true
    this.#closeLimit = this.#options.scheduler.after(CLOSE_LIMIT_MS, () => this.destroy())
    this.#pump()
  }

  destroy(): void {
    if (this.#isOver) return
    const { random, settings } = this.#options
    const isTorn = !this.#isEndSent && random.chance(settings.tearChance)
    if (isTorn) this.#wire?.tear()
    // Who leaves bytes unread is not leaving in order: TCP tells the other side so.
    if (isTorn || this.#inbox.length > 0) this.#wire?.send({ is: 'reset' })
    else if (!this.#isEndSent) this.#wire?.send({ is: 'end' })
    this.#finish(undefined)
  }

  /** The process died: nobody here is told anything any more. */
  die(): void {
    this.#isOver = true
    this.#drop()
  }

  /** Cuts the connection at a place in what this end writes. */
  cut(when: Cut): void {
    if (when === 'now') this.#breakNow()
    else if (when === 'afterWrite') this.#cut = 'afterWrite'
    else {
      const more = when === 'beforeWrite' ? this.#queuedBytes : when.afterBytes
      this.#cut = { at: this.#sentBytes + more }
    }
  }

  /** The network broke off the connection. */
  reset(): void {
    if (this.#isOver) return
    const { remote } = this
    this.#finish(new NetworkError('read', 'ECONNRESET', remote, `${remote}: read ECONNRESET`))
  }

  receive(parcel: Parcel): void {
    if (parcel.is === 'reset') this.reset()
    else if (this.#isOver) {
      // Nobody is here any more. An end is no news to anyone; whatever else came is answered so that it stops.
      if (parcel.is !== 'end') this.#wire?.send({ is: 'reset' })
    } else if (parcel.is === 'bytes') {
      if (this.#peer?.isOver) this.#options.onLate()
      this.#inbox.push(parcel.bytes)
      this.#flow()
    } else if (parcel.is === 'end') {
      this.#hasEndArrived = true
      this.#flow()
    }
  }

  /** Hands on to the operating system what it takes. */
  #pump(): void {
    const { random, settings } = this.#options
    while (this.#queuedBytes > 0 && this.#unreadBytes < settings.windowBytes) {
      const limit = Math.min(this.#queuedBytes, settings.windowBytes - this.#unreadBytes, READ_BYTES)
      const length = random.chance(settings.pieceChance) ? random.whole(1, limit) : limit
      this.#send(length)
    }
    if (this.#queuedBytes > 0) return
    if (this.#needsDrain) {
      this.#needsDrain = false
      this.#later(() => {
        if (!this.#isOver) this.#sink?.drained()
      })
    }
    if (this.#isClosing && !this.#isEndSent) {
      this.#isEndSent = true
      if (!this.#isCut) this.#wire?.send({ is: 'end' })
      this.#settle()
    }
  }

  #send(length: number): void {
    const until = typeof this.#cut === 'object' ? this.#cut.at : Number.POSITIVE_INFINITY
    const bytes = this.#take(length)
    const kept = Math.max(0, Math.min(length, until - this.#sentBytes))
    this.#sentBytes += length
    if (this.#isCut) return
    if (kept > 0) {
      this.#unreadBytes += kept
      this.#wire?.send({ is: 'bytes', bytes: bytes.subarray(0, kept) })
    }
    if (this.#sentBytes >= until) {
      this.#isCut = true
      this.#options.onCut()
    }
  }

  #breakNow(): void {
    this.#isCut = true
    this.#wire?.tear()
    this.#options.onCut()
  }

  /** A copy of the first bytes of the queue: from then on their owner may change them. */
  #take(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.#queuedBytes -= length
    for (let at = 0; at < length; ) {
      const piece = this.#outbox[0] as Uint8Array
      const part = piece.subarray(0, length - at)
      bytes.set(part, at)
      at += part.length
      if (part.length === piece.length) this.#outbox.shift()
      else this.#outbox[0] = piece.subarray(part.length)
    }
    return bytes
  }

  /** Gives the sink what has arrived, unless it wants nothing now. */
  #flow(): void {
    const { scheduler, trace } = this.#options
    const sink = this.#sink
    if (!sink) return
    while (this.#inbox.length > 0 && !this.#isPaused && !this.#isOver) {
      const bytes = this.#inbox.shift() as Uint8Array
      trace.note(scheduler.now, 'bytes', `${this.remote} > ${this.local}`, bytes)
      for (let at = 0; at < bytes.length; ) {
        const room = sink.room()
        const length = Math.min(room.length, bytes.length - at)
        room.set(bytes.subarray(at, at + length))
        sink.filled(length)
        at += length
      }
      this.#peer?.read(bytes.length)
    }
    if (this.#isOver || this.#isPaused || !this.#hasEndArrived || this.#isEndRead) return
    this.#isEndRead = true
    this.close()
    this.#settle()
  }

  /** The other side has read so many of our bytes. */
  read(length: number): void {
    this.#unreadBytes -= length
    if (!this.#isOver) this.#pump()
  }

  #settle(): void {
    if (this.#isEndSent && this.#isEndRead) this.#finish(undefined)
  }

  #finish(cause: NetworkError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#drop()
    this.#later(() => {
      const { scheduler, trace, onOver } = this.#options
      trace.note(scheduler.now, 'ended', `${this.local} > ${this.remote}`, cause?.code ?? '')
      this.#sink?.ended(cause)
      onOver()
    })
  }

  #drop(): void {
    this.#closeLimit?.cancel()
    this.#outbox = []
    this.#queuedBytes = 0
    this.#inbox = []
  }

  /** On a later turn, if the process is still there then. */
  #later(run: () => void): void {
    const { scheduler, isAlive } = this.#options
    scheduler.after(0, () => {
      if (isAlive()) run()
    })
  }
}
