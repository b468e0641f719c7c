import { Bytes, Ints, Numbers } from './columns.ts'
import type { PartitionLog } from './partition-log.ts'

/** The run's records are those that the log holds there. */
const AS_LOGGED = -1
/** The record did not match its checksum. */
const MANGLED = -2

/** Polls that ended, one row each, in the order of their ends. */
export class Polls {
  readonly incarnation = new Ints()
  readonly isCommittedOnly = new Bytes()
  readonly isDrain = new Bytes()
  readonly begin = new Numbers()
  readonly end = new Numbers()
  /** Number of the transaction it belongs to; -1 for none. */
  readonly transaction = new Ints()

  get length(): number {
    return this.begin.length
  }
}

/** Records that a poll gave, in a row: `first` to `last` of one partition, or a single one that is not as expected. */
export interface Run {
  poll: number
  partition: number
  first: number
  last: number
  /** Row of the value when it is another one than the log's; AS_LOGGED or MANGLED else. */
  id: number
}

/**
 * What was read, in the order in which polls ended. Nearly all of it is what everybody saw at offsets one after the
 * other; of that only the bounds are kept.
 */
export class Reads {
  readonly #poll = new Ints()
  readonly #partition = new Ints()
  readonly #first = new Numbers()
  readonly #last = new Numbers()
  readonly #id = new Ints()
  /** Records. */
  count = 0

  /** Adds a record of a poll; `id` is the row of its value, `isLogged` whether the log knows that one there. */
  add(poll: number, partition: number, offset: number, id: number, isLogged: boolean): void {
    this.count++
    const run = this.#poll.length - 1
    const isNext =
      isLogged &&
      run >= 0 &&
      this.#poll.at(run) === poll &&
      this.#id.at(run) === AS_LOGGED &&
      this.#last.at(run) + 1 === offset &&
      this.#partition.at(run) === partition
    if (isNext) this.#last.set(run, offset)
    else this.#push(poll, partition, offset, isLogged ? AS_LOGGED : id)
  }

  /** Adds a record that does not match its checksum. */
  addMangled(poll: number, partition: number, offset: number): void {
    this.count++
    this.#push(poll, partition, offset, MANGLED)
  }

  #push(poll: number, partition: number, offset: number, id: number): void {
    this.#poll.push(poll)
    this.#partition.push(partition)
    this.#first.push(offset)
    this.#last.push(offset)
    this.#id.push(id)
  }

  /** Every run; the same object is used for all of them. */
  *runs(): Generator<Run, void> {
    const run: Run = { poll: 0, partition: 0, first: 0, last: 0, id: 0 }
    for (let at = 0; at < this.#poll.length; at++) {
      run.poll = this.#poll.at(at)
      run.partition = this.#partition.at(at)
      run.first = this.#first.at(at)
      run.last = this.#last.at(at)
      run.id = this.#id.at(at)
      yield run
    }
  }
}

/** The rows of the values of a run, with their offsets; none for a mangled record. */
export function eachValue(run: Run, log: PartitionLog, see: (id: number, offset: number) => void): void {
  if (run.id === MANGLED) return
  if (run.id !== AS_LOGGED) {
    see(run.id, run.first)
    return
  }
  for (let rank = log.rank(run.first); rank < log.length; rank++) {
    const offset = log.offsets[rank] as number
    if (offset > run.last) return
    see(log.ids[rank] as number, offset)
  }
}

export function isMangled(run: Run): boolean {
  return run.id === MANGLED
}
