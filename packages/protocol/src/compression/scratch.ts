/** Memory that is kept between calls: a fresh buffer of this size would cost more than filling it. */
let kept = Buffer.allocUnsafeSlow(0)
const KEEP_AT_MOST = 4 * 1024 * 1024

/** At least `size` bytes with any content, valid until the next call. */
export function scratch(size: number): Buffer {
  if (kept.length >= size) return kept
  const made = Buffer.allocUnsafeSlow(size)
  if (size <= KEEP_AT_MOST) kept = made
  return made
}

/** Output that grows as it is written, up to a limit. */
export class Growing {
  bytes: Buffer
  readonly limit: number
  readonly refuse: () => Error

  constructor(size: number, limit: number, refuse: () => Error) {
    this.limit = limit
    this.refuse = refuse
    this.bytes = Buffer.allocUnsafeSlow(Math.min(Math.max(size, 64), limit))
  }

  /** Makes sure that `size` bytes fit in all; the first `used` are kept. */
  reserve(used: number, size: number): void {
    if (size <= this.bytes.length) return
    if (size > this.limit) throw this.refuse()
    const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(size, this.bytes.length * 2), this.limit))
    larger.set(this.bytes.subarray(0, used))
    this.bytes = larger
  }
}
