/** The longest that a timer can be set for. */
const LONG_MS = 2 ** 31 - 1

/** When a driver ends: after its time, or earlier when it is told so. */
export class Stop {
  #isAsked = false
  #isHurried = false
  readonly #waiting = new Set<() => void>()

  get isAsked(): boolean {
    return this.#isAsked
  }

  /** By a signal: little time is left. */
  get isHurried(): boolean {
    return this.#isHurried
  }

  /** Milliseconds that what is under way may take; the driver's limit after a signal is 30 s. */
  patience(otherwise: number): number {
    return this.#isHurried ? 15_000 : otherwise
  }

  ask(isHurried: boolean): void {
    this.#isAsked = true
    this.#isHurried ||= isHurried
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Resolves when it is. */
  asked(): Promise<void> {
    return this.pause(LONG_MS)
  }

  /** Waits, but not longer than until it is asked to stop. */
  pause(ms: number): Promise<void> {
    if (this.#isAsked) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
    })
  }
}

/** Resolves with whether the promise was settled within the time; what it rejects with counts as settled. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const done = promise.then(
    () => true,
    () => true,
  )
  const isDone = await Promise.race([done, late])
  clearTimeout(timer)
  return isDone
}
