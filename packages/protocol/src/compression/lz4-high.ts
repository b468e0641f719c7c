import {
  LAST_LITERALS,
  MATCH_LIMIT,
  MIN_MATCH,
  matchLength,
  read32,
  writeMatch,
  writeSequence,
} from './lz4-block.ts'

/**
 * The same blocks with more effort: all places with the same four bytes are chained, so many of them are tried, and a
 * match waits for a better one at the next byte.
 */

const HASH_BITS = 15
const WINDOW = 65536
const heads = new Int32Array(1 << HASH_BITS)
const chain = new Int32Array(WINDOW)

/** The best match that `longest` found; kept, since an object for each place would cost more than the search. */
const best = { from: 0, length: 0 }

/**
 * Compresses `input[start..end)` to `output` at `to`; `output` must have room for `lz4BlockBound`.
 * @param attempts how many earlier places are tried for each match
 * @returns where the block ends in `output`
 */
export function compressLz4BlockHigh(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  to: number,
  attempts: number,
): number {
  heads.fill(-1)
  const lastMatch = end - MATCH_LIMIT
  let out = to
  let anchor = start
  let at = start
  let entered = start
  const enter = (upTo: number) => {
    for (; entered < upTo && entered < lastMatch; entered++) {
      const hash = hashOf(input, entered)
      chain[entered & (WINDOW - 1)] = heads[hash] as number
      heads[hash] = entered
    }
  }
  while (at < lastMatch) {
    enter(at)
    longest(input, at, start, end, attempts)
    if (best.length < MIN_MATCH) {
      at++
      continue
    }
    let { from, length } = best
    while (at + 1 < lastMatch) {
      enter(at + 1)
      longest(input, at + 1, start, end, attempts)
      if (best.length <= length) break
      at++
      ;({ from, length } = best)
    }
    out = writeSequence(input, anchor, at, output, out, length - MIN_MATCH)
    out = writeMatch(output, out, at - from, length - MIN_MATCH)
    at += length
    anchor = at
  }
  return writeSequence(input, anchor, end, output, out, -1)
}

function longest(input: Buffer, at: number, start: number, end: number, attempts: number): void {
  best.length = MIN_MATCH - 1
  let from = heads[hashOf(input, at)] as number
  for (let tries = attempts; tries > 0 && from >= start && at - from < WINDOW; tries--) {
    if (input[from + best.length] === input[at + best.length] && read32(input, from) === read32(input, at)) {
      const length = MIN_MATCH + matchLength(input, at + MIN_MATCH, from + MIN_MATCH, end - LAST_LITERALS)
      if (length > best.length) {
        best.length = length
        best.from = from
      }
    }
    const earlier = chain[from & (WINDOW - 1)] as number
    // What the chain held before the window moved on is later, not earlier.
    if (earlier >= from) return
    from = earlier
  }
}

function hashOf(input: Buffer, at: number): number {
  return Math.imul(read32(input, at), 0x9e3779b1) >>> (32 - HASH_BITS)
}
