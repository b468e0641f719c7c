/** Drops what was taken once it is so many; below it is not worth the move. */
const COMPACT_AT = 1024

/** A queue that gives up its first item at the same cost however long it is; an array's `shift` moves all the others. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #taken = 0

  get length(): number {
    return this.#items.length - this.#taken
  }

  get first(): T | undefined {
    return this.#items[this.#taken]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#taken]
    this.#items[this.#taken++] = undefined
    if (this.length === 0) this.#keep([])
    else if (this.#taken >= COMPACT_AT && this.#taken * 2 >= this.#items.length) {
      this.#keep(this.#items.slice(this.#taken))
    }
    return item
  }

  /** What is in it, first come first. */
  toArray(): T[] {
    return this.#items.slice(this.#taken) as T[]
  }

  #keep(items: (T | undefined)[]): void {
    this.#items = items
    this.#taken = 0
  }
}
