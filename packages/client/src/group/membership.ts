import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { ServerError } from '../errors.ts'

/** In whose name offsets are committed: a member in a generation of its group. */
export interface MemberIdentity {
  generation: number
  memberId: string
}

/** What a membership asks of the consumer whose partitions it looks after. Each is awaited before the member goes on. */
export interface MembershipHandlers {
  /** Topics to take part in at the moment. */
  topics: () => readonly string[]
  /** These partitions were added; those that the member had before stay. */
  assigned: (partitions: readonly TopicPartition[]) => Promise<void>
  /**
   * These partitions are to be given back in order: hand over nothing more of them, wait until what is in hand is done,
   * commit, tell the user. Until it resolves the member keeps them, and its commits are accepted.
   */
  revoked: (partitions: readonly TopicPartition[]) => Promise<void>
  /** These partitions belong to others already. */
  lost: (partitions: readonly TopicPartition[]) => Promise<void>
  /** The group will not have this member: it is over. */
  failed: (error: Error) => void
}

/**
 * A member of a group, whichever protocol the group speaks. It is the only one who says which partitions the consumer
 * has, and in whose name it commits.
 */
export interface Membership {
  start(): void
  /** The subscription changed. */
  rejoin(): void
  /**
   * Records are asked for at this time (monotonic): the member is alive. A session that is over by its own clock, since
   * the process stood still, ends here, before a record of it is handed over.
   */
  polled(now: number): void
  /** Undefined outside of a generation. */
  readonly identity: MemberIdentity | undefined
  /** The coordinator refused a commit that was made in this name, in a way that tells about the membership. */
  commitRefused(error: ServerError, identity: MemberIdentity): void
  /** Leaves; resolves when the coordinator knows, or cannot be told. */
  leave(): Promise<void>
}
