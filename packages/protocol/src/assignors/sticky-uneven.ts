import type { Claim, Owned } from './claims.ts'
import type { Group } from './group.ts'
import { NOBODY } from './group.ts'
import { Moves } from './moves.ts'
import type { Racks } from './racks.ts'

/**
 * Shares out among members that subscribed to different topics. Members keep what they own; what is free goes to the
 * subscriber that has least; then partitions move from members with more to members with less, until no move makes it
 * more even. Every move makes it more even, so this ends. Steps: a glance at each subscriber for each partition.
 * Source: `AbstractStickyAssignor.GeneralAssignmentBuilder`.
 * @returns by partition: its owner
 */
export function shareUnevenly(
  group: Group,
  racks: Racks,
  owned: Owned,
  claims: readonly Claim[],
): Int32Array {
  const balance = new Balance(group, owned, claims)
  const mustRevoke = balance.revoke(racks)
  const order = scarceTopicsFirst(group)
  const free = order.filter((partition) => balance.owners[partition] === NOBODY)
  if (racks.matter) for (const partition of free) balance.assign(partition, racks)
  for (const partition of free) if (balance.owners[partition] === NOBODY) balance.assign(partition)
  // What was free may move without taking anything from anybody, so it is tried first.
  if (!mustRevoke) balance.improve(free)
  balance.improve(order)
  return balance.owners
}

/** Partitions of topics with few subscribers first, since there is little choice for them. */
function scarceTopicsFirst(group: Group): number[] {
  const topics = group.topics.map((_, topic) => topic)
  const reach = (topic: number): number => group.subscribers[topic]?.length ?? 0
  topics.sort((a, b) => reach(a) - reach(b) || a - b)
  return topics.flatMap((topic) => {
    const first = group.first[topic] as number
    return Array.from({ length: (group.first[topic + 1] as number) - first }, (_, index) => first + index)
  })
}

class Balance {
  readonly owners: Int32Array
  readonly #group: Group
  readonly #counts: Int32Array
  readonly #moves: Moves
  /** By partition: who had it in an older generation than the newest, or `NOBODY`. */
  readonly #previous: Int32Array

  constructor(group: Group, { owners }: Owned, claims: readonly Claim[]) {
    this.#group = group
    this.owners = Int32Array.from(owners)
    this.#counts = new Int32Array(group.members.length)
    for (const owner of owners) if (owner !== NOBODY) this.#count(owner, 1)
    this.#moves = new Moves(group)
    this.#previous = previousOwners(group, claims)
  }

  /** Takes from members what they did not subscribe to or what is far from them; returns whether that was anything. */
  revoke(racks: Racks): boolean {
    let isAny = false
    this.owners.forEach((owner, partition) => {
      if (owner === NOBODY) return
      const topic = this.#group.topicOf[partition] as number
      if (this.#group.subscribes(owner, topic) && !racks.mismatch(owner, partition)) return
      this.owners[partition] = NOBODY
      this.#count(owner, -1)
      isAny = true
    })
    return isAny
  }

  /** Gives a partition to the subscriber with least, of those that stand near it where racks are given. */
  assign(partition: number, racks?: Racks): void {
    const member = this.#least(partition, racks)
    if (member === NOBODY) return
    this.owners[partition] = member
    this.#count(member, 1)
  }

  /** Moves partitions as long as that makes it more even, to their previous owners rather than to others. */
  improve(partitions: readonly number[]): void {
    for (let hasMoved = true; hasMoved; ) {
      hasMoved = false
      for (const partition of partitions) {
        const owner = this.owners[partition] as number
        const previous = this.#previous[partition] as number
        const to = this.#isBetter(owner, previous) ? previous : this.#least(partition)
        if (!this.#isBetter(owner, to)) continue
        this.#move(partition, to)
        hasMoved = true
      }
    }
  }

  /** Rather than by two opposite moves within a topic it is done by none: the partition that came may go back. */
  #move(partition: number, to: number): void {
    const returning = this.#moves.returning(partition, this.owners[partition] as number, to)
    const moved = this.#isBetter(this.owners[returning] as number, to) ? returning : partition
    const from = this.owners[moved] as number
    this.#moves.note(moved, from, to)
    this.owners[moved] = to
    this.#count(from, -1)
    this.#count(to, 1)
  }

  #isBetter(from: number, to: number): boolean {
    if (to === NOBODY) return false
    return (this.#counts[from] as number) > (this.#counts[to] as number) + 1
  }

  #least(partition: number, racks?: Racks): number {
    let least = NOBODY
    for (const member of this.#group.subscribers[this.#group.topicOf[partition] as number] ?? []) {
      if (racks?.mismatch(member, partition)) continue
      if (least === NOBODY || (this.#counts[member] as number) < (this.#counts[least] as number))
        least = member
    }
    return least
  }

  #count(member: number, change: number): void {
    this.#counts[member] = (this.#counts[member] as number) + change
  }
}

function previousOwners(group: Group, claims: readonly Claim[]): Int32Array {
  const previous = new Int32Array(group.partitions).fill(NOBODY)
  const newest = claims.reduce((highest, { generation }) => Math.max(highest, generation), -1)
  claims.forEach(({ partitions, generation }, member) => {
    if (generation >= newest) return
    for (const partition of partitions) {
      if (!group.subscribes(member, group.topicOf[partition] as number)) continue
      const other = claims[previous[partition] as number]
      if (!other || generation > other.generation) previous[partition] = member
    }
  })
  return previous
}
