import type { AssignedPartition } from './positions.ts'

/**
 * Which partitions have something to hand over, which want to be fetched, and what all of them keep in memory: counted
 * when it changes, so that neither a record nor an answer costs more with many partitions. Who is in a queue for nothing
 * is taken out when its turn comes; whoever changes what decides puts it in again (`changed`).
 */
export class PartitionQueues {
  /** Bytes that may be buffered of one partition before no more are asked for. */
  fetchLimit = Number.POSITIVE_INFINITY
  /** In the order of their turns: who has given is put last. */
  readonly ready = new Set<AssignedPartition>()
  /** In the order in which they began to wait. */
  readonly hungry = new Set<AssignedPartition>()
  /** Those that are paused, the longest first. */
  readonly paused = new Set<AssignedPartition>()
  /** What those keep that are not paused: as it came, and what was unpacked of it. */
  bufferedBytes = 0
  /** Of that, what was unpacked. */
  unpackedBytes = 0
  /** What paused ones keep. */
  pausedBytes = 0

  /** Looks at a partition again after something about it has changed. */
  changed(partition: AssignedPartition): void {
    if (!partition.isCounted) return
    this.#count(partition)
    if (partition.isPaused) this.paused.add(partition)
    else this.paused.delete(partition)
    if (partition.isDeliverable) this.ready.add(partition)
    if (partition.isHungry) this.hungry.add(partition)
  }

  /** Forgets a partition that is not assigned any more. */
  forget(partition: AssignedPartition): void {
    partition.isCounted = false
    this.ready.delete(partition)
    this.hungry.delete(partition)
    this.paused.delete(partition)
  }

  #count(partition: AssignedPartition): void {
    const { counted, isPaused, buffer } = partition
    const unpackedBytes = partition.openBytes + partition.aheadBytes
    const bytes = buffer.bytes + unpackedBytes
    this.bufferedBytes += (isPaused ? 0 : bytes) - counted.bufferedBytes
    this.unpackedBytes += (isPaused ? 0 : unpackedBytes) - counted.unpackedBytes
    this.pausedBytes += (isPaused ? bytes : 0) - counted.pausedBytes
    counted.bufferedBytes = isPaused ? 0 : bytes
    counted.unpackedBytes = isPaused ? 0 : unpackedBytes
    counted.pausedBytes = isPaused ? bytes : 0
  }
}
