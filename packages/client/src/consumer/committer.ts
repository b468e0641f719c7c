import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { named } from '../cluster/topic-partition.ts'
import { ServerError, TimeoutError } from '../errors.ts'
import type { Membership } from '../group/membership.ts'
import { within } from '../time/deadline.ts'
import { goneError } from './commit-arguments.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import { commitOffsets } from './offsets.ts'
import type { AssignedPartition } from './positions.ts'

/** An offset to commit, and the assignment that it belongs to; undefined for one that is no assignment's. */
export interface Claim {
  readonly offset: TopicPartitionOffset
  readonly assigned: AssignedPartition | undefined
}

export interface CommitterOptions {
  cluster: Cluster
  config: ConsumerConfig
  /** What may be committed in the background and was not yet. */
  due: () => Claim[]
  onCommitted: (offsets: TopicPartitionOffset[]) => void
  /** A commit in the background failed. */
  onFailed: (error: Error) => void
}

/**
 * Commits offsets, one request after the other: an older commit that is tried again must not overtake a newer one. Each
 * goes out in the name of the membership that its partitions belong to, and not at all when that has given them away.
 */
export class Committer {
  readonly #options: CommitterOptions
  /** Settles when every commit until now has its outcome. */
  #last: Promise<unknown> = Promise.resolve()
  #timer: Timer | undefined
  #isRunning = false

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** Commits in the background what was processed, every `autoCommitIntervalMs`; if that is wanted and there is a group. */
  start(): void {
    const { enableAutoCommit, autoCommitIntervalMs, groupId } = this.#options.config
    if (this.#isRunning || !enableAutoCommit || !groupId) return
    this.#isRunning = true
    this.#arm(autoCommitIntervalMs)
  }

  /** Ends the background; commits that are under way go on. */
  stop(): void {
    this.#isRunning = false
    this.#timer?.cancel()
  }

  /** Resolves when every commit that was begun has its outcome. */
  async settled(): Promise<void> {
    await this.#last
  }

  /**
   * Commits offsets.
   * @param claims what is to be committed, looked at when the commits before are over
   * @param membership in whose name; undefined for partitions of one's own choice
   * @throws ServerError, TimeoutError; KafkaError COMMIT_FAILED for a partition that was given away meanwhile
   */
  commit(
    claims: () => readonly Claim[],
    membership: Membership | undefined,
    deadline: number,
  ): Promise<void> {
    const { runtime } = this.#options.cluster
    const started = runtime.now()
    const before = this.#last
    const expire = () => new TimeoutError('an earlier commit to be over', runtime.now() - started)
    const mine = within(runtime, before, deadline, expire).then(() =>
      this.#send(claims(), membership, deadline),
    )
    this.#last = Promise.allSettled([before, mine])
    return mine
  }

  async #send(claims: readonly Claim[], membership: Membership | undefined, deadline: number): Promise<void> {
    if (claims.length === 0) return
    const { cluster, config, onCommitted } = this.#options
    const { groupId = '', groupInstanceId } = config
    const offsets = claims.map(({ offset }) => offset)
    const byName = new Map(claims.map((claim) => [named(claim.offset), claim]))
    const stored = new Set<Claim>()
    let identity = membership?.identity
    const member = () => {
      const gone = claims.find(({ assigned }) => assigned?.isGone)
      if (gone) throw goneError(gone.offset, groupId, gone.assigned?.gone)
      identity = membership?.identity
      return identity
    }
    try {
      const identify = membership && member
      await commitOffsets(cluster, groupId, offsets, identify, groupInstanceId, deadline, (target) => {
        const claim = byName.get(named(target))
        if (claim) stored.add(claim)
      })
    } catch (error) {
      if (error instanceof ServerError && identity) membership?.commitRefused(error, identity)
      throw error
    } finally {
      for (const { assigned, offset } of stored) if (assigned) assigned.committed = offset.offset
      if (stored.size > 0) onCommitted([...stored].map(({ offset }) => offset))
    }
  }

  #arm(ms: number): void {
    if (!this.#isRunning) return
    const { cluster, config, due, onFailed } = this.#options
    const { autoCommitIntervalMs, retryBackoffMaxMs, defaultApiTimeoutMs } = config
    const { runtime } = cluster
    this.#timer = runtime.timer(runtime.now() + ms, () => {
      const [first] = due()
      const membership = first?.assigned?.membership
      this.commit(due, membership, runtime.now() + defaultApiTimeoutMs).then(
        () => this.#arm(autoCommitIntervalMs),
        (error: Error) => {
          if (this.#isRunning) onFailed(error)
          this.#arm(Math.min(autoCommitIntervalMs, retryBackoffMaxMs))
        },
      )
    })
  }
}
