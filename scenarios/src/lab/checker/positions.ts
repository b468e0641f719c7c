import { ensure } from './lists.ts'

/** Where an incarnation stands in a partition. */
interface Place {
  /** The position after the last poll; undefined when something has moved it since. */
  after: number | undefined
  /** The same, whatever happened since. */
  own: number | undefined
  /** Where it began; undefined when that is not known. */
  start: number | undefined
  /** When it was assigned; undefined once the first position was seen, or something else had set it. */
  assigned: number | undefined
}

/** The first position of an incarnation after it was assigned a partition. */
export interface Start {
  incarnation: number
  group: string
  partition: number
  assigned: number
  /** When the poll that showed it ended. */
  end: number
  position: number
  /** Where it stood itself, and how far the group had read; undefined when that is not known. */
  own: number | undefined
  reached: number | undefined
}

/** A position that changed between two polls, and nobody said why. */
export interface Jump {
  incarnation: number
  group: string
  partition: number
  end: number
  from: number
  to: number
}

/** Follows the positions of readers that are members of a group. */
export class Positions {
  readonly starts: Start[] = []
  readonly jumps: Jump[] = []
  readonly #places = new Map<number, Map<number, Place>>()
  readonly #reached = new Map<string, Map<number, number>>()

  assigned(incarnation: number, partition: number, t: number): void {
    const place = this.#place(incarnation, partition)
    place.assigned = t
    place.after = undefined
    place.start = undefined
  }

  /** Sought (`offset`), reset, or taken away. */
  moved(incarnation: number, partition: number, offset: number | undefined): void {
    const place = this.#place(incarnation, partition)
    place.assigned = undefined
    place.after = undefined
    place.start = offset
  }

  /** A transaction was aborted: what it had read may be read again. */
  goneBack(incarnation: number): void {
    for (const place of this.#places.get(incarnation)?.values() ?? []) place.after = undefined
  }

  /** `before` is undefined when the poll did not tell positions. */
  polled(
    incarnation: number,
    group: string,
    partition: number,
    end: number,
    before: number | undefined,
    after: number,
  ): void {
    const place = this.#place(incarnation, partition)
    const reached = ensure(this.#reached, group, () => new Map<number, number>())
    if (before !== undefined) {
      const where = { incarnation, group, partition, end }
      if (place.assigned !== undefined) {
        const { assigned, own } = place
        this.starts.push({ ...where, assigned, position: before, own, reached: reached.get(partition) })
      } else if (place.after !== undefined && place.after !== before) {
        this.jumps.push({ ...where, from: place.after, to: before })
      }
      place.start ??= before
    }
    place.assigned = undefined
    place.after = before === undefined ? undefined : after
    place.own = after
    reached.set(partition, Math.max(after, reached.get(partition) ?? after))
  }

  /** Where an incarnation began to read a partition it has; undefined when that is not known. */
  startOf(incarnation: number, partition: number): number | undefined {
    return this.#places.get(incarnation)?.get(partition)?.start
  }

  #place(incarnation: number, partition: number): Place {
    const places = ensure(this.#places, incarnation, () => new Map<number, Place>())
    const unknown = { after: undefined, own: undefined, start: undefined, assigned: undefined }
    return ensure(places, partition, () => unknown)
  }
}
