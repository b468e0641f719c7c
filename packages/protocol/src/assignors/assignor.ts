/** Partitions of one topic. */
export interface TopicPartitions {
  topic: string
  partitions: readonly number[]
}

/** A member of a group as an assignor sees it. */
export interface AssignorMember {
  memberId: string
  /** Of a static member (KIP-345). */
  groupInstanceId?: string | null
  /** Where the member stands, as brokers name their racks (KIP-881). */
  rackId?: string | null
  /** Topics it subscribed to; those that do not exist are passed over. */
  topics: readonly string[]
  /**
   * What it has at the moment: of a classic member what it says of itself (KIP-429), of a member of a consumer or share
   * group its current target.
   */
  ownedPartitions?: readonly TopicPartitions[]
  /** The generation in which a classic member got what it owns; absent or negative when it does not say (KIP-792). */
  generationId?: number
  /** What the member's assignor put into its subscription, for `sticky` and `cooperativeSticky`. */
  userData?: Uint8Array | null
}

/** What an assignor must know of a topic. */
export interface AssignorTopic {
  partitions: number
  /** By partition: the racks of its replicas. Absent when the brokers do not say. */
  racks?: readonly (readonly string[])[]
  /** As Kafka prints it. The broker's `uniform` orders topics that are alike by it, and by name when it is absent. */
  id?: string
}

/** Partitions by topic, in ascending order; a topic without partitions is absent. */
export type Assignment = Map<string, number[]>

/**
 * Shares the partitions of topics out among members: a pure function, whose answer does not depend on the order in which
 * members and topics are given.
 * @param topics what exists, by name; a topic that is missing gives nothing
 * @returns an assignment for every member, by member id
 */
export type Assignor = (
  members: readonly AssignorMember[],
  topics: ReadonlyMap<string, AssignorTopic>,
) => Map<string, Assignment>

/** UTF-16 order, which is that of Java's strings. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Static members come first, by their instance ids, so that a restart does not change the order. Source: `MemberInfo`. */
export function staticFirst(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((a, b) => {
    const [left, right] = [a.groupInstanceId ?? null, b.groupInstanceId ?? null]
    if (left !== null && right !== null) return compare(left, right) || compare(a.memberId, b.memberId)
    if (left !== null) return -1
    if (right !== null) return 1
    return compare(a.memberId, b.memberId)
  })
}
