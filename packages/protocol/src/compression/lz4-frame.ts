import { asBuffer, tooLarge } from './bytes.ts'
import { Words } from './copy.ts'
import { BlockTooLarge, compressLz4Block, decompressLz4Block, lz4BlockBound } from './lz4-block.ts'
import { compressLz4BlockHigh } from './lz4-high.ts'
import { Growing } from './scratch.ts'
import type { Stepwise } from './stepwise.ts'
import { xxHash32 } from './xxhash32.ts'

/**
 * The LZ4 frame as Kafka's Java client accepts it: version 01, independent blocks, the right header checksum. Blocks of
 * the smallest class are written, as Java does, since readers allocate what the class says. Source: `Lz4BlockOutputStream`.
 */

const MAGIC = 0x184d2204
const VERSION_AND_INDEPENDENT = 0x60
const UNCOMPRESSED = 0x8000_0000
const HEADER_BYTES = 7
const SMALLEST_CLASS = 4
const BLOCK_BYTES = 65536
const DEFAULT_LEVEL = 9
/** Bits 4 to 6 of the second descriptor byte, with their block sizes. */
const blockClasses = [
  [4, 65536],
  [5, 262144],
  [6, 1048576],
  [7, 4194304],
] as const

/**
 * Writes a frame block by block.
 * @param level 9, the default, looks at one earlier place for a match, as Java's fast compressor does; the others at
 *   2^(level - 1) of them, as its high compressor does
 * @param memory where it may write, as large as `lz4FrameBound` says
 */
export function* compressLz4(bytes: Uint8Array, level: number, memory: Buffer): Stepwise<Uint8Array> {
  const input = asBuffer(bytes)
  const output = memory
  output.writeUInt32LE(MAGIC, 0)
  output[4] = VERSION_AND_INDEPENDENT
  output[5] = SMALLEST_CLASS << 4
  output[6] = headerChecksum(output, 4, 6)
  let at = HEADER_BYTES
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, input.length)
    const blockEnd =
      level === DEFAULT_LEVEL
        ? compressLz4Block(input, start, end, output, at + 4)
        : compressLz4BlockHigh(input, start, end, output, at + 4, 2 ** (level - 1))
    const size = blockEnd - at - 4
    if (size < end - start) {
      output.writeUInt32LE(size, at)
      at = blockEnd
    } else {
      output.writeUInt32LE((UNCOMPRESSED | (end - start)) >>> 0, at)
      input.copy(output, at + 4, start, end)
      at += 4 + end - start
    }
    yield end - start
  }
  output.writeUInt32LE(0, at)
  return Buffer.from(output.subarray(0, at + 4))
}

/** The most bytes that the frame of so many can take while it is written. */
export function lz4FrameBound(size: number): number {
  return HEADER_BYTES + Math.ceil(size / BLOCK_BYTES) * (4 + lz4BlockBound(Math.min(BLOCK_BYTES, size))) + 4
}

interface FrameHeader {
  /** Where the blocks begin. */
  at: number
  blockBytes: number
  isLinked: boolean
  hasBlockChecksum: boolean
  hasContentChecksum: boolean
  contentSize: number | undefined
}

/** What the first frame says that it holds; undefined when it does not say it. */
export function lz4ContentSize(input: Buffer): number | undefined {
  return readHeader(input, 0, true).contentSize
}

export function* decompressLz4(
  bytes: Uint8Array,
  maxBytes: number,
  lenientHeader: boolean,
): Stepwise<Buffer> {
  const input = asBuffer(bytes)
  const output = new Growing(input.length * 3, maxBytes, () => tooLarge(maxBytes))
  let at = 0
  let out = 0
  do {
    const header = readHeader(input, at, lenientHeader)
    const frame = yield* readBlocks(input, header, output, out)
    at = frame.at
    out = frame.out
    // What is behind the end mark and is no frame is passed over, as Kafka does (`Lz4BlockInputStream`).
  } while (input.length - at >= 4 && input.readUInt32LE(at) === MAGIC)
  return output.bytes.subarray(0, out)
}

function readHeader(input: Buffer, start: number, lenient: boolean): FrameHeader {
  if (input.length - start < HEADER_BYTES) throw damaged('the frame header is cut off')
  const magic = input.readUInt32LE(start)
  if (magic !== MAGIC) throw damaged(`0x${magic.toString(16)} is not the magic of a frame`)
  const flags = input[start + 4] as number
  const descriptor = input[start + 5] as number
  const blockBytes = blockClasses.find(([number]) => number === ((descriptor >>> 4) & 7))?.[1]
  if (flags >>> 6 !== 1) throw damaged(`frame version ${flags >>> 6} is not known`)
  if ((flags & 0x02) !== 0 || (descriptor & 0x8f) !== 0) throw damaged('reserved bits are set')
  if ((flags & 0x01) !== 0) throw damaged('frames with a dictionary are not used in Kafka')
  if (blockBytes === undefined) throw damaged('the block size class is not known')
  const sized = (flags & 0x08) !== 0
  const end = start + 6 + (sized ? 8 : 0)
  if (input.length <= end) throw damaged('the frame header is cut off')
  if (!lenient && input[end] !== headerChecksum(input, start + 4, end)) throw damaged('wrong header checksum')
  return {
    at: end + 1,
    blockBytes,
    isLinked: (flags & 0x20) === 0,
    hasBlockChecksum: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
    contentSize: sized ? Number(input.readBigUInt64LE(start + 6)) : undefined,
  }
}

function* readBlocks(
  input: Buffer,
  header: FrameHeader,
  output: Growing,
  begin: number,
): Stepwise<{ at: number; out: number }> {
  const { blockBytes, isLinked, hasBlockChecksum } = header
  const from = new Words(input)
  let { at } = header
  let out = begin
  for (;;) {
    if (input.length - at < 4) throw damaged('the end mark is missing')
    const word = input.readUInt32LE(at)
    at += 4
    if (word === 0) break
    const size = word & 0x7fff_ffff
    const before = out
    if (size > blockBytes || size > input.length - at) throw damaged(`a block of ${size} bytes is cut off`)
    if (word >= UNCOMPRESSED) {
      output.reserve(out, out + size)
      input.copy(output.bytes, out, at, at + size)
      out += size
    } else {
      out = readBlock(input, from, at, at + size, output, out, blockBytes, isLinked ? begin : out)
    }
    at += size
    if (hasBlockChecksum) {
      if (input.length - at < 4) throw damaged('a block checksum is cut off')
      if (input.readUInt32LE(at) !== xxHash32(input, at - size, at)) throw damaged('wrong block checksum')
      at += 4
    }
    yield out - before
  }
  if (header.contentSize !== undefined && header.contentSize !== out - begin) {
    throw damaged(`${out - begin} bytes where the frame says ${header.contentSize}`)
  }
  // Java passes the content checksum over; the batch has its own.
  if (header.hasContentChecksum) {
    if (input.length - at < 4) throw damaged('the content checksum is cut off')
    at += 4
  }
  return { at, out }
}

function readBlock(
  input: Buffer,
  from: Words,
  start: number,
  end: number,
  output: Growing,
  out: number,
  blockBytes: number,
  history: number,
): number {
  // A block gives 255 times its size at most, and never more than its class.
  const most = out + Math.min(blockBytes, (end - start) * 255)
  const limit = Math.min(most, output.limit)
  output.reserve(out, limit)
  try {
    return decompressLz4Block(input, from, start, end, new Words(output.bytes), out, limit, history)
  } catch (error) {
    if (error instanceof BlockTooLarge && limit < most) throw output.refuse()
    throw error
  }
}

function headerChecksum(bytes: Buffer, start: number, end: number): number {
  return (xxHash32(bytes, start, end) >>> 8) & 0xff
}

function damaged(what: string): Error {
  return new Error(`lz4: ${what}`)
}
