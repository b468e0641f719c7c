import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { ServerError, TimeoutError } from '../errors.ts'
import type { ClassicMembership } from '../group/classic-membership.ts'
import { within } from '../time/deadline.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { CommitIdentity } from './offsets.ts'
import { commitOffsets } from './offsets.ts'
import type { Positions } from './positions.ts'

export interface CommitterOptions {
  cluster: Cluster
  config: ConsumerConfig
  positions: Positions
  /** Undefined for partitions of one's own choice. */
  membership: () => ClassicMembership | undefined
  onCommitted: (offsets: TopicPartitionOffset[]) => void
  /** A commit in the background failed. */
  onFailed: (error: Error) => void
}

/** How long a rebalance may wait for a member's commit: it has to come back within its session. Milliseconds. */
export function revocationMs({ sessionTimeoutMs, defaultApiTimeoutMs }: ConsumerConfig): number {
  return Math.min(sessionTimeoutMs / 2, defaultApiTimeoutMs)
}

/**
 * Commits offsets, one request after the other: an older commit that is tried again must not overtake a newer one. Each
 * goes out as the member that its positions belong to, also when it is tried again after the group has moved on.
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
   * Commits offsets in the name of the current generation.
   * @throws ServerError, TimeoutError
   */
  commit(offsets: readonly TopicPartitionOffset[], deadline: number): Promise<void> {
    const membership = this.#options.membership()
    const identity = membership && { generation: membership.generation, memberId: membership.memberId }
    return this.#inTurn(deadline, () => this.#send(offsets, identity, membership, deadline))
  }

  /**
   * Commits what may be committed and was not yet.
   * @param includeLent also what is in the user's hand
   */
  commitDue(includeLent: boolean, deadline: number): Promise<void> {
    return this.#inTurn(deadline, async () => {
      const membership = this.#options.membership()
      const identity = membership && { generation: membership.generation, memberId: membership.memberId }
      const offsets = this.due(includeLent)
      if (offsets.length > 0) await this.#send(offsets, identity, membership, deadline)
    })
  }

  /** What may be committed and was not yet; nothing without a group. */
  due(includeLent: boolean): TopicPartitionOffset[] {
    const { config, positions } = this.#options
    if (!config.groupId) return []
    return positions
      .uncommitted(includeLent)
      .map(({ partition: { topic, partition, leaderEpoch }, offset }) => ({
        topic,
        partition,
        offset,
        leaderEpoch,
      }))
  }

  #inTurn(deadline: number, run: () => Promise<void>): Promise<void> {
    const { runtime } = this.#options.cluster
    const started = runtime.now()
    const before = this.#last
    const expire = () => new TimeoutError('an earlier commit to be over', runtime.now() - started)
    const mine = within(runtime, before, deadline, expire).then(run)
    this.#last = Promise.allSettled([before, mine])
    return mine
  }

  async #send(
    offsets: readonly TopicPartitionOffset[],
    identity: CommitIdentity | undefined,
    membership: ClassicMembership | undefined,
    deadline: number,
  ): Promise<void> {
    const { cluster, config, positions, onCommitted } = this.#options
    const { groupId = '', groupInstanceId } = config
    const assigned = offsets.map((offset) => positions.get(offset))
    try {
      await commitOffsets(cluster, groupId, offsets, identity, groupInstanceId, deadline)
    } catch (error) {
      if (error instanceof ServerError && identity) membership?.commitRefused(error, identity.generation)
      throw error
    }
    offsets.forEach(({ offset }, index) => {
      const partition = assigned[index]
      if (partition) partition.committed = offset
    })
    onCommitted([...offsets])
  }

  #arm(ms: number): void {
    if (!this.#isRunning) return
    const { cluster, config, onFailed } = this.#options
    const { autoCommitIntervalMs, retryBackoffMaxMs, defaultApiTimeoutMs } = config
    const { runtime } = cluster
    this.#timer = runtime.timer(runtime.now() + ms, () => {
      this.commitDue(false, runtime.now() + defaultApiTimeoutMs).then(
        () => this.#arm(autoCommitIntervalMs),
        (error: Error) => {
          if (this.#isRunning) onFailed(error)
          this.#arm(Math.min(autoCommitIntervalMs, retryBackoffMaxMs))
        },
      )
    })
  }
}
