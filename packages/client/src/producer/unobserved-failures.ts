import type { Runtime } from '@samsa/runtime'
import type { Logger } from '../events.ts'
import { describeError } from '../events.ts'
import type { FutureRecordMetadata } from './future-record-metadata.ts'

/** Records that could not be sent and whose futures nobody looked at. */
export interface UnobservedFailure {
  topic: string
  /** -1 when the record had not come as far as a partition. */
  partition: number
  count: number
  error: Error
}

/** Counts, logs and emits failures that nobody looks at: they must neither end the process nor go unnoticed. */
export class UnobservedFailures {
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #emit: (failure: UnobservedFailure) => void
  #fresh: { future: FutureRecordMetadata; topic: string; error: Error }[] = []
  #count = 0

  constructor(runtime: Runtime, logger: Logger, emit: (failure: UnobservedFailure) => void) {
    this.#runtime = runtime
    this.#logger = logger
    this.#emit = emit
  }

  /** Records, not batches. */
  get count(): number {
    return this.#count
  }

  /** A record has failed before it joined a batch, maybe within `send`: its caller gets a turn to look at the future. */
  watch(future: FutureRecordMetadata, topic: string, error: Error): void {
    this.#fresh.push({ future, topic, error })
    if (this.#fresh.length > 1) return
    this.#runtime.timer(this.#runtime.now(), () => {
      const failed = this.#fresh.filter((each) => !each.future.isObserved)
      this.#fresh = []
      const counts = new Map<string, UnobservedFailure>()
      for (const each of failed) {
        const name = `${each.topic} ${each.error.message}`
        const known = counts.get(name)
        if (known) known.count++
        else counts.set(name, { topic: each.topic, partition: -1, count: 1, error: each.error })
      }
      for (const failure of counts.values()) this.note(failure)
    })
  }

  note(failure: UnobservedFailure): void {
    const { topic, partition, count, error } = failure
    this.#count += count
    const where = partition < 0 ? topic : `${topic}-${partition}`
    const records = count === 1 ? '1 record' : `${count} records`
    this.#logger.warn(`${records} for ${where} could not be sent, and nobody looked: ${describeError(error)}`)
    this.#emit(failure)
  }
}
