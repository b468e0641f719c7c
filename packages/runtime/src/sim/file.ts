import { Image } from './image.ts'
import type { Random } from './random.ts'

/** What was done to a file and is not on the medium yet. */
type Change = { readonly position: number; readonly bytes: Uint8Array } | { readonly size: number }

/** What the system writes back at once, in any order and at any time, as it was then. Bytes. */
const PAGE_BYTES = 4096
/** What a disk writes as a whole or not at all. Bytes. */
const SECTOR_BYTES = 512

/**
 * The content of a file, twice: as programs see it, and as it is on the medium. After a power cut everything is there
 * that was forced. Of the rest each page is as it was at some moment since then, each for itself, so that later writes
 * may have survived earlier ones; a page may be torn between two sectors; and the size is one that the file had at some
 * moment too, so that there may be less than was written, or zeros where nothing was.
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
    if (bytes.length > 0) this.#change({ position, bytes: bytes.slice() })
  }

  truncate(size: number): void {
    this.#change({ size })
  }

  /** The first so many changes are on the medium. */
  force(changes = this.changes): void {
    const forced = this.#unforced.splice(0, changes - this.#forcedCount)
    for (const change of forced) apply(change, this.#medium)
    this.#forcedCount += forced.length
  }

  /** The power was cut. */
  forget(random: Random): void {
    const changes = this.#unforced
    if (changes.length > 0) {
      const size = this.#sizeAfter(random.whole(0, changes.length))
      for (const page of pagesOf(changes, this.#medium.size)) this.#remember(page, random)
      this.#medium.resize(size)
    }
    this.#forcedCount += changes.length
    this.#unforced = []
    this.#now.copy(this.#medium)
  }

  #change(change: Change): void {
    apply(change, this.#now)
    this.#unforced.push(change)
  }

  #sizeAfter(changes: number): number {
    let { size } = this.#medium
    for (const change of this.#unforced.slice(0, changes))
      size = 'size' in change ? change.size : Math.max(size, change.position + change.bytes.length)
    return size
  }

  /** Puts one page on the medium as it was at a moment, or its first sectors at one and the others at another. */
  #remember(page: number, random: Random): void {
    const from = page * PAGE_BYTES
    const changes = this.#unforced.filter((change) => touches(change, from, from + PAGE_BYTES))
    const moment = random.pick([0, changes.length, random.whole(0, changes.length)])
    const bytes = this.#pageAfter(from, changes.slice(0, moment))
    if (random.chance(0.3)) {
      const other = this.#pageAfter(from, changes.slice(0, random.whole(0, changes.length)))
      const torn = SECTOR_BYTES * random.whole(1, PAGE_BYTES / SECTOR_BYTES - 1)
      bytes.set(other.subarray(torn), torn)
    }
    this.#medium.write(from, bytes)
  }

  #pageAfter(from: number, changes: readonly Change[]): Uint8Array {
    const page = new Uint8Array(PAGE_BYTES)
    this.#medium.read(from, page)
    for (const change of changes) {
      if ('size' in change) page.fill(0, Math.max(0, change.size - from))
      else {
        const { position, bytes } = change
        const skipped = Math.max(0, from - position)
        const part = bytes.subarray(skipped, from + PAGE_BYTES - position)
        page.set(part, position + skipped - from)
      }
    }
    return page
  }
}

function apply(change: Change, image: Image): void {
  if ('size' in change) image.resize(change.size)
  else image.write(change.position, change.bytes)
}

/** Whether a change has to do with the bytes from `from` up to `to`; a truncation has with all behind it. */
function touches(change: Change, from: number, to: number): boolean {
  if ('size' in change) return change.size < to
  return change.position < to && change.position + change.bytes.length > from
}

/** Numbers of the pages that changes touch. */
function pagesOf(changes: readonly Change[], size: number): number[] {
  const end = Math.max(
    size,
    ...changes.map((change) => ('size' in change ? change.size : change.position + change.bytes.length)),
  )
  const count = Math.ceil(end / PAGE_BYTES)
  return Array.from({ length: count }, (_, page) => page).filter((page) =>
    changes.some((change) => touches(change, page * PAGE_BYTES, (page + 1) * PAGE_BYTES)),
  )
}
