import type { RecordBatch, RecordView } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { readable, unreadable } from './completed-fetch.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { AssignedPartition, Positions } from './positions.ts'
import type { UnreadableBatchError } from './unreadable-batch.ts'

/** A compressed batch of so many bytes is not unpacked in passing: a thousand times as much may come out of it. */
const LARGE_BATCH_BYTES = 16_384

export interface BatchOpenerOptions {
  runtime: Runtime
  config: ConsumerConfig
  positions: Positions
  /** Whether work may be given to other threads, which no seed decides. */
  hasThreads: boolean
  /** A batch that was waited for can be handed over. */
  onUnpacked: () => void
  /** What was fetched was dropped, because it cannot be read. */
  onDropped: (partition: AssignedPartition) => void
}

/**
 * Makes batches ready to be handed over. Large ones are unpacked ahead, one after the other and off the loop (gzip, zstd)
 * or in turns (snappy, lz4), as long as what is unpacked is within `queuedMaxBytes`; one is unpacked in any case, so that
 * no limit can stop everything.
 */
export class BatchOpener {
  readonly #options: BatchOpenerOptions
  /** Partitions whose next batch waits to be unpacked, in the order of their turns. */
  readonly #waiting = new Set<AssignedPartition>()
  #isBusy = false

  constructor(options: BatchOpenerOptions) {
    this.#options = options
  }

  /**
   * Opens the next batch that has records for the user. False when there is none yet.
   * @throws UnreadableBatchError; the position stays before it, and it is fetched anew: the damage may be of one read
   */
  open(partition: AssignedPartition): boolean {
    const { buffer } = partition
    partition.openBytes = 0
    for (;;) {
      if (this.#isLarge(partition)) {
        this.prepare(partition)
        return false
      }
      const step = buffer.peek()
      if (!step) {
        partition.changed()
        return false
      }
      if (step.kind === 'unreadable') this.#fail(partition, step.error)
      if (step.kind === 'nothing') {
        buffer.take()
        this.#moved(partition, step.end)
      } else if (this.#openBatch(partition, step.batch)) {
        this.prepare(partition)
        return true
      }
    }
  }

  /** Sees to it that the next batch of a partition is unpacked, if it is large. */
  prepare(partition: AssignedPartition): void {
    if (this.#isLarge(partition)) {
      partition.isUnpacking = true
      this.#waiting.add(partition)
      this.pump()
    }
    partition.changed()
  }

  /** Goes on with those that wait, if there is room. */
  pump(): void {
    const { positions, config } = this.#options
    for (const partition of this.#waiting) {
      const { unpackedBytes } = positions.queues
      if (this.#isBusy || (unpackedBytes > 0 && unpackedBytes >= config.queuedMaxBytes)) return
      // What was dropped meanwhile is not waited for, and a paused one waits until it is resumed.
      if (partition.isUnpacking && partition.isPaused) continue
      this.#waiting.delete(partition)
      if (partition.isUnpacking) void this.#unpack(partition)
    }
  }

  #isLarge(partition: AssignedPartition): boolean {
    if (!this.#options.hasThreads || partition.isUnpacking || partition.unpacked) return false
    return partition.buffer.isLarge(LARGE_BATCH_BYTES)
  }

  async #unpack(partition: AssignedPartition): Promise<void> {
    const { runtime } = this.#options
    const step = partition.buffer.peek()
    if (step?.kind === 'records') {
      const { batch } = step
      let error: UnreadableBatchError | undefined
      this.#isBusy = true
      try {
        await batch.decompressAsync({ syncBelow: LARGE_BATCH_BYTES, turn: () => runtime.turn() })
      } catch (cause) {
        error = unreadable(partition, batch, cause)
      }
      this.#isBusy = false
      if (partition.buffer.isNext(step)) this.#unpacked(partition, batch, error)
    } else this.#unpacked(partition, undefined, undefined)
    this.pump()
  }

  #unpacked(
    partition: AssignedPartition,
    batch: RecordBatch | undefined,
    error: UnreadableBatchError | undefined,
  ): void {
    partition.isUnpacking = false
    if (error) partition.buffer.take(error)
    else {
      partition.unpacked = batch
      partition.aheadBytes = batch?.decompressedBytes ?? 0
    }
    partition.changed()
    this.#options.onUnpacked()
  }

  /** False when nothing in it is for the user, or nothing can be read. */
  #openBatch(partition: AssignedPartition, batch: RecordBatch): boolean {
    const { records, error } = readable(partition, batch, this.#options.config.maxDecompressedBatchBytes)
    partition.unpacked = undefined
    partition.aheadBytes = 0
    partition.openBytes = batch.decompressedBytes
    partition.buffer.take(error)
    const position = partition.position as number
    let first = 0
    while (first < records.length && (records[first] as RecordView).offset < position) first++
    const end = error?.firstOffset ?? batch.lastOffset + 1
    if (first < records.length) {
      partition.records = records
      partition.recordIndex = first
      partition.recordsEpoch = batch.leaderEpoch
      partition.recordsEnd = end
      return true
    }
    // It was emptied by compaction, or was handed over before.
    partition.openBytes = 0
    if (!error) this.#moved(partition, end)
    return false
  }

  #moved(partition: AssignedPartition, end: number): void {
    if (end <= (partition.position as number)) return
    partition.position = end
  }

  #fail(partition: AssignedPartition, error: UnreadableBatchError): never {
    partition.drop()
    this.#options.positions.rotate(partition)
    this.#options.onDropped(partition)
    throw error
  }
}
