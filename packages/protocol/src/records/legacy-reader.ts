import type { AsyncOptions } from '../compression/codec.ts'
import { decompress, decompressAsync } from '../compression/codec.ts'
import { readExactInt64, readInt64 } from './batch-header.ts'
import { BatchRecord, RecordContext } from './batch-record.ts'
import { crc32 } from './crc32.ts'
import { CorruptRecordError } from './errors.ts'
import type { Limits } from './limits.ts'
import { tooManyObjects } from './limits.ts'
import type { RecordCursor, RecordView, TimestampType } from './record.ts'
import type { RecordBatch } from './record-batch.ts'

/** What each message inside takes in memory: what it says, its record, and what its record shares with no other. */
const MESSAGE_OBJECT_BYTES = 480
/** offset and size, which the checksum does not cover. */
const ENTRY_PREFIX_BYTES = 12

/** One message of magic 0 or 1; `value` may be a compressed set of further messages. */
interface Message {
  offset: number
  magic: number
  attributes: number
  timestamp: number | bigint
  keyAt: number
  keySize: number
  valueAt: number
  valueSize: number
}

/**
 * A message of the formats before Kafka 0.11 (magic 0 and 1). Compressed, its value is a set of messages: with magic 1
 * their offsets count from the first, and the wrapper carries the last one's. Source: `AbstractLegacyRecordBatch`.
 */
export function readLegacyEntry(buffer: Buffer, position: number, size: number, limits: Limits): RecordBatch {
  const offset = readInt64(buffer, position)
  // That of a compressed message is its last one's.
  const lastOffset = Number.isSafeInteger(offset) ? offset : undefined
  const corrupt = (what: string, cause?: unknown) =>
    new CorruptRecordError(what, position, offset, { cause, lastOffset })
  const outer = readMessage(buffer, position, size, corrupt)
  return new LegacyBatch(buffer, position, size, outer, limits, corrupt)
}

type Corrupt = (what: string, cause?: unknown) => CorruptRecordError

class LegacyBatch implements RecordBatch {
  readonly magic: number
  readonly sizeInBytes: number
  readonly lastOffset: number
  readonly leaderEpoch = -1
  readonly codec: number
  readonly maxTimestamp: number
  readonly maxTimestampBigInt: bigint
  readonly timestampType: TimestampType
  readonly producerId = -1n
  readonly producerEpoch = -1
  readonly baseSequence = -1
  readonly isTransactional = false
  readonly isControl = false
  readonly #check: () => boolean
  readonly #buffer: Buffer
  readonly #outer: Message
  readonly #limits: Limits
  #content: Buffer | undefined
  readonly #corrupt: Corrupt
  #records: BatchRecord[] | undefined
  #isChecked = false

  constructor(
    buffer: Buffer,
    position: number,
    size: number,
    outer: Message,
    limits: Limits,
    corrupt: Corrupt,
  ) {
    this.magic = outer.magic
    this.sizeInBytes = size
    this.lastOffset = outer.offset
    this.codec = outer.attributes & 0x07
    this.maxTimestamp = typeof outer.timestamp === 'number' ? outer.timestamp : -1
    this.maxTimestampBigInt = BigInt(outer.timestamp)
    this.timestampType = timestampTypeOf(outer)
    const covered = buffer.subarray(position + ENTRY_PREFIX_BYTES + 4, position + size)
    this.#check = () => crc32(covered) === buffer.readUInt32BE(position + ENTRY_PREFIX_BYTES)
    this.#buffer = buffer
    this.#outer = outer
    this.#limits = limits
    this.#corrupt = corrupt
  }

  get baseOffset(): number {
    return this.codec === 0 ? this.lastOffset : (this.records()[0]?.offset ?? this.lastOffset)
  }

  /** That of the message; those of messages inside are checked when they are read, as Kafka's consumer does. */
  checkCrc(): void {
    if (!this.#check()) throw this.#corrupt('its bytes do not match its CRC-32')
    this.#isChecked = true
    if (this.#records) this.#checkInside(this.#records)
  }

  records(): RecordView[] {
    if (!this.#records) {
      const records = this.#read()
      if (this.#isChecked) this.#checkInside(records)
      this.#records = records
    }
    return this.#records
  }

  #checkInside([first]: readonly BatchRecord[]): void {
    if (this.codec === 0 || !first) return
    const { bytes } = first.context
    for (let at = 0; at < bytes.length; ) {
      const end = at + ENTRY_PREFIX_BYTES + bytes.readInt32BE(at + 8)
      const covered = bytes.subarray(at + ENTRY_PREFIX_BYTES + 4, end)
      if (crc32(covered) !== bytes.readUInt32BE(at + ENTRY_PREFIX_BYTES))
        throw this.#corrupt(`the message at byte ${at} of its content does not match its CRC-32`)
      at = end
    }
  }

  cursor(): RecordCursor {
    return new ListCursor(this.records() as BatchRecord[])
  }

  get decompressedBytes(): number {
    return this.#content?.length ?? 0
  }

  async decompressAsync(options: AsyncOptions = {}): Promise<void> {
    if (this.codec === 0 || this.#content) return
    const packed = packedOf(this.#buffer, this.#outer, this.#corrupt)
    const all = { ...options, ...packed.options }
    try {
      this.#content = await decompressAsync(this.codec, packed.value, this.#limits.maxDecompressedBytes, all)
    } catch (error) {
      throw notDecompressed(error, this.#corrupt)
    }
  }

  #read(): BatchRecord[] {
    if (this.codec === 0) return [readPlain(this.#buffer, this.#outer, this.#corrupt)]
    this.#content ??= decompressed(
      this.#buffer,
      this.#outer,
      this.#limits.maxDecompressedBytes,
      this.#corrupt,
    )
    return readSet(this.#content, this.#outer, this.#limits, this.#corrupt)
  }
}

/** These formats are rare, and their records are found only by reading all of them: a cursor over what was found. */
class ListCursor extends BatchRecord implements RecordCursor {
  readonly #records: readonly BatchRecord[]
  #index = 0

  constructor(records: readonly BatchRecord[]) {
    super((records[0] as BatchRecord).context)
    this.#records = records
  }

  next(): boolean {
    const record = this.#records[this.#index++]
    if (record) Object.assign(this, record)
    return record !== undefined
  }
}

function readPlain(buffer: Buffer, message: Message, corrupt: Corrupt): BatchRecord {
  return recordOf(buffer, message, message.offset, message.timestamp, timestampTypeOf(message), corrupt)
}

/** The messages inside a compressed one. */
function readSet(content: Buffer, outer: Message, limits: Limits, corrupt: Corrupt): BatchRecord[] {
  const inner: Message[] = []
  for (let at = 0; at < content.length; ) {
    if (content.length - at < ENTRY_PREFIX_BYTES) throw corrupt('the compressed set ends inside a message')
    const size = content.readInt32BE(at + 8) + ENTRY_PREFIX_BYTES
    if (size > content.length - at) throw corrupt('the compressed set ends inside a message')
    const message = readMessage(content, at, size, corrupt)
    if ((message.attributes & 0x07) !== 0) throw corrupt('a compressed message inside a compressed message')
    inner.push(message)
    if (inner.length > limits.maxRecords) {
      throw corrupt(`more records than the limit of ${limits.maxRecords} (maxRecords)`)
    }
    const refusal = tooManyObjects(
      content.length + inner.length * MESSAGE_OBJECT_BYTES,
      outer.valueSize,
      limits,
    )
    if (refusal) throw corrupt(`its messages ${refusal}`)
    at += size
  }
  const base = baseOf(outer, inner.at(-1), corrupt)
  return inner.map((message) => {
    const { timestamp, type } = timeOf(message, outer)
    return recordOf(content, message, base + message.offset, timestamp, type, corrupt)
  })
}

/** What is added to the offsets inside. Source: `AbstractLegacyRecordBatch.DeepRecordsIterator`. */
function baseOf(outer: Message, last: Message | undefined, corrupt: Corrupt): number {
  if (!last) throw corrupt('a compressed message without messages')
  // Some versions of librdkafka left the offset of what they produced at 0.
  if (outer.magic === 0 || outer.offset === 0) return 0
  if (outer.offset < last.offset)
    throw corrupt(`offset ${outer.offset} is below that of its last message, ${last.offset}`)
  return outer.offset - last.offset
}

/** What is to be decompressed, and how. */
function packedOf(buffer: Buffer, outer: Message, corrupt: Corrupt) {
  const codec = outer.attributes & 0x07
  // zstd came with magic 2.
  if (codec > 3) throw corrupt(`codec ${codec} is not one of magic ${outer.magic}`)
  if (outer.valueSize < 0) throw corrupt('a compressed message without a value')
  const value = buffer.subarray(outer.valueAt, outer.valueAt + outer.valueSize)
  // Magic 0 was always written with a wrong header checksum of the lz4 frame, so only there it is forgiven.
  return { codec, value, options: { lenientLz4Header: outer.magic === 0 } }
}

function decompressed(buffer: Buffer, outer: Message, maxBytes: number, corrupt: Corrupt): Buffer {
  const { codec, value, options } = packedOf(buffer, outer, corrupt)
  try {
    return decompress(codec, value, maxBytes, options)
  } catch (error) {
    throw notDecompressed(error, corrupt)
  }
}

function notDecompressed(error: unknown, corrupt: Corrupt): CorruptRecordError {
  return corrupt(`cannot be decompressed: ${(error as Error).message}`, error)
}

function readMessage(buffer: Buffer, position: number, size: number, corrupt: Corrupt): Message {
  const end = position + size
  const magic = end - position > 16 ? buffer.readInt8(position + 16) : -1
  if (magic !== 0 && magic !== 1) throw corrupt(`magic ${magic} where 0 or 1 belongs`)
  const hasTimestamp = magic === 1
  const keySizeAt = position + 18 + (hasTimestamp ? 8 : 0)
  if (keySizeAt + 8 > end) throw corrupt(`size ${size} is too small`)
  const keySize = buffer.readInt32BE(keySizeAt)
  const keyAt = keySizeAt + 4
  const valueSizeAt = keyAt + Math.max(0, keySize)
  // Any negative size is null to Kafka (`Utils.sizeDelimited`).
  if (valueSizeAt + 4 > end) throw corrupt(`key of ${keySize} bytes`)
  const valueSize = buffer.readInt32BE(valueSizeAt)
  const valueAt = valueSizeAt + 4
  if (valueAt + Math.max(0, valueSize) !== end) throw corrupt(`value of ${valueSize} bytes`)
  const offset = readInt64(buffer, position)
  const timestamp = hasTimestamp ? readExactInt64(buffer, position + 18) : -1
  if (!Number.isSafeInteger(offset)) throw corrupt(`offset ${offset} is beyond the safe integers`)
  const attributes = buffer.readInt8(position + 17)
  return { offset, magic, attributes, timestamp, keyAt, keySize, valueAt, valueSize }
}

/**
 * The time of a message inside another. The two need not have the same magic: a broker of old wrapped what it got.
 * Source: `LegacyRecord.timestamp` and `timestampType`.
 */
function timeOf(message: Message, outer: Message): { timestamp: number | bigint; type: TimestampType } {
  const type = message.magic === 0 || outer.magic === 0 ? timestampTypeOf(message) : timestampTypeOf(outer)
  const isStamped = outer.magic === 1 && type === 'LogAppendTime'
  return { timestamp: isStamped ? outer.timestamp : message.timestamp, type }
}

function timestampTypeOf({ magic, attributes }: Message): TimestampType {
  if (magic === 0) return 'NoTimestampType'
  return (attributes & 0x08) !== 0 ? 'LogAppendTime' : 'CreateTime'
}

function recordOf(
  bytes: Buffer,
  message: Message,
  offset: number,
  timestamp: number | bigint,
  timestampType: TimestampType,
  corrupt: Corrupt,
): BatchRecord {
  const context = new RecordContext({
    bytes,
    baseOffset: offset,
    baseTimestamp: timestamp,
    isStamped: true,
    timestampType,
    maxHeaders: 0,
    corrupt,
  })
  const record = new BatchRecord(context)
  record.timestampDelta = context.stampedDelta
  record.keyAt = message.keyAt
  record.keySize = message.keySize
  record.valueAt = message.valueAt
  record.valueSize = message.valueSize
  return record
}
