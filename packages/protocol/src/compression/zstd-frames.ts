import { MOST_BLOCK_BYTES } from './zstd-block.ts'
import { damaged } from './zstd-entropy.ts'

/** Where the frames of a zstd stream begin and end, found without decompressing. Source: RFC 8878, section 3.1.1. */
export interface ZstdFrame {
  start: number
  end: number
  /** What the content cannot exceed: the size the frame states, or what its blocks can hold. */
  mostBytes: number
  /** Where its first block begins. */
  blocksAt: number
  /** The size it states; undefined when it states none. */
  content: number | undefined
}

const MAGIC = 0xfd2fb528
/** zstd's own default limit (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`): more memory is not taken on the word of a header. */
const MOST_WINDOW_BYTES = 2 ** 27

/** @throws Error when a frame is cut off, is none, or wants more memory than zstd allows by default. */
export function* zstdFrames(input: Buffer): Generator<ZstdFrame, void> {
  let isEmpty = true
  let at = 0
  while (at < input.length) {
    if (input.length - at < 8) throw damaged('a frame header is cut off')
    const magic = input.readUInt32LE(at)
    if (magic >>> 4 === 0x184d2a5) {
      at += 8 + input.readUInt32LE(at + 4)
      if (at > input.length) throw damaged('a skippable frame is cut off')
      continue
    }
    if (magic !== MAGIC) throw damaged(`0x${magic.toString(16)} is not the magic of a frame`)
    const frame = readFrame(input, at)
    yield frame
    isEmpty = false
    at = frame.end
  }
  if (isEmpty) throw damaged('it is empty')
}

function readFrame(input: Buffer, start: number): ZstdFrame {
  const descriptor = input[start + 4] as number
  const sizeFlag = descriptor >>> 6
  const isSingle = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number
  const sizeBytes = sizeFlag === 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag
  const sizeAt = start + 5 + (isSingle ? 0 : 1) + dictionaryBytes
  let at = sizeAt + sizeBytes
  if (at + 3 > input.length) throw damaged('a frame header is cut off')
  const content = sizeBytes === 0 ? undefined : readContentSize(input, sizeAt, sizeBytes)
  const window = isSingle ? (content as number) : windowBytes(input[start + 5] as number)
  if (!isSingle && window > MOST_WINDOW_BYTES) throw damaged(`a window of ${window} bytes is too large`)
  if ((descriptor & 0x08) !== 0) throw damaged('reserved bits are set')
  if (dictionaryBytes > 0 && input.readUIntLE(sizeAt - dictionaryBytes, dictionaryBytes) !== 0)
    throw damaged('frames with a dictionary are not used in Kafka')
  const blocksAt = at
  let held = 0
  for (let isLast = false; !isLast; ) {
    if (at + 3 > input.length) throw damaged('a block header is cut off')
    const header = input.readUIntLE(at, 3)
    isLast = (header & 1) === 1
    const type = (header >>> 1) & 3
    if (type === 3) throw damaged('a block has a type that does not exist')
    const size = header >>> 3
    if (size > MOST_BLOCK_BYTES) throw damaged(`a block of ${size} bytes is too large`)
    held += type === 2 ? MOST_BLOCK_BYTES : size
    at += 3 + (type === 1 ? 1 : size)
    if (at > input.length) throw damaged('a block is cut off')
  }
  if ((descriptor & 4) !== 0) at += 4
  if (at > input.length) throw damaged('a checksum is cut off')
  if (content !== undefined && content > held) throw damaged(`the blocks cannot hold ${content} bytes`)
  return { start, end: at, mostBytes: content ?? held, blocksAt, content }
}

function readContentSize(input: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(input.readBigUInt64LE(at))
  return input.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3))
  return base + (base / 8) * (descriptor & 7)
}
