import type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
import type { ClientEvents } from '../events.ts'

/**
 * What a consumer tells. Listeners of `assigned`, `revoked` and `lost` may give a promise: the group waits for it, for
 * `maxPollIntervalMs` at most, before the member goes on, and no record is handed over while `assigned` is told.
 */
export interface ConsumerEvents extends ClientEvents {
  /** Partitions were assigned by the group. `seek` counts from the first record on. */
  assigned: { partitions: TopicPartition[] }
  /**
   * Partitions are given back in order, when nothing of them is in hand and, with auto commit, what was processed is
   * committed. A `commit` in here still counts.
   */
  revoked: { partitions: TopicPartition[] }
  /** Partitions were lost: the group has given them away already. */
  lost: { partitions: TopicPartition[] }
  committed: { offsets: TopicPartitionOffset[] }
  /** A commit in the background failed; it is tried again. */
  commitFailed: { error: Error }
  /** An offset was not there any more and another one was taken. */
  offsetReset: { topic: string; partition: number; from: number | undefined; to: number }
}
