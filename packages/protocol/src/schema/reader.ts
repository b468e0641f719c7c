import { MalformedError } from '../errors/kafka-error.ts'
import { formatUuid } from '../uuid.ts'
import { roomFor } from './room.ts'

/** The longest text of a message in bytes of UTF-8, in all versions. */
export const TEXT_BYTES_MAX = 32767

/** The methods of node's Buffer that skip argument checks; Node, Bun and Deno all have them. */
interface FastBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
}

const NOTHING = Buffer.alloc(0)

/** What a message may take when it is decoded. */
export interface DecodeLimits {
  /**
   * Bytes of memory that the decoded value may take besides four times the frame. An element of a list can be a byte on
   * the wire and a hundred in memory, so a hostile frame could otherwise take fifty times its size. Default 256 MiB: a
   * Metadata response of some 800,000 partitions.
   */
  readonly maxDecodedBytes?: number | undefined
}

const DEFAULT_MAX_DECODED_BYTES = 256 * 1024 * 1024

/**
 * Reads Kafka's primitives, never past the end. A length or count is believed only after it was compared with what
 * remains, so hostile bytes cannot make it allocate. Byte fields are views of the given memory, not copies.
 */
export class Reader {
  readonly bytes: Buffer
  readonly end: number
  position: number
  readonly #mostDecodedBytes: number
  /** About what the decoded value takes, without the content of texts, which is at most twice that on the wire. */
  #decodedBytes = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, limits: DecodeLimits = {}) {
    this.#mostDecodedBytes = (limits.maxDecodedBytes ?? DEFAULT_MAX_DECODED_BYTES) + 2 * (end - start)
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = start
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Moves over `length` bytes and returns where they began. */
  take(length: number): number {
    const start = this.position
    if (length > this.end - start) {
      throw new MalformedError(`needs ${length} bytes where ${this.end - start} remain`, start)
    }
    this.position = start + length
    return start
  }

  /**
   * Accounts for memory that a decoded value is about to take.
   * @throws MalformedError when it is more than the limit.
   */
  charge(bytes: number): void {
    this.#decodedBytes += bytes
    if (this.#decodedBytes <= this.#mostDecodedBytes) return
    throw new MalformedError(
      `what was read so far would take about ${this.#decodedBytes} bytes of memory, more than ` +
        `${this.#mostDecodedBytes}: ask for less at once, or raise maxDecodedBytes`,
      this.position,
    )
  }

  boolean(): boolean {
    return this.bytes[this.take(1)] !== 0
  }

  int8(): number {
    return this.bytes.readInt8(this.take(1))
  }

  int16(): number {
    const at = this.take(2)
    const bytes: Uint8Array = this.bytes
    return (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number)
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.take(2))
  }

  int32(): number {
    const at = this.take(4)
    const bytes: Uint8Array = this.bytes
    return (
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    )
  }

  /** So many of them, one after the other. */
  int32s(count: number): number[] {
    const start = this.take(count * 4)
    const bytes: Uint8Array = this.bytes
    const list: number[] = roomFor(count)
    for (let index = 0, at = start; index < count; index++, at += 4) {
      list[index] =
        ((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)
    }
    return list
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.take(4))
  }

  /** An int64 as a number; refused outside of +-(2^53 - 1), where a number would silently become another one. */
  int64(): number {
    const at = this.take(8)
    const value = this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4)
    if (!Number.isSafeInteger(value)) {
      throw new MalformedError(`int64 ${this.bytes.readBigInt64BE(at)} is beyond the safe integers`, at)
    }
    return value
  }

  /** An int64 whose greatest value means "no limit" and is read as Infinity. */
  int64OrInfinity(): number {
    const at = this.position
    if (this.remaining >= 8 && this.bytes.readBigInt64BE(at) === 0x7fff_ffff_ffff_ffffn) {
      this.position += 8
      return Number.POSITIVE_INFINITY
    }
    return this.int64()
  }

  /** An int64 that is a bigint outside of +-(2^53 - 1), and a number otherwise. */
  int64OrBigint(): number | bigint {
    const at = this.take(8)
    const value = this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4)
    return Number.isSafeInteger(value) ? value : this.bytes.readBigInt64BE(at)
  }

  bigint64(): bigint {
    return this.bytes.readBigInt64BE(this.take(8))
  }

  float64(): number {
    return this.bytes.readDoubleBE(this.take(8))
  }

  uuid(): string {
    return formatUuid(this.bytes, this.take(16))
  }

  /** An unsigned varint of at most 32 bits. */
  uvarint(): number {
    const start = this.position
    // One byte by far the most often: sizes, counts, and "no tags".
    const first = start < this.end ? (this.bytes[start] as number) : 0x80
    if (first < 0x80) {
      this.position = start + 1
      return first
    }
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.take(1)] as number
      if (shift === 28 && byte > 0x0f) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new MalformedError('unsigned varint is longer than 32 bits', start)
  }

  /** A length that is -1 for null: int16 or int32, or in compact form an unsigned varint plus one. */
  length(compact: boolean, wide: boolean): number {
    const at = this.position
    const length = compact ? this.uvarint() - 1 : wide ? this.int32() : this.int16()
    if (length < -1) throw new MalformedError(`length ${length} is negative`, at)
    if (length > this.remaining) {
      throw new MalformedError(`length ${length} is more than the ${this.remaining} bytes that remain`, at)
    }
    return length
  }

  text(length: number): string {
    const start = this.take(length)
    return (this.bytes as FastBuffer).utf8Slice(start, start + length)
  }

  view(length: number): Uint8Array {
    // A list of empty fields would take a hundred bytes for each of its own.
    if (length === 0) return NOTHING
    const start = this.take(length)
    return this.bytes.subarray(start, start + length)
  }
}
