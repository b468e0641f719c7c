import { asBuffer, tooLarge } from './bytes.ts'
import { copyLiterals, copyMatch, Words } from './copy.ts'
import type { Stepwise } from './stepwise.ts'

/**
 * Snappy, written as Java does: xerial's framing around blocks of 32 KiB. Raw blocks, as librdkafka and others write
 * them, are read too. Source: snappy-java's `SnappyOutputStream`.
 */

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16
const XERIAL_BLOCK_BYTES = 32 * 1024
const HASH_BITS = 13
const table = new Int32Array(1 << HASH_BITS)

/** A package that compresses raw blocks faster than script does. */
export interface NativeSnappy {
  compressSync(bytes: Uint8Array): Uint8Array
  uncompressSync(bytes: Uint8Array, options: { asBuffer: true }): Uint8Array
}

let native: NativeSnappy | undefined

/** Blocks are compressed by this package from now on; undefined: in script. */
export function useNativeSnappy(found: NativeSnappy | undefined): void {
  native = found
}

/**
 * Writes xerial's framing block by block.
 * @param memory where it may write, as large as `snappyFrameBound` says
 */
export function* compressSnappy(bytes: Uint8Array, memory: Buffer): Stepwise<Uint8Array> {
  const input = asBuffer(bytes)
  const output = memory
  XERIAL_MAGIC.copy(output)
  output.writeInt32BE(1, 8)
  output.writeInt32BE(1, 12)
  let at = XERIAL_HEADER_BYTES
  for (let start = 0; start < input.length; start += XERIAL_BLOCK_BYTES) {
    const end = Math.min(start + XERIAL_BLOCK_BYTES, input.length)
    const blockEnd = writeBlock(input, start, end, output, at + 4)
    output.writeInt32BE(blockEnd - at - 4, at)
    at = blockEnd
    yield end - start
  }
  return Buffer.from(output.subarray(0, at))
}

/** The most bytes that the frame of so many can take while it is written. */
export function snappyFrameBound(size: number): number {
  const blocks = Math.ceil(size / XERIAL_BLOCK_BYTES)
  // snappy's own bound of a block is 32 + size + size / 6.
  return XERIAL_HEADER_BYTES + blocks * 48 + Math.ceil(size * 1.2)
}

function writeBlock(input: Buffer, start: number, end: number, output: Buffer, to: number): number {
  if (!native) return compressBlock(input, start, end, output, to)
  const block = native.compressSync(input.subarray(start, end))
  output.set(block, to)
  return to + block.length
}

export function* decompressSnappy(bytes: Uint8Array, maxBytes: number): Stepwise<Buffer> {
  const input = asBuffer(bytes)
  if (input.length === 0) throw damaged('it is empty')
  if (input.length < XERIAL_HEADER_BYTES || !input.subarray(0, 8).equals(XERIAL_MAGIC)) {
    return yield* readBlocks(input, [[0, input.length]], maxBytes)
  }
  const blocks: [number, number][] = []
  let at = XERIAL_HEADER_BYTES
  while (at < input.length) {
    if (input.length - at < 4) throw damaged('a block size is cut off')
    // A stream that was appended to another one brings its own header.
    if (input.length - at >= XERIAL_HEADER_BYTES && input.subarray(at, at + 8).equals(XERIAL_MAGIC)) {
      at += XERIAL_HEADER_BYTES
      continue
    }
    const size = input.readInt32BE(at)
    at += 4
    if (size < 0 || size > input.length - at) throw damaged(`a block of ${size} bytes is cut off`)
    blocks.push([at, at + size])
    at += size
  }
  return yield* readBlocks(input, blocks, maxBytes)
}

function* readBlocks(
  input: Buffer,
  blocks: readonly (readonly [number, number])[],
  maxBytes: number,
): Stepwise<Buffer> {
  const sizes = blocks.map(([start, end]) => readSize(input, start, end))
  const total = sizes.reduce((sum, { size }) => sum + size, 0)
  if (total > maxBytes) throw tooLarge(maxBytes, total)
  // A copy of three bytes gives 64: a size beyond that ratio is a lie and must not be allocated.
  if (total > input.length * 32) throw damaged(`${input.length} bytes cannot hold ${total}`)
  const output = Buffer.allocUnsafeSlow(total)
  const from = new Words(input)
  const to = new Words(output)
  let out = 0
  for (const [index, [start, end]] of blocks.entries()) {
    const { at, size } = sizes[index] as { at: number; size: number }
    if (native) readNative(native, input.subarray(start, end), output.subarray(out, out + size))
    else decompressBlock(input, from, at, end, to, out, out + size)
    out += size
    yield size
  }
  return output
}

/** The block's own size was compared with the limit already, so the package takes no more memory than that. */
function readNative({ uncompressSync }: NativeSnappy, block: Buffer, output: Buffer): void {
  let content: Uint8Array
  try {
    content = uncompressSync(block, { asBuffer: true })
  } catch (error) {
    throw new Error(`snappy: a block is damaged: ${(error as Error).message}`, { cause: error })
  }
  if (content.length !== output.length) {
    throw damaged(`a block gives ${content.length} bytes where it says ${output.length}`)
  }
  output.set(content)
}

function readSize(input: Buffer, start: number, end: number): { at: number; size: number } {
  let size = 0
  let at = start
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) throw damaged('a size is cut off')
    const byte = input[at++] as number
    if (shift === 28 && byte > 0x0f) break
    // Not by `2 ** shift`: that would be a float, and all that is reckoned with it afterwards too.
    size = (size | ((byte & 0x7f) << shift)) >>> 0
    if (byte < 0x80) return { at, size }
  }
  throw damaged('a size is too long')
}

function decompressBlock(
  input: Buffer,
  from: Words,
  start: number,
  end: number,
  to: Words,
  begin: number,
  limit: number,
): void {
  let at = start
  let out = begin
  while (at < end) {
    const tag = input[at++] as number
    const kind = tag & 3
    if (kind === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const bytes = length - 60
        if (bytes > end - at) throw damaged('a length is cut off')
        length = input.readUIntLE(at, bytes) + 1
        at += bytes
      }
      if (length > end - at || length > limit - out) throw damaged('literals are out of bounds')
      out = copyLiterals(from, at, to, out, length)
      at += length
      continue
    }
    const bytes = kind === 3 ? 4 : kind
    if (bytes > end - at) throw damaged('a distance is cut off')
    let length = (tag >>> 2) + 1
    let distance = input[at] as number
    if (kind === 1) {
      length = ((tag >>> 2) & 7) + 4
      distance |= (tag >>> 5) << 8
    } else if (kind === 2) distance |= (input[at + 1] as number) << 8
    else distance = from.getInt32(at, true)
    at += bytes
    if (distance <= 0 || distance > out - begin || length > limit - out) {
      throw damaged('a copy is out of bounds')
    }
    out = copyMatch(to, out, distance, length)
  }
  if (out !== limit) throw damaged(`a block gives ${out - begin} bytes where it says ${limit - begin}`)
}

/** One block with its size in front; matches reach back to the block's own beginning only. */
function compressBlock(input: Buffer, start: number, end: number, output: Buffer, to: number): number {
  let out = to
  let rest = end - start
  while (rest > 0x7f) {
    output[out++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  output[out++] = rest
  table.fill(-1)
  const last = end - 15
  let anchor = start
  let at = start
  let misses = 32
  while (at < last) {
    const word = input.readInt32LE(at)
    const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
    const candidate = table[hash] as number
    table[hash] = at
    if (candidate < start || input.readInt32LE(candidate) !== word) {
      at += misses++ >> 5
      continue
    }
    misses = 32
    out = writeLiterals(input, anchor, at, output, out)
    let matched = at + 4
    let from = candidate + 4
    while (matched < end && input[matched] === input[from]) {
      matched++
      from++
    }
    out = writeCopy(output, out, at - candidate, matched - at)
    at = matched
    anchor = at
  }
  return writeLiterals(input, anchor, end, output, out)
}

function writeLiterals(input: Buffer, from: number, to: number, output: Buffer, start: number): number {
  const length = to - from
  if (length === 0) return start
  let out = start
  if (length <= 60) output[out++] = (length - 1) << 2
  else if (length <= 256) {
    output[out++] = 60 << 2
    output[out++] = length - 1
  } else {
    output[out++] = 61 << 2
    output[out++] = (length - 1) & 0xff
    output[out++] = (length - 1) >>> 8
  }
  if (length <= 16) for (let i = 0; i < length; i++) output[out + i] = input[from + i] as number
  else input.copy(output, out, from, to)
  return out + length
}

/** A copy of any length, in pieces of at most 64; the last one must not be shorter than four. */
function writeCopy(output: Buffer, start: number, distance: number, length: number): number {
  let out = start
  let rest = length
  while (rest > 0) {
    const piece = rest > 67 ? 64 : rest > 64 ? 60 : rest
    if (piece >= 4 && piece <= 11 && distance < 2048) {
      output[out++] = 1 | ((piece - 4) << 2) | ((distance >>> 8) << 5)
      output[out++] = distance & 0xff
    } else {
      output[out++] = 2 | ((piece - 1) << 2)
      output[out++] = distance & 0xff
      output[out++] = distance >>> 8
    }
    rest -= piece
  }
  return out
}

function damaged(what: string): Error {
  return new Error(`snappy: ${what}`)
}
