import type { Assignor } from './assignor.ts'
import { staticFirst } from './assignor.ts'
import { Group } from './group.ts'

/**
 * The broker's `range` for consumer groups: topic by topic, each subscriber gets a run of neighbouring partitions, the
 * first ones one more where it does not come out even. Neither racks nor what members have counts.
 * Source: KIP-848, `org.apache.kafka.coordinator.group.assignor.RangeAssignor`.
 */
export const brokerRange: Assignor = (members, topics) => {
  const group = new Group(staticFirst(members), topics)
  const owners = new Int32Array(group.partitions)
  group.subscribers.forEach((takers, topic) => {
    let next = group.first[topic] as number
    const count = (group.first[topic + 1] as number) - next
    takers.forEach((member, place) => {
      const size = Math.floor(count / takers.length) + (place < count % takers.length ? 1 : 0)
      owners.fill(member, next, next + size)
      next += size
    })
  })
  return group.answer(group.sharesOf(owners))
}
