import type { Aftermath, Direction, Fault } from './fault.ts'

/** What keeps a parcel back until it is opened. */
export interface Gate {
  isClosed: boolean
}

/** Bytes on their way, or the end of them. */
export interface Parcel {
  readonly bytes: Buffer
  /** Not before this time. Milliseconds. */
  readonly due: number
  readonly gates: readonly Gate[]
  /** What follows when the bytes have left. `end`: a FIN. */
  readonly next: Exclude<Aftermath, 'go on'> | 'end' | undefined
  /** Told when the last byte has left. */
  readonly onLeft?: () => void
}

/** What comes out of a lane. */
export interface Outlet {
  write(bytes: Buffer): void
  /** The parcel's last byte has left, and this is to follow. */
  follow(next: NonNullable<Parcel['next']>): void
  /** So many bytes have passed as a fault wanted to let through. */
  strike(fault: Fault): void
}

/** A fault of bytes that a lane has met. */
interface Limit {
  readonly fault: Fault
  /** Bytes that still go through. */
  left: number
}

/** With a limited rate bytes leave in pieces of this time. Milliseconds. */
const RATE_SLICE_MS = 20

/**
 * One direction of one connection, from what was read to what may be written: parcels in their order, each with a time
 * and gates, all of them subject to the faults of bytes.
 */
export class Lane {
  readonly direction: Direction
  /** Whether whoever takes the bytes can take some now. */
  isWritable = false
  /** Nothing that comes in here is passed on any more, and why. */
  isDead = false
  /** Bytes vanish, whatever faults may end: something was lost on the way. */
  hasLost = false
  queuedBytes = 0
  /** When it wants to be looked at again. */
  wakeAt: number | undefined
  readonly #outlet: Outlet
  #queue: Parcel[] = []
  #limits: Limit[] = []
  #lastDue = 0
  #freeAt = 0

  constructor(direction: Direction, outlet: Outlet) {
    this.direction = direction
    this.#outlet = outlet
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  /** Whether what is first in the queue waits for a time or a gate rather than for whoever takes it. */
  isWaiting(now: number): boolean {
    const first = this.#queue[0]
    return first !== undefined && (first.due > now || isClosed(first))
  }

  /** Gives a parcel that still waits other bytes. */
  refill(parcel: Parcel, bytes: Buffer): void {
    const at = this.#queue.indexOf(parcel)
    if (at < 0) return
    this.queuedBytes += bytes.length - parcel.bytes.length
    this.#queue[at] = { ...parcel, bytes }
  }

  /** Puts bytes behind all others, unless nothing is passed on any more; `delayMs` after now at the earliest, and never before what is in front. */
  put(
    bytes: Buffer,
    now: number,
    options: Partial<Omit<Parcel, 'bytes' | 'due'>> & { delayMs?: number } = {},
  ): Parcel | undefined {
    if (this.isDead) return undefined
    const { delayMs = 0, gates = [], next, onLeft } = options
    const due = Math.max(now + delayMs, this.#lastDue)
    this.#lastDue = due
    this.queuedBytes += bytes.length
    const parcel = { bytes, due, gates, next, ...(onLeft ? { onLeft } : {}) }
    this.#queue.push(parcel)
    return parcel
  }

  /** A fault of bytes meets this lane; `afterBytes` more go through first. */
  meet(fault: Fault, afterBytes: number): void {
    this.#limits.push({ fault, left: afterBytes })
  }

  /** Takes faults off that are over. A black hole that has swallowed something leaves a connection that is lost. */
  review(): void {
    this.#limits = this.#limits.filter(({ fault }) => !fault.isOver)
  }

  /** Whether bytes that are put now would vanish. */
  get isSwallowing(): boolean {
    return this.#limits.some(({ fault, left }) => fault.rule.action === 'blackHole' && left <= 0)
  }

  /** Lets go of everything, as a receiver that is gone does. */
  kill(): void {
    this.isDead = true
    this.#queue = []
    this.queuedBytes = 0
    this.wakeAt = undefined
  }

  /** How much later the next bytes come than they would. Milliseconds; `random` gives numbers in [0, 1). */
  delayMs(random: () => number): number {
    let sum = 0
    for (const { fault } of this.#limits) sum += delayOf(fault, random)
    return sum
  }

  /** Writes what may be written by now. */
  pump(now: number): void {
    this.wakeAt = undefined
    for (;;) {
      this.#strike()
      const first = this.#queue[0]
      if (first === undefined || this.isDead || isClosed(first) || this.#isStalled) return
      const from = Math.max(first.due, first.bytes.length > 0 ? this.#freeAt : 0)
      if (from > now) {
        this.wakeAt = from
        return
      }
      if (first.bytes.length > 0 && !this.#pass(first, now)) return
      if (this.#queue[0] === first && first.bytes.length === 0) this.#leave(first)
    }
  }

  get #isStalled(): boolean {
    return this.#limits.some(({ fault, left }) => fault.rule.action === 'stall' && left <= 0)
  }

  /** Passes some bytes of the first parcel on; false when there is no room for them. */
  #pass(first: Parcel, now: number): boolean {
    if (this.isSwallowing) {
      this.hasLost = true
      this.#advance(first, first.bytes.length)
      return true
    }
    if (!this.isWritable) return false
    const rates = this.#limits.flatMap(({ fault: { rule } }) =>
      rule.action === 'rate' ? [rule.bytesPerSecond] : [],
    )
    const rate = Math.min(...rates)
    const slice = Number.isFinite(rate)
      ? Math.max(1, Math.floor((rate * RATE_SLICE_MS) / 1000))
      : Number.POSITIVE_INFINITY
    const borders = this.#limits.map(({ left }) => left).filter((left) => left > 0)
    const count = Math.min(first.bytes.length, slice, ...borders)
    for (const limit of this.#limits) if (limit.left > 0) limit.left -= count
    if (Number.isFinite(rate)) this.#freeAt = now + (count * 1000) / rate
    this.#outlet.write(first.bytes.subarray(0, count))
    this.#advance(first, count)
    return true
  }

  #advance(first: Parcel, count: number): void {
    this.queuedBytes -= count
    const rest = first.bytes.subarray(count)
    this.#queue[0] = { ...first, bytes: rest }
    if (rest.length === 0) this.#leave(this.#queue[0])
  }

  #leave(first: Parcel): void {
    if (this.#queue[0] === first) this.#queue.shift()
    first.onLeft?.()
    // What is lost in a black hole is the news of the end, too.
    if (first.next && !this.isSwallowing) this.#outlet.follow(first.next)
  }

  /** Tells of faults whose bytes have gone through. Those that last are kept, those that strike once are not. */
  #strike(): void {
    const due = this.#limits.filter(({ fault, left }) => left <= 0 && strikesOnce(fault))
    if (due.length === 0) return
    this.#limits = this.#limits.filter((limit) => !due.includes(limit))
    for (const { fault } of due) this.#outlet.strike(fault)
  }
}

/** What a fault draws as its delay; 0 when it is none. */
export function delayOf({ rule }: Fault, random: () => number): number {
  if (rule.action !== 'delay') return 0
  return Math.max(0, rule.ms + (random() * 2 - 1) * (rule.jitterMs ?? 0))
}

function isClosed({ gates }: Parcel): boolean {
  return gates.some((gate) => gate.isClosed)
}

function strikesOnce({ rule: { action } }: Fault): boolean {
  return action === 'reset' || action === 'cut' || action === 'halfClose' || action === 'forget'
}
