import { EncodeError } from '../errors/kafka-error.ts'
import { parseUuid } from '../uuid.ts'
import { TEXT_BYTES_MAX } from './reader.ts'

/** Byte fields from this size on are not copied but handed to the socket as a piece of their own. */
const REFERENCED_FROM = 4096

/**
 * Writes Kafka's primitives. The result is a list of pieces: what was written, and large byte fields by reference.
 * Those must not be changed until the pieces have left.
 */
export class Writer {
  #pieces: Uint8Array[] = []
  #piecesLength = 0
  #buffer: Buffer
  /** Where the piece that is being written begins. */
  #start = 0
  #position = 0

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#piecesLength + this.#position - this.#start
  }

  /** Everything written so far. The writer must not be used afterwards. */
  finish(): Uint8Array[] {
    this.#seal()
    return this.#pieces
  }

  /** The same as one piece of memory. */
  finishContiguous(): Uint8Array {
    const pieces = this.finish()
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    const at = this.#room(1)
    this.#buffer.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.#room(2)
    this.#buffer.writeInt16BE(value, at)
  }

  uint16(value: number): void {
    const at = this.#room(2)
    this.#buffer.writeUInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#room(4)
    this.#buffer.writeInt32BE(value, at)
  }

  uint32(value: number): void {
    const at = this.#room(4)
    this.#buffer.writeUInt32BE(value, at)
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new EncodeError(`${value} is not a safe integer`)
    const at = this.#room(8)
    this.#buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), at)
    this.#buffer.writeUInt32BE(value >>> 0, at + 4)
  }

  int64OrInfinity(value: number): void {
    if (value === Number.POSITIVE_INFINITY) this.bigint64(0x7fff_ffff_ffff_ffffn)
    else this.int64(value)
  }

  int64OrBigint(value: number | bigint): void {
    if (typeof value === 'bigint') this.bigint64(value)
    else this.int64(value)
  }

  bigint64(value: bigint): void {
    const at = this.#room(8)
    this.#buffer.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.#room(8)
    this.#buffer.writeDoubleBE(value, at)
  }

  uuid(text: string): void {
    const at = this.#room(16)
    parseUuid(text, this.#buffer, at)
  }

  uvarint(value: number): void {
    let at = this.#room(5)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at++] = rest
    this.#position = at
  }

  /** A length, -1 for null, in the form that {@link Reader.length} reads. */
  size(length: number, compact: boolean, wide: boolean): void {
    if (compact) this.uvarint(length + 1)
    else if (wide) this.int32(length)
    else this.int16(length)
  }

  text(value: string, compact: boolean): void {
    const length = Buffer.byteLength(value)
    // Flexible versions could carry more; Kafka writes and reads no more there either.
    if (length > TEXT_BYTES_MAX) throw new EncodeError(`${length} bytes of text where ${TEXT_BYTES_MAX} fit`)
    this.size(length, compact, false)
    const at = this.#room(length)
    this.#buffer.write(value, at, length, 'utf8')
  }

  /** Byte content without its length. */
  raw(bytes: Uint8Array): void {
    if (bytes.length < REFERENCED_FROM) {
      const at = this.#room(bytes.length)
      this.#buffer.set(bytes, at)
      return
    }
    this.#seal()
    this.#pieces.push(bytes)
    this.#piecesLength += bytes.length
  }

  /** Everything another writer wrote; large byte fields stay references. */
  append(other: Writer): void {
    for (const piece of other.finish()) this.raw(piece)
  }

  #room(length: number): number {
    const at = this.#position
    // Growing starts a fresh buffer instead of copying: what is written stays where it is, as a piece.
    if (at + length > this.#buffer.length) {
      this.#seal()
      this.#buffer = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, length))
      this.#start = 0
      this.#position = length
      return 0
    }
    this.#position = at + length
    return at
  }

  #seal(): void {
    if (this.#position === this.#start) return
    this.#pieces.push(this.#buffer.subarray(this.#start, this.#position))
    this.#piecesLength += this.#position - this.#start
    this.#start = this.#position
  }
}
