import type { Runtime, Timer } from '@samsa/runtime'

/**
 * Work that is looked at as a whole: one look does all that can be done now, and says when time alone will change
 * something. Whatever else changes wakes it. So nothing that waits is forgotten, whichever signal gets lost.
 */
export class WorkLoop {
  readonly #runtime: Runtime
  readonly #look: (now: number) => number
  #timer: Timer | undefined
  #isWoken = false
  #isClosed = false

  /**
   * @param look does what can be done; gives the monotonic time at which to look again, Infinity for never by itself.
   * It must not throw, and is never called before `wake`.
   */
  constructor(runtime: Runtime, look: (now: number) => number) {
    this.#runtime = runtime
    this.#look = look
  }

  /** Looks once at the end of this turn, however often it is called until then. */
  wake(): void {
    if (this.#isWoken || this.#isClosed) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#run()
    })
  }

  /** Never looks again. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  #run(): void {
    if (this.#isClosed) return
    this.#timer?.cancel()
    this.#timer = undefined
    const at = this.#look(this.#runtime.now())
    // The look may have closed the loop.
    if (this.#isClosed || at === Number.POSITIVE_INFINITY) return
    this.#timer = this.#runtime.timer(at, () => this.#run())
  }
}
