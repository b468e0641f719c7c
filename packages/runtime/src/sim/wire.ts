import type { Timer } from '../runtime.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** What travels on a wire: a stretch of the stream, or what opens and ends connections. */
export type Parcel =
  | { readonly is: 'bytes'; readonly bytes: Uint8Array }
  | { readonly is: 'syn' | 'accept' | 'refuse' | 'open' | 'end' | 'reset' | 'probe' }

/** The way between two hosts, as a wire needs to know it. */
export interface Way {
  /** How long the next parcel takes. */
  delayMs(): number
  /** Whether anything gets through now. */
  isOpen(): boolean
}

/** What a way held back is sent again within this, once the way is open: TCP asks again only now and then. */
const RETRANSMISSION_MS = 1000

interface Travelling {
  parcel: Parcel
  at: number
}

/**
 * One direction of a connection. What is sent arrives later, whole and in order; while the way is closed it is held
 * back and arrives when the way opens again, as TCP makes it: late, also after everybody has given up on it.
 */
export class Wire {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #way: Way
  readonly #onArrival: (parcel: Parcel) => void
  #travelling: Travelling[] = []
  #lastAt = 0
  #heldUntil = 0
  #isHeld = false
  #arming: Timer | undefined

  constructor(scheduler: Scheduler, random: Random, way: Way, onArrival: (parcel: Parcel) => void) {
    this.#scheduler = scheduler
    this.#random = random
    this.#way = way
    this.#onArrival = onArrival
  }

  send(parcel: Parcel): void {
    this.#lastAt = Math.max(this.#lastAt, this.#heldUntil, this.#scheduler.now + this.#way.delayMs())
    this.#travelling.push({ parcel, at: this.#lastAt })
    if (this.#travelling.length === 1) this.#arm()
  }

  /** The way may be open again: what was held back sets out anew. */
  release(): void {
    if (!this.#isHeld || !this.#way.isOpen()) return
    this.#isHeld = false
    const again = this.#scheduler.now + this.#random.between(0, RETRANSMISSION_MS) + this.#way.delayMs()
    for (const each of this.#travelling) each.at = Math.max(each.at, again)
    this.#lastAt = Math.max(this.#lastAt, again)
    this.#arm()
  }

  /** Nothing that is on its way, or sent from now on, arrives before `until`. */
  hold(until: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, until)
    for (const each of this.#travelling) each.at = Math.max(each.at, until)
    this.#lastAt = Math.max(this.#lastAt, until)
    this.#arming?.cancel()
    if (!this.#isHeld) this.#arm()
  }

  /** As `hold`, but for what arrives right now: who is asked to wait has begun to read. */
  stall(until: number): void {
    const { now } = this.#scheduler
    this.#heldUntil = Math.max(this.#heldUntil, until)
    let isMoved = false
    for (const each of this.#travelling) {
      if (each.at <= now || each.at >= until) continue
      each.at = until
      isMoved = true
    }
    if (!isMoved) return
    this.#lastAt = Math.max(this.#lastAt, until)
    this.#arming?.cancel()
    if (!this.#isHeld) this.#arm()
  }

  /** Loses the end of the stream that has not arrived yet, from a byte of the seed's choice on. */
  tear(): void {
    const stretches = this.#travelling.filter(({ parcel }) => parcel.is === 'bytes').length
    if (stretches === 0) return
    const torn = this.#random.whole(1, stretches)
    let seen = 0
    this.#travelling = this.#travelling.flatMap((each) => {
      if (each.parcel.is !== 'bytes') return [each]
      seen++
      if (seen < torn) return [each]
      const { bytes } = each.parcel
      const length = seen === torn ? this.#random.whole(0, bytes.length - 1) : 0
      return length > 0 ? [{ ...each, parcel: { is: 'bytes', bytes: bytes.subarray(0, length) } }] : []
    })
    if (this.#travelling.length === 0) this.#isHeld = false
    this.#arming?.cancel()
    if (!this.#isHeld) this.#arm()
  }

  #arm(): void {
    const next = this.#travelling[0]
    if (next) this.#arming = this.#scheduler.at(next.at, () => this.#arrive())
  }

  #arrive(): void {
    if (!this.#way.isOpen()) {
      this.#isHeld = true
      return
    }
    let { parcel } = this.#travelling.shift() as Travelling
    // What has arrived at the same moment is read at once, so that a reader also meets two frames in one piece.
    const pieces: Uint8Array[] = []
    while (parcel.is === 'bytes') {
      pieces.push(parcel.bytes)
      const next = this.#travelling[0]
      if (next?.parcel.is !== 'bytes' || next.at > this.#scheduler.now) break
      parcel = (this.#travelling.shift() as Travelling).parcel
    }
    if (pieces.length > 1) parcel = { is: 'bytes', bytes: Buffer.concat(pieces) }
    this.#arm()
    this.#onArrival(parcel)
  }
}
