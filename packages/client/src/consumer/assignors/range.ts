import type { Assignment, AssignorMember } from './assignor.ts'
import { compare, inOrder } from './assignor.ts'

/**
 * Topic by topic, each member gets a run of neighbouring partitions; the first members get one more where it does not
 * come out even. Source: `RangeAssignor`.
 */
export function range(
  members: readonly AssignorMember[],
  partitions: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const result = new Map<string, Assignment>(members.map(({ memberId }) => [memberId, new Map()]))
  for (const topic of [...new Set(members.flatMap(({ topics }) => topics))].sort(compare)) {
    const count = partitions.get(topic) ?? 0
    const takers = inOrder(members.filter(({ topics }) => topics.includes(topic)))
    const share = Math.floor(count / takers.length)
    const extra = count % takers.length
    let next = 0
    takers.forEach(({ memberId }, index) => {
      const mine = share + (index < extra ? 1 : 0)
      if (mine > 0)
        result.get(memberId)?.set(
          topic,
          Array.from({ length: mine }, (_, offset) => next + offset),
        )
      next += mine
    })
  }
  return result
}
