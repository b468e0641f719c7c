import type { AsyncOptions } from '../compression/codec.ts'
import type { RecordCursor, RecordView, TimestampType } from './record.ts'

/** A batch of records, or a message of the formats before it. */
export interface RecordBatch {
  readonly magic: number
  readonly sizeInBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number
  readonly timestampType: TimestampType
  /** The latest of its records, or with LogAppendTime that of all; -1 when it is no safe integer. */
  readonly maxTimestamp: number
  /** The same exactly. */
  readonly maxTimestampBigInt: bigint
  /** -1n when the producer was not idempotent. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** Memory that the decompressed records take besides what came; 0 before, and for those that were not compressed. */
  readonly decompressedBytes: number
  /** @throws CorruptRecordError when the checksum does not fit. */
  checkCrc(): void
  /**
   * All records, each with an object of some hundred bytes; made once and kept. `cursor` takes no memory.
   * @throws CorruptRecordError when they cannot be read, or are beyond the limits
   */
  records(): RecordView[]
  /**
   * The records one after the other, without an object for each; every call begins anew.
   * @throws CorruptRecordError when they cannot be decompressed, or are beyond the limits
   */
  cursor(): RecordCursor
  /**
   * Decompresses the records where `decompressAsync` does it, so that `records` and `cursor` need not.
   * @throws CorruptRecordError when they cannot be decompressed, or are beyond the limits: its `cause` is then a
   * `DecompressedTooLargeError`
   */
  decompressAsync(options?: AsyncOptions): Promise<void>
}
