import type { Assignment, Assignor, AssignorMember, AssignorTopic } from './assignor.ts'
import type { Claim } from './claims.ts'
import { settle } from './claims.ts'
import { byId, Group, NOBODY } from './group.ts'
import { Racks } from './racks.ts'
import { shareEvenly } from './sticky-even.ts'
import { shareUnevenly } from './sticky-uneven.ts'
import { decodeCooperativeStickyUserData, decodeStickyUserData } from './sticky-user-data.ts'

/**
 * As even as it can be, and members keep what they have as far as that allows. For the eager protocol: members have given
 * everything back before they join, and remember in their `userData` what they had (see `encodeStickyUserData`).
 * Source: KIP-54, `org.apache.kafka.clients.consumer.StickyAssignor`; goes by `sticky`.
 */
export const sticky: Assignor = (members, topics) => stick(members, topics, eagerClaim).answer

/**
 * As `sticky`, for the cooperative protocol: members keep what they have while they join (`ownedPartitions`), so what is
 * to move from one member to another is given to nobody at first. Its owner gives it back and joins again, and then it is
 * assigned. Source: KIP-429, `org.apache.kafka.clients.consumer.CooperativeStickyAssignor`; goes by `cooperative-sticky`.
 */
export const cooperativeSticky: Assignor = (members, topics) => {
  const { group, owners, moving } = stick(members, topics, cooperativeClaim)
  for (const partition of moving) owners[partition] = NOBODY
  return group.answer(group.sharesOf(owners))
}

interface Stuck {
  group: Group
  owners: Int32Array
  answer: Map<string, Assignment>
  /** Partitions that another member may still have. */
  moving: number[]
}

function stick(
  unsorted: readonly AssignorMember[],
  topics: ReadonlyMap<string, AssignorTopic>,
  claimOf: (group: Group, member: AssignorMember) => Claim,
): Stuck {
  const group = new Group(byId(unsorted), topics)
  const claims = group.members.map((member) => claimOf(group, member))
  const owned = settle(group, claims)
  const racks = new Racks(group)
  const { isEven } = group
  const owners = isEven ? shareEvenly(group, racks, owned) : shareUnevenly(group, racks, owned, claims)
  const claimed = new Set<number>()
  for (const { partitions } of claims) for (const partition of partitions) claimed.add(partition)
  const moving = [...claimed].filter((partition) => {
    const owner = owners[partition] as number
    if (!isEven) return !claims[owner]?.partitions.has(partition)
    return owned.disputed.has(partition) || (owned.owners[partition] as number) !== owner
  })
  return { group, owners, answer: group.answer(group.sharesOf(owners)), moving }
}

/** Everything is in the user data, since `ownedPartitions` are empty in the eager protocol. */
function eagerClaim(group: Group, { userData }: AssignorMember): Claim {
  const { ownedPartitions, generationId } = decodeStickyUserData(userData)
  return { partitions: group.numbersOf(ownedPartitions), generation: generationId }
}

/** The generation is in the subscription from its version 2 on, and in the user data before. */
function cooperativeClaim(group: Group, { ownedPartitions, generationId, userData }: AssignorMember): Claim {
  const generation =
    generationId !== undefined && generationId >= 0 ? generationId : decodeCooperativeStickyUserData(userData)
  return { partitions: group.numbersOf(ownedPartitions), generation }
}
