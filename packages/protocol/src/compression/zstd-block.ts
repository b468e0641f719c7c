import { copyLiterals, copyMatch, Words } from './copy.ts'
import type { FseTable, HuffmanTable } from './zstd-entropy.ts'
import {
  BackwardBits,
  constantTable,
  damaged,
  fseTable,
  readFseTable,
  readHuffmanTable,
} from './zstd-entropy.ts'

/** No block of zstd holds more, compressed or not. */
export const MOST_BLOCK_BYTES = 128 * 1024

/** A sequence's numbers come as codes with further bits behind them. */
interface Codes {
  readonly bases: Int32Array
  readonly bits: Uint8Array
  readonly mostLog: number
  readonly usual: FseTable
}

/** @param wide the extra bits of the codes from `first` on, whose bases follow from them */
function codes(
  first: number,
  lowest: number,
  wide: readonly number[],
  mostLog: number,
  usual: FseTable,
): Codes {
  const count = first + wide.length
  const bases = new Int32Array(count)
  const bits = new Uint8Array(count)
  let base = lowest
  for (let code = 0; code < count; code++) {
    bits[code] = code < first ? 0 : (wide[code - first] as number)
    bases[code] = base
    base += 2 ** (bits[code] as number)
  }
  return { bases, bits, mostLog, usual }
}

const literalCounts = [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1,
  -1,
]
const matchCounts = [1, 4, 3, 2, 2, 2, 2, 2, 2, ...Array(37).fill(1), -1, -1, -1, -1, -1, -1, -1]
const offsetCounts = [1, 1, 1, 1, 1, 1, 2, 2, 2, ...Array(15).fill(1), -1, -1, -1, -1, -1]

/** RFC 8878, section 3.1.1.3.2.1.1; the jump from 4 to 6 bits makes 64 the base of code 25. */
const literalCodes = codes(
  16,
  0,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  9,
  fseTable(literalCounts, 6),
)
const matchCodes = codes(
  32,
  3,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  9,
  fseTable(matchCounts, 6),
)
const OFFSET_CODES = 32
const MOST_OFFSET_LOG = 8
const usualOffsets = fseTable(offsetCounts, 5)

/** The literals of the block in hand; nothing of them is needed after it. */
const literalBytes = Buffer.allocUnsafeSlow(MOST_BLOCK_BYTES)
const literalWords = new Words(literalBytes)

/** A block would give more than its kind or the caller allows. */
export class TooMuchOutput extends Error {}

/** What the blocks of one frame share. Output is written to memory that the caller provides for each block. */
export class ZstdFrameState {
  readonly #input: Buffer
  /** Where the frame's content begins in the output: no match reaches further back. */
  readonly #history: number
  readonly #recent = [1, 4, 8]
  #tree: HuffmanTable | undefined
  #literalTable: FseTable | undefined
  #offsetTable: FseTable | undefined
  #matchTable: FseTable | undefined

  constructor(input: Buffer, history: number) {
    this.#input = input
    this.#history = history
  }

  /**
   * Decompresses the block `input[start..end)` to `output` at `out`, not beyond `limit`.
   * @returns where the content ends in `output`
   * @throws TooMuchOutput at the limit, another Error for what is no block
   */
  compressed(start: number, end: number, output: Buffer, out: number, limit: number): number {
    const { at: sequencesAt, size: literals } = this.#readLiterals(start, end)
    const { at, count } = this.#readTables(sequencesAt, end)
    if (count === 0) {
      if (literals > limit - out) throw new TooMuchOutput()
      literalBytes.copy(output, out, 0, literals)
      return out + literals
    }
    const bits = new BackwardBits(this.#input, at, end)
    return this.#replay(bits, count, literals, new Words(output), out, limit)
  }

  #readLiterals(start: number, end: number): { at: number; size: number } {
    const input = this.#input
    if (end - start < 2) throw damaged('literals are cut off')
    const first = input[start] as number
    const kind = first & 3
    const form = (first >> 2) & 3
    if (kind >= 2) return this.#readPacked(start, end, kind === 2, form)
    const head = form === 1 ? 2 : form === 3 ? 3 : 1
    if (end - start < head + 1) throw damaged('literals are cut off')
    const size = head === 1 ? first >> 3 : input.readUIntLE(start, head) >> 4
    const at = start + head
    if (size > MOST_BLOCK_BYTES) throw damaged('a block has too many literals')
    if (kind === 1) {
      literalBytes.fill(input[at] as number, 0, size)
      return { at: at + 1, size }
    }
    if (size > end - at) throw damaged('literals are cut off')
    input.copy(literalBytes, 0, at, at + size)
    return { at: at + size, size }
  }

  #readPacked(start: number, end: number, hasTree: boolean, form: number): { at: number; size: number } {
    const input = this.#input
    const head = form < 2 ? 3 : form + 2
    const width = form < 2 ? 10 : form === 2 ? 14 : 18
    if (end - start < head) throw damaged('literals are cut off')
    const sizes = input.readUIntLE(start, head) / 16
    const size = Math.floor(sizes) % 2 ** width
    const packed = Math.floor(sizes / 2 ** width)
    let at = start + head
    const packedEnd = at + packed
    if (packedEnd > end) throw damaged('literals are cut off')
    if (size > MOST_BLOCK_BYTES) throw damaged('a block has too many literals')
    if (hasTree) {
      const read = readHuffmanTable(input, at, packedEnd)
      this.#tree = read.table
      at = read.at
    }
    if (!this.#tree) throw damaged('literals without a tree')
    if (form === 0) this.#unpack(this.#tree, at, packedEnd, 0, size)
    else this.#unpackFour(this.#tree, at, packedEnd, size)
    return { at: packedEnd, size }
  }

  #unpackFour(tree: HuffmanTable, start: number, end: number, size: number): void {
    if (end - start < 6 || size < 6) throw damaged('literals are cut off')
    const quarter = (size + 3) >> 2
    let at = start + 6
    for (let stream = 0; stream < 4; stream++) {
      const streamEnd = stream < 3 ? at + this.#input.readUInt16LE(start + stream * 2) : end
      if (streamEnd > end) throw damaged('literals are cut off')
      this.#unpack(tree, at, streamEnd, stream * quarter, stream < 3 ? (stream + 1) * quarter : size)
      at = streamEnd
    }
  }

  #unpack(tree: HuffmanTable, start: number, end: number, from: number, to: number): void {
    const input = this.#input
    const bits = new BackwardBits(input, start, end)
    const { log, symbols, bits: taken } = tree
    const mask = (1 << log) - 1
    let { left } = bits
    let out = from
    // While more bits are left than a code may take they are read where they are: this is the hot loop.
    for (; out < to && left >= log; out++) {
      const bit = left - log
      const at = start + (bit >>> 3)
      const word =
        (input[at] as number) | ((input[at + 1] as number) << 8) | ((input[at + 2] as number) << 16)
      const code = (word >>> (bit & 7)) & mask
      literalBytes[out] = symbols[code] as number
      left -= taken[code] as number
    }
    bits.left = left
    for (; out < to; out++) {
      const code = bits.peek(log)
      literalBytes[out] = symbols[code] as number
      bits.left -= taken[code] as number
    }
    if (bits.left !== 0) throw damaged('literals do not fill their bits')
  }

  #readTables(start: number, end: number): { at: number; count: number } {
    const input = this.#input
    if (start >= end) throw damaged('sequences are cut off')
    const first = input[start] as number
    const head = first < 128 ? 1 : first < 255 ? 2 : 3
    if (start + head > end) throw damaged('sequences are cut off')
    const count =
      head === 1
        ? first
        : head === 2
          ? ((first - 128) << 8) + (input[start + 1] as number)
          : input.readUInt16LE(start + 1) + 0x7f00
    let at = start + head
    if (count === 0) {
      if (at !== end) throw damaged('bytes after the last sequence')
      return { at, count }
    }
    if (at >= end) throw damaged('sequences are cut off')
    const modes = input[at++] as number
    if ((modes & 3) !== 0) throw damaged('reserved bits are set')
    const table = (
      mode: number,
      known: FseTable | undefined,
      symbols: number,
      most: number,
      usual: FseTable,
    ) => {
      const read = readTable(input, at, end, mode, known, symbols, most, usual)
      at = read.at
      return read.table
    }
    const { literalTable, matchTable, offsetTable } = {
      literalTable: table(modes >> 6, this.#literalTable, 36, literalCodes.mostLog, literalCodes.usual),
      offsetTable: table((modes >> 4) & 3, this.#offsetTable, OFFSET_CODES, MOST_OFFSET_LOG, usualOffsets),
      matchTable: table((modes >> 2) & 3, this.#matchTable, 53, matchCodes.mostLog, matchCodes.usual),
    }
    this.#literalTable = literalTable
    this.#offsetTable = offsetTable
    this.#matchTable = matchTable
    return { at, count }
  }

  /** Literals and matches in turn, as the sequences say; the rest of the literals at the end. */
  #replay(bits: BackwardBits, count: number, literals: number, output: Words, start: number, limit: number) {
    const lengths = this.#literalTable as FseTable
    const offsets = this.#offsetTable as FseTable
    const matches = this.#matchTable as FseTable
    let lengthState = bits.read(lengths.log)
    let offsetState = bits.read(offsets.log)
    let matchState = bits.read(matches.log)
    let out = start
    let used = 0
    for (let left = count; left > 0; left--) {
      const offsetCode = offsets.symbols[offsetState] as number
      const matchCode = matches.symbols[matchState] as number
      const lengthCode = lengths.symbols[lengthState] as number
      const offsetValue = ((1 << offsetCode) >>> 0) + bits.readWide(offsetCode)
      const match = (matchCodes.bases[matchCode] as number) + bits.read(matchCodes.bits[matchCode] as number)
      const length =
        (literalCodes.bases[lengthCode] as number) + bits.read(literalCodes.bits[lengthCode] as number)
      if (left > 1) {
        lengthState = (lengths.bases[lengthState] as number) + bits.read(lengths.bits[lengthState] as number)
        matchState = (matches.bases[matchState] as number) + bits.read(matches.bits[matchState] as number)
        offsetState = (offsets.bases[offsetState] as number) + bits.read(offsets.bits[offsetState] as number)
      }
      if (bits.left < 0) throw damaged('sequences are cut off')
      if (length > literals - used) throw damaged('a sequence takes more literals than there are')
      if (length + match > limit - out) throw new TooMuchOutput()
      out = copyLiterals(literalWords, used, output, out, length)
      used += length
      const distance = this.#distance(offsetValue, length)
      if (distance === 0 || distance > out - this.#history)
        throw damaged('a match reaches before the beginning')
      out = copyMatch(output, out, distance, match)
    }
    if (bits.left !== 0) throw damaged('sequences do not fill their bits')
    if (literals - used > limit - out) throw new TooMuchOutput()
    return copyLiterals(literalWords, used, output, out, literals - used)
  }

  /** The values 1 to 3 name one of the last three distances, or the one before the last less one. */
  #distance(value: number, length: number): number {
    const recent = this.#recent as [number, number, number]
    if (value > 3) {
      recent[2] = recent[1]
      recent[1] = recent[0]
      recent[0] = value - 3
      return value - 3
    }
    const which = length === 0 ? value : value - 1
    if (which === 0) return recent[0]
    const distance = which === 3 ? recent[0] - 1 : (recent[which] as number)
    if (which !== 1) recent[2] = recent[1]
    recent[1] = recent[0]
    recent[0] = distance
    return distance
  }
}

function readTable(
  input: Buffer,
  at: number,
  end: number,
  mode: number,
  known: FseTable | undefined,
  symbols: number,
  mostLog: number,
  usual: FseTable,
): { table: FseTable; at: number } {
  if (mode === 0) return { table: usual, at }
  if (mode === 2) return readFseTable(input, at, end, mostLog, symbols)
  if (mode === 3) {
    if (!known) throw damaged('a table is to be used again that never was')
    return { table: known, at }
  }
  const symbol = at < end ? (input[at] as number) : symbols
  if (symbol >= symbols) throw damaged(`code ${symbol} does not exist`)
  return { table: constantTable(symbol), at: at + 1 }
}
