import type { AsyncOptions } from '../compression/codec.ts'
import { decompress, decompressAsync } from '../compression/codec.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_PREFIX_BYTES,
  BatchHeader,
  batchField,
  readExactInt64,
  readInt64,
} from './batch-header.ts'
import { BatchCursor, RecordContext, readRecords } from './batch-record.ts'
import { CorruptRecordError } from './errors.ts'
import { readLegacyEntry } from './legacy-reader.ts'
import type { Limits, ReadOptions } from './limits.ts'
import { limitsOf, tooManyObjects } from './limits.ts'
import type { RecordCursor, RecordView, TimestampType } from './record.ts'
import type { RecordBatch } from './record-batch.ts'

/** What `records()` takes for each record, in memory. */
const RECORD_OBJECT_BYTES = 112
const MAGIC_AT = 16
/** length, attributes, two deltas, key, value and headers take a byte each at least. */
const MIN_RECORD_BYTES = 7

/**
 * The batches of a fetch response, one after the other. A batch that is cut off at the end is passed over in silence:
 * brokers cut at the size that was asked for.
 * @throws CorruptRecordError at the first batch that breaks the rules; those before it were given out.
 */
export function* readBatches(bytes: Uint8Array, options: ReadOptions = {}): Generator<RecordBatch, void> {
  const limits = limitsOf(options)
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let position = 0
  while (buffer.length - position >= BATCH_PREFIX_BYTES) {
    const size = buffer.readInt32BE(position + 8) + BATCH_PREFIX_BYTES
    // The least that any format needs: the fields up to the values of an empty message of magic 0.
    if (size < BATCH_PREFIX_BYTES + 14) throw new CorruptRecordError(`size ${size} is too small`, position)
    if (size > limits.maxBatchBytes) {
      const limit = `the limit of ${limits.maxBatchBytes} bytes (maxBatchBytes)`
      throw new CorruptRecordError(`size ${size} is beyond ${limit}`, position, offsetAt(buffer, position))
    }
    if (buffer.length - position <= MAGIC_AT) return
    const magic = buffer.readInt8(position + MAGIC_AT)
    if (magic < 0 || magic > 2)
      throw new CorruptRecordError(`magic ${magic} is not known`, position, offsetAt(buffer, position))
    if (size > buffer.length - position) return
    yield magic === 2 ? new Batch(buffer, position, limits) : readLegacyEntry(buffer, position, size, limits)
    position += size
  }
}

function offsetAt(buffer: Buffer, position: number): number | undefined {
  const offset = readInt64(buffer, position)
  return Number.isSafeInteger(offset) ? offset : undefined
}

class Batch implements RecordBatch {
  readonly magic = 2
  readonly header: BatchHeader
  readonly sizeInBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly #limits: Limits
  #bytes: Buffer | undefined
  #made: RecordContext | undefined
  #records: RecordView[] | undefined

  constructor(buffer: Buffer, position: number, limits: Limits) {
    const header = new BatchHeader(buffer, position)
    this.header = header
    this.#limits = limits
    this.sizeInBytes = header.sizeInBytes
    this.baseOffset = header.baseOffset
    if (this.sizeInBytes < BATCH_HEADER_BYTES) throw this.#corrupt(`size ${this.sizeInBytes} is too small`)
    this.lastOffset = header.lastOffset
    // Whoever walks over batches counts on with it, whether it looks at their records or not.
    if (!Number.isSafeInteger(this.baseOffset) || !Number.isSafeInteger(this.lastOffset))
      throw this.#corrupt(`offset ${this.baseOffset} is beyond the safe integers`)
    this.leaderEpoch = header.leaderEpoch
  }

  get codec(): number {
    return this.header.codec
  }

  get timestampType(): TimestampType {
    return this.header.isLogAppendTime ? 'LogAppendTime' : 'CreateTime'
  }

  get maxTimestamp(): number {
    const { maxTimestamp } = this.header
    return Number.isSafeInteger(maxTimestamp) ? maxTimestamp : -1
  }

  get maxTimestampBigInt(): bigint {
    return this.header.maxTimestampBigInt
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

  get decompressedBytes(): number {
    return this.#isPlain ? 0 : ((this.#bytes ?? this.#made?.bytes)?.length ?? 0)
  }

  checkCrc(): void {
    if (!this.header.isIntact()) throw this.#corrupt('its bytes do not match its CRC-32C')
  }

  records(): RecordView[] {
    this.#records ??= this.#readRecords()
    return this.#records
  }

  cursor(): RecordCursor {
    return new BatchCursor(this.#context(), this.header.count)
  }

  async decompressAsync(options: AsyncOptions = {}): Promise<void> {
    if (this.#made || this.#bytes) return
    this.#expectLegal()
    if (this.#isPlain) return
    const { maxDecompressedBytes } = this.#limits
    try {
      this.#bytes = await decompressAsync(this.codec, this.#content, maxDecompressedBytes, options)
    } catch (error) {
      throw this.#corrupt(`cannot be decompressed: ${(error as Error).message}`, error)
    }
  }

  #readRecords(): RecordView[] {
    const context = this.#context()
    const { count } = this.header
    const unpacked = this.#isPlain ? 0 : context.bytes.length
    const refusal = tooManyObjects(count * RECORD_OBJECT_BYTES + unpacked, this.sizeInBytes, this.#limits)
    if (refusal) throw this.#corrupt(`${count} records ${refusal}`)
    return readRecords(context, count)
  }

  #context(): RecordContext {
    this.#made ??= this.#prepare()
    return this.#made
  }

  #prepare(): RecordContext {
    const { header } = this
    this.#expectLegal()
    const bytes = this.#bytes ?? this.#decompressed()
    const { count } = header
    if (count * MIN_RECORD_BYTES > bytes.length) {
      throw this.#corrupt(`${count} records in ${bytes.length} bytes`)
    }
    return new RecordContext({
      bytes,
      baseOffset: this.baseOffset,
      // Of stamped records only this counts: base and deltas stay the producer's. Source: `DefaultRecordBatch`.
      baseTimestamp: readExactInt64(
        header.bytes,
        header.position + (header.isLogAppendTime ? batchField.maxTimestamp : batchField.baseTimestamp),
      ),
      isStamped: header.isLogAppendTime,
      timestampType: this.timestampType,
      maxHeaders: this.#limits.maxHeaders,
      corrupt: (what, cause) => this.#corrupt(what, cause),
    })
  }

  /** What the header alone gives away is refused before anything is decompressed. */
  #expectLegal(): void {
    const { count } = this.header
    const { maxRecords } = this.#limits
    if (count < 0) throw this.#corrupt(`${count} records`)
    if (count > maxRecords) {
      throw this.#corrupt(`${count} records are more than the limit of ${maxRecords} (maxRecords)`)
    }
  }

  get #content(): Buffer {
    const { bytes, position } = this.header
    return bytes.subarray(position + BATCH_HEADER_BYTES, position + this.sizeInBytes)
  }

  get #isPlain(): boolean {
    return this.codec === 0 || (this.header.count === 0 && this.sizeInBytes === BATCH_HEADER_BYTES)
  }

  #decompressed(): Buffer {
    if (this.#isPlain) return this.#content
    try {
      return decompress(this.codec, this.#content, this.#limits.maxDecompressedBytes)
    } catch (error) {
      throw this.#corrupt(`cannot be decompressed: ${(error as Error).message}`, error)
    }
  }

  #corrupt(what: string, cause?: unknown): CorruptRecordError {
    const { header, baseOffset, lastOffset } = this
    const known = Number.isSafeInteger(lastOffset) ? lastOffset : undefined
    return new CorruptRecordError(what, header.position, baseOffset, { cause, lastOffset: known })
  }
}
