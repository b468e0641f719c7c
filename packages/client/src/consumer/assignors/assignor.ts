import { range } from './range.ts'
import { roundRobin } from './round-robin.ts'

/** A member of the group as the leader sees it. */
export interface AssignorMember {
  memberId: string
  groupInstanceId: string | null
  topics: readonly string[]
}

/** Partitions by topic. */
export type Assignment = Map<string, number[]>

/**
 * Shares the partitions of topics out among members.
 * @param partitions how many partitions each topic has; a topic that is missing does not exist
 */
export type Assignor = (
  members: readonly AssignorMember[],
  partitions: ReadonlyMap<string, number>,
) => Map<string, Assignment>

/** By the names that go over the wire. */
export const assignors: Readonly<Record<string, Assignor>> = { range, roundrobin: roundRobin }

/** Static members are sorted by their instance ids, so that a restart does not change the order. Source: `MemberInfo`. */
export function inOrder(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null)
      return compare(a.groupInstanceId, b.groupInstanceId)
    if (a.groupInstanceId !== null) return -1
    if (b.groupInstanceId !== null) return 1
    return compare(a.memberId, b.memberId)
  })
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
