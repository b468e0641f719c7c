import type { Owned } from './claims.ts'
import type { Group } from './group.ts'
import { NOBODY } from './group.ts'
import { RackQueue } from './rack-queue.ts'
import type { Racks } from './racks.ts'

/**
 * Shares out among members that all subscribed to the same topics: each has the same number of partitions in the end, or
 * one more. Members keep what they own up to that; the rest is dealt out. Steps: linear in partitions and members.
 * Source: `AbstractStickyAssignor.ConstrainedAssignmentBuilder`.
 * @returns by partition: its owner
 */
export function shareEvenly(group: Group, racks: Racks, owned: Owned): Int32Array {
  if (group.members.length === 0) return new Int32Array(group.partitions).fill(NOBODY)
  const deal = new EvenDeal(group)
  deal.keep(racks, owned)
  const rest = racks.scarceFirst(deal.unassigned())
  deal.dealOut(racks.matter ? deal.dealInRacks(rest) : rest)
  return deal.owners
}

class EvenDeal {
  readonly owners: Int32Array
  readonly #group: Group
  readonly #counts: Int32Array
  /** What everybody gets. */
  readonly #share: number
  /** How many members get one more: while they have not been found. */
  #extras: number
  /** Members that have less than their share, in order. */
  #short: number[] = []
  /** Members that have just their share and may get one more, in order. */
  #full: number[] = []

  constructor(group: Group) {
    this.#group = group
    this.owners = new Int32Array(group.partitions).fill(NOBODY)
    this.#counts = new Int32Array(group.members.length)
    this.#share = Math.floor(group.partitions / group.members.length)
    this.#extras = group.partitions % group.members.length
  }

  /** Members keep what they own: the first ones may keep one more than the share, as long as there are extras. */
  keep(racks: Racks, { owners, disputed }: Owned): void {
    this.#group.sharesOf(owners).forEach((share, member) => {
      const mine = share
        .filter((partition) => !disputed.has(partition) && !racks.mismatch(member, partition))
        .sort((a, b) => this.#group.indexOf(a) - this.#group.indexOf(b) || a - b)
      const hasExtra = mine.length > this.#share && this.#extras > 0
      for (const partition of mine.slice(0, this.#share + (hasExtra ? 1 : 0))) this.#give(partition, member)
      if (mine.length < this.#share) this.#short.push(member)
      else if (hasExtra) this.#extras--
      else this.#full.push(member)
    })
    if (this.#extras === 0) this.#full = []
  }

  unassigned(): number[] {
    const rest: number[] = []
    this.owners.forEach((owner, partition) => {
      if (owner === NOBODY) rest.push(partition)
    })
    return rest
  }

  /** Gives out what members of the right rack can take; returns what is left. */
  dealInRacks(partitions: readonly number[]): number[] {
    const rackOf = (member: number): string | undefined => this.#group.rackOf(member)
    const short = new RackQueue(this.#short, rackOf)
    let full = new RackQueue(this.#full, rackOf)
    let next = 0
    const left: number[] = []
    for (const partition of partitions) {
      const near = this.#group.racksOf(partition)
      const place = short.find(near, next)
      if (place !== undefined) {
        const member = short.at(place)
        this.#give(partition, member)
        next = place + 1
        if ((this.#counts[member] as number) < this.#share) continue
        short.remove(place)
        if (this.#extras > 0) full.add(member)
        continue
      }
      const other = full.find(near, 0)
      if (other === undefined) {
        left.push(partition)
        continue
      }
      this.#give(partition, full.at(other))
      full.remove(other)
      if (--this.#extras === 0) full = new RackQueue([], rackOf)
    }
    this.#short = short.rest()
    this.#full = full.rest()
    return left
  }

  /** Round by round to those that have less than their share, then one more each to as many as it takes. */
  dealOut(partitions: readonly number[]): void {
    let round = this.#short
    let again: number[] = []
    let at = 0
    let nextFull = 0
    for (const partition of partitions) {
      if (at === round.length) {
        round = again
        again = []
        at = 0
      }
      const member = (at < round.length ? round[at++] : this.#full[nextFull++]) as number
      this.#give(partition, member)
      const count = this.#counts[member] as number
      if (count < this.#share) again.push(member)
      else if (count === this.#share) this.#full.push(member)
    }
  }

  #give(partition: number, member: number): void {
    this.owners[partition] = member
    this.#counts[member] = (this.#counts[member] as number) + 1
  }
}
