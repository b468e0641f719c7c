import { decompress } from '../compression/codec.ts'
import { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES, BatchHeader } from './batch-header.ts'
import { CorruptRecordError } from './errors.ts'
import { readLegacyEntry } from './legacy-reader.ts'
import type { TimestampType } from './record.ts'
import { RecordContext, RecordView, readVarint, readVarlong } from './record.ts'

export interface ReadOptions {
  /** How large the records of one batch may become by decompression. Default 2^31 - 1, the largest legal batch. */
  maxDecompressedBytes?: number
}

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
  readonly maxTimestamp: number
  /** -1n when the producer was not idempotent. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** @throws CorruptRecordError when the checksum does not fit. */
  checkCrc(): void
  /** @throws CorruptRecordError when the records cannot be read. */
  records(): RecordView[]
}

const DEFAULT_MAX_BYTES = 0x7fff_ffff
const MAGIC_AT = 16
/** length, attributes, two deltas, key, value and headers take a byte each at least. */
const MIN_RECORD_BYTES = 7

/**
 * The batches of a fetch response, one after the other. A batch that is cut off at the end is passed over in silence:
 * brokers cut at the size that was asked for.
 * @throws CorruptRecordError at the first batch that breaks the rules; those before it were given out.
 */
export function* readBatches(bytes: Uint8Array, options: ReadOptions = {}): Generator<RecordBatch, void> {
  const maxBytes = options.maxDecompressedBytes ?? DEFAULT_MAX_BYTES
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let position = 0
  while (buffer.length - position >= BATCH_PREFIX_BYTES) {
    const size = buffer.readInt32BE(position + 8) + BATCH_PREFIX_BYTES
    // The least that any format needs: the fields up to the values of an empty message of magic 0.
    if (size < BATCH_PREFIX_BYTES + 14) throw new CorruptRecordError(`size ${size} is too small`, position)
    if (size > DEFAULT_MAX_BYTES) throw new CorruptRecordError(`size ${size} is beyond 2^31 - 1`, position)
    if (buffer.length - position <= MAGIC_AT) return
    const magic = buffer.readInt8(position + MAGIC_AT)
    if (magic < 0 || magic > 2) throw new CorruptRecordError(`magic ${magic} is not known`, position)
    if (size > buffer.length - position) return
    yield magic === 2
      ? new Batch(buffer, position, maxBytes)
      : readLegacyEntry(buffer, position, size, maxBytes)
    position += size
  }
}

class Batch implements RecordBatch {
  readonly magic = 2
  readonly header: BatchHeader
  readonly sizeInBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly maxTimestamp: number
  readonly #maxBytes: number
  #records: RecordView[] | undefined

  constructor(buffer: Buffer, position: number, maxBytes: number) {
    const header = new BatchHeader(buffer, position)
    this.header = header
    this.#maxBytes = maxBytes
    this.sizeInBytes = header.sizeInBytes
    this.baseOffset = header.baseOffset
    if (this.sizeInBytes < BATCH_HEADER_BYTES) throw this.#corrupt(`size ${this.sizeInBytes} is too small`)
    this.lastOffset = header.lastOffset
    this.leaderEpoch = header.leaderEpoch
    this.maxTimestamp = header.maxTimestamp
  }

  get codec(): number {
    return this.header.codec
  }

  get timestampType(): TimestampType {
    return this.header.isLogAppendTime ? 'LogAppendTime' : 'CreateTime'
  }

  get producerId(): bigint {
    return this.header.producerId
  }

  get producerEpoch(): number {
    return this.header.producerEpoch
  }

  get baseSequence(): number {
    return this.header.baseSequence
  }

  get isTransactional(): boolean {
    return this.header.isTransactional
  }

  get isControl(): boolean {
    return this.header.isControl
  }

  checkCrc(): void {
    if (!this.header.isIntact()) throw this.#corrupt('its bytes do not match its CRC-32C')
  }

  records(): RecordView[] {
    this.#records ??= this.#read()
    return this.#records
  }

  #read(): RecordView[] {
    const { header } = this
    for (const number of [this.baseOffset, this.lastOffset, this.maxTimestamp, header.baseTimestamp]) {
      if (!Number.isSafeInteger(number)) throw this.#corrupt(`${number} is beyond the safe integers`)
    }
    const bytes = this.#content()
    const { count } = header
    if (count < 0 || count * MIN_RECORD_BYTES > bytes.length) {
      throw this.#corrupt(`${count} records in ${bytes.length} bytes`)
    }
    return readRecords(bytes, count, {
      baseOffset: this.baseOffset,
      baseTimestamp: header.baseTimestamp,
      appendTime: header.isLogAppendTime ? this.maxTimestamp : undefined,
      context: new RecordContext(bytes, this.timestampType, (what, cause) => this.#corrupt(what, cause)),
    })
  }

  #content(): Buffer {
    const { bytes, position, codec } = this.header
    const content = bytes.subarray(position + BATCH_HEADER_BYTES, position + this.sizeInBytes)
    if (codec === 0 || (this.header.count === 0 && content.length === 0)) return content
    try {
      return decompress(codec, content, this.#maxBytes)
    } catch (error) {
      throw this.#corrupt(`cannot be decompressed: ${(error as Error).message}`, error)
    }
  }

  #corrupt(what: string, cause?: unknown): CorruptRecordError {
    return new CorruptRecordError(what, this.header.position, this.baseOffset, { cause })
  }
}

interface Shared {
  baseOffset: number
  baseTimestamp: number
  appendTime: number | undefined
  context: RecordContext
}

function readRecords(bytes: Buffer, count: number, shared: Shared): RecordView[] {
  const { baseOffset, baseTimestamp, appendTime, context } = shared
  const views = new Array<RecordView>(count)
  const cursor = { at: 0 }
  for (let index = 0; index < count; index++) {
    const size = readVarint(bytes, cursor, bytes.length)
    const end = cursor.at + (size ?? -1)
    if (size === undefined || size < 0 || end > bytes.length) {
      throw context.corrupt(`record ${index} of ${size} bytes where ${bytes.length - cursor.at} remain`)
    }
    cursor.at++ // Attributes of a record are not used.
    const timestampDelta = readVarlong(bytes, cursor, end)
    const offsetDelta = readVarint(bytes, cursor, end)
    // Any negative size is null to Kafka (`DefaultRecord`).
    const keySize = readVarint(bytes, cursor, end)
    const keyAt = cursor.at
    if (keySize !== undefined && keySize > 0) cursor.at += keySize
    const valueSize = readVarint(bytes, cursor, end)
    const valueAt = cursor.at
    if (valueSize !== undefined && valueSize > 0) cursor.at += valueSize
    if (
      timestampDelta === undefined ||
      offsetDelta === undefined ||
      keySize === undefined ||
      valueSize === undefined ||
      cursor.at >= end
    ) {
      throw context.corrupt(`record ${index} cannot be read`)
    }
    const timestamp = appendTime ?? baseTimestamp + timestampDelta
    const offset = baseOffset + offsetDelta
    if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(offset)) {
      throw context.corrupt(`record ${index} has an offset or timestamp beyond the safe integers`)
    }
    // One byte means "no headers" and is by far the most common; the others are checked when they are asked for.
    const headersAt = bytes[cursor.at] === 0 && cursor.at + 1 === end ? end : cursor.at
    views[index] = new RecordView(
      context,
      offset,
      timestamp,
      keyAt,
      keySize,
      valueAt,
      valueSize,
      headersAt,
      end,
    )
    cursor.at = end
  }
  if (cursor.at !== bytes.length)
    throw context.corrupt(`${bytes.length - cursor.at} bytes after the last record`)
  return views
}
