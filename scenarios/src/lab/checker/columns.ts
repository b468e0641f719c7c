/** Entries a page holds; a column grows by pages, so that nothing is copied and nothing is kept in reserve. */
const PAGE_BITS = 12
const PAGE = 1 << PAGE_BITS
const MASK = PAGE - 1
/** The first page begins so small, for the many little histories. */
const FIRST = 16

interface Page {
  [index: number]: number
}

/** A list of numbers that grows, in pages of a typed array. */
class Column<P extends Page & { length: number; set(from: never): void }> {
  readonly #pages: P[] = []
  readonly #fresh: (length: number) => P
  length = 0

  constructor(fresh: (length: number) => P) {
    this.#fresh = fresh
  }

  push(value: number): number {
    const at = this.length++
    let page = this.#pages[at >>> PAGE_BITS]
    if (page === undefined || page.length <= (at & MASK)) page = this.#grow(at)
    ;(page as Page)[at & MASK] = value
    return at
  }

  #grow(at: number): P {
    const page = this.#fresh(at >= PAGE ? PAGE : Math.max(FIRST, at * 2))
    if (at < PAGE && this.#pages[0]) page.set(this.#pages[0] as never)
    this.#pages[at >>> PAGE_BITS] = page
    return page
  }

  at(index: number): number {
    return (this.#pages[index >>> PAGE_BITS] as P)[index & MASK] as number
  }

  set(index: number, value: number): void {
    ;(this.#pages[index >>> PAGE_BITS] as Page)[index & MASK] = value
  }
}

/** Whole numbers of 8 bits. */
export class Bytes extends Column<Uint8Array> {
  constructor() {
    super((length) => new Uint8Array(length))
  }
}

/** Whole numbers of 32 bits with a sign. */
export class Ints extends Column<Int32Array> {
  constructor() {
    super((length) => new Int32Array(length))
  }
}

/** Any numbers, 8 bytes each. */
export class Numbers extends Column<Float64Array> {
  constructor() {
    super((length) => new Float64Array(length))
  }
}

const FIRST_SLOTS = 64

/**
 * Numbers the different values that come, from 0: open addressing over a list of the values, 4 bytes a slot, at most two
 * thirds full.
 */
export class Places {
  readonly values = new Numbers()
  #slots = new Int32Array(FIRST_SLOTS).fill(-1)

  /** The number of a value; -1 when it has none. */
  find(value: number): number {
    return this.#slots[this.#slot(value)] as number
  }

  /** The number of a value, a new one when it has none. */
  of(value: number): number {
    let slot = this.#slot(value)
    const known = this.#slots[slot] as number
    if (known >= 0) return known
    if (this.values.length * 3 >= this.#slots.length * 2) {
      this.#grow()
      slot = this.#slot(value)
    }
    const place = this.values.push(value)
    this.#slots[slot] = place
    return place
  }

  #slot(value: number): number {
    const mask = this.#slots.length - 1
    for (let slot = spread(value) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] as number
      if (place < 0 || this.values.at(place) === value) return slot
    }
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    for (let place = 0; place < this.values.length; place++) {
      this.#slots[this.#slot(this.values.at(place))] = place
    }
  }
}

/** Mixes both halves of a whole number below 2^53, so that neighbours lie apart. */
function spread(value: number): number {
  const mixed = Math.imul(value | 0, 0x9e3779b1) ^ Math.imul((value / 4294967296) | 0, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

/** Numbers for names, in the order of their first appearance. */
export class Names {
  readonly #numbers = new Map<string, number>()
  readonly all: string[] = []

  of(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.all.length)
    return this.all.push(name) - 1
  }

  find(name: string): number {
    return this.#numbers.get(name) ?? -1
  }

  name(number: number): string {
    return this.all[number] as string
  }
}
