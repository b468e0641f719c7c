import type { Runtime } from '@samsa/runtime'
import type { AssignedPartition, Positions } from './positions.ts'

interface Raised {
  error: Error
  /** Undefined for what concerns no single partition. */
  partition: AssignedPartition | undefined
  jumps: number
}

/** What those wait for who ask for records: that some have arrived, or an error of a position that they still have. */
export class Arrivals {
  readonly #runtime: Runtime
  readonly #positions: Positions
  /** A waiting consumer is alive: it wakes up now and then to say so. Milliseconds. */
  readonly #aliveMs: number
  readonly #waiters = new Set<() => void>()
  readonly #raised: Raised[] = []

  constructor(runtime: Runtime, positions: Positions, maxPollIntervalMs: number) {
    this.#runtime = runtime
    this.#positions = positions
    this.#aliveMs = maxPollIntervalMs / 2
  }

  /** Wakes whoever waits. */
  arrived(): void {
    for (const wake of [...this.#waiters]) wake()
  }

  /** Resolves when something has arrived, or the time is up. */
  wait(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const alive = this.#runtime.now() + this.#aliveMs
      const timer = this.#runtime.timer(Math.min(deadline, alive), () => wake())
      const wake = () => {
        this.#waiters.delete(wake)
        timer.cancel()
        resolve()
      }
      this.#waiters.add(wake)
    })
  }

  /** Has an error thrown to whoever asks next. */
  raise(error: Error, partition?: AssignedPartition): void {
    // One of a kind is enough: what is not looked at must not pile up.
    if (!this.#raised.some((known) => known.error.message === error.message))
      this.#raised.push({ error, partition, jumps: partition?.jumps ?? 0 })
    this.arrived()
  }

  /** @throws what went wrong since the last call, each error once; what concerns a position that was left is dropped */
  throwRaised(): void {
    for (let raised = this.#raised.shift(); raised; raised = this.#raised.shift()) {
      const { error, partition, jumps } = raised
      if (!partition || (this.#positions.current(partition) && partition.jumps === jumps)) throw error
    }
  }
}
