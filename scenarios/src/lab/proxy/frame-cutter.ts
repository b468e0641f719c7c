/** What a cutter hands over. Bytes stay valid and unchanged. */
export interface CutterTarget {
  /**
   * A frame begins: its size without the prefix, and its first bytes, at most as many as the cutter was told. Says how
   * the rest is wanted; `foreign` for what is no frame, after which everything comes as `raw`.
   */
  head(size: number, first: Buffer): 'whole' | 'parts' | 'foreign'
  /** The whole frame with its size prefix. */
  whole(frame: Buffer): void
  /** The next bytes of a frame (prefix included) as they came. */
  part(bytes: Buffer, isLast: boolean): void
  raw(bytes: Buffer): void
}

const PREFIX_BYTES = 4

/**
 * Finds the frames in a stream of bytes without keeping more of them than is wanted: a frame that nobody needs whole
 * goes through in the pieces in which it came.
 */
export class FrameCutter {
  readonly #headBytes: number
  readonly #target: CutterTarget
  #mode: 'head' | 'whole' | 'parts' | 'foreign' = 'head'
  #kept: Buffer[] = []
  #keptBytes = 0
  /** Bytes of the frame that have not come yet, once its head is known. */
  #missing = 0

  constructor(headBytes: number, target: CutterTarget) {
    this.#headBytes = headBytes
    this.#target = target
  }

  /** Bytes of a frame that is not whole yet, kept until it is. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  push(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) rest = this.#take(rest)
  }

  /** From now on nothing is looked at any more. */
  giveUp(): void {
    if (this.#mode === 'foreign') return
    this.#mode = 'foreign'
    const kept = this.#takeKept()
    if (kept.length > 0) this.#target.raw(kept)
  }

  /** Uses bytes up to the next border and gives what is left. */
  #take(bytes: Buffer): Buffer {
    if (this.#mode === 'foreign') {
      this.#target.raw(bytes)
      return bytes.subarray(bytes.length)
    }
    if (this.#mode === 'head') return this.#takeHead(bytes)
    const count = Math.min(this.#missing, bytes.length)
    this.#missing -= count
    const piece = bytes.subarray(0, count)
    if (this.#mode === 'parts') {
      if (this.#missing === 0) this.#mode = 'head'
      this.#target.part(piece, this.#missing === 0)
    } else {
      this.#keep(piece)
      if (this.#missing === 0) {
        this.#mode = 'head'
        this.#target.whole(this.#takeKept())
      }
    }
    return bytes.subarray(count)
  }

  #takeHead(bytes: Buffer): Buffer {
    let used = 0
    for (;;) {
      const isSized = this.#keptBytes >= PREFIX_BYTES
      const size = isSized ? this.#peek().readInt32BE(0) : 0
      const wanted = PREFIX_BYTES + (isSized ? Math.max(0, Math.min(size, this.#headBytes)) : 0)
      if (isSized && this.#keptBytes === wanted) {
        this.#begin(size)
        return bytes.subarray(used)
      }
      const count = Math.min(wanted - this.#keptBytes, bytes.length - used)
      if (count === 0) return bytes.subarray(used)
      this.#keep(bytes.subarray(used, used + count))
      used += count
    }
  }

  #begin(size: number): void {
    const first = this.#peek()
    const mode = this.#target.head(size, first.subarray(PREFIX_BYTES))
    this.#missing = size - (first.length - PREFIX_BYTES)
    if (mode === 'foreign') {
      this.giveUp()
    } else if (mode === 'whole') {
      this.#mode = this.#missing > 0 ? 'whole' : 'head'
      if (this.#missing === 0) this.#target.whole(this.#takeKept())
    } else {
      this.#mode = this.#missing > 0 ? 'parts' : 'head'
      this.#target.part(this.#takeKept(), this.#missing === 0)
    }
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
  }

  #peek(): Buffer {
    if (this.#kept.length > 1) this.#kept = [Buffer.concat(this.#kept)]
    return this.#kept[0] ?? Buffer.alloc(0)
  }

  #takeKept(): Buffer {
    const all = this.#peek()
    this.#kept = []
    this.#keptBytes = 0
    return all
  }
}
