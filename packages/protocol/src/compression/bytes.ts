import { DecompressedTooLargeError } from './too-large.ts'

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The error for content that is larger than allowed. */
export function tooLarge(maxBytes: number, claimed?: number): Error {
  return new DecompressedTooLargeError(maxBytes, claimed)
}

/** Says it in our words where zlib stopped at its limit. */
export function asTooLarge(error: unknown, maxBytes: number): unknown {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(maxBytes) : error
}

/** A limit as zlib takes it, which is one byte at least. */
export function atMost(maxBytes: number): number {
  return Math.max(1, Math.min(maxBytes, 0x7fff_ffff))
}

/** @throws Error when there is more than allowed after all */
export function within(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  return bytes
}
