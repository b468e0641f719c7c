/** Where the frames of a zstd stream begin and end, found without decompressing. Source: RFC 8878, section 3.1.1. */
export interface ZstdFrame {
  start: number
  end: number
  /** What the content cannot exceed: the size the frame states, or what its blocks can hold. */
  mostBytes: number
}

const MAGIC = 0xfd2fb528
const MOST_BLOCK_BYTES = 128 * 1024
/** zstd's own default limit (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`): more memory is not taken on the word of a header. */
const MOST_WINDOW_BYTES = 2 ** 27

/** @throws Error when a frame is cut off, is none, or wants more memory than zstd allows by default. */
export function zstdFrames(input: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = []
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
    frames.push(frame)
    at = frame.end
  }
  if (frames.length === 0) throw damaged('it is empty')
  return frames
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
  let blocks = 0
  for (let isLast = false; !isLast; blocks++) {
    if (at + 3 > input.length) throw damaged('a block header is cut off')
    const header = input.readUIntLE(at, 3)
    isLast = (header & 1) === 1
    const type = (header >>> 1) & 3
    if (type === 3) throw damaged('a block has a type that does not exist')
    at += 3 + (type === 1 ? 1 : header >>> 3)
    if (at > input.length) throw damaged('a block is cut off')
  }
  if ((descriptor & 4) !== 0) at += 4
  if (at > input.length) throw damaged('a checksum is cut off')
  const held = blocks * MOST_BLOCK_BYTES
  if (content !== undefined && content > held) throw damaged(`${blocks} blocks cannot hold ${content} bytes`)
  return { start, end: at, mostBytes: content ?? held }
}

function readContentSize(input: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(input.readBigUInt64LE(at))
  return input.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3))
  return base + (base / 8) * (descriptor & 7)
}

function damaged(what: string): Error {
  return new Error(`zstd: ${what}`)
}
