/** How long something fails before it is told. Milliseconds. */
const TOLD_AFTER_MS = 10_000

/** Something that is tried again and again in vain: told once, when it has lasted for ten seconds. */
export class Outage {
  #since: number | undefined
  #isTold = false

  /** It has failed once more; gives whether that is to be told now. */
  failed(now: number): boolean {
    this.#since ??= now
    if (this.#isTold || now - this.#since < TOLD_AFTER_MS) return false
    this.#isTold = true
    return true
  }

  /** It has worked. */
  over(): void {
    this.#since = undefined
    this.#isTold = false
  }
}
