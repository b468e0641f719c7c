/** Whoever was away for so long between two looks at the clock looks each time again. Milliseconds. */
const SLOW_MS = 1
/** Quick looks in a row after which fewer are taken. */
const QUICK_LOOKS = 64
const LONGEST_STRIDE = 16

/**
 * How often something that mostly takes no time, such as handing a record over, looks at the clock: each time, until it has
 * shown to be quick many times in a row, and then each sixteenth time at the least, since a look costs as much as the rest.
 */
export class Pace {
  #stride = 1
  #left = 0
  #quickLooks = 0
  #lookedAt = Number.NEGATIVE_INFINITY

  /** Whether the clock is to be looked at now. */
  isDue(): boolean {
    return --this.#left <= 0
  }

  /** The clock was looked at, and said this. */
  looked(now: number): void {
    if (now - this.#lookedAt > SLOW_MS) {
      this.#stride = 1
      this.#quickLooks = 0
    } else if (++this.#quickLooks >= QUICK_LOOKS) {
      this.#stride = Math.min(this.#stride * 2, LONGEST_STRIDE)
      this.#quickLooks = 0
    }
    this.#lookedAt = now
    this.#left = this.#stride
  }

  /** Time has passed: the next look is due. */
  interrupt(): void {
    this.#left = 0
  }
}
