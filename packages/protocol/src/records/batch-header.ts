import { crc32c } from './crc32c.ts'

/**
 * Where the fields of a batch of magic 2 are, counted from its first byte. The first three are outside of the
 * checksum, so that a broker can set them without touching the rest. Source: `DefaultRecordBatch`.
 */
export const batchField = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const

/** Bytes of a batch before its first record. */
export const BATCH_HEADER_BYTES = 61
/** Bytes that the length field does not count. */
export const BATCH_PREFIX_BYTES = 12

const LOG_APPEND_TIME = 0x08

/** A batch's header, read and written in place. */
export class BatchHeader {
  readonly bytes: Buffer
  readonly position: number

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
  }

  get baseOffset(): number {
    return readInt64(this.bytes, this.position)
  }

  set baseOffset(offset: number) {
    writeInt64(this.bytes, this.position, offset)
  }

  /** The whole batch with its prefix. */
  get sizeInBytes(): number {
    return this.bytes.readInt32BE(this.position + batchField.length) + BATCH_PREFIX_BYTES
  }

  get leaderEpoch(): number {
    return this.bytes.readInt32BE(this.position + batchField.leaderEpoch)
  }

  set leaderEpoch(epoch: number) {
    this.bytes.writeInt32BE(epoch, this.position + batchField.leaderEpoch)
  }

  get magic(): number {
    return this.bytes.readInt8(this.position + batchField.magic)
  }

  get crc(): number {
    return this.bytes.readUInt32BE(this.position + batchField.crc)
  }

  get attributes(): number {
    return this.bytes.readInt16BE(this.position + batchField.attributes)
  }

  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get codec(): number {
    return this.attributes & 0x07
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & LOG_APPEND_TIME) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & 0x10) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & 0x20) !== 0
  }

  get hasDeleteHorizon(): boolean {
    return (this.attributes & 0x40) !== 0
  }

  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(this.position + batchField.lastOffsetDelta)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  /** Not a safe integer where the value is beyond those. */
  get baseTimestamp(): number {
    return readInt64(this.bytes, this.position + batchField.baseTimestamp)
  }

  /** Not a safe integer where the value is beyond those; `maxTimestampBigInt` is exact. */
  get maxTimestamp(): number {
    return readInt64(this.bytes, this.position + batchField.maxTimestamp)
  }

  get maxTimestampBigInt(): bigint {
    return this.bytes.readBigInt64BE(this.position + batchField.maxTimestamp)
  }

  get producerId(): bigint {
    return this.bytes.readBigInt64BE(this.position + batchField.producerId)
  }

  get producerEpoch(): number {
    return this.bytes.readInt16BE(this.position + batchField.producerEpoch)
  }

  get baseSequence(): number {
    return this.bytes.readInt32BE(this.position + batchField.baseSequence)
  }

  /** Sequence numbers wrap from 2^31-1 to 0; -1 when the batch has none. */
  get lastSequence(): number {
    return this.baseSequence < 0 ? -1 : addSequence(this.baseSequence, this.lastOffsetDelta)
  }

  get count(): number {
    return this.bytes.readInt32BE(this.position + batchField.count)
  }

  /** Whether the checksum fits; the batch must be whole. */
  isIntact(): boolean {
    return this.#checksum() === this.crc
  }

  /** Sets who wrote the batch, and its first sequence number; the checksum is made anew. */
  stampProducer(producerId: bigint, producerEpoch: number, baseSequence: number): void {
    this.bytes.writeBigInt64BE(producerId, this.position + batchField.producerId)
    this.bytes.writeInt16BE(producerEpoch, this.position + batchField.producerEpoch)
    this.bytes.writeInt32BE(baseSequence, this.position + batchField.baseSequence)
    this.sealChecksum()
  }

  /** Marks the batch as stamped by the broker, at a time for all of its records; the checksum is made anew. */
  stampLogAppendTime(timestamp: number): void {
    this.bytes.writeInt16BE(this.attributes | LOG_APPEND_TIME, this.position + batchField.attributes)
    writeInt64(this.bytes, this.position + batchField.maxTimestamp, timestamp)
    this.sealChecksum()
  }

  /** Marks the records as stamped by their producer, the last at this time; the checksum is made anew. */
  stampCreateTime(maxTimestamp: number | bigint): void {
    this.bytes.writeInt16BE(this.attributes & ~LOG_APPEND_TIME, this.position + batchField.attributes)
    this.bytes.writeBigInt64BE(BigInt(maxTimestamp), this.position + batchField.maxTimestamp)
    this.sealChecksum()
  }

  sealChecksum(): void {
    this.bytes.writeUInt32BE(this.#checksum(), this.position + batchField.crc)
  }

  #checksum(): number {
    return crc32c(this.bytes, this.position + batchField.attributes, this.position + this.sizeInBytes)
  }
}

/** Sequence numbers run from 0 to 2^31-1 and then from 0 again. Source: `DefaultRecordBatch.incrementSequence`. */
export function addSequence(sequence: number, count: number): number {
  return (sequence + count) % 0x8000_0000
}

/** An int64 as a number, or a bigint where a number would not be exact. */
export function readExactInt64(bytes: Buffer, at: number): number | bigint {
  const value = readInt64(bytes, at)
  return Number.isSafeInteger(value) ? value : bytes.readBigInt64BE(at)
}

/** An int64 as a number, which is not a safe integer where the value is beyond those. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

/** Writes a whole number, which must be a safe integer, as an int64. */
export function writeInt64(bytes: Buffer, at: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at)
  bytes.writeUInt32BE(value >>> 0, at + 4)
}
