import type { Cluster } from '../cluster/cluster.ts'
import { backoffOf } from '../cluster/retry.ts'
import { named } from '../cluster/topic-partition.ts'
import { describeError } from '../events.ts'
import type { AssignedPartition } from './positions.ts'

/** A failure that lasts so long is told, once. */
const WARN_AFTER_MS = 10_000
/** So many partitions are named in a warning; the others are counted. */
const MOST_NAMES = 5

interface Trouble {
  /** Monotonic. */
  since: number
  attempts: number
  isTold: boolean
}

/**
 * What fails again and again, by partition: pauses that grow, with jitter (KIP-580), and one warning with the reason
 * after ten seconds, one line for all partitions of one reason.
 */
export class PartitionTroubles {
  readonly #cluster: Cluster
  /** What cannot be done, as in `t-0 cannot be fetched`. */
  readonly #what: string
  readonly #troubles = new WeakMap<AssignedPartition, Trouble>()
  readonly #toTell = new Map<string, AssignedPartition[]>()

  constructor(cluster: Cluster, what: string) {
    this.#cluster = cluster
    this.#what = what
  }

  /** Counts a failure; gives the monotonic time before which it is not to be tried again. */
  failed(partition: AssignedPartition, error: Error): number {
    const now = this.#cluster.runtime.now()
    let trouble = this.#troubles.get(partition)
    if (!trouble) {
      trouble = { since: now, attempts: 0, isTold: false }
      this.#troubles.set(partition, trouble)
    }
    if (!trouble.isTold && now - trouble.since >= WARN_AFTER_MS) {
      trouble.isTold = true
      this.#tell(partition, error)
    }
    return now + backoffOf(this.#cluster, trouble.attempts++)
  }

  /** It has worked: the next failure is a first one. */
  healed(partition: AssignedPartition): void {
    this.#troubles.delete(partition)
  }

  #tell(partition: AssignedPartition, error: Error): void {
    const reason = describeError(error)
    if (this.#toTell.size === 0) queueMicrotask(() => this.#flush())
    const others = this.#toTell.get(reason)
    if (others) others.push(partition)
    else this.#toTell.set(reason, [partition])
  }

  #flush(): void {
    for (const [reason, partitions] of this.#toTell) {
      const names = partitions.slice(0, MOST_NAMES).map(named).join(', ')
      const more = partitions.length > MOST_NAMES ? ` and ${partitions.length - MOST_NAMES} others` : ''
      const since = WARN_AFTER_MS / 1000
      this.#cluster.events.logger.warn(
        `${names}${more} ${this.#what} for ${since} s, trying on; the last problem was: ${reason}`,
      )
    }
    this.#toTell.clear()
  }
}
