/** Beyond so many bytes the engine's own copying, which costs much to begin with, is faster than word by word. */
const MOST_BY_WORD = 128
/** A word that begins at the last byte of a stretch reaches so much further. */
const WORD_REST = 3

/** A way to bytes by words of 32 bits at any place. */
export class Words extends DataView<ArrayBufferLike> {
  /** Up to where words may begin. Kept, since older engines are slow to say how long a view is. */
  readonly last: number

  constructor(bytes: Uint8Array) {
    super(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.last = bytes.length - WORD_REST
  }
}

/**
 * Copies bytes from one memory to another and says where they end there. Up to three bytes behind that end, within the
 * memory, are left with any content: whoever decompresses writes from front to back. What is rare is elsewhere, so that
 * engines put this into the loops that call it.
 */
export function copyLiterals(from: Words, at: number, to: Words, out: number, length: number): number {
  const end = out + length
  if (length > MOST_BY_WORD || end > to.last || at + length > from.last) {
    copyStretch(from, at, to, out, length)
    return end
  }
  for (let i = 0; i < length; i += 4) to.setInt32(out + i, from.getInt32(at + i, true), true)
  return end
}

/**
 * Copies from what was just written, `distance` bytes back, and says where it ends; the two stretches may overlap,
 * which repeats a pattern. Bytes behind the end as in `copyLiterals`.
 */
export function copyMatch(to: Words, out: number, distance: number, length: number): number {
  const end = out + length
  if (length > MOST_BY_WORD || distance < 4 || end > to.last) {
    copyPattern(to, out, distance, length)
    return end
  }
  for (let at = out; at < end; at += 4) to.setInt32(at, to.getInt32(at - distance, true), true)
  return end
}

function copyStretch(from: Words, at: number, to: Words, out: number, length: number): void {
  if (length > MOST_BY_WORD) bytesOf(to).set(new Uint8Array(from.buffer, from.byteOffset + at, length), out)
  else for (let i = 0; i < length; i++) to.setUint8(out + i, from.getUint8(at + i))
}

function copyPattern(to: Words, out: number, distance: number, length: number): void {
  const end = out + length
  const from = out - distance
  if (length > MOST_BY_WORD && distance >= length) bytesOf(to).copyWithin(out, from, from + length)
  else if (length > MOST_BY_WORD && distance === 1) bytesOf(to).fill(to.getUint8(from), out, end)
  else if (distance >= 4 && end <= to.last) {
    for (let at = out; at < end; at += 4) to.setInt32(at, to.getInt32(at - distance, true), true)
  } else for (let at = out; at < end; at++) to.setUint8(at, to.getUint8(at - distance))
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
