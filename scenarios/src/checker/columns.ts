const FIRST_CAPACITY = 1024

/** A list of whole numbers of 32 bits that grows; 4 bytes an entry. */
export class Ints {
  #items = new Int32Array(FIRST_CAPACITY)
  length = 0

  push(value: number): number {
    if (this.length === this.#items.length) {
      const grown = new Int32Array(this.length * 2)
      grown.set(this.#items)
      this.#items = grown
    }
    this.#items[this.length] = value
    return this.length++
  }

  at(index: number): number {
    return this.#items[index] as number
  }

  set(index: number, value: number): void {
    this.#items[index] = value
  }
}

/** A list of numbers that grows; 8 bytes an entry. */
export class Numbers {
  #items = new Float64Array(FIRST_CAPACITY)
  length = 0

  push(value: number): number {
    if (this.length === this.#items.length) {
      const grown = new Float64Array(this.length * 2)
      grown.set(this.#items)
      this.#items = grown
    }
    this.#items[this.length] = value
    return this.length++
  }

  at(index: number): number {
    return this.#items[index] as number
  }

  set(index: number, value: number): void {
    this.#items[index] = value
  }
}

/** Where each value is, by open addressing: 12 bytes an entry at most half full, whatever the values are. */
export class Places {
  #keys = new Float64Array(FIRST_CAPACITY).fill(Number.NaN)
  #places = new Int32Array(FIRST_CAPACITY)
  #count = 0

  /** -1 when the value is not there. */
  get(value: number): number {
    const mask = this.#keys.length - 1
    for (let slot = spread(value) & mask; ; slot = (slot + 1) & mask) {
      const key = this.#keys[slot] as number
      if (key === value) return this.#places[slot] as number
      if (Number.isNaN(key)) return -1
    }
  }

  set(value: number, place: number): void {
    if (this.#count * 2 >= this.#keys.length) this.#grow()
    const mask = this.#keys.length - 1
    let slot = spread(value) & mask
    while (!Number.isNaN(this.#keys[slot]) && this.#keys[slot] !== value) slot = (slot + 1) & mask
    if (Number.isNaN(this.#keys[slot])) this.#count++
    this.#keys[slot] = value
    this.#places[slot] = place
  }

  #grow(): void {
    const keys = this.#keys
    const places = this.#places
    this.#keys = new Float64Array(keys.length * 2).fill(Number.NaN)
    this.#places = new Int32Array(keys.length * 2)
    this.#count = 0
    keys.forEach((key, slot) => {
      if (!Number.isNaN(key)) this.set(key, places[slot] as number)
    })
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
}
