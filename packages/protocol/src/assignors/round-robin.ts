import type { Assignor } from './assignor.ts'
import { staticFirst } from './assignor.ts'
import { Group } from './group.ts'

/**
 * All partitions of all topics are dealt out like cards, past members that did not subscribe to the topic.
 * Source: `org.apache.kafka.clients.consumer.RoundRobinAssignor`; goes by `roundrobin`.
 */
export const roundRobin: Assignor = (members, topics) => {
  const group = new Group(staticFirst(members), topics)
  const shares: number[][] = group.members.map(() => [])
  /** The member at which the next card is due. */
  let due = 0
  group.subscribers.forEach((takers, topic) => {
    const at = takers.findIndex((member) => member >= due)
    let next = Math.max(at, 0)
    const end = group.first[topic + 1] as number
    for (let partition = group.first[topic] as number; partition < end; partition++) {
      const member = takers[next] as number
      shares[member]?.push(partition)
      due = member + 1
      next = (next + 1) % takers.length
    }
  })
  return group.answer(shares)
}
