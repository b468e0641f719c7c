/**
 * Members that stand in a queue and can be found by their racks: the first of some racks at or behind a place, without
 * looking at those between. A place that was left is skipped from then on (linked as in a union-find, so that a search
 * costs little however many have left).
 */
export class RackQueue {
  readonly #members: number[] = []
  readonly #hasLeft: boolean[] = []
  /** By rack: the places of its members, and for each the entry where the next one that is still there may be. */
  readonly #racks = new Map<string, { places: number[]; link: number[] }>()
  readonly #rackOf: (member: number) => string | undefined

  constructor(members: Iterable<number>, rackOf: (member: number) => string | undefined) {
    this.#rackOf = rackOf
    for (const member of members) this.add(member)
  }

  add(member: number): void {
    const rack = this.#rackOf(member)
    const place = this.#members.push(member) - 1
    this.#hasLeft.push(false)
    if (rack === undefined) return
    const lane = this.#racks.get(rack)
    if (lane) lane.link.push(lane.places.push(place) - 1)
    else this.#racks.set(rack, { places: [place], link: [0] })
  }

  at(place: number): number {
    return this.#members[place] as number
  }

  /** The place of the first member with one of these racks, from a place on and around; undefined when there is none. */
  find(racks: readonly string[], from: number): number | undefined {
    let best: number | undefined
    let nearest = Number.POSITIVE_INFINITY
    for (const rack of racks) {
      const lane = this.#racks.get(rack)
      if (!lane) continue
      const place = this.#next(lane, lowerBound(lane.places, from)) ?? this.#next(lane, 0)
      if (place === undefined) continue
      const distance = place >= from ? place - from : place - from + this.#members.length
      if (distance >= nearest) continue
      nearest = distance
      best = place
    }
    return best
  }

  remove(place: number): void {
    this.#hasLeft[place] = true
  }

  /** Who is still there, in order. */
  rest(): number[] {
    return this.#members.filter((_, place) => !this.#hasLeft[place])
  }

  #next({ places, link }: { places: number[]; link: number[] }, from: number): number | undefined {
    let at = from
    while (at < places.length && this.#hasLeft[places[at] as number]) {
      const onward = link[at] as number
      at = onward > at ? onward : at + 1
    }
    for (let behind = from; behind < at; ) {
      const onward = Math.max(link[behind] as number, behind + 1)
      link[behind] = at
      behind = onward
    }
    return places[at]
  }
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
