import type { Assignment, AssignorMember } from './assignor.ts'
import { compare, inOrder } from './assignor.ts'

/** All partitions of all topics are dealt out like cards, past members that did not subscribe. Source: `RoundRobinAssignor`. */
export function roundRobin(
  members: readonly AssignorMember[],
  partitions: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const result = new Map<string, Assignment>(members.map(({ memberId }) => [memberId, new Map()]))
  const circle = inOrder(members)
  let at = 0
  for (const topic of [...new Set(members.flatMap(({ topics }) => topics))].sort(compare)) {
    for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
      while (!circle[at % circle.length]?.topics.includes(topic)) at++
      const { memberId } = circle[at++ % circle.length] as AssignorMember
      const assignment = result.get(memberId) as Assignment
      assignment.set(topic, [...(assignment.get(topic) ?? []), partition])
    }
  }
  return result
}
