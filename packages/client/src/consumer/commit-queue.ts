import type { Runtime } from '@samsa/runtime'
import { within } from '../deadline.ts'
import { TimeoutError } from '../errors.ts'

/** Has commits made one after the other: an older one that is tried again must not undo a newer one. */
export class CommitQueue {
  readonly #runtime: Runtime
  /** Settled when every commit until now is over; undefined when all are. */
  #last: Promise<unknown> | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /**
   * Makes a commit when its turn has come.
   * @param deadline monotonic
   * @throws TimeoutError when its turn has not come by then, and what the commit itself throws
   */
  add(deadline: number, commit: () => Promise<void>): Promise<void> {
    const started = this.#runtime.now()
    const expire = () => new TimeoutError('an earlier commit to end', this.#runtime.now() - started)
    const before = this.#last
    const outcome = before ? within(this.#runtime, before, deadline, expire).then(commit) : commit()
    const last = Promise.allSettled([before, outcome]).then(() => {
      if (this.#last === last) this.#last = undefined
    })
    this.#last = last
    return outcome
  }
}
