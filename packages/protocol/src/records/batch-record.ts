import { roomFor } from '../schema/room.ts'
import type { CorruptRecordError } from './errors.ts'
import type { ReceivedHeader, RecordCursor, RecordView, TimestampType } from './record.ts'
import { readVarint, readVarlong, readVarlongExactly } from './varint.ts'

interface FastBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
}

/** A header's key that was met before: the same names come again in every record. */
interface KnownName {
  readonly at: number
  readonly size: number
  readonly text: string
}

/** Names that are longer, or come later, are not compared with those before. */
const MOST_NAMES = 16
const MOST_NAME_BYTES = 64

export interface RecordContextOptions {
  /** The decompressed records. */
  bytes: Buffer
  baseOffset: number
  /** What the records' deltas are added to; with `isStamped` the time of all records. */
  baseTimestamp: number | bigint
  /** Whether the broker stamped the records: what the producer wrote as their times then counts for nothing. */
  isStamped: boolean
  timestampType: TimestampType
  maxHeaders: number
  corrupt: (what: string, cause?: unknown) => CorruptRecordError
}

/** What the records of one batch share. */
export class RecordContext {
  readonly bytes: FastBuffer
  /** Where they are. Asking a buffer for its memory costs about as much as making a view of it. */
  readonly memory: ArrayBuffer
  readonly memoryAt: number
  readonly baseOffset: number
  /** NaN where it is no safe integer: what is made of it is then made of `exactBaseTimestamp`. */
  readonly baseTimestamp: number
  readonly exactBaseTimestamp: number | bigint
  readonly isStamped: boolean
  readonly timestampType: TimestampType
  readonly maxHeaders: number
  readonly corrupt: (what: string, cause?: unknown) => CorruptRecordError
  /** The delta that records keep where all have the time of the batch. */
  readonly stampedDelta: number
  /** Whether a small delta leads to no offset or timestamp that is not a safe integer. */
  readonly isQuick: boolean
  /** By the header's place. */
  readonly names: KnownName[] = []

  constructor(options: RecordContextOptions) {
    const { bytes } = options
    this.bytes = bytes as FastBuffer
    this.memory = bytes.buffer as ArrayBuffer
    this.memoryAt = bytes.byteOffset
    this.baseOffset = options.baseOffset
    this.baseTimestamp = typeof options.baseTimestamp === 'number' ? options.baseTimestamp : Number.NaN
    this.exactBaseTimestamp = options.baseTimestamp
    this.isStamped = options.isStamped
    this.timestampType = options.timestampType
    this.maxHeaders = options.maxHeaders
    this.corrupt = options.corrupt
    this.stampedDelta = Number.isNaN(this.baseTimestamp) ? FAR_DELTA : 0
    this.isQuick = [this.baseOffset, this.baseTimestamp].every(
      (base) => Number.isSafeInteger(base) && Number.isSafeInteger(base + QUICK_DELTA),
    )
  }
}

/** Offset and timestamp are kept as what they add to the batch's: small integers, which take no memory of their own. */
export class BatchRecord implements RecordView {
  context: RecordContext
  offsetDelta = 0
  timestampDelta = 0
  keyAt = 0
  keySize = -1
  valueAt = 0
  valueSize = -1
  headersAt = 0
  end = 0

  constructor(context: RecordContext) {
    this.context = context
  }

  get offset(): number {
    return this.context.baseOffset + this.offsetDelta
  }

  get timestamp(): number {
    const { timestampDelta } = this
    return timestampDelta > FAR_DELTA
      ? this.context.baseTimestamp + timestampDelta
      : numberOf(this.timestampBigInt)
  }

  /** Java adds with 64 bits, which wrap. Source: `DefaultRecord.readFrom`. */
  get timestampBigInt(): bigint {
    const { timestampDelta, context } = this
    const delta = timestampDelta > FAR_DELTA ? BigInt(timestampDelta) : farDelta(context, timestampDelta)
    return BigInt.asIntN(64, BigInt(context.exactBaseTimestamp) + delta)
  }

  get timestampType(): TimestampType {
    return this.context.timestampType
  }

  get key(): Buffer | null {
    return this.keySize < 0 ? null : view(this.context, this.keyAt, this.keySize)
  }

  get value(): Buffer | null {
    return this.valueSize < 0 ? null : view(this.context, this.valueAt, this.valueSize)
  }

  get keyText(): string | null {
    return this.keySize < 0 ? null : this.context.bytes.utf8Slice(this.keyAt, this.keyAt + this.keySize)
  }

  get valueText(): string | null {
    if (this.valueSize < 0) return null
    return this.context.bytes.utf8Slice(this.valueAt, this.valueAt + this.valueSize)
  }

  get headersSize(): number {
    return this.end - this.headersAt
  }

  get headers(): ReceivedHeader[] {
    return this.headersSize <= 0 ? [] : readHeaders(this.context, this.headersAt, this.end)
  }
}

function numberOf(timestamp: bigint): number {
  const number = Number(timestamp)
  return Number.isSafeInteger(number) ? number : -1
}

/**
 * Where the timestamp is no safe integer, or its delta is none, not the delta is kept but where it stands, as a number
 * from this one downwards: so records need no place for what next to none of them has.
 */
const FAR_DELTA = -(2 ** 60)
/** Numbers of that size are so far apart. */
const FAR_STEP = 256

function farDeltaAt(at: number): number {
  return FAR_DELTA - at * FAR_STEP
}

function farDelta({ bytes, isStamped }: RecordContext, timestampDelta: number): bigint {
  if (isStamped) return 0n
  const at = (FAR_DELTA - timestampDelta) / FAR_STEP
  return readVarlongExactly(bytes, { at }, bytes.length) as bigint
}

/** Walks over the records of a batch of magic 2. */
export class BatchCursor extends BatchRecord implements RecordCursor {
  readonly #count: number
  #index = 0
  #next = 0

  constructor(context: RecordContext, count: number) {
    super(context)
    this.#count = count
  }

  next(): boolean {
    if (this.#index >= this.#count) {
      expectEnd(this.context, this.#next)
      return false
    }
    this.#next = readRecord(this, this.#index++, this.#next)
    return true
  }
}

/** All records of a batch of magic 2. */
export function readRecords(context: RecordContext, count: number): BatchRecord[] {
  const records = new Array<BatchRecord>(count)
  let at = 0
  for (let index = 0; index < count; index++) {
    const record = new BatchRecord(context)
    at = readRecord(record, index, at)
    records[index] = record
  }
  expectEnd(context, at)
  return records
}

function expectEnd({ bytes, corrupt }: RecordContext, at: number): void {
  if (at !== bytes.length) throw corrupt(`${bytes.length - at} bytes after the last record`)
}

/** Kept, since an object for each record would cost as much as reading it. */
const place = { at: 0 }

/** The most that the numbers before a short record's key take, and those behind it with the count of headers. */
const QUICK_BYTES = 2 + 1 + 2 + 2 + 2
const QUICK_TAIL_BYTES = 2 + 1
/** What a delta of two bytes stays below. */
const QUICK_DELTA = 0x2000

/** Reads the record that begins at `start` into `record` and says where it ends. */
function readRecord(record: BatchRecord, index: number, start: number): number {
  const end = readQuickly(record, start)
  return end < 0 ? readExactly(record, index, start) : end
}

/**
 * Reads a record whose numbers take one or two bytes each, as those of nearly all do, in half the time. It decides
 * nothing: whatever is larger, negative, near the end, or wrong gives -1, and is read exactly.
 */
function readQuickly(record: BatchRecord, start: number): number {
  const { context } = record
  const bytes: { readonly [at: number]: number; readonly length: number } = context.bytes
  const { length } = bytes
  if (start + QUICK_BYTES > length || !context.isQuick) return -1
  let at = start
  let size = bytes[at++] as number
  if (size > 0x7f) size = (size & 0x7f) | ((bytes[at++] as number) << 7)
  const end = at + (size >>> 1)
  let timestamp = bytes[++at] as number
  at++
  if (timestamp > 0x7f) timestamp = (timestamp & 0x7f) | ((bytes[at++] as number) << 7)
  let offset = bytes[at++] as number
  if (offset > 0x7f) offset = (offset & 0x7f) | ((bytes[at++] as number) << 7)
  let key = bytes[at++] as number
  if (key > 0x7f) key = (key & 0x7f) | ((bytes[at++] as number) << 7)
  // Bit 0 is the sign, and bit 14 that there is a third byte.
  if (((size | timestamp | offset) & 1) !== 0 || ((size | timestamp | offset | key) & 0x4000) !== 0) return -1
  const keySize = (key >>> 1) ^ -(key & 1)
  const keyAt = at
  if (keySize > 0) at += keySize
  if (end > length || at + QUICK_TAIL_BYTES > end) return -1
  let value = bytes[at++] as number
  if (value > 0x7f) value = (value & 0x7f) | ((bytes[at++] as number) << 7)
  const valueSize = (value >>> 1) ^ -(value & 1)
  const headersAt = valueSize > 0 ? at + valueSize : at
  if ((value & 0x4000) !== 0 || headersAt >= end) return -1
  record.timestampDelta = context.isStamped ? 0 : timestamp >>> 1
  record.offsetDelta = offset >>> 1
  record.keyAt = keyAt
  record.keySize = keySize
  record.valueAt = at
  record.valueSize = valueSize
  record.headersAt = headersAt + 1 === end && bytes[headersAt] === 0 ? end : headersAt
  record.end = end
  return end
}

function readExactly(record: BatchRecord, index: number, start: number): number {
  const { context } = record
  const { bytes } = context
  place.at = start
  const size = readVarint(bytes, place, bytes.length)
  const end = place.at + (size ?? -1)
  if (size === undefined || size < 0 || end > bytes.length) {
    throw context.corrupt(`record ${index} of ${size} bytes where ${bytes.length - place.at} remain`)
  }
  place.at++ // Attributes of a record are not used.
  const timestampDelta = readDelta(context, end)
  const offsetDelta = readVarint(bytes, place, end)
  // Any negative size is null to Kafka (`DefaultRecord`).
  const keySize = readVarint(bytes, place, end)
  record.keyAt = place.at
  if (keySize !== undefined && keySize > 0) place.at += keySize
  const valueSize = readVarint(bytes, place, end)
  record.valueAt = place.at
  if (valueSize !== undefined && valueSize > 0) place.at += valueSize
  if (
    timestampDelta === undefined ||
    offsetDelta === undefined ||
    keySize === undefined ||
    valueSize === undefined ||
    place.at >= end
  ) {
    throw context.corrupt(`record ${index} cannot be read`)
  }
  record.timestampDelta = context.isStamped ? context.stampedDelta : timestampDelta
  record.offsetDelta = offsetDelta
  record.keySize = keySize
  record.valueSize = valueSize
  record.end = end
  // One byte means "no headers" and is by far the most common; the others are checked when they are asked for.
  record.headersAt = bytes[place.at] === 0 && place.at + 1 === end ? end : place.at
  if (!Number.isSafeInteger(record.offset)) {
    throw context.corrupt(`record ${index} has an offset beyond the safe integers`)
  }
  return end
}

/** The delta of a timestamp at `place`, as records keep it; undefined when it is cut off or too long. */
function readDelta({ bytes, baseTimestamp }: RecordContext, end: number): number | undefined {
  const { at } = place
  const delta = readVarlong(bytes, place, end)
  if (delta !== undefined && Number.isSafeInteger(baseTimestamp + delta)) return delta
  place.at = at
  return readVarlongExactly(bytes, place, end) === undefined ? undefined : farDeltaAt(at)
}

type MakeBuffer = new (memory: ArrayBuffer, at: number, size: number) => Buffer

/** The class behind `Buffer`, where the runtime shows it: making a view costs half as much as by `Buffer.from`. */
const Species = speciesOf(Buffer as unknown as { [Symbol.species]?: unknown; prototype: Buffer })

function speciesOf({
  [Symbol.species]: species,
  prototype,
}: {
  [Symbol.species]?: unknown
  prototype: Buffer
}) {
  if (typeof species !== 'function' || species === Buffer || species.prototype !== prototype) return undefined
  return species as unknown as MakeBuffer
}

function view({ memory, memoryAt }: RecordContext, at: number, size: number): Buffer {
  return Species === undefined
    ? Buffer.from(memory, memoryAt + at, size)
    : new Species(memory, memoryAt + at, size)
}

function readHeaders(context: RecordContext, start: number, end: number): ReceivedHeader[] {
  const { bytes } = context
  place.at = start
  const count = readVarint(bytes, place, end)
  if (count === undefined || count < 0 || count > end - place.at) throw context.corrupt(`${count} headers`)
  if (count > context.maxHeaders) {
    throw context.corrupt(`${count} headers are more than the limit of ${context.maxHeaders} (maxHeaders)`)
  }
  const headers: ReceivedHeader[] = roomFor(count)
  for (let index = 0; index < count; index++) {
    const keySize = readVarint(bytes, place, end)
    if (keySize === undefined || keySize < 0 || keySize > end - place.at) {
      throw context.corrupt(`header key of ${keySize} bytes`)
    }
    const key = nameAt(context, index, place.at, keySize)
    place.at += keySize
    const size = readVarint(bytes, place, end)
    if (size === undefined || size > end - place.at) {
      throw context.corrupt(`header value of ${size} bytes`)
    }
    headers[index] = { key, value: size < 0 ? null : view(context, place.at, size) }
    if (size > 0) place.at += size
  }
  if (place.at !== end) throw context.corrupt(`${end - place.at} bytes are left over after the headers`)
  return headers
}

/** The name of a header; making a text costs more than seeing that it is the one of the record before. */
function nameAt({ bytes, names }: RecordContext, index: number, at: number, size: number): string {
  const known = names[index]
  if (known !== undefined && known.size === size && isSame(bytes, known.at, at, size)) return known.text
  const text = bytes.utf8Slice(at, at + size)
  if (index < MOST_NAMES && size <= MOST_NAME_BYTES) names[index] = { at, size, text }
  return text
}

function isSame(bytes: Buffer, one: number, other: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bytes[one + i] !== bytes[other + i]) return false
  return true
}
