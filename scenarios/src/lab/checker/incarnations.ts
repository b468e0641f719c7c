import { Names } from './columns.ts'

/** What is known of one life of a client. */
export interface Incarnation {
  inc: string
  who: string
  /** Times of its first and last line. */
  first: number
  last: number
  /** When it had been closed in order; undefined when it never was: killed, or still running. */
  closed: number | undefined
  crashed: number | undefined
  group: string | undefined
}

/** Every incarnation, by number. */
export class Incarnations {
  readonly #names = new Names()
  readonly all: Incarnation[] = []

  /** The number of an incarnation, which was heard of at a time. */
  hear(inc: string, who: string, t: number): number {
    const number = this.#names.of(inc)
    const known = this.all[number]
    if (known) known.last = t
    else
      this.all.push({ inc, who, first: t, last: t, closed: undefined, crashed: undefined, group: undefined })
    return number
  }

  find(inc: string): Incarnation | undefined {
    return this.all[this.#names.find(inc)]
  }

  at(number: number): Incarnation {
    return this.all[number] as Incarnation
  }

  number(inc: string): number {
    return this.#names.find(inc)
  }
}

/**
 * Whether the last lines of an incarnation may be missing: it was never closed. A process that is killed takes with it
 * what it had not written yet, and what a call of it did nobody will tell.
 */
export function isVanished(incarnation: Incarnation): boolean {
  return incarnation.closed === undefined
}

/** What a process writes reaches its file within this. Nanoseconds. */
export const FLUSH_NS = 1e9
