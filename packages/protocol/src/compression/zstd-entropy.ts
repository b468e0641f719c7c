/**
 * How zstd packs numbers: finite state entropy and Huffman codes, and the bits they are read from. Source: RFC 8878,
 * section 4. Every table is checked while it is made, so that decoding with it needs no check of its own.
 */

/** Bits that are read from the last to the first, as zstd's entropy coders write them. */
export class BackwardBits {
  readonly bytes: Buffer
  readonly start: number
  /** How many bits are left; below zero when more were read than there are, which then were zeros. */
  left: number

  /** @throws Error when the mark that ends the stream is missing */
  constructor(bytes: Buffer, start: number, end: number) {
    const last = end > start ? (bytes[end - 1] as number) : 0
    if (last === 0) throw damaged('a bit stream has no end mark')
    this.bytes = bytes
    this.start = start
    this.left = (end - start) * 8 - (Math.clz32(last) - 23)
  }

  /** The next bits, 25 at most. */
  read(count: number): number {
    this.left -= count
    return this.left >= 0 ? this.#at(this.left, count) : this.#beyond(count)
  }

  /** The same without moving on. */
  peek(count: number): number {
    const at = this.left - count
    if (at >= 0) return this.#at(at, count)
    return this.left <= 0 ? 0 : this.#at(0, this.left) << -at
  }

  /** Bits of a number of up to 31 of them. */
  readWide(count: number): number {
    if (count <= 24) return this.read(count)
    const high = this.read(count - 16)
    return high * 65536 + this.read(16)
  }

  #at(bit: number, count: number): number {
    const { bytes } = this
    const at = this.start + (bit >>> 3)
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    return (word >>> (bit & 7)) & ((1 << count) - 1)
  }

  #beyond(count: number): number {
    const real = this.left + count
    return real <= 0 ? 0 : this.#at(0, real) << -this.left
  }
}

/** A table of finite state entropy: for each state its symbol, and how the next state is found. */
export interface FseTable {
  readonly log: number
  readonly symbols: Uint8Array
  readonly bits: Uint8Array
  readonly bases: Uint16Array
}

/** A table of one state, which gives the same symbol for ever and takes no bits. */
export function constantTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) }
}

/** @param counts how many states each symbol has; -1: one, of those that are rarer than that */
export function fseTable(counts: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log
  const symbols = new Uint8Array(size)
  const next = new Uint16Array(counts.length)
  let high = size
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol] !== -1) continue
    symbols[--high] = symbol
    next[symbol] = 1
  }
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number
    if (count <= 0) continue
    next[symbol] = count
    for (let left = count; left > 0; left--) {
      symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  }
  const bits = new Uint8Array(size)
  const bases = new Uint16Array(size)
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number
    const order = next[symbol] as number
    next[symbol] = order + 1
    const taken = log - (31 - Math.clz32(order))
    bits[state] = taken
    bases[state] = (order << taken) - size
  }
  return { log, symbols, bits, bases }
}

/**
 * Reads the description of a table.
 * @returns the table and where its description ends
 * @throws Error when it does not add up
 */
export function readFseTable(
  bytes: Buffer,
  start: number,
  end: number,
  mostLog: number,
  symbols: number,
): { table: FseTable; at: number } {
  const log = start < end ? ((bytes[start] as number) & 15) + 5 : 99
  if (log > mostLog) throw damaged('a table is too large')
  const counts = new Int16Array(symbols)
  let bit = 4
  let symbol = 0
  let remaining = 1 << log
  while (remaining > 0) {
    if (symbol >= symbols) throw damaged('a table has too many symbols')
    const width = 32 - Math.clz32(remaining + 1)
    let value = forwardBits(bytes, start, bit, width)
    const mask = (1 << (width - 1)) - 1
    const threshold = (1 << width) - 2 - remaining
    if ((value & mask) < threshold) {
      value &= mask
      bit += width - 1
    } else {
      if (value > mask) value -= threshold
      bit += width
    }
    const count = value - 1
    remaining -= Math.abs(count)
    counts[symbol++] = count
    if (count !== 0) continue
    for (let more = 3; more === 3; bit += 2) {
      more = forwardBits(bytes, start, bit, 2)
      symbol += more
      if (symbol > symbols) throw damaged('a table has too many symbols')
    }
  }
  const at = start + ((bit + 7) >> 3)
  if (remaining < 0 || at > end) throw damaged('a table does not add up')
  return { table: fseTable(counts, log), at }
}

function forwardBits(bytes: Buffer, start: number, bit: number, count: number): number {
  const at = start + (bit >>> 3)
  const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  return (word >>> (bit & 7)) & ((1 << count) - 1)
}

/** For each run of bits as long as the longest code: the symbol they begin with, and how many are its own. */
export interface HuffmanTable {
  readonly log: number
  readonly symbols: Uint8Array
  readonly bits: Uint8Array
}

const MOST_HUFFMAN_LOG = 11

/** @throws Error when the tree is none */
export function readHuffmanTable(
  bytes: Buffer,
  start: number,
  end: number,
): { table: HuffmanTable; at: number } {
  if (start >= end) throw damaged('a tree is cut off')
  const head = bytes[start] as number
  const isPacked = head < 128
  const at = start + 1 + (isPacked ? head : (head - 126) >> 1)
  if (at > end) throw damaged('a tree is cut off')
  if (isPacked) return { table: huffmanTable(packedWeights(bytes, start + 1, at)), at }
  const weights = Array.from({ length: head - 127 }, (_, index) => {
    const byte = bytes[start + 1 + (index >> 1)] as number
    return (index & 1) === 0 ? byte >> 4 : byte & 15
  })
  return { table: huffmanTable(weights), at }
}

/** Two states take turns until the bits are used up. */
function packedWeights(bytes: Buffer, start: number, end: number): number[] {
  const { table, at } = readFseTable(bytes, start, end, 6, MOST_HUFFMAN_LOG + 1)
  const bits = new BackwardBits(bytes, at, end)
  const weights: number[] = []
  let state = bits.read(table.log)
  let other = bits.read(table.log)
  if (bits.left < 0) throw damaged('a tree is cut off')
  for (;;) {
    weights.push(table.symbols[state] as number)
    const following = (table.bases[state] as number) + bits.read(table.bits[state] as number)
    if (bits.left < 0) {
      weights.push(table.symbols[other] as number)
      return weights
    }
    // A table of a single symbol takes no bits and would never end.
    if (weights.length > 255) throw damaged('a tree has too many symbols')
    state = other
    other = following
  }
}

/** The last symbol's weight is left out: it makes the sum a power of two. */
function huffmanTable(weights: number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 1 << (weight - 1) : 0), 0)
  const log = 32 - Math.clz32(sum)
  const rest = (1 << log) - sum
  if (sum === 0 || log > MOST_HUFFMAN_LOG || weights.length > 255 || (rest & (rest - 1)) !== 0)
    throw damaged('a tree does not add up')
  weights.push(32 - Math.clz32(rest))
  const symbols = new Uint8Array(1 << log)
  const bits = new Uint8Array(1 << log)
  let at = 0
  for (let weight = 1; weight <= log; weight++) {
    const width = 1 << (weight - 1)
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue
      symbols.fill(symbol, at, at + width)
      bits.fill(log + 1 - weight, at, at + width)
      at += width
    }
  }
  if (at !== 1 << log) throw damaged('a tree does not add up')
  return { log, symbols, bits }
}

/** @internal */
export function damaged(what: string): Error {
  return new Error(`zstd: ${what}`)
}
