import { Numbers } from './columns.ts'

/** Offsets may be so many times as many as records before a table of them costs too much. */
const DENSITY = 16

/**
 * What a partition holds, as far as anybody has seen it: the value at each offset. Offsets that nobody saw (markers,
 * records of aborted transactions that were hidden, what compaction removed) are gaps that ranks pass over.
 */
export class PartitionLog {
  readonly #offsets = new Numbers()
  readonly #values = new Numbers()
  /** Rising, each once. */
  offsets = new Float64Array(0)
  values = new Float64Array(0)
  /** Two values at one offset. */
  readonly conflicts: { offset: number; values: [number, number] }[] = []

  note(offset: number, value: number): void {
    this.#offsets.push(offset)
    this.#values.push(value)
  }

  seal(): void {
    const count = this.#offsets.length
    let greatest = -1
    for (let index = 0; index < count; index++) greatest = Math.max(greatest, this.#offsets.at(index))
    // Offsets are nearly always dense; then a table by offset takes the place of sorting.
    if (greatest < count * DENSITY + DENSITY) this.#sealDense(greatest + 1)
    else this.#sealSparse()
  }

  #sealDense(end: number): void {
    const values = new Float64Array(end).fill(Number.NaN)
    for (let index = 0; index < this.#offsets.length; index++) {
      this.#compare(this.#offsets.at(index), values, this.#offsets.at(index), this.#values.at(index))
    }
    const length = values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0)
    this.offsets = new Float64Array(length)
    this.values = new Float64Array(length)
    let at = 0
    values.forEach((value, offset) => {
      if (Number.isNaN(value)) return
      this.offsets[at] = offset
      this.values[at++] = value
    })
  }

  #sealSparse(): void {
    const all = Float64Array.from({ length: this.#offsets.length }, (_, index) =>
      this.#offsets.at(index),
    ).sort()
    this.offsets = all.filter((offset, index) => index === 0 || offset !== all[index - 1])
    this.values = new Float64Array(this.offsets.length).fill(Number.NaN)
    for (let index = 0; index < this.#offsets.length; index++) {
      const offset = this.#offsets.at(index)
      this.#compare(this.rank(offset), this.values, offset, this.#values.at(index))
    }
  }

  #compare(place: number, values: Float64Array, offset: number, value: number): void {
    const known = values[place] as number
    if (Number.isNaN(known)) values[place] = value
    else if (known !== value) this.conflicts.push({ offset, values: [known, value] })
  }

  get length(): number {
    return this.offsets.length
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
}
