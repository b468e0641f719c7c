import type { Group } from './group.ts'

/**
 * Racks matter when members say theirs, some partition has a replica in one, and not all partitions have the same racks.
 * Source: `AbstractPartitionAssignor.useRackAwareAssignment`.
 */
export function racksMatter(wanted: ReadonlySet<string>, ofPartitions: Iterable<readonly string[]>): boolean {
  if (wanted.size === 0) return false
  const sets = [...ofPartitions].map((racks) => new Set(racks))
  const all = new Set<string>()
  for (const racks of sets) for (const rack of racks) all.add(rack)
  return [...all].some((rack) => wanted.has(rack)) && sets.some((racks) => racks.size !== all.size)
}

/** Where members and replicas stand, for assignors that look at the whole group at once. */
export class Racks {
  /** Whether racks matter; when they do not, every member fits every partition. */
  readonly matter: boolean
  readonly #group: Group

  constructor(group: Group) {
    this.#group = group
    const ofPartitions = Array.from({ length: group.partitions }, (_, partition) => group.racksOf(partition))
    const everybody = group.members.map((_, member) => member)
    this.matter = racksMatter(group.racksOfMembers(everybody), ofPartitions)
  }

  /** Whether the member says its rack and no replica of the partition stands there. */
  mismatch(member: number, partition: number): boolean {
    if (!this.matter) return false
    const rack = this.#group.rackOf(member)
    return rack !== undefined && !this.#group.racksOf(partition).includes(rack)
  }

  /** Partitions that few members stand near come first, so that they are not left to members far away. */
  scarceFirst(partitions: readonly number[]): readonly number[] {
    if (!this.matter) return partitions
    const members = new Map<string, number>()
    this.#group.members.forEach((_, member) => {
      const rack = this.#group.rackOf(member)
      if (rack !== undefined) members.set(rack, (members.get(rack) ?? 0) + 1)
    })
    const near = (partition: number): number =>
      [...new Set(this.#group.racksOf(partition))].reduce((sum, rack) => sum + (members.get(rack) ?? 0), 0)
    return partitions
      .map((partition) => ({ partition, near: near(partition) }))
      .sort((a, b) => a.near - b.near)
      .map(({ partition }) => partition)
  }
}
