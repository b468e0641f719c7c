import type { Timer } from '../runtime.ts'

/** Virtual time goes in steps of this (ms), so that its sums and differences are exact. */
const STEP_MS = 2 ** -10
/** Cancelled events stay in the heap until there are more of them than this and than of the others. */
const MOST_CANCELLED = 64

interface Entry {
  readonly at: number
  readonly order: number
  /** undefined once it ran or was cancelled. */
  run: (() => void) | undefined
}

/**
 * The virtual clock and what is to happen on it. Events happen one at a time in the order of their times; those of the
 * same time in the order in which they were asked for. Nothing here runs by itself: the world takes the steps.
 */
export class Scheduler {
  #now = 0
  #heap: Entry[] = []
  #order = 0
  #cancelled = 0

  /** Milliseconds since the beginning of the world. */
  get now(): number {
    return this.#now
  }

  /** When the next event happens; Infinity when none ever does. */
  get nextAt(): number {
    this.#dropCancelled()
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Lets `run` happen at `at`, rounded up to the clock's step; what should have been before is next. */
  at(at: number, run: () => void): Timer {
    const entry: Entry = { at: Math.max(this.#now, roundUp(at)), order: this.#order++, run }
    this.#push(entry)
    return {
      cancel: () => {
        if (!entry.run) return
        entry.run = undefined
        this.#cancelled++
        if (this.#cancelled > Math.max(MOST_CANCELLED, this.#heap.length / 2)) this.#sweep()
      },
    }
  }

  /** Lets `run` happen in `ms`. */
  after(ms: number, run: () => void): Timer {
    return this.at(this.#now + ms, run)
  }

  /** The next event happens: the clock goes there. */
  step(): void {
    this.#dropCancelled()
    const entry = this.#pop()
    if (!entry) return
    this.#now = entry.at
    const { run } = entry
    entry.run = undefined
    run?.()
  }

  /** Time passes without an event; never beyond the next one. */
  passTo(at: number): void {
    this.#now = Math.max(this.#now, Math.min(roundUp(at), this.nextAt))
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && !this.#heap[0]?.run) {
      this.#pop()
      this.#cancelled--
    }
  }

  #sweep(): void {
    const alive = this.#heap.filter(({ run }) => run)
    this.#heap = []
    this.#cancelled = 0
    for (const entry of alive) this.#push(entry)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (isBefore(heap[parent] as Entry, entry)) break
      heap[at] = heap[parent] as Entry
      at = parent
    }
    heap[at] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!last || heap.length === 0) return first
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = right < heap.length && isBefore(heap[right] as Entry, heap[left] as Entry) ? right : left
      if (isBefore(last, heap[child] as Entry)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function roundUp(at: number): number {
  return Math.ceil(at / STEP_MS) * STEP_MS
}
