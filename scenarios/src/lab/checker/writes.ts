import { Bytes, Ints, Numbers, Places } from './columns.ts'
import type { Outcome } from './outcome.ts'

/** Outcomes as numbers; `PENDING` has no end yet. */
const PENDING = 0
export const OK = 1
export const FAIL = 2
const UNK = 3
export const outcomeNumbers: Readonly<Record<Outcome, number>> = { ok: OK, fail: FAIL, unk: UNK }

/** Every value that appears, one row each, in the order of first appearance; one that nobody sent has no partition. */
export class Writes {
  readonly #places = new Places()
  readonly partition = new Ints()
  readonly incarnation = new Ints()
  readonly begin = new Numbers()
  readonly end = new Numbers()
  readonly outcome = new Bytes()
  /** As acknowledged; -1 when the acknowledgement does not tell it. */
  readonly offset = new Numbers()
  /** Number of the transaction; -1 for none. */
  readonly transaction = new Ints()

  get length(): number {
    return this.partition.length
  }

  value(row: number): number {
    return this.#places.values.at(row)
  }

  /** The row of a value, a new one that nobody has sent if there is none. */
  of(value: number): number {
    const row = this.#places.of(value)
    if (row < this.partition.length) return row
    this.partition.push(-1)
    this.incarnation.push(-1)
    this.begin.push(Number.POSITIVE_INFINITY)
    this.end.push(Number.POSITIVE_INFINITY)
    this.outcome.push(PENDING)
    this.offset.push(-1)
    this.transaction.push(-1)
    return row
  }

  wasSent(row: number): boolean {
    return this.partition.at(row) >= 0
  }
}
