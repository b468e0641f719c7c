import * as zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import { asBuffer, tooLarge } from './codec.ts'
import { zstdFrames } from './zstd-frames.ts'

/** node:zlib has zstd from 22.15 and 23.8 on; so have Bun and Deno. The types are those of Node 20. */
interface ZstdZlib {
  zstdCompressSync?: (bytes: Uint8Array, options?: object) => Buffer
  zstdDecompressSync?: (bytes: Uint8Array, options?: object) => Buffer
}
const { zstdCompressSync, zstdDecompressSync } = zlib as ZstdZlib
const ZSTD_C_COMPRESSION_LEVEL = 100
/** zstd's own default; Kafka's too. */
const DEFAULT_LEVEL = 3

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

export function compressZstd(bytes: Uint8Array, level = DEFAULT_LEVEL): Uint8Array {
  if (zstdCompressSync) {
    return zstdCompressSync(bytes, { params: { [ZSTD_C_COMPRESSION_LEVEL]: level } })
  }
  if (compressWasm) return compressWasm(bytes, level)
  throw new Error(
    'zstd is not loaded yet: await prepareCodec("zstd") before compressing on Node before 22.15',
  )
}

/** Several frames are one after the other; each is read to its end, whether it states its size or not. */
export function decompressZstd(bytes: Uint8Array, maxBytes: number): Buffer {
  const input = asBuffer(bytes)
  const parts: Uint8Array[] = []
  let left = maxBytes
  for (const { start, end, mostBytes } of zstdFrames(input)) {
    const frame = input.subarray(start, end)
    const part = zstdDecompressSync
      ? native(zstdDecompressSync, frame, mostBytes, left, maxBytes)
      : script(frame, left, maxBytes)
    left -= part.length
    parts.push(part)
  }
  return parts.length === 1 ? asBuffer(parts[0] as Uint8Array) : Buffer.concat(parts)
}

function native(
  decompress: (bytes: Uint8Array, options?: object) => Buffer,
  frame: Buffer,
  mostBytes: number,
  left: number,
  maxBytes: number,
): Buffer {
  const maxOutputLength = Math.max(1, Math.min(left, 0x7fff_ffff))
  // zlib collects its output in chunks: one of the right size saves a copy.
  const chunkSize = Math.max(64, Math.min(mostBytes, 1024 * 1024))
  try {
    return decompress(frame, { maxOutputLength, chunkSize })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    throw error
  }
}

/** In script, for Node before 22.15: streamed, so that the limit shows before the memory is taken. */
function script(frame: Buffer, left: number, maxBytes: number): Uint8Array {
  const chunks: Uint8Array[] = []
  let size = 0
  const stream = new Decompress((chunk) => {
    size += chunk.length
    if (size > left) throw tooLarge(maxBytes)
    chunks.push(chunk)
  })
  stream.push(frame, true)
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
}
