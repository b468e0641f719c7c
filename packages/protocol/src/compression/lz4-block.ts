import type { Words } from './copy.ts'
import { copyLiterals, copyMatch } from './copy.ts'

/** The LZ4 block format: sequences of literals and matches. */

const HASH_BITS = 13
export const MIN_MATCH = 4
/** A block ends with at least five literals, and no match begins in its last twelve bytes. */
export const LAST_LITERALS = 5
export const MATCH_LIMIT = 12
const MAX_DISTANCE = 65535

const table = new Int32Array(1 << HASH_BITS)

/** The most that a block can grow when it does not compress. */
export function lz4BlockBound(size: number): number {
  return size + Math.ceil(size / 255) + 16
}

/**
 * Compresses `input[start..end)` to `output` at `to`; `output` must have room for `lz4BlockBound`.
 * @returns where the block ends in `output`
 */
export function compressLz4Block(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  to: number,
): number {
  table.fill(-1)
  const lastMatch = end - MATCH_LIMIT
  let out = to
  let anchor = start
  let at = start
  let misses = 1 << 6
  while (at < lastMatch) {
    const word = read32(input, at)
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = table[hash] as number
    table[hash] = at
    if (candidate < start || at - candidate > MAX_DISTANCE || read32(input, candidate) !== word) {
      // The longer nothing is found, the larger the steps: what does not compress is passed over quickly.
      at += misses++ >> 6
      continue
    }
    misses = 1 << 6
    let from = candidate
    while (at > anchor && from > start && input[at - 1] === input[from - 1]) {
      at--
      from--
    }
    const length = matchLength(input, at + MIN_MATCH, from + MIN_MATCH, end - LAST_LITERALS)
    out = writeSequence(input, anchor, at, output, out, length)
    out = writeMatch(output, out, at - from, length)
    at += MIN_MATCH + length
    anchor = at
  }
  return writeSequence(input, anchor, end, output, out, -1)
}

/** Token and literals; `match` is the match's length beyond four, or -1 for the last sequence, which has none. */
export function writeSequence(
  input: Buffer,
  from: number,
  to: number,
  output: Buffer,
  at: number,
  match: number,
): number {
  const literals = to - from
  output[at] = (Math.min(literals, 15) << 4) | (match < 0 ? 0 : Math.min(match, 15))
  let out = writeLength(output, at + 1, literals)
  if (literals <= 16) for (let i = 0; i < literals; i++) output[out + i] = input[from + i] as number
  else output.set(input.subarray(from, to), out)
  out += literals
  return out
}

/** What follows the literals: where the match is, and what of its length beyond four is not in the token. */
export function writeMatch(output: Buffer, at: number, distance: number, length: number): number {
  output[at] = distance & 0xff
  output[at + 1] = distance >>> 8
  return writeLength(output, at + 2, length)
}

function writeLength(output: Buffer, start: number, length: number): number {
  if (length < 15) return start
  let at = start
  let rest = length - 15
  for (; rest >= 255; rest -= 255) output[at++] = 255
  output[at++] = rest
  return at
}

export function matchLength(input: Buffer, start: number, from: number, limit: number): number {
  let at = start
  let other = from
  while (at < limit && input[at] === input[other]) {
    at++
    other++
  }
  return at - start
}

export function read32(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/**
 * Decompresses a block of `input`, which is `from` too, to `to` at `begin`; matches may reach back to `history` in there.
 * @returns where the content ends in `to`
 * @throws Error for anything that would read or write out of bounds
 */
export function decompressLz4Block(
  input: Buffer,
  from: Words,
  start: number,
  end: number,
  to: Words,
  begin: number,
  limit: number,
  history: number,
): number {
  let at = start
  let out = begin
  while (at < end) {
    const token = input[at++] as number
    let literals = token >>> 4
    if (literals === 15) {
      let byte: number
      do {
        if (at >= end) throw damaged('a length is cut off')
        byte = input[at++] as number
        literals += byte
      } while (byte === 255)
    }
    if (literals > end - at) throw damaged('literals are cut off')
    if (literals > limit - out) throw new BlockTooLarge()
    out = copyLiterals(from, at, to, out, literals)
    at += literals
    if (at === end) return out
    if (end - at < 2) throw damaged('a distance is cut off')
    const distance = (input[at] as number) | ((input[at + 1] as number) << 8)
    at += 2
    let length = (token & 15) + MIN_MATCH
    if ((token & 15) === 15) {
      let byte: number
      do {
        if (at >= end) throw damaged('a length is cut off')
        byte = input[at++] as number
        length += byte
      } while (byte === 255)
    }
    if (distance === 0 || distance > out - history) throw damaged('a match reaches before the beginning')
    if (length > limit - out) throw new BlockTooLarge()
    out = copyMatch(to, out, distance, length)
  }
  return out
}

/** A block gives more than there is room for. */
export class BlockTooLarge extends Error {
  constructor() {
    super('lz4: a block is larger than its frame allows')
  }
}

function damaged(what: string): Error {
  return new Error(`lz4: ${what}`)
}
