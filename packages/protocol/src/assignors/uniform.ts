import type { Assignor } from './assignor.ts'
import { byId, Group, NOBODY } from './group.ts'
import { balanceUniformly } from './uniform-uneven.ts'

/**
 * The broker's `uniform` for consumer groups, its default: as even as it can be, and members keep what they have as far
 * as that allows. Racks do not count.
 * Source: KIP-848, `org.apache.kafka.coordinator.group.assignor.UniformAssignor`.
 */
export const uniform: Assignor = (members, topics) => {
  const group = new Group(byId(members), topics)
  const owners = currentOwners(group)
  if (group.isEven) shareUniformly(group, owners)
  else balanceUniformly(group, owners)
  return group.answer(group.sharesOf(owners))
}

/** By partition: who has it and is still subscribed to it. */
function currentOwners(group: Group): Int32Array {
  const owners = new Int32Array(group.partitions).fill(NOBODY)
  group.members.forEach(({ ownedPartitions }, member) => {
    for (const partition of group.numbersOf(ownedPartitions)) {
      if (group.subscribes(member, group.topicOf[partition] as number)) owners[partition] = member
    }
  })
  return owners
}

/**
 * All subscribed to the same topics: everybody keeps the first of what he has up to his quota, which for some is one more
 * than for others: for those that have more already, then for the last of those that do not.
 * Source: `UniformHomogeneousAssignmentBuilder`.
 */
function shareUniformly(group: Group, owners: Int32Array): void {
  const { length } = group.members
  if (length === 0) return
  const share = Math.floor(group.partitions / length)
  let extras = group.partitions % length
  const free: number[] = []
  owners.forEach((owner, partition) => {
    if (owner === NOBODY) free.push(partition)
  })
  const open: { member: number; missing: number }[] = []
  group.sharesOf(owners).forEach((mine, member) => {
    const hasExtra = mine.length > share && extras > 0
    if (hasExtra) extras--
    const quota = share + (hasExtra ? 1 : 0)
    for (const partition of mine.slice(quota)) free.push(partition)
    if (!hasExtra) open.push({ member, missing: Math.max(0, share - mine.length) })
  })
  let next = 0
  open.forEach(({ member, missing }, place) => {
    const end = next + missing + (open.length - place <= extras ? 1 : 0)
    for (; next < end; next++) owners[free[next] as number] = member
  })
}
