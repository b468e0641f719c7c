import { gunzipSync, gzipSync } from 'node:zlib'
import { compressLz4, decompressLz4 } from './lz4-frame.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'
import { compressZstd, decompressZstd, prepareZstd } from './zstd.ts'

/** Kafka's names of the codecs, by their number in a batch's attributes. */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type CodecName = (typeof codecNames)[number]

export interface DecompressOptions {
  /** Takes lz4 frames with the wrong header checksum that messages of magic 0 always have. */
  lenientLz4Header?: boolean
}

/** Level 1 is three times as fast as zlib's own default and gives nine tenths of its ratio on such data. */
const GZIP_LEVEL = 1

export function codecNumber(name: CodecName): number {
  return codecNames.indexOf(name)
}

/**
 * Compresses the records of a batch.
 * @param level the codec's own scale: gzip 1 to 9, zstd 1 to 22; lz4 and snappy have none
 */
export function compress(name: CodecName, bytes: Uint8Array, level?: number): Uint8Array {
  switch (name) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes, { level: level ?? GZIP_LEVEL })
    case 'snappy':
      return compressSnappy(bytes)
    case 'lz4':
      return compressLz4(bytes)
    case 'zstd':
      return compressZstd(bytes, level)
  }
}

/**
 * Undoes `compress`, and what other clients write.
 * @param codec number from the batch's attributes
 * @param maxBytes more than that is refused while it is being decompressed, not after
 * @throws Error whose message says what is wrong; the caller knows where
 */
export function decompress(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
  options: DecompressOptions = {},
): Buffer {
  switch (codecNames[codec]) {
    case 'none':
      return asBuffer(bytes)
    case 'gzip':
      return gunzip(bytes, maxBytes)
    case 'snappy':
      return decompressSnappy(bytes, maxBytes)
    case 'lz4':
      return decompressLz4(bytes, maxBytes, options.lenientLz4Header ?? false)
    case 'zstd':
      return decompressZstd(bytes, maxBytes)
    default:
      throw new Error(`codec ${codec} is not known`)
  }
}

/**
 * Makes a codec ready to compress; decompressing never waits. Only zstd on Node before 22.15 has something to load.
 * @returns undefined when there is nothing to wait for
 */
export function prepareCodec(name: CodecName): Promise<void> | undefined {
  return name === 'zstd' ? prepareZstd() : undefined
}

/** @internal */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** @internal The error for content that is larger than allowed. */
export function tooLarge(maxBytes: number): Error {
  return new Error(`it is larger than the limit of ${maxBytes} bytes`)
}

function gunzip(bytes: Uint8Array, maxBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.min(maxBytes, 0x7fff_ffff) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    throw error
  }
}
