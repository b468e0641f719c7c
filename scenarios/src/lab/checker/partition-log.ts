const PAGE_BITS = 8
const PAGE = 1 << PAGE_BITS
/** Conflicts beyond so many add nothing to the verdict. */
const CONFLICTS_MAX = 10_000

/**
 * What a partition holds, as far as anybody has seen it: at each offset the number of a value. Offsets that nobody saw
 * (markers, records of aborted transactions that were hidden, what compaction removed) are gaps that ranks pass over.
 */
export class PartitionLog {
  readonly #pages = new Map<number, Int32Array>()
  readonly #conflicts = new Map<string, { offset: number; ids: readonly [number, number] }>()
  #last: { page: number; ids: Int32Array } | undefined
  #count = 0
  /** Rising, each once. Filled by `seal`. */
  offsets = new Float64Array(0)
  /** The number of the value at each of `offsets`. */
  ids = new Int32Array(0)

  /** Notes that a value was seen at an offset; false when another one had been seen there. */
  note(offset: number, id: number): boolean {
    const ids = this.#page(offset)
    const place = offset % PAGE
    const known = ids[place] as number
    if (known === id) return true
    if (known < 0) {
      ids[place] = id
      this.#count++
      return true
    }
    if (this.#conflicts.size < CONFLICTS_MAX) {
      this.#conflicts.set(`${offset} ${id}`, { offset, ids: [known, id] })
    }
    return false
  }

  /** The value first seen at an offset, before `seal`; -1 for none. */
  peek(offset: number): number {
    return this.#page(offset)[offset % PAGE] as number
  }

  /** Two values at one offset. */
  get conflicts(): Iterable<{ offset: number; ids: readonly [number, number] }> {
    return this.#conflicts.values()
  }

  get length(): number {
    return this.offsets.length
  }

  seal(): void {
    this.offsets = new Float64Array(this.#count)
    this.ids = new Int32Array(this.#count)
    let at = 0
    for (const page of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const ids = this.#pages.get(page) as Int32Array
      for (let place = 0; place < PAGE; place++) {
        const id = ids[place] as number
        if (id < 0) continue
        this.offsets[at] = page * PAGE + place
        this.ids[at++] = id
      }
    }
    this.#pages.clear()
    this.#last = undefined
  }

  /** How many known records lie before an offset. */
  rank(offset: number): number {
    let low = 0
    let high = this.offsets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.offsets[middle] as number) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The number of the value at an offset; -1 for none. */
  idAt(offset: number): number {
    const rank = this.rank(offset)
    return this.offsets[rank] === offset ? (this.ids[rank] as number) : -1
  }

  #page(offset: number): Int32Array {
    const page = Math.floor(offset / PAGE)
    if (this.#last?.page === page) return this.#last.ids
    const known = this.#pages.get(page)
    const ids = known ?? new Int32Array(PAGE).fill(-1)
    if (!known) this.#pages.set(page, ids)
    this.#last = { page, ids }
    return ids
  }
}
