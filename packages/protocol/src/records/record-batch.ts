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
  /** Bytes that decompression has made of it so far and that it keeps; 0 when it is not compressed. */
  readonly unpackedBytes: number
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
   * Decompresses the records where `decompressAsync` does it, so that `records` and `cursor` need not. The formats
   * before magic 2 are left for those two.
   * @throws CorruptRecordError when they cannot be decompressed, or are beyond the limits
   */
  decompressAsync(options?: AsyncOptions): Promise<void>
}
