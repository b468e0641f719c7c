/**
 * CRC-32C (Castagnoli), the checksum of record batches. Slicing by 16: sixteen tables let one step take four 32-bit
 * words, which is as fast as plain JavaScript gets and faster than the published wasm versions.
 */

const POLYNOMIAL = 0x82f63b78
const SLICES = 16

/** Table k, at k * 256, advances a byte past k further zero bytes. */
const tables = makeTables()
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

type NativeCrc32c = (bytes: Uint8Array, previous?: number) => number

let native: NativeCrc32c | undefined
/** Crossing over to native code costs as much as this many bytes in script. */
const NATIVE_FROM_BYTES = 512

/** @internal Large stretches are summed by this function from now on; undefined: in script. */
export function useNativeCrc32c(found: NativeCrc32c | undefined): void {
  native = found
}

/**
 * The checksum of a stretch of bytes, as an unsigned 32-bit number.
 * @param previous the checksum of what comes before, when the bytes are not in one piece
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, previous = 0): number {
  if (native && end - start >= NATIVE_FROM_BYTES) return native(bytes.subarray(start, end), previous)
  let crc = ~previous
  let at = start
  if (isLittleEndian && end - start >= 64) {
    while ((bytes.byteOffset + at) & 3) crc = step(crc, bytes[at++] as number)
    const blocks = (end - at) >>> 4
    crc = sixteens(crc, new Int32Array(bytes.buffer, bytes.byteOffset + at, blocks * 4))
    at += blocks * 16
  }
  while (at < end) crc = step(crc, bytes[at++] as number)
  return ~crc >>> 0
}

function step(crc: number, byte: number): number {
  return (tables[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
}

function sixteens(seed: number, words: Int32Array): number {
  const t = tables as { [index: number]: number }
  const w = words as { [index: number]: number }
  let crc = seed
  for (let i = 0; i < words.length; i += 4) {
    const b = w[i + 1] as number
    const c = w[i + 2] as number
    const d = w[i + 3] as number
    // Three of the four words do not wait for the step before; the one that does comes last.
    const rest =
      (t[2816 + (b & 0xff)] as number) ^
      (t[2560 + ((b >>> 8) & 0xff)] as number) ^
      (t[2304 + ((b >>> 16) & 0xff)] as number) ^
      (t[2048 + (b >>> 24)] as number) ^
      (t[1792 + (c & 0xff)] as number) ^
      (t[1536 + ((c >>> 8) & 0xff)] as number) ^
      (t[1280 + ((c >>> 16) & 0xff)] as number) ^
      (t[1024 + (c >>> 24)] as number) ^
      (t[768 + (d & 0xff)] as number) ^
      (t[512 + ((d >>> 8) & 0xff)] as number) ^
      (t[256 + ((d >>> 16) & 0xff)] as number) ^
      (t[d >>> 24] as number)
    const a = crc ^ (w[i] as number)
    crc =
      rest ^
      (t[3840 + (a & 0xff)] as number) ^
      (t[3584 + ((a >>> 8) & 0xff)] as number) ^
      (t[3328 + ((a >>> 16) & 0xff)] as number) ^
      (t[3072 + (a >>> 24)] as number)
  }
  return crc
}

function makeTables(): Int32Array {
  const made = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    made[byte] = crc
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = made[(slice - 1) * 256 + byte] as number
      made[slice * 256 + byte] = (made[before & 0xff] as number) ^ (before >>> 8)
    }
  }
  return made
}
