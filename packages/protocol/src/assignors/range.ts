import type { Assignor } from './assignor.ts'
import { staticFirst } from './assignor.ts'
import { Group, NOBODY } from './group.ts'
import { racksMatter } from './racks.ts'

/**
 * Topic by topic, each member gets a run of neighbouring partitions; the first members get one more where it does not
 * come out even. Where racks are known and partitions differ in theirs, partitions with a replica in the member's rack
 * are given out first (KIP-881); topics with the same members and the same number of partitions stay together then, so
 * that who has partition 0 of one has partition 0 of the other.
 * Source: `org.apache.kafka.clients.consumer.RangeAssignor`; goes by `range`.
 */
export const range: Assignor = (members, topics) => {
  const group = new Group(staticFirst(members), topics)
  const runs = group.topics.map((_, topic) => new Runs(group, topic)).filter(({ count }) => count > 0)
  if (runs.some(({ isRackAware }) => isRackAware)) {
    for (const alike of coPartitioned(runs)) {
      if (alike.length > 1) shareTogether(alike)
      else if (alike[0]?.isRackAware) alike[0].share(true)
    }
  }
  for (const run of runs) run.share(false)
  const owners = new Int32Array(group.partitions)
  for (const { topic, owners: own } of runs) owners.set(own, group.first[topic])
  return group.answer(group.sharesOf(owners))
}

/** The partitions of one topic while they are given out. */
class Runs {
  readonly group: Group
  readonly topic: number
  readonly takers: readonly number[]
  readonly count: number
  /** By partition of the topic. */
  readonly owners: Int32Array
  readonly isRackAware: boolean
  readonly #taken = new Map<number, number>()
  readonly #share: number
  #extras: number
  #left: number

  constructor(group: Group, topic: number) {
    this.group = group
    this.topic = topic
    this.takers = group.subscribers[topic] as readonly number[]
    this.count = (group.first[topic + 1] as number) - (group.first[topic] as number)
    this.owners = new Int32Array(this.count).fill(NOBODY)
    this.#share = Math.floor(this.count / this.takers.length)
    this.#extras = this.count % this.takers.length
    this.#left = this.count
    this.isRackAware = racksMatter(group.racksOfMembers(this.takers), this.#racks())
  }

  *#racks(): Iterable<readonly string[]> {
    for (let index = 0; index < this.count; index++) yield this.racksOf(index)
  }

  racksOf(index: number): readonly string[] {
    return this.group.racksOf((this.group.first[this.topic] as number) + index)
  }

  /** How many more partitions the member may get. */
  room(member: number): number {
    return Math.max(0, this.#share + (this.#extras > 0 ? 1 : 0) - (this.#taken.get(member) ?? 0))
  }

  give(member: number, index: number): void {
    const taken = (this.#taken.get(member) ?? 0) + 1
    this.#left--
    this.owners[index] = member
    this.#taken.set(member, taken)
    if (taken === this.#share + 1) this.#extras--
  }

  /**
   * Fills up the takers in their order, with partitions of their racks only or with any. What a rack has passed over it
   * will not want later either, so each rack looks at each partition once.
   */
  share(inRack: boolean): void {
    const passed = new Map<string | undefined, number>()
    for (const member of this.takers) {
      if (this.#left === 0) return
      const rack = inRack ? this.group.rackOf(member) : undefined
      let index = passed.get(rack) ?? 0
      for (let room = this.room(member); room > 0 && index < this.count; index++) {
        if (this.owners[index] !== NOBODY) continue
        if (rack !== undefined && !this.racksOf(index).includes(rack)) continue
        this.give(member, index)
        room--
      }
      passed.set(rack, index)
    }
  }
}

/** Topics with the same takers and the same number of partitions. */
function coPartitioned(runs: readonly Runs[]): Runs[][] {
  const groups = new Map<readonly number[], Map<number, Runs[]>>()
  for (const run of runs) {
    const byCount = groups.get(run.takers) ?? new Map<number, Runs[]>()
    const alike = byCount.get(run.count)
    if (alike) alike.push(run)
    else groups.set(run.takers, byCount.set(run.count, [run]))
  }
  return [...groups.values()].flatMap((byCount) => [...byCount.values()])
}

/** Partition by partition, the first taker with room that has the rack of this partition in all the topics gets them all. */
function shareTogether(runs: readonly Runs[]): void {
  const [first] = runs as [Runs]
  const { group, takers } = first
  if (group.racksOfMembers(takers).size === 0) return
  /** By rack: the takers, as places in their order; whoever had no room once gets none later. */
  const waiting = new Map<string | undefined, number[]>()
  for (let place = takers.length - 1; place >= 0; place--) {
    const rack = group.rackOf(takers[place] as number)
    const known = waiting.get(rack)
    if (known) known.push(place)
    else waiting.set(rack, [place])
  }
  for (let index = 0; index < first.count; index++) {
    let best = Number.POSITIVE_INFINITY
    const common = first
      .racksOf(index)
      .filter((rack) => runs.every((run) => run.racksOf(index).includes(rack)))
    for (const rack of [undefined, ...common]) {
      const places = waiting.get(rack) ?? []
      while (places.length > 0 && first.room(takers[places.at(-1) as number] as number) === 0) places.pop()
      best = Math.min(best, places.at(-1) ?? Number.POSITIVE_INFINITY)
    }
    const member = takers[best]
    if (member !== undefined) for (const run of runs) run.give(member, index)
  }
}
