import type { Group } from './group.ts'
import { NOBODY } from './group.ts'

/** What a member says it owns, and since when. */
export interface Claim {
  partitions: ReadonlySet<number>
  /** -1 when the member does not say. */
  generation: number
}

/** Who owns what, after the claims of all members have been held against each other. */
export interface Owned {
  /** By partition: its owner or `NOBODY`. */
  owners: Int32Array
  /** Claimed by several members in one generation: nobody can say whose they are. */
  disputed: ReadonlySet<number>
}

/**
 * Of several members that claim a partition the one with the newest generation owns it; two claims of one generation
 * cancel each other. Source: `AbstractStickyAssignor.allSubscriptionsEqual`, KAFKA-12984 and KAFKA-13406.
 */
export function settle(group: Group, claims: readonly Claim[]): Owned {
  const owners = new Int32Array(group.partitions).fill(NOBODY)
  const claimants = new Int32Array(group.partitions).fill(NOBODY)
  const disputed = new Set<number>()
  claims.forEach(({ partitions, generation }, member) => {
    for (const partition of partitions) {
      const other = claims[claimants[partition] as number]
      if (other && other.generation > generation) continue
      const isDisputed = other?.generation === generation
      if (isDisputed) disputed.add(partition)
      owners[partition] = isDisputed ? NOBODY : member
      claimants[partition] = member
    }
  })
  return { owners, disputed }
}
