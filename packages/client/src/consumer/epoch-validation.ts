import { OffsetForLeaderEpoch, UnsupportedVersionError } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { named } from '../cluster/topic-partition.ts'
import { ConnectionError, ServerError } from '../errors.ts'
import type { Divergence } from './log-truncation.ts'
import { byTopic } from './offsets.ts'
import type { PartitionTroubles } from './partition-troubles.ts'
import type { AssignedPartition, Positions } from './positions.ts'

export interface EpochValidationOptions {
  cluster: Cluster
  positions: Positions
  troubles: PartitionTroubles
  /** The log of a leader ends, or parts from what was read, before the position; undefined: nobody knows where. */
  onTruncated: (partition: AssignedPartition, divergence: Divergence | undefined) => void
  onError: (error: Error, partition: AssignedPartition) => void
  /** Partitions may be fetched now, or asked about again. */
  onAnswered: () => void
}

interface Asked {
  partition: AssignedPartition
  offset: number
  epoch: number
  leaderEpoch: number
}

/**
 * Asks a new leader whether its log still holds what was read from the one before, since an unclean election cuts logs
 * (KIP-320). Where epochs are not known (-1) there is nothing to ask. Source: `OffsetsForLeaderEpochUtils`,
 * `SubscriptionState.maybeCompleteValidation`.
 */
export class EpochValidation {
  readonly #options: EpochValidationOptions

  constructor(options: EpochValidationOptions) {
    this.#options = options
  }

  /** Whether a partition must not be fetched before its leader was asked. */
  isDue(partition: AssignedPartition): boolean {
    const leaderEpoch = this.#leaderEpochOf(partition)
    if (partition.fetchEpoch < 0 || leaderEpoch < 0) return false
    // Nobody but the leader of an epoch writes in it, so its own log cannot part from what was read of that epoch.
    return partition.validatedEpoch !== leaderEpoch && partition.fetchEpoch !== leaderEpoch
  }

  /** Asks the leader of some partitions, once. */
  ask(node: number, partitions: readonly AssignedPartition[]): void {
    const asked = partitions.map((partition) => ({
      partition,
      offset: partition.fetchOffset as number,
      epoch: partition.fetchEpoch,
      leaderEpoch: this.#leaderEpochOf(partition),
    }))
    for (const { partition } of asked) partition.isFetching = true
    void this.#ask(node, asked)
      .catch((error: Error) => this.#unanswered(asked, error))
      .finally(() => {
        for (const { partition } of asked) {
          partition.isFetching = false
          partition.changed()
        }
        this.#options.onAnswered()
      })
  }

  /** The log parts from what was read: the read-ahead is dropped, and the position, if it is behind that point, is lost. */
  diverged(partition: AssignedPartition, divergence: Divergence | undefined): void {
    const position = partition.position as number
    const { runtime, config } = this.#options.cluster
    partition.retryAt = runtime.now() + config.retryBackoffMs
    if (!divergence || divergence.offset < position) {
      this.#options.onTruncated(partition, divergence)
      return
    }
    const isAhead = (partition.fetchOffset as number) > divergence.offset
    if (isAhead) partition.drop()
    // Up to here it is the same log, though written under an older epoch than was thought.
    if (partition.fetchEpoch > divergence.leaderEpoch) partition.fetchEpoch = divergence.leaderEpoch
    partition.validatedEpoch = this.#leaderEpochOf(partition)
    partition.changed()
  }

  async #ask(node: number, asked: readonly Asked[]): Promise<void> {
    const { cluster } = this.#options
    const byPlace = new Map(asked.map((each) => [named(each.partition), each]))
    const topics = byTopic([...asked.map(({ partition }) => partition)]).map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map((partition) => {
        const { epoch: leaderEpoch, leaderEpoch: currentLeaderEpoch } = byPlace.get(named(partition)) as Asked
        return { partition: partition.partition, currentLeaderEpoch, leaderEpoch }
      }),
    }))
    const answer = await cluster.request(OffsetForLeaderEpoch, { replicaId: -1, topics }, { node })
    for (const { topic, partitions } of answer.topics) {
      for (const { partition: index, errorCode, leaderEpoch, endOffset } of partitions) {
        const place = { topic, partition: index }
        const each = byPlace.get(named(place))
        if (!each) continue
        byPlace.delete(named(place))
        if (errorCode === 0) this.#answered(each, { offset: endOffset, leaderEpoch })
        else this.#unanswered([each], new ServerError(errorCode, { api: 'OffsetForLeaderEpoch', ...place }))
      }
    }
    for (const each of byPlace.values()) {
      const what = `broker ${node} says nothing of the epochs of ${named(each.partition)}`
      this.#unanswered([each], new ConnectionError(what, String(node), true))
    }
  }

  #answered(each: Asked, { offset, leaderEpoch }: Divergence): void {
    if (!this.#isWanted(each)) return
    const { partition } = each
    this.#options.troubles.healed(partition)
    if (offset < 0 || leaderEpoch < 0) this.diverged(partition, undefined)
    else if (offset < each.offset) this.diverged(partition, { offset, leaderEpoch })
    else {
      partition.validatedEpoch = each.leaderEpoch
    }
  }

  #unanswered(asked: readonly Asked[], error: Error): void {
    const { cluster, troubles, onError } = this.#options
    if (cluster.signal.aborted) return
    const action = recover(error, recovery.listOffsets)
    if (action === 'refresh') cluster.requestRefresh()
    for (const each of asked) {
      const { partition } = each
      if (!this.#isWanted(each)) continue
      // A broker that cannot be asked is read from as it is, as before KIP-320.
      if (error instanceof UnsupportedVersionError) partition.validatedEpoch = each.leaderEpoch
      else {
        partition.retryAt = troubles.failed(partition, error)
        if (action === 'fail') onError(error, partition)
      }
    }
  }

  /** Whether a partition still stands where it was asked about: it may have been given away or sought since. */
  #isWanted({ partition, offset, epoch }: Asked): boolean {
    if (!this.#options.positions.current(partition)) return false
    return partition.fetchOffset === offset && partition.fetchEpoch === epoch
  }

  #leaderEpochOf({ topic, partition }: AssignedPartition): number {
    return this.#options.cluster.metadata.topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1
  }
}
