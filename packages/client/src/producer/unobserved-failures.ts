import type { Runtime, Timer } from '@samsa/runtime'
import type { Logger } from '../events.ts'
import { describeError } from '../events.ts'

/** Records that could not be sent and whose futures nobody looked at. */
export interface UnobservedFailure {
  topic: string
  /** -1 when the record had not come as far as a partition. */
  partition: number
  count: number
  error: Error
}

/** A failure that somebody may look at yet. */
export interface Failure {
  topic: string
  partition: number
  error: Error
  /** How many records have failed that nobody has looked at. */
  unobserved: () => number
}

/** How long after a failure, and after the last look at any failure of the producer, it is told. Milliseconds. */
const GRACE_MS = 3_000
/** However busily others are looked at, a failure is told after so long. Milliseconds. */
const LONGEST_GRACE_MS = 30_000
/** After `close`, looks go on for so many turns of the event loop at most. */
const CLOSING_TURNS = 1_000

/**
 * Counts, logs and emits failures that nobody looks at: they must neither end the process nor go unnoticed.
 *
 * Who awaits futures one after the other looks at the last long after it has failed. So a failure is told only when, for
 * three seconds, neither it nor any other failure of this producer was looked at, or after thirty. When the producer
 * closes, it is told at the end of the first turn of the event loop after that in which nothing was looked at.
 */
export class UnobservedFailures {
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #emit: (failure: UnobservedFailure) => void
  #fresh: { failure: Failure; since: number }[] = []
  #lookedAt = Number.NEGATIVE_INFINITY
  #looks = 0
  #timer: Timer | undefined
  #isClosed = false
  #count = 0

  constructor(runtime: Runtime, logger: Logger, emit: (failure: UnobservedFailure) => void) {
    this.#runtime = runtime
    this.#logger = logger
    this.#emit = emit
  }

  /** Records that failed and that nobody looked at in time. */
  get count(): number {
    return this.#count
  }

  /** Something has failed; whoever sent it gets time to look. */
  watch(failure: Failure): void {
    const since = this.#runtime.now()
    this.#fresh.push({ failure, since })
    if (this.#timer) return
    if (this.#isClosed) this.#closingTurn(0)
    else this.#timer = this.#runtime.timer(since + GRACE_MS, () => this.#judge())
  }

  /** Somebody has looked at the failure of a record. */
  looked(): void {
    this.#looks++
    if (this.#fresh.length > 0) this.#lookedAt = this.#runtime.now()
  }

  /** The producer is closed: nobody has three seconds any more. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#fresh.length > 0) this.#closingTurn(0)
  }

  #judge(): void {
    this.#timer = undefined
    const now = this.#runtime.now()
    const due = this.#fresh.filter(
      ({ since }) =>
        now - since >= LONGEST_GRACE_MS || (now - since >= GRACE_MS && now - this.#lookedAt >= GRACE_MS),
    )
    this.#fresh = this.#fresh.filter((each) => !due.includes(each) && each.failure.unobserved() > 0)
    this.#tell(due.map(({ failure }) => failure))
    const [next] = this.#fresh
    if (!next) return
    const quiet = Math.max(next.since, this.#lookedAt) + GRACE_MS
    const at = Math.min(quiet, next.since + LONGEST_GRACE_MS)
    this.#timer = this.#runtime.timer(at, () => this.#judge())
  }

  #closingTurn(turn: number): void {
    const looks = this.#looks
    this.#timer = this.#runtime.timer(this.#runtime.now(), () => {
      this.#timer = undefined
      this.#fresh = this.#fresh.filter(({ failure }) => failure.unobserved() > 0)
      if (this.#fresh.length > 0 && this.#looks > looks && turn < CLOSING_TURNS) {
        this.#closingTurn(turn + 1)
        return
      }
      const due = this.#fresh.map(({ failure }) => failure)
      this.#fresh = []
      this.#tell(due)
    })
  }

  /** Those of the same kind in one line. */
  #tell(failures: readonly Failure[]): void {
    const kinds = new Map<string, UnobservedFailure>()
    for (const { topic, partition, error, unobserved } of failures) {
      const count = unobserved()
      if (count === 0) continue
      const name = `${topic} ${partition} ${error.message}`
      const known = kinds.get(name)
      if (known) known.count += count
      else kinds.set(name, { topic, partition, count, error })
    }
    for (const failure of kinds.values()) {
      const { topic, partition, count, error } = failure
      this.#count += count
      const where = partition < 0 ? topic : `${topic}-${partition}`
      const records = count === 1 ? '1 record' : `${count} records`
      this.#logger.warn(
        `${records} for ${where} could not be sent, and nobody looked: ${describeError(error)}`,
      )
      this.#emit(failure)
    }
  }
}
