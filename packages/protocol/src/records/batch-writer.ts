import type { AsyncOptions } from '../compression/codec.ts'
import { compress, compressAsync } from '../compression/codec.ts'
import type { CodecName } from '../compression/codec-name.ts'
import { codecNumber } from '../compression/codec-name.ts'
import { EncodeError, MalformedError } from '../errors/kafka-error.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_PREFIX_BYTES,
  BatchHeader,
  batchField,
  writeInt64,
} from './batch-header.ts'
import { readBatches } from './batch-reader.ts'
import { crc32c } from './crc32c.ts'
import type { Header } from './record.ts'
import { varintSize, varlongSize, writeSize, writeVarint, writeVarlong } from './varint.ts'

interface FastBuffer extends Buffer {
  utf8Write(text: string, at: number, length: number): number
}

/** What the header of a batch says besides what follows from its records. */
export interface FinishOptions {
  /** Default `none`. */
  codec?: CodecName
  /** The codec's own scale (`compressionLevel`); left out: Kafka's default. */
  level?: number | undefined
  /** Default -1n: not idempotent. */
  producerId?: bigint
  producerEpoch?: number
  baseSequence?: number
  isTransactional?: boolean
  isControl?: boolean
  /** Brokers set it; default 0. */
  baseOffset?: number
  /** Default -1: not known. */
  leaderEpoch?: number
}

/** length, attributes, two deltas, and the sizes of key, value and headers, at their longest. */
const RECORD_OVERHEAD_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5
const NULL_SIZE = 1 // zigzag of -1
const LEAST_ROOM = 256

/**
 * Writes records straight into the bytes of a batch of magic 2: no object is kept for a record, and the header is
 * filled in at the end. Text is written where ASCII would belong and moved only when it is not, because measuring
 * it first costs as much as writing it.
 */
export class BatchWriter {
  #buffer: FastBuffer
  #end = BATCH_HEADER_BYTES
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = -1

  /** @param room bytes of memory to begin with, or memory that nobody else uses any more; it grows as needed */
  constructor(room: number | Buffer = 16384) {
    const memory = typeof room === 'number' ? undefined : room
    const isEnough = memory !== undefined && memory.length >= LEAST_ROOM
    const size = typeof room === 'number' ? Math.max(room, LEAST_ROOM) : LEAST_ROOM
    this.#buffer = (isEnough ? memory : Buffer.allocUnsafeSlow(size)) as FastBuffer
  }

  get count(): number {
    return this.#count
  }

  /** Size of the batch, uncompressed. */
  get sizeInBytes(): number {
    return this.#end
  }

  /** Bytes of memory taken. */
  get capacity(): number {
    return this.#buffer.length
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /**
   * Appends a record.
   * @param timestamp milliseconds since the epoch, a whole number
   * @returns how many bytes the batch has grown by
   * @throws EncodeError when the timestamp is no whole number, the key or the value is undefined, or a header cannot be
   * written; the batch is then unchanged
   */
  append(
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly Header[] | undefined,
  ): number {
    if (!Number.isSafeInteger(timestamp) || key === undefined || value === undefined)
      throw new EncodeError(notWritable(timestamp, key))
    if (
      typeof key !== 'string' &&
      typeof value !== 'string' &&
      (headers === undefined || headers.length === 0)
    ) {
      return this.#appendBytes(timestamp, key, value)
    }
    const bound = recordSizeBound(key, value, headers)
    if (this.#end + bound > this.#buffer.length) this.#grow(bound)
    if (this.#count === 0) this.#baseTimestamp = timestamp
    const start = this.#end
    const buffer = this.#buffer
    // The size in front is written last; how many bytes it takes is guessed and mostly right.
    const guess = varintSize(8 + (key === null ? 0 : key.length) + (value === null ? 0 : value.length))
    let at = start + guess
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestamp - this.#baseTimestamp)
    at = writeVarint(buffer, at, this.#count)
    at = writeContent(buffer, at, key)
    at = writeContent(buffer, at, value)
    if (headers === undefined || headers.length === 0) buffer[at++] = 0
    else at = writeHeaders(buffer, at, headers)
    const size = at - start - guess
    const needed = varintSize(size)
    if (needed !== guess) buffer.copyWithin(start + needed, start + guess, at)
    writeVarint(buffer, start, size)
    this.#end = start + needed + size
    this.#count++
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    return needed + size
  }

  /** Without text the sizes are known beforehand, and every byte is written once. */
  #appendBytes(timestamp: number, key: Uint8Array | null, value: Uint8Array | null): number {
    const count = this.#count
    if (count === 0) this.#baseTimestamp = timestamp
    const delta = timestamp - this.#baseTimestamp
    const keyBytes = key === null ? 1 : varintSize(key.length) + key.length
    const valueBytes = value === null ? 1 : varintSize(value.length) + value.length
    const deltas = varlongSize(delta) + varintSize(count)
    const size = 1 + deltas + keyBytes + valueBytes + 1
    const total = varintSize(size) + size
    const start = this.#end
    if (start + total > this.#buffer.length) this.#grow(total)
    const buffer: Uint8Array = this.#buffer
    let at = writeSize(buffer, start, size)
    buffer[at++] = 0
    at = delta >= 0 && delta < 0x4000_0000 ? writeSize(buffer, at, delta) : writeVarlong(buffer, at, delta)
    at = writeSize(buffer, at, count)
    if (key === null) buffer[at++] = NULL_SIZE
    else {
      at = writeSize(buffer, at, key.length)
      buffer.set(key, at)
      at += key.length
    }
    if (value === null) buffer[at++] = NULL_SIZE
    else {
      at = writeSize(buffer, at, value.length)
      buffer.set(value, at)
      at += value.length
    }
    buffer[at] = 0
    this.#end = start + total
    this.#count = count + 1
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    return total
  }

  /**
   * The complete batch. Plain it is a view of the writer's own memory; compressed it is new memory, unless
   * compressing does not make it smaller. The writer must not be used afterwards.
   * @throws EncodeError when the codec has no such level, or a number does not fit its field
   */
  finish(options: FinishOptions = {}): Uint8Array {
    const { codec = 'none', level } = options
    if (codec === 'none') return this.#finished(undefined, options)
    return this.#finished(compress(codec, this.#records(), level), options)
  }

  /**
   * As `finish`, with the compressing done where `compressAsync` does it.
   * @throws EncodeError when the codec has no such level, or a number does not fit its field
   */
  async finishAsync(options: FinishOptions & AsyncOptions = {}): Promise<Uint8Array> {
    const { codec = 'none', level } = options
    if (codec === 'none') return this.#finished(undefined, options)
    return this.#finished(await compressAsync(codec, this.#records(), level, options), options)
  }

  #records(): Buffer {
    return this.#buffer.subarray(BATCH_HEADER_BYTES, this.#end)
  }

  #finished(content: Uint8Array | undefined, options: FinishOptions): Uint8Array {
    if (!content || content.length >= this.#end - BATCH_HEADER_BYTES) {
      const plain = this.#buffer.subarray(0, this.#end)
      this.#writeHeader(plain, 'none', options)
      return plain
    }
    const batch = Buffer.allocUnsafeSlow(BATCH_HEADER_BYTES + content.length)
    batch.set(content, BATCH_HEADER_BYTES)
    this.#writeHeader(batch, options.codec ?? 'none', options)
    return batch
  }

  #writeHeader(batch: Buffer, codec: CodecName, options: FinishOptions): void {
    const attributes =
      codecNumber(codec) | (options.isTransactional ? 0x10 : 0) | (options.isControl ? 0x20 : 0)
    try {
      this.#writeOptions(batch, options)
    } catch (error) {
      throw new EncodeError(`the header of a batch cannot be written: ${(error as Error).message}`, {
        cause: error,
      })
    }
    writeInt64(batch, batchField.baseTimestamp, this.#count === 0 ? -1 : this.#baseTimestamp)
    writeInt64(batch, batchField.maxTimestamp, this.#maxTimestamp)
    batch.writeInt32BE(batch.length - BATCH_PREFIX_BYTES, batchField.length)
    batch.writeInt8(2, batchField.magic)
    batch.writeInt16BE(attributes, batchField.attributes)
    batch.writeInt32BE(this.#count - 1, batchField.lastOffsetDelta)
    batch.writeInt32BE(this.#count, batchField.count)
    batch.writeUInt32BE(crc32c(batch, batchField.attributes), batchField.crc)
  }

  #writeOptions(batch: Buffer, options: FinishOptions): void {
    writeInt64(batch, batchField.baseOffset, options.baseOffset ?? 0)
    batch.writeInt32BE(options.leaderEpoch ?? -1, batchField.leaderEpoch)
    batch.writeBigInt64BE(options.producerId ?? -1n, batchField.producerId)
    batch.writeInt16BE(options.producerEpoch ?? -1, batchField.producerEpoch)
    batch.writeInt32BE(options.baseSequence ?? -1, batchField.baseSequence)
  }

  #grow(bound: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#end + bound)) as FastBuffer
    larger.set(this.#buffer.subarray(0, this.#end))
    this.#buffer = larger
  }
}

function notWritable(timestamp: number, key: unknown): string {
  if (!Number.isSafeInteger(timestamp)) return `timestamp ${timestamp} is no whole number`
  return `the ${key === undefined ? 'key' : 'value'} of a record is undefined; null is none`
}

/** The most bytes a record can take in a batch. Source: `DefaultRecord.recordSizeUpperBound`. */
export function recordSizeBound(
  key: Uint8Array | string | null,
  value: Uint8Array | string | null,
  headers: readonly Header[] | undefined,
): number {
  let bound = RECORD_OVERHEAD_BYTES + contentBound(key) + contentBound(value)
  if (headers)
    for (const header of headers) bound += 10 + contentBound(header.key) + contentBound(header.value)
  return bound
}

function contentBound(content: Uint8Array | string | null): number {
  if (content === null) return 0
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  return typeof content === 'string' ? content.length * 3 : content.length
}

/**
 * The records of a batch in several smaller ones, each of at most `maxBytes` unless it is a single record; used when a
 * broker finds a batch too large.
 * @throws CorruptRecordError when the batch cannot be read
 */
export function splitBatch(batch: Uint8Array, maxBytes: number): BatchWriter[] {
  const writers: BatchWriter[] = []
  for (const read of readBatches(batch)) {
    for (const record of read.records()) {
      let writer = writers.at(-1)
      const bound =
        RECORD_OVERHEAD_BYTES +
        Math.max(0, record.keySize) +
        Math.max(0, record.valueSize) +
        record.headersSize
      if (!writer || (writer.count > 0 && writer.sizeInBytes + bound > maxBytes)) {
        writer = new BatchWriter(Math.min(maxBytes, 65536))
        writers.push(writer)
      }
      writer.append(record.timestamp, record.key, record.value, record.headers)
    }
  }
  return writers
}

/** Which side of a transaction a marker ends. */
export type MarkerType = 'abort' | 'commit'

const markerTypes: Record<MarkerType, number> = { abort: 0, commit: 1 }

/**
 * The control batch that ends a producer's transaction on a partition. Source: `EndTransactionMarker`.
 * @param timestamp milliseconds since the epoch
 * @throws EncodeError for a type that is neither, and for a number that does not fit its field
 */
export function controlBatch(
  type: MarkerType,
  producerId: bigint,
  producerEpoch: number,
  timestamp: number,
  coordinatorEpoch: number,
): Uint8Array {
  if (!Object.hasOwn(markerTypes, type)) throw new EncodeError(`a marker is 'abort' or 'commit', not ${type}`)
  if (!Number.isInteger(coordinatorEpoch) || Math.abs(coordinatorEpoch) > 0x7fff_ffff)
    throw new EncodeError(`coordinator epoch ${coordinatorEpoch} is no int32`)
  const key = Buffer.alloc(4)
  key.writeInt16BE(markerTypes[type], 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(coordinatorEpoch, 2)
  const writer = new BatchWriter(256)
  writer.append(timestamp, key, value, undefined)
  return writer.finish({ producerId, producerEpoch, isTransactional: true, isControl: true })
}

/** Says what a control record is: its type number, e.g. 0 abort, 1 commit, 2 leader change. */
export function controlType(key: Uint8Array | null): number | undefined {
  return key && key.length >= 4 ? ((key[2] as number) << 8) | (key[3] as number) : undefined
}

/**
 * Header of a batch at the beginning of `bytes`.
 * @throws MalformedError when there are fewer than a header has
 */
export function headerOf(bytes: Uint8Array): BatchHeader {
  if (bytes.length < BATCH_HEADER_BYTES)
    throw new MalformedError(`a batch begins with ${BATCH_HEADER_BYTES} bytes, here are ${bytes.length}`, 0)
  return new BatchHeader(bytes)
}

function writeContent(buffer: FastBuffer, at: number, content: Uint8Array | string | null): number {
  if (content === null) {
    buffer[at] = NULL_SIZE
    return at + 1
  }
  if (typeof content === 'string') return writeText(buffer, at, content)
  const next = writeVarint(buffer, at, content.length)
  buffer.set(content, next)
  return next + content.length
}

function writeText(buffer: FastBuffer, at: number, text: string): number {
  const guess = varintSize(text.length)
  const written = buffer.utf8Write(text, at + guess, text.length * 3)
  const needed = varintSize(written)
  if (needed !== guess) buffer.copyWithin(at + needed, at + guess, at + guess + written)
  writeVarint(buffer, at, written)
  return at + needed + written
}

function writeHeaders(buffer: FastBuffer, start: number, headers: readonly Header[]): number {
  let at = writeVarint(buffer, start, headers.length)
  for (const { key, value } of headers) {
    if (typeof key !== 'string') throw new EncodeError('the key of a header must be text')
    at = writeText(buffer, at, key)
    at = writeContent(buffer, at, value ?? null)
  }
  return at
}
