/** A stretch of one direction of a connection. */
export interface Span {
  readonly start: number
  readonly end: number
  /** `partial`: a frame that the capture ends in. `unreadable`: bytes in which no frame could be found. */
  readonly kind: 'frame' | 'partial' | 'unreadable'
}

/** One direction of a connection, and how to tell frames in it. */
export interface Direction {
  readonly bytes: Buffer
  /** Whether what is at `at`, behind a size, begins as a frame of this direction does. */
  readonly isKnown: (at: number) => boolean
  readonly maxFrameBytes: number
}

/** The shortest header: a correlation id. */
const MIN_FRAME_BYTES = 4
/** As many frames in a row, each ending where the next begins, are no accident. */
const CHAIN = 16
/** A size and what tells a frame; what is shorter at the end of a capture cannot be judged. */
const TELLING_BYTES = 12

/**
 * Cuts one direction into frames. Where the bytes are none, it looks for the next place where one begins, so a capture
 * may begin in the middle of a frame and may have holes. Every byte is in one span; the effort grows with their number.
 */
export function* spansOf(direction: Direction): Generator<Span, void> {
  const { bytes } = direction
  let isAligned = false
  for (let start = 0; start < bytes.length; ) {
    const end = endAt(direction, start)
    if (end !== undefined && end <= bytes.length && chains(direction, start, isAligned)) {
      isAligned = true
      yield { start, end, kind: 'frame' }
      start = end
      continue
    }
    // Within another frame much looks like the beginning of a long one; so a whole frame further on decides.
    const isPartial = endsWithin(direction, start, end, isAligned)
    const next = isPartial && isAligned ? bytes.length : nextFrame(direction, start + 1)
    yield { start, end: next, kind: isPartial && next === bytes.length ? 'partial' : 'unreadable' }
    isAligned = false
    start = next
  }
}

/** Where the frame that begins at `start` ends, perhaps beyond the capture; undefined when its size cannot be true. */
function endAt({ bytes, maxFrameBytes }: Direction, start: number): number | undefined {
  if (bytes.length - start < 4) return undefined
  const size = bytes.readInt32BE(start)
  return size >= MIN_FRAME_BYTES && size <= maxFrameBytes ? start + 4 + size : undefined
}

/**
 * Whether a frame begins at `start`: it is known, or it is followed by frames up to a known one or to the end. Behind
 * another frame the last one may be too short to be judged.
 */
function chains(direction: Direction, start: number, isAligned: boolean): boolean {
  const { bytes, isKnown } = direction
  let at = start
  for (let count = 0; count < CHAIN && at < bytes.length; count++) {
    if (bytes.length - at >= 8 && isKnown(at + 4)) return true
    const end = endAt(direction, at)
    if (end === undefined || end > bytes.length)
      return isAligned && at > start && bytes.length - at < TELLING_BYTES
    at = end
  }
  return true
}

/** Whether the capture may end within a frame that begins at `start`. */
function endsWithin(
  { bytes, isKnown }: Direction,
  start: number,
  end: number | undefined,
  isAligned: boolean,
): boolean {
  const left = bytes.length - start
  if (left < TELLING_BYTES) return isAligned
  return end !== undefined && end > bytes.length && isKnown(start + 4)
}

/** The next place where a known frame begins and ends where another does, or the capture; its end if there is none. */
function nextFrame(direction: Direction, from: number): number {
  const { bytes, isKnown } = direction
  for (let at = from; bytes.length - at >= 8; at++) {
    const end = endAt(direction, at)
    if (end === undefined || end > bytes.length || !isKnown(at + 4)) continue
    if (bytes.length - end < TELLING_BYTES || isKnown(end + 4)) return at
  }
  return bytes.length
}
