export interface GroupProtocol {
  name: string
  metadata: Uint8Array
}

/** A member of a classic group, as the coordinator knows it. */
export interface Member {
  readonly id: string
  /** `group.instance.id` of a static member (KIP-345); null for a dynamic one. */
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Uint8Array
  /** Who waits for the answer to a join or a sync. */
  joining: number | undefined
  syncing: number | undefined
  /** Not yet in any generation. */
  isNew: boolean
  /** Has asked for its assignment of the present generation. */
  hasSynced: boolean
  /** When the member is taken for dead. */
  expiresAt: number
}

/** A new member that does not get into a generation within this time is forgotten (`CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT`). */
const NEW_MEMBER_LIMIT_MS = 5 * 60_000

/**
 * A sign of life. Whoever waits for an answer cannot send heartbeats behind it, so only a new member can be given up
 * while it waits. Source: `ClassicGroupMember.hasSatisfiedHeartbeat`.
 */
export function keepAlive(member: Member, now: number): void {
  const isWaiting = member.joining !== undefined || member.syncing !== undefined
  const patience = member.isNew ? NEW_MEMBER_LIMIT_MS : Number.POSITIVE_INFINITY
  member.expiresAt = now + (isWaiting ? patience : member.sessionTimeoutMs)
}

/** Whether two lists name the same protocols with the same metadata in the same order. */
export function sameProtocols(a: readonly GroupProtocol[], b: readonly GroupProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, index) => {
      const other = b[index]
      return other?.name === name && Buffer.from(metadata).equals(other.metadata)
    })
  )
}
