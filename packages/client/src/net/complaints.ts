import type { Runtime } from '@samsa/runtime'
import type { Logger } from '../events.ts'
import { describeError } from '../events.ts'

/** How long something has to fail before it is worth a line: much heals within seconds. */
const PATIENCE_MS = 10_000

/** Says in the log, once for each outage, what has failed for 10 s and why: a log that repeats itself is not read. */
export class Complaints {
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #since = new Map<string, { at: number; isSaid: boolean }>()

  constructor(runtime: Runtime, logger: Logger) {
    this.#runtime = runtime
    this.#logger = logger
  }

  /**
   * @param what how the line begins; it is one outage until `healed`
   * @param patienceMs 0 for what does not heal by waiting
   */
  failed(what: string, reason: unknown, patienceMs = PATIENCE_MS): void {
    const now = this.#runtime.now()
    const known = this.#since.get(what) ?? { at: now, isSaid: false }
    this.#since.set(what, known)
    this.#logger.debug(`${what}: ${describeError(reason)}`)
    if (known.isSaid || now - known.at < patienceMs) return
    known.isSaid = true
    this.#logger.warn(`${what}: ${describeError(reason)}`)
  }

  healed(what: string): void {
    this.#since.delete(what)
  }
}
