import type { JoinEvent } from './group-events.ts'
import type { GroupState } from './group-state.ts'
import type { Roster } from './roster.ts'

export interface GroupSettings {
  /** `group.initial.rebalance.delay.ms` */
  initialRebalanceDelayMs: number
  /** `group.max.size` */
  maxSize: number
  minSessionTimeoutMs: number
  maxSessionTimeoutMs: number
}

/** What a group that is asked for admission looks at. */
interface Door {
  readonly settings: GroupSettings
  readonly state: GroupState
  readonly members: Roster
  readonly protocolType: string | null
  /** Whether this member id was given out and not used yet. */
  isPending(memberId: string): boolean
}

/** Why a join is refused; undefined when it is not. The order is Kafka's (`GroupMetadataManager.classicGroupJoin`). */
export function refusesJoin(door: Door, event: JoinEvent): string | undefined {
  const { members } = door
  const { memberId, groupInstanceId, protocolType, protocols, sessionTimeoutMs } = event
  const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max } = door.settings
  if (sessionTimeoutMs < min || sessionTimeoutMs > max) return 'INVALID_SESSION_TIMEOUT'
  if (!hasRoom(door, event)) return 'GROUP_MAX_SIZE_REACHED'
  if (protocolType === '' || protocols.length === 0) return 'INCONSISTENT_GROUP_PROTOCOL'
  if (members.size > 0 && (door.protocolType !== protocolType || !members.supportsAny(protocols)))
    return 'INCONSISTENT_GROUP_PROTOCOL'
  if (memberId === '' || (groupInstanceId === null && door.isPending(memberId))) return undefined
  const known = members.identify(memberId, groupInstanceId)
  return known === 'NONE' ? undefined : known
}

/** Source: `GroupMetadataManager.acceptJoiningMember`; a static member that comes back takes no more room. */
function hasRoom({ settings, state, members }: Door, { memberId, groupInstanceId }: JoinEvent): boolean {
  const known = members.get(memberId)
  if (members.size === 0 || (memberId === '' && members.instance(groupInstanceId))) return true
  if (state.at === 'preparing')
    return known?.joining !== undefined || members.joining.length < settings.maxSize
  return known !== undefined || members.size < settings.maxSize
}
