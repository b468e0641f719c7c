/**
 * FNV-1a with 64 bits, kept as two halves of 32 because bigint is a hundred times slower. Not for secrets: for telling
 * whether two runs were the same. Source: Fowler, Noll, Vo; the prime is 2^40 + 0x1b3.
 */
export class Fnv {
  #high = 0xcbf2_9ce4
  #low = 0x8422_2325

  byte(value: number): void {
    this.#low = (this.#low ^ (value & 0xff)) >>> 0
    const product = this.#low * 0x1b3
    const carry = Math.floor(product / 2 ** 32)
    this.#high = (Math.imul(this.#high, 0x1b3) + carry + (this.#low << 8)) >>> 0
    this.#low = product >>> 0
  }

  /** A time of the world's clock, whose step is 2^-10 ms. */
  number(value: number): void {
    let steps = Math.round(value * 1024)
    for (let byte = 0; byte < 6; byte++) {
      this.byte(steps % 256)
      steps = Math.floor(steps / 256)
    }
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.byte(byte)
  }

  /** The UTF-16 code units of a text, low byte first, and its end. */
  text(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      this.byte(unit)
      this.byte(unit >>> 8)
    }
    this.byte(0xff)
  }

  /** The 64 bits as two numbers of 32, high first. */
  get halves(): readonly [number, number] {
    return [this.#high, this.#low]
  }

  /** 16 hexadecimal digits. */
  get digest(): string {
    return [this.#high, this.#low].map((half) => half.toString(16).padStart(8, '0')).join('')
  }
}
