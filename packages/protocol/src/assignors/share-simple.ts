import type { Assignor } from './assignor.ts'
import { byId, Group } from './group.ts'

/**
 * The broker's `simple` for share groups, where a partition may have several members: each partition gets as many as it
 * takes to give everybody something, and members keep what they have as far as that allows. When subscriptions differ,
 * each topic is shared out for itself.
 * Source: KIP-932, `org.apache.kafka.coordinator.group.assignor.SimpleAssignor`.
 */
export const shareSimple: Assignor = (members, topics) => {
  const group = new Group(byId(members), topics)
  const shares = group.members.map(() => new Set<number>())
  const everybody = group.members.map((_, member) => member)
  const holders = holdersOf(group)
  if (group.isEven) shareOut(everybody, 0, holders, shares)
  else
    group.subscribers.forEach((takers, topic) => {
      const start = group.first[topic] as number
      shareOut(takers, start, holders.slice(start, group.first[topic + 1]), shares)
    })
  return group.answer(shares)
}

/** By partition: the members that have it at the moment and are still subscribed to it. */
function holdersOf(group: Group): Set<number>[] {
  const holders = Array.from({ length: group.partitions }, () => new Set<number>())
  group.members.forEach(({ ownedPartitions }, member) => {
    for (const partition of group.numbersOf(ownedPartitions)) {
      if (group.subscribes(member, group.topicOf[partition] as number)) holders[partition]?.add(member)
    }
  })
  return holders
}

/**
 * Shares partitions among the takers, from the one numbered `start` on.
 * @param holders by partition: who has it; changed here
 */
function shareOut(
  takers: readonly number[],
  start: number,
  holders: readonly Set<number>[],
  shares: readonly Set<number>[],
): void {
  if (takers.length === 0 || holders.length === 0) return
  const sharing = Math.ceil(takers.length / holders.length)
  const quotas = new Map<number, number>()
  const total = sharing * holders.length
  takers.forEach((taker, place) => {
    const upTo = Math.ceil((total * (place + 1)) / takers.length)
    quotas.set(taker, upTo - Math.ceil((total * place) / takers.length))
  })
  const counts = new Map<number, number>()
  for (const held of holders) for (const taker of held) counts.set(taker, (counts.get(taker) ?? 0) + 1)
  const dropWhile = (isTooMuch: (held: Set<number>, taker: number) => boolean): void => {
    for (const held of holders) {
      for (const taker of held) {
        if (!isTooMuch(held, taker)) continue
        held.delete(taker)
        counts.set(taker, (counts.get(taker) as number) - 1)
      }
    }
  }
  dropWhile((_, taker) => (counts.get(taker) as number) > (quotas.get(taker) as number))
  dropWhile((held) => held.size > sharing)
  fillUp({ takers, sharing, quotas, holders, counts })
  holders.forEach((held, index) => {
    for (const taker of held) shares[taker]?.add(start + index)
  })
}

interface Sharing {
  takers: readonly number[]
  /** How many takers a partition should have. */
  sharing: number
  /** By taker: how many partitions it should have; they differ by one at most. */
  quotas: ReadonlyMap<number, number>
  /** By partition: its takers. */
  holders: readonly Set<number>[]
  /** By taker: how many partitions it has. */
  counts: Map<number, number>
}

/**
 * Takers below their quota take turns, one partition after the other. Where all of them have a partition already it stays
 * with fewer than it should have, which harms nobody; but one that nobody has is given to a taker beyond its quota.
 */
function fillUp({ takers, sharing, quotas, holders, counts }: Sharing): void {
  const open = new Set(takers.filter((taker) => (counts.get(taker) ?? 0) < (quotas.get(taker) as number)))
  let turn = open.values()
  holders.forEach((held, index) => {
    for (let passed = 0; held.size < sharing && passed < open.size; ) {
      let next = turn.next()
      if (next.done) {
        turn = open.values()
        next = turn.next()
      }
      const taker = next.value as number
      if (held.has(taker)) {
        passed++
        continue
      }
      passed = 0
      held.add(taker)
      const count = (counts.get(taker) ?? 0) + 1
      counts.set(taker, count)
      if (count >= (quotas.get(taker) as number)) open.delete(taker)
    }
    if (held.size === 0) held.add(takers[index % takers.length] as number)
  })
}
