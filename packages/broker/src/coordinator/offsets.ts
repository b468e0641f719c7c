import {
  BatchWriter,
  codec,
  int32,
  int64,
  message,
  Reader,
  readBatches,
  string,
  Writer,
} from '@samsa/protocol'

/** Key of a committed offset in `__consumer_offsets`, with the record type in front (0 or 1). */
const OffsetCommitKey = message(
  'OffsetCommitKey',
  { versions: [0, 1] },
  {
    group: string,
    topic: string,
    partition: int32,
  },
)

/** Value of a committed offset, with its version in front. */
const OffsetCommitValue = message(
  'OffsetCommitValue',
  { versions: [0, 4], flexible: 4 },
  {
    offset: int64,
    leaderEpoch: int32.since(3).default(-1).ignorable(),
    metadata: string,
    commitTimestamp: int64,
    expireTimestamp: int64.since(1).until(1).default(-1).ignorable(),
  },
)

const KEY_VERSION = 1
const VALUE_VERSION = 3

export interface CommittedOffset {
  offset: number
  /** -1 when the consumer did not say. */
  leaderEpoch: number
  metadata: string
  /** Wall clock, milliseconds. */
  commitTimestamp: number
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

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition)
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

  /** Applies a batch of `__consumer_offsets`; records of other kinds are passed over. */
  apply(batch: Uint8Array): void {
    for (const read of readBatches(batch)) {
      if (read.isControl) continue
      for (const record of read.records()) if (record.key) this.#apply(record.key, record.value)
    }
  }

  #apply(keyBytes: Uint8Array, valueBytes: Uint8Array | null): void {
    const keyReader = new Reader(keyBytes)
    const type = keyReader.int16()
    if (type !== 0 && type !== 1) return
    const { group, topic, partition } = codec(OffsetCommitKey, type).decode(keyReader)
    const topics = this.#groups.get(group) ?? new Map<string, Map<number, CommittedOffset>>()
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>()
    if (valueBytes === null) partitions.delete(partition)
    else {
      const reader = new Reader(valueBytes)
      const { offset, leaderEpoch, metadata, commitTimestamp } = codec(
        OffsetCommitValue,
        reader.int16(),
      ).decode(reader)
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
    const keyWriter = new Writer(64)
    keyWriter.int16(KEY_VERSION)
    codec(OffsetCommitKey, KEY_VERSION).encode(keyWriter, key)
    let valueBytes: Uint8Array | null = null
    if (value) {
      const valueWriter = new Writer(64)
      valueWriter.int16(VALUE_VERSION)
      codec(OffsetCommitValue, VALUE_VERSION).encode(valueWriter, value)
      valueBytes = valueWriter.finishContiguous()
    }
    writer.append(timestamp, keyWriter.finishContiguous(), valueBytes, undefined)
  }
  return writer.finish()
}
