import type { Random } from './random.ts'

/** What was done to a file and is not on the medium yet. */
type Change = { readonly position: number; readonly bytes: Uint8Array } | { readonly size: number }

/**
 * The content of a file, twice: as programs see it, and as it is on the medium. What was written since the last force
 * may be there after a power cut or not, each write for itself, and the last part of it may be missing.
 */
export class FileContent {
  readonly #now = new Image()
  readonly #medium = new Image()
  #unforced: Change[] = []
  #forcedCount = 0

  /** How many changes there ever were. */
  get changes(): number {
    return this.#forcedCount + this.#unforced.length
  }

  get size(): number {
    return this.#now.size
  }

  read(position: number, into: Uint8Array): number {
    return this.#now.read(position, into)
  }

  write(position: number, bytes: Uint8Array): void {
    this.#change({ position, bytes: bytes.slice() })
  }

  truncate(size: number): void {
    this.#change({ size })
  }

  /** The first so many changes are on the medium. */
  force(changes = this.changes): void {
    while (this.#forcedCount < changes) {
      this.#medium.apply(this.#unforced.shift() as Change)
      this.#forcedCount++
    }
  }

  /** The power was cut: of the unforced changes some are there, some are not, some are torn. */
  forget(random: Random): void {
    for (const change of this.#unforced) {
      const fate = random.pick(['kept', 'lost', 'torn'])
      if (fate === 'kept') this.#medium.apply(change)
      else if (fate === 'torn' && 'bytes' in change) {
        const { position, bytes } = change
        this.#medium.apply({ position, bytes: bytes.subarray(0, random.whole(0, bytes.length)) })
      }
    }
    this.#forcedCount += this.#unforced.length
    this.#unforced = []
    this.#now.copy(this.#medium)
  }

  #change(change: Change): void {
    this.#now.apply(change)
    this.#unforced.push(change)
  }
}

/** Bytes that grow; a gap reads as zeros. */
class Image {
  size = 0
  #bytes = new Uint8Array(0)

  read(position: number, into: Uint8Array): number {
    const part = this.#bytes.subarray(position, Math.min(this.size, position + into.length))
    into.set(part)
    return part.length
  }

  apply(change: Change): void {
    if ('size' in change) this.#resize(change.size)
    else if (change.bytes.length > 0) {
      this.#resize(Math.max(this.size, change.position + change.bytes.length))
      this.#bytes.set(change.bytes, change.position)
    }
  }

  copy(other: Image): void {
    this.size = other.size
    this.#bytes = other.#bytes.slice()
  }

  #resize(size: number): void {
    if (size < this.size) this.#bytes.fill(0, size, this.size)
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.size = size
  }
}
