/** Bytes that grow; a gap reads as zeros. */
export class Image {
  size = 0
  #bytes = new Uint8Array(0)

  /** @returns how many bytes there were */
  read(position: number, into: Uint8Array): number {
    const part = this.#bytes.subarray(position, Math.min(this.size, position + into.length))
    into.set(part)
    return part.length
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.resize(Math.max(this.size, position + bytes.length))
    this.#bytes.set(bytes, position)
  }

  resize(size: number): void {
    if (size < this.size) this.#bytes.fill(0, size, this.size)
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.size = size
  }

  copy(other: Image): void {
    this.size = other.size
    this.#bytes = other.#bytes.slice()
  }
}
