import type { CorruptRecordError } from './errors.ts'

/** A header as it is given for sending. */
export interface Header {
  key: string
  value: Uint8Array | string | null
}

/** A header as it was received. */
export interface ReceivedHeader {
  key: string
  value: Uint8Array | null
}

export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

/** What the records of one batch share. */
export class RecordContext {
  /** The decompressed records. */
  readonly bytes: Buffer
  /** Where they are. Asking a buffer for its memory costs about as much as making a view of it. */
  readonly memory: ArrayBuffer
  readonly memoryAt: number
  readonly timestampType: TimestampType
  readonly corrupt: (what: string, cause?: unknown) => CorruptRecordError

  constructor(
    bytes: Buffer,
    timestampType: TimestampType,
    corrupt: (what: string, cause?: unknown) => CorruptRecordError,
  ) {
    this.bytes = bytes
    this.memory = bytes.buffer as ArrayBuffer
    this.memoryAt = bytes.byteOffset
    this.timestampType = timestampType
    this.corrupt = corrupt
  }
}

interface FastBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
}

/**
 * A record as a view of its batch: a few numbers, and the content only when it is asked for. It keeps the memory of
 * the whole batch alive; copy what is to be kept for long.
 */
export class RecordView {
  /** Position in the partition. */
  readonly offset: number
  /** Milliseconds since the epoch; -1 when there is none. */
  readonly timestamp: number
  readonly #context: RecordContext
  readonly #keyAt: number
  /** -1: null. */
  readonly keySize: number
  readonly #valueAt: number
  /** -1: null. */
  readonly valueSize: number
  readonly #headersAt: number
  readonly #end: number

  constructor(
    context: RecordContext,
    offset: number,
    timestamp: number,
    keyAt: number,
    keySize: number,
    valueAt: number,
    valueSize: number,
    headersAt: number,
    end: number,
  ) {
    this.#context = context
    this.offset = offset
    this.timestamp = timestamp
    this.#keyAt = keyAt
    this.keySize = keySize
    this.#valueAt = valueAt
    this.valueSize = valueSize
    this.#headersAt = headersAt
    this.#end = end
  }

  get timestampType(): TimestampType {
    return this.#context.timestampType
  }

  /** A view, not a copy. */
  get key(): Buffer | null {
    return this.keySize < 0 ? null : view(this.#context, this.#keyAt, this.keySize)
  }

  /** A view, not a copy. */
  get value(): Buffer | null {
    return this.valueSize < 0 ? null : view(this.#context, this.#valueAt, this.valueSize)
  }

  /** The value read as UTF-8; cheaper than `value.toString()`. */
  get valueText(): string | null {
    if (this.valueSize < 0) return null
    return (this.#context.bytes as FastBuffer).utf8Slice(this.#valueAt, this.#valueAt + this.valueSize)
  }

  get keyText(): string | null {
    if (this.keySize < 0) return null
    return (this.#context.bytes as FastBuffer).utf8Slice(this.#keyAt, this.#keyAt + this.keySize)
  }

  /** Bytes that the headers take on the wire. */
  get headersSize(): number {
    return this.#end - this.#headersAt
  }

  /**
   * In order, duplicates kept.
   * @throws CorruptRecordError when they cannot be read.
   */
  get headers(): ReceivedHeader[] {
    return this.headersSize <= 0 ? [] : readHeaders(this.#context, this.#headersAt, this.#end)
  }
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
  const cursor = { at: start }
  const headers: ReceivedHeader[] = []
  const count = readVarint(bytes, cursor, end)
  if (count === undefined || count < 0 || count > end - cursor.at) throw context.corrupt(`${count} headers`)
  for (let index = 0; index < count; index++) {
    const keySize = readVarint(bytes, cursor, end)
    if (keySize === undefined || keySize < 0 || keySize > end - cursor.at) {
      throw context.corrupt(`header key of ${keySize} bytes`)
    }
    const key = (bytes as FastBuffer).utf8Slice(cursor.at, cursor.at + keySize)
    cursor.at += keySize
    const size = readVarint(bytes, cursor, end)
    if (size === undefined || size < -1 || size > end - cursor.at) {
      throw context.corrupt(`header value of ${size} bytes`)
    }
    headers.push({ key, value: size < 0 ? null : view(context, cursor.at, size) })
    cursor.at += Math.max(0, size)
  }
  if (cursor.at !== end) throw context.corrupt(`${end - cursor.at} bytes are left over after the headers`)
  return headers
}

/** A zigzag varint of 32 bits; undefined when it is cut off or too long. */
export function readVarint(bytes: Uint8Array, cursor: { at: number }, end: number): number | undefined {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    if (cursor.at >= end) return undefined
    const byte = bytes[cursor.at++] as number
    if (shift === 28 && byte > 0x0f) return undefined
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
  }
  return undefined
}

/** A zigzag varlong as a number; undefined when it is cut off, too long, or beyond the safe integers. */
export function readVarlong(bytes: Uint8Array, cursor: { at: number }, end: number): number | undefined {
  // Four bytes cover all deltas of timestamps and sizes that one meets; the rest goes the exact way.
  let value = 0
  const start = cursor.at
  for (let shift = 0; shift < 28; shift += 7) {
    if (cursor.at >= end) return undefined
    const byte = bytes[cursor.at++] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
  }
  let wide = 0n
  cursor.at = start
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (cursor.at >= end) return undefined
    const byte = bytes[cursor.at++] as number
    if (shift === 63n && byte > 1) return undefined
    wide |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) {
      const signed = Number((wide >> 1n) ^ -(wide & 1n))
      return Number.isSafeInteger(signed) ? signed : undefined
    }
  }
  return undefined
}
