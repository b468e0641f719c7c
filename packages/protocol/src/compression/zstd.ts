import * as zlib from 'node:zlib'
import { EncodeError } from '../errors/kafka-error.ts'
import { asBuffer, asTooLarge, atMost, tooLarge } from './bytes.ts'
import { offThread } from './off-thread.ts'
import { Growing } from './scratch.ts'
import type { Stepwise } from './stepwise.ts'
import { MOST_BLOCK_BYTES, TooMuchOutput, ZstdFrameState } from './zstd-block.ts'
import { damaged } from './zstd-entropy.ts'
import type { ZstdFrame } from './zstd-frames.ts'
import { zstdFrames } from './zstd-frames.ts'

/** node:zlib has zstd from 22.15 and 23.8 on; so have Bun and Deno. The types are those of Node 20. */
interface ZstdZlib {
  zstdCompressSync?: (bytes: Uint8Array, options?: object) => Buffer
  zstdDecompressSync?: (bytes: Uint8Array, options?: object) => Buffer
  zstdCompress?: Later
  zstdDecompress?: Later
}
type Later = (bytes: Uint8Array, options: object, done: (error: Error | null, result: Buffer) => void) => void
const { zstdCompressSync, zstdDecompressSync, zstdCompress, zstdDecompress } = zlib as ZstdZlib
const ZSTD_C_COMPRESSION_LEVEL = 100

type Compress = (bytes: Uint8Array, level: number) => Uint8Array
let compressWasm: Compress | undefined
let loading: Promise<void> | undefined

/** Loads the WebAssembly compressor where the platform has none. */
export function prepareZstd(): Promise<void> | undefined {
  if (zstdCompressSync || compressWasm) return undefined
  loading ??= import('@bokuweb/zstd-wasm').then(async (module) => {
    await module.init()
    compressWasm = (bytes, level) => module.compress(asBuffer(bytes), level)
  })
  return loading
}

export function compressZstd(bytes: Uint8Array, level: number): Uint8Array {
  if (zstdCompressSync) {
    return zstdCompressSync(bytes, settings(bytes, level))
  }
  if (compressWasm) return compressWasm(bytes, level)
  throw new EncodeError(
    'zstd is not loaded yet: await prepareCodec("zstd") before compressing on Node before 22.15',
  )
}

/** As `compressZstd`, on another thread where the platform has zstd; in script it is done at once. */
export async function compressZstdAsync(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  if (!zstdCompress) return compressZstd(bytes, level)
  return await offThread((done) => zstdCompress(bytes, settings(bytes, level), done))
}

/** The size is told beforehand: otherwise a stream packs as if more might come, and other bytes than a single call. */
function settings(bytes: Uint8Array, level: number): object {
  return { params: { [ZSTD_C_COMPRESSION_LEVEL]: level }, pledgedSrcSize: bytes.length }
}

/** Several frames are one after the other; each is read to its end, whether it states its size or not. */
export function* decompressZstd(bytes: Uint8Array, maxBytes: number): Stepwise<Buffer> {
  const input = asBuffer(bytes)
  // A call of zlib costs more than a small frame is worth, and there may be very many of them.
  if (!zstdDecompressSync || isManyFrames(input)) return yield* script(input, maxBytes)
  const parts: Uint8Array[] = []
  let left = maxBytes
  for (const { start, end, mostBytes } of zstdFrames(input)) {
    const part = native(zstdDecompressSync, input.subarray(start, end), mostBytes, left, maxBytes)
    left -= part.length
    parts.push(part)
  }
  return joined(parts)
}

/** As `decompressZstd`, on another thread; undefined where the platform has none, or is
 * no help. */
export function decompressZstdAsync(bytes: Uint8Array, maxBytes: number): Promise<Buffer> | undefined {
  const input = asBuffer(bytes)
  return zstdDecompress && !isManyFrames(input) ? framesAsync(zstdDecompress, input, maxBytes) : undefined
}

async function framesAsync(decompress: Later, input: Buffer, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let left = maxBytes
  for (const { start, end, mostBytes } of zstdFrames(input)) {
    const options = limits(mostBytes, left)
    const part = await offThread((done) => decompress(input.subarray(start, end), options, done), maxBytes)
    if (part.length > left) throw tooLarge(maxBytes)
    left -= part.length
    parts.push(part)
  }
  return joined(parts)
}

const MANY_FRAMES = 16

function isManyFrames(input: Buffer): boolean {
  let count = 0
  for (const _ of zstdFrames(input)) if (++count > MANY_FRAMES) return true
  return false
}

function joined(parts: readonly Uint8Array[]): Buffer {
  return parts.length === 1 ? asBuffer(parts[0] as Uint8Array) : Buffer.concat(parts)
}

function limits(mostBytes: number, left: number) {
  // zlib collects its output in chunks: one of the right size saves a copy.
  const chunkSize = Math.max(64, Math.min(mostBytes, 1024 * 1024))
  return { maxOutputLength: atMost(left), chunkSize }
}

function native(
  decompress: (bytes: Uint8Array, options?: object) => Buffer,
  frame: Buffer,
  mostBytes: number,
  left: number,
  maxBytes: number,
): Buffer {
  let part: Buffer
  try {
    part = decompress(frame, limits(mostBytes, left))
  } catch (error) {
    throw asTooLarge(error, maxBytes)
  }
  // zlib's limit is one byte at least.
  if (part.length > left) throw tooLarge(maxBytes)
  return part
}

/** In script, for Node before 22.15. The content's checksum is passed over: the batch has its own. */
function* script(input: Buffer, maxBytes: number): Stepwise<Buffer> {
  const output = new Growing(input.length * 3, maxBytes, () => tooLarge(maxBytes))
  let out = 0
  for (const frame of zstdFrames(input)) out = yield* readBlocks(input, frame, output, out)
  return output.bytes.subarray(0, out)
}

function* readBlocks(input: Buffer, frame: ZstdFrame, output: Growing, begin: number): Stepwise<number> {
  if (frame.content !== undefined) output.reserve(begin, begin + frame.content)
  const state = new ZstdFrameState(input, begin)
  let out = begin
  let at = frame.blocksAt
  for (let isLast = false; !isLast; ) {
    const before = out
    const header = input.readUIntLE(at, 3)
    isLast = (header & 1) === 1
    const size = header >>> 3
    const type = (header >>> 1) & 3
    at += 3
    if (type === 2) {
      const most = out + MOST_BLOCK_BYTES
      const limit = Math.min(most, output.limit)
      output.reserve(out, limit)
      try {
        out = state.compressed(at, at + size, output.bytes, out, limit)
      } catch (error) {
        if (!(error instanceof TooMuchOutput)) throw error
        throw limit < most ? output.refuse() : damaged('a block is larger than any may be')
      }
    } else {
      output.reserve(out, out + size)
      if (type === 1) output.bytes.fill(input[at] as number, out, out + size)
      else input.copy(output.bytes, out, at, at + size)
      out += size
    }
    at += type === 1 ? 1 : size
    yield out - before
  }
  if (frame.content !== undefined && frame.content !== out - begin)
    throw damaged(`${out - begin} bytes where the frame says ${frame.content}`)
  return out
}
