import type { RecordBatch } from '@samsa/protocol'
import {
  BatchWriter,
  decodeInternalRecord,
  encodeInternalKey,
  encodeInternalValue,
  internalRecords,
  Reader,
  readBatches,
} from '@samsa/protocol'

const { OffsetCommit } = internalRecords.__consumer_offsets
/** Brokers since Kafka 2.1 read it; version 4 would only add the id of the topic. */
const VALUE_VERSION = 3
/** Types of the records that tell of a committed offset. */
const LEGACY_OFFSET_COMMIT = 0
const OFFSET_COMMIT = 1

export interface CommittedOffset {
  /** Any int64: nobody compares it with the log. A bigint where a number would not be exact. */
  offset: number | bigint
  /** -1 when the consumer did not say. */
  leaderEpoch: number
  metadata: string
  /** Wall clock, milliseconds. */
  commitTimestamp: number | bigint
}

export interface OffsetKey {
  group: string
  topic: string
  partition: number
}

/**
 * Committed offsets. They change only by applying records of `__consumer_offsets`, so that reading that topic after a
 * restart gives the same state.
 */
export class Offsets {
  readonly #groups = new Map<string, Map<string, Map<number, CommittedOffset>>>()
  /** Batches of transactions that have neither been committed nor aborted. */
  readonly #open = new Map<bigint, RecordBatch[]>()

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition)
  }

  /** Forgets everything: the topic itself is gone. */
  clear(): void {
    this.#groups.clear()
    this.#open.clear()
  }

  groups(): string[] {
    return [...this.#groups.keys()]
  }

  /** All that a group has committed. */
  *of(group: string): Generator<OffsetKey & CommittedOffset, void> {
    for (const [topic, partitions] of this.#groups.get(group) ?? []) {
      for (const [partition, committed] of partitions) yield { group, topic, partition, ...committed }
    }
  }

  /**
   * Applies a batch of `__consumer_offsets`; records of other kinds are passed over. What was committed in a
   * transaction counts from its marker on, or never.
   */
  apply(batch: Uint8Array): void {
    for (const read of readBatches(batch)) {
      if (read.isControl) this.#settle(read)
      else if (read.isTransactional)
        this.#open.set(read.producerId, [...(this.#open.get(read.producerId) ?? []), read])
      else this.#applyAll(read)
    }
  }

  #settle(marker: RecordBatch): void {
    const open = this.#open.get(marker.producerId) ?? []
    this.#open.delete(marker.producerId)
    // Key of a marker: its version, then 0 for an abort and 1 for a commit (`ControlRecordType`).
    if (marker.records()[0]?.key?.readInt16BE(2) === 1) for (const batch of open) this.#applyAll(batch)
  }

  #applyAll(batch: RecordBatch): void {
    for (const record of batch.records()) if (record.key) this.#apply(record.key, record.value)
  }

  #apply(keyBytes: Uint8Array, valueBytes: Uint8Array | null): void {
    // Records of groups and their members are not looked into: what is wrong with them must not cost the offsets.
    const type = new Reader(keyBytes).int16()
    if (type !== OFFSET_COMMIT && type !== LEGACY_OFFSET_COMMIT) return
    const record = decodeInternalRecord('__consumer_offsets', keyBytes, valueBytes)
    if (record?.name !== 'OffsetCommit' && record?.name !== 'LegacyOffsetCommit') return
    const { group, topic, partition } = record.key
    const topics = this.#groups.get(group) ?? new Map<string, Map<number, CommittedOffset>>()
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>()
    if (record.value === null) partitions.delete(partition)
    else {
      const { offset, metadata, commitTimestamp } = record.value
      const leaderEpoch = record.name === 'OffsetCommit' ? record.value.leaderEpoch : -1
      partitions.set(partition, { offset, leaderEpoch, metadata, commitTimestamp })
    }
    if (partitions.size > 0) topics.set(topic, partitions)
    else topics.delete(topic)
    if (topics.size > 0) this.#groups.set(group, topics)
    else this.#groups.delete(group)
  }
}

/** The batch that stores or, without a value, removes committed offsets. */
export function offsetsBatch(
  entries: readonly { key: OffsetKey; value: CommittedOffset | null }[],
  timestamp: number,
): Uint8Array {
  const writer = new BatchWriter(256)
  for (const { key, value } of entries) {
    const stored = value && encodeInternalValue(OffsetCommit, VALUE_VERSION, value)
    writer.append(timestamp, encodeInternalKey(OffsetCommit, key), stored, undefined)
  }
  return writer.finish()
}
