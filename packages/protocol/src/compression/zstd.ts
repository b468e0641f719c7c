import * as zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import { asBuffer, asTooLarge, atMost, tooLarge } from './bytes.ts'
import { offThread } from './off-thread.ts'
import type { Stepwise } from './stepwise.ts'
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
    return zstdCompressSync(bytes, { params: { [ZSTD_C_COMPRESSION_LEVEL]: level } })
  }
  if (compressWasm) return compressWasm(bytes, level)
  throw new Error(
    'zstd is not loaded yet: await prepareCodec("zstd") before compressing on Node before 22.15',
  )
}

/** As `compressZstd`, on another thread where the platform has zstd; in script it is done at once. */
export async function compressZstdAsync(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  if (!zstdCompress) return compressZstd(bytes, level)
  return await offThread((done) =>
    zstdCompress(bytes, { params: { [ZSTD_C_COMPRESSION_LEVEL]: level } }, done),
  )
}

/** Several frames are one after the other; each is read to its end, whether it states its size or not. */
export function* decompressZstd(bytes: Uint8Array, maxBytes: number): Stepwise<Buffer> {
  const input = asBuffer(bytes)
  const parts: Uint8Array[] = []
  let left = maxBytes
  for (const { start, end, mostBytes } of zstdFrames(input)) {
    const frame = input.subarray(start, end)
    const part = zstdDecompressSync
      ? native(zstdDecompressSync, frame, mostBytes, left, maxBytes)
      : yield* script(frame, left, maxBytes)
    left -= part.length
    parts.push(part)
  }
  return joined(parts)
}

/** As `decompressZstd`, on another thread; only where the platform has zstd, else undefined. */
export function decompressZstdAsync(bytes: Uint8Array, maxBytes: number): Promise<Buffer> | undefined {
  return zstdDecompress && framesAsync(zstdDecompress, asBuffer(bytes), maxBytes)
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

/** Script gets the compressed bytes in pieces, and others a turn in between. */
const PIECE_BYTES = 65536

/** In script, for Node before 22.15: streamed, so that the limit shows before the memory is taken. */
function* script(frame: Buffer, left: number, maxBytes: number): Stepwise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const stream = new Decompress((chunk) => {
    size += chunk.length
    if (size > left) throw tooLarge(maxBytes)
    chunks.push(chunk)
  })
  for (let at = 0; at < frame.length; at += PIECE_BYTES) {
    const before = size
    stream.push(frame.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= frame.length)
    yield size - before
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
}
