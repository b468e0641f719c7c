import type { GroupProtocol, Member } from './member.ts'
import type { Roster } from './roster.ts'

/** What a classic group is told, and what it answers. Answers go to numbers that the asker chose. */
export type GroupEvent =
  | JoinEvent
  | SyncEvent
  | HeartbeatEvent
  | LeaveEvent
  /** Whoever waits under this number is gone. */
  | { type: 'hangup'; to: number }
  | { type: 'tick' }

export interface JoinEvent {
  type: 'join'
  /** Whom the answer is for. */
  to: number
  memberId: string
  /** An id for a member that comes without one. */
  newMemberId: string
  groupInstanceId: string | null
  clientId: string
  clientHost: string
  protocolType: string
  protocols: readonly GroupProtocol[]
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** JoinGroup v4 and later: a member without an id gets one first and joins again with it (KIP-394). */
  requiresKnownMemberId: boolean
  /** JoinGroup v9 and later: a static leader that comes back keeps its assignment (KIP-814). */
  supportsSkippingAssignment: boolean
}

export interface SyncEvent {
  type: 'sync'
  to: number
  memberId: string
  groupInstanceId: string | null
  generationId: number
  protocolType: string | null
  protocolName: string | null
  assignments: readonly { memberId: string; assignment: Uint8Array }[]
}

export interface HeartbeatEvent {
  type: 'heartbeat'
  to: number
  memberId: string
  groupInstanceId: string | null
  generationId: number
}

export interface LeaveEvent {
  type: 'leave'
  to: number
  memberId: string
  groupInstanceId: string | null
}

export interface JoinReply {
  error: string
  generationId: number
  protocolType: string | null
  protocolName: string | null
  leader: string
  skipAssignment: boolean
  memberId: string
  members: { memberId: string; groupInstanceId: string | null; metadata: Uint8Array }[]
}

export interface SyncReply {
  error: string
  protocolType: string | null
  protocolName: string | null
  assignment: Uint8Array
}

export type GroupEffect =
  | { do: 'join'; to: number; reply: JoinReply }
  | { do: 'sync'; to: number; reply: SyncReply }
  | { do: 'answer'; to: number; error: string }

const nothing = new Uint8Array(0)

/** What a group says of its generation. */
interface Generation {
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  readonly members: Roster
}

/** A member's place in the generation; only the leader, who assigns, is told of the others. */
export function acceptedJoin(group: Generation, member: Member): JoinReply {
  const { generationId, protocolType, protocolName, leaderId } = group
  const told = member.id === leaderId ? group.members.all : []
  return {
    error: 'NONE',
    generationId,
    protocolType,
    protocolName,
    leader: leaderId ?? '',
    skipAssignment: false,
    memberId: member.id,
    members: told.map(({ id, instanceId, protocols }) => ({
      memberId: id,
      groupInstanceId: instanceId,
      metadata: protocols.find(({ name }) => name === protocolName)?.metadata ?? nothing,
    })),
  }
}

export function refusedJoin(to: number, error: string, memberId: string): GroupEffect {
  const reply = {
    error,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
  return { do: 'join', to, reply }
}

export function refusedSync(to: number, error: string): GroupEffect {
  return { do: 'sync', to, reply: { error, protocolType: null, protocolName: null, assignment: nothing } }
}
