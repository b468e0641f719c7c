import type { Group } from './group.ts'

interface Move {
  from: number
  to: number
}

/**
 * What has moved while a group was balanced, so that two members do not exchange partitions of one topic for nothing.
 * Source: `AbstractStickyAssignor.PartitionMovements`.
 */
export class Moves {
  readonly #group: Group
  readonly #ofPartition = new Map<number, Move>()
  /** By topic and pair of members: what went that way. */
  readonly #ofPair = new Map<string, Set<number>>()

  constructor(group: Group) {
    this.#group = group
  }

  /** The partition of the same topic that came the opposite way and can go back instead; the given one when none did. */
  returning(partition: number, from: number, to: number): number {
    const origin = this.#ofPartition.get(partition)?.from ?? from
    const [opposite] = this.#ofPair.get(this.#key(partition, { from: to, to: origin })) ?? []
    return opposite ?? partition
  }

  /** Notes a move; several moves of one partition count as one, and coming back as none. */
  note(partition: number, from: number, to: number): void {
    const earlier = this.#ofPartition.get(partition)
    if (earlier) {
      this.#ofPartition.delete(partition)
      this.#ofPair.get(this.#key(partition, earlier))?.delete(partition)
    }
    const move = { from: earlier?.from ?? from, to }
    if (move.from === to) return
    const key = this.#key(partition, move)
    this.#ofPartition.set(partition, move)
    const known = this.#ofPair.get(key)
    if (known) known.add(partition)
    else this.#ofPair.set(key, new Set([partition]))
  }

  #key(partition: number, { from, to }: Move): string {
    return `${this.#group.topicOf[partition]}:${from}:${to}`
  }
}
