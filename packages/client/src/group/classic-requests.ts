import type { AssignorMember, Response, TopicPartitions } from '@samsa/protocol'
import {
  decodeAssignment,
  decodeSubscription,
  encodeStickyUserData,
  encodeSubscription,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  SyncGroup,
} from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { ServerError } from '../errors.ts'
import type { MemberIdentity } from './membership.ts'

const PROTOCOL_TYPE = 'consumer'
/** Given to the coordinator beyond the poll interval, so that its answer is not cut off. Source: `AbstractCoordinator`. */
const JOIN_GRACE_MS = 5000

/** The settings that a member's requests carry. */
export interface ClassicSettings {
  readonly requestTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly maxPollIntervalMs: number
  readonly groupInstanceId: string | undefined
  readonly partitionAssignmentStrategy: readonly string[]
  readonly clientRack: string
}

/** An assignment that a member had, which the assignor `sticky` tells the leader although it was given back. */
export interface PreviousAssignment {
  ownedPartitions: readonly TopicPartitions[]
  generationId: number
}

/** The requests of a member of a classic group: what goes out, and what of the answer concerns the member. */
export class ClassicRequests {
  readonly #cluster: Cluster
  readonly #settings: ClassicSettings
  readonly #groupId: string

  constructor(cluster: Cluster, settings: ClassicSettings, groupId: string) {
    this.#cluster = cluster
    this.#settings = settings
    this.#groupId = groupId
  }

  /** Joins; the coordinator holds the answer back until every member has joined. Error codes are the caller's to read. */
  join(
    memberId: string,
    topics: readonly string[],
    previous: PreviousAssignment | undefined,
  ): Promise<Response<typeof JoinGroup>> {
    const { sessionTimeoutMs, maxPollIntervalMs: rebalanceTimeoutMs, requestTimeoutMs } = this.#settings
    const { groupInstanceId = null, partitionAssignmentStrategy } = this.#settings
    const protocols = partitionAssignmentStrategy.map((name) => ({
      name,
      metadata: this.#subscription(topics, name === 'sticky' ? previous : undefined),
    }))
    const holdMs = Math.max(0, rebalanceTimeoutMs + JOIN_GRACE_MS - requestTimeoutMs)
    return this.#cluster.request(
      JoinGroup,
      {
        groupId: this.#groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId,
        protocolType: PROTOCOL_TYPE,
        protocols,
        groupInstanceId,
      },
      { key: this.#groupId, holdMs },
    )
  }

  /** Gives the leader's assignments, and takes this member's own. */
  async sync(
    { generation: generationId, memberId }: MemberIdentity,
    protocolName: string,
    assignments: { memberId: string; assignment: Uint8Array }[],
  ): Promise<readonly TopicPartitions[]> {
    const { groupInstanceId = null } = this.#settings
    const answer = await this.#cluster.request(
      SyncGroup,
      {
        groupId: this.#groupId,
        generationId,
        memberId,
        assignments,
        groupInstanceId,
        protocolType: PROTOCOL_TYPE,
        protocolName,
      },
      { key: this.#groupId },
    )
    this.check(answer.errorCode, 'SyncGroup')
    return answer.assignment.length > 0 ? decodeAssignment(answer.assignment).assignedPartitions : []
  }

  async heartbeat({ generation: generationId, memberId }: MemberIdentity): Promise<void> {
    const { groupInstanceId = null } = this.#settings
    const { errorCode } = await this.#cluster.request(
      Heartbeat,
      { groupId: this.#groupId, generationId, memberId, groupInstanceId },
      { key: this.#groupId },
    )
    this.check(errorCode, 'Heartbeat')
  }

  async leave(memberId: string, reason: string): Promise<void> {
    const groupId = this.#groupId
    await this.#cluster.request(
      LeaveGroup,
      (version) =>
        version >= 3
          ? { groupId, members: [{ memberId, groupInstanceId: null, reason }] }
          : { groupId, memberId },
      { key: groupId },
    )
  }

  /** @throws ServerError for a code that is no success */
  check(errorCode: number, api: string): void {
    if (errorCode !== 0) throw new ServerError(errorCode, { api, about: `group ${this.#groupId}` })
  }

  #subscription(topics: readonly string[], previous: PreviousAssignment | undefined): Uint8Array {
    return encodeSubscription({
      topics: [...topics],
      userData: previous ? encodeStickyUserData(previous) : null,
      ownedPartitions: [],
      generationId: previous?.generationId ?? -1,
      rackId: this.#settings.clientRack || null,
    })
  }
}

/** Other members' metadata comes from other programs: what cannot be read has no topics. */
export function membersOf(answer: Response<typeof JoinGroup>): AssignorMember[] {
  return answer.members.map(({ memberId, groupInstanceId, metadata }) => {
    try {
      return { memberId, groupInstanceId, ...decodeSubscription(metadata) }
    } catch {
      // It gets nothing assigned; the other members must not suffer for it.
      return { memberId, groupInstanceId, topics: [] }
    }
  })
}
