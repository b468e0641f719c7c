import type { Machine } from '@samsa/runtime'

/**
 * A classic consumer group, as a pure machine.
 *
 *   empty ──join──▶ preparing ──all joined, or time is up──▶ completing ──leader's assignments──▶ stable
 *     ▲                 ▲                                         │                                  │
 *     └──nobody left────┴──join, leave, session over──────────────┴──────────────────────────────────┘
 *
 * preparing   members are asked to rejoin; JoinGroup is held back; heartbeats answer REBALANCE_IN_PROGRESS
 * completing  a generation exists; SyncGroup is held back until the leader's comes
 * stable      everybody has an assignment
 *
 * Source: `ClassicGroup`, `ClassicGroupState`, `GroupMetadataManager`.
 */

export interface GroupProtocol {
  name: string
  metadata: Uint8Array
}

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

export type GroupEvent =
  | JoinEvent
  | SyncEvent
  | { type: 'heartbeat'; to: number; memberId: string; groupInstanceId: string | null; generationId: number }
  | { type: 'leave'; to: number; memberId: string; groupInstanceId: string | null }
  /** Whoever waits under this number is gone. */
  | { type: 'hangup'; to: number }
  | { type: 'tick' }

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

interface Member {
  id: string
  instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Uint8Array
  /** Who waits for the answer to a join or a sync. */
  joining: number | undefined
  syncing: number | undefined
  /** When the member is taken for dead. */
  expiresAt: number
}

type State =
  | { at: 'empty' }
  | { at: 'preparing'; deadline: number; initialUntil: number }
  | { at: 'completing'; deadline: number }
  | { at: 'stable' }

/** From where to where a group may go. */
const legal: Record<State['at'], readonly State['at'][]> = {
  empty: ['preparing', 'empty'],
  preparing: ['preparing', 'completing', 'empty'],
  completing: ['stable', 'preparing', 'empty'],
  stable: ['preparing', 'empty'],
}

export interface GroupSettings {
  /** `group.initial.rebalance.delay.ms` */
  initialRebalanceDelayMs: number
  /** `group.max.size` */
  maxSize: number
  minSessionTimeoutMs: number
  maxSessionTimeoutMs: number
}

/** A new member that does not answer its first join within this time is forgotten (`CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT`). */
const NEW_MEMBER_LIMIT_MS = 5 * 60_000
const nothing = new Uint8Array(0)

export class Group implements Machine<GroupEvent, GroupEffect> {
  readonly id: string
  generationId = 0
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  readonly members = new Map<string, Member>()
  readonly #settings: GroupSettings
  /** Member ids that were given out and not used yet, with the time at which they lapse. */
  readonly #pending = new Map<string, number>()
  #state: State = { at: 'empty' }

  constructor(id: string, settings: GroupSettings) {
    this.id = id
    this.#settings = settings
  }

  /** Kafka's name of the state, as DescribeGroups shows it. */
  get stateName(): string {
    const names = {
      empty: 'Empty',
      preparing: 'PreparingRebalance',
      completing: 'CompletingRebalance',
      stable: 'Stable',
    }
    return names[this.#state.at]
  }

  get isEmpty(): boolean {
    return this.members.size === 0
  }

  get wakeAt(): number {
    let at = Number.POSITIVE_INFINITY
    if (this.#state.at === 'preparing') at = this.#rebalanceEnd(this.#state)
    if (this.#state.at === 'completing') at = this.#state.deadline
    for (const member of this.members.values()) at = Math.min(at, member.expiresAt)
    for (const lapse of this.#pending.values()) at = Math.min(at, lapse)
    return at
  }

  step(event: GroupEvent, now: number): readonly GroupEffect[] {
    const effects: GroupEffect[] = []
    switch (event.type) {
      case 'join':
        this.#join(event, now, effects)
        break
      case 'sync':
        this.#sync(event, now, effects)
        break
      case 'heartbeat':
        effects.push({ do: 'answer', to: event.to, error: this.#heartbeat(event, now) })
        break
      case 'leave':
        this.#leave(event, now, effects)
        break
      case 'hangup':
        for (const member of this.members.values()) {
          if (member.syncing === event.to) member.syncing = undefined
          if (member.joining !== event.to) continue
          member.joining = undefined
          // Its session runs again: the others need not wait for the whole rebalance when it does not come back.
          this.#alive(member, now)
        }
        break
      case 'tick':
        break
    }
    this.#expire(now, effects)
    return effects
  }

  /** Whether a commit of this member and generation may be taken: NONE or the error. Source: `validateOffsetCommit`. */
  validateCommit(
    memberId: string,
    groupInstanceId: string | null,
    generationId: number,
    now: number,
  ): string {
    if (generationId < 0 && this.isEmpty) return 'NONE'
    if (generationId < 0 && memberId === '' && groupInstanceId === null) return 'UNKNOWN_MEMBER_ID'
    const error = this.#knows(memberId, groupInstanceId)
    if (error !== 'NONE') return error
    if (generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    if (this.#state.at === 'completing') return 'REBALANCE_IN_PROGRESS'
    const member = this.members.get(memberId)
    if (member) this.#alive(member, now)
    return 'NONE'
  }

  #move(state: State): void {
    if (!legal[this.#state.at].includes(state.at)) {
      throw new Error(`group ${this.id} cannot go from ${this.#state.at} to ${state.at}`)
    }
    this.#state = state
  }

  #join(event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const error = this.#refusesJoin(event)
    if (error) {
      effects.push({ do: 'join', to: event.to, reply: refusedJoin(error, event.memberId) })
      return
    }
    if (event.memberId === '' && event.groupInstanceId === null && event.requiresKnownMemberId) {
      this.#pending.set(event.newMemberId, now + event.sessionTimeoutMs)
      effects.push({ do: 'join', to: event.to, reply: refusedJoin('MEMBER_ID_REQUIRED', event.newMemberId) })
      return
    }
    const twin = event.groupInstanceId === null ? undefined : this.#instance(event.groupInstanceId)
    if (event.memberId === '' && twin) {
      this.#replace(twin, event, now, effects)
      return
    }
    const member = this.members.get(event.memberId)
    if (member) this.#rejoin(member, event, now, effects)
    else this.#admit(event, now, effects)
  }

  #refusesJoin(event: JoinEvent): string | undefined {
    const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max, maxSize } = this.#settings
    if (event.sessionTimeoutMs < min || event.sessionTimeoutMs > max) return 'INVALID_SESSION_TIMEOUT'
    if (event.protocolType === '' || event.protocols.length === 0) return 'INCONSISTENT_GROUP_PROTOCOL'
    const isMember = this.members.has(event.memberId)
    if (event.memberId !== '' && !isMember && !this.#pending.has(event.memberId)) {
      const twin = event.groupInstanceId === null ? undefined : this.#instance(event.groupInstanceId)
      return twin ? 'FENCED_INSTANCE_ID' : 'UNKNOWN_MEMBER_ID'
    }
    if (isMember && event.groupInstanceId !== null) {
      const twin = this.#instance(event.groupInstanceId)
      if (twin && twin.id !== event.memberId) return 'FENCED_INSTANCE_ID'
    }
    if (!isMember && this.members.size >= maxSize) return 'GROUP_MAX_SIZE_REACHED'
    if (this.isEmpty) return undefined
    if (this.protocolType !== event.protocolType) return 'INCONSISTENT_GROUP_PROTOCOL'
    const others = [...this.members.values()].filter(({ id }) => id !== event.memberId)
    const shared = event.protocols.some(({ name }) =>
      others.every((other) => other.protocols.some((p) => p.name === name)),
    )
    return shared ? undefined : 'INCONSISTENT_GROUP_PROTOCOL'
  }

  #admit(event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const id = event.memberId === '' ? event.newMemberId : event.memberId
    this.#pending.delete(id)
    const wasEmpty = this.isEmpty
    const member: Member = {
      id,
      instanceId: event.groupInstanceId,
      clientId: event.clientId,
      clientHost: event.clientHost,
      sessionTimeoutMs: event.sessionTimeoutMs,
      rebalanceTimeoutMs: event.rebalanceTimeoutMs,
      protocols: event.protocols,
      assignment: nothing,
      joining: event.to,
      syncing: undefined,
      expiresAt: now + Math.max(NEW_MEMBER_LIMIT_MS, event.sessionTimeoutMs),
    }
    this.members.set(id, member)
    this.leaderId ??= id
    this.protocolType ??= event.protocolType
    this.#prepare(now, wasEmpty, effects)
  }

  #rejoin(member: Member, event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const changed = !sameProtocols(member.protocols, event.protocols)
    this.#alive(member, now)
    if (!changed && this.#state.at === 'completing') {
      // The answer to its join was lost: it gets it again.
      effects.push({ do: 'join', to: event.to, reply: this.#joined(member, false) })
      return
    }
    if (!changed && this.#state.at === 'stable' && member.id !== this.leaderId) {
      effects.push({ do: 'join', to: event.to, reply: this.#joined(member, false) })
      return
    }
    member.protocols = event.protocols
    member.sessionTimeoutMs = event.sessionTimeoutMs
    member.rebalanceTimeoutMs = event.rebalanceTimeoutMs
    if (member.joining !== undefined && member.joining !== event.to) {
      effects.push({ do: 'join', to: member.joining, reply: refusedJoin('UNKNOWN_MEMBER_ID', member.id) })
    }
    member.joining = event.to
    this.#alive(member, now)
    this.#prepare(now, false, effects)
  }

  /** A static member came back under a new member id (KIP-345); in a stable group nothing is moved. */
  #replace(twin: Member, event: JoinEvent, now: number, effects: GroupEffect[]): void {
    this.members.delete(twin.id)
    if (twin.joining !== undefined) {
      effects.push({ do: 'join', to: twin.joining, reply: refusedJoin('FENCED_INSTANCE_ID', twin.id) })
    }
    if (twin.syncing !== undefined) {
      effects.push({ do: 'sync', to: twin.syncing, reply: refusedSync('FENCED_INSTANCE_ID') })
    }
    const wasLeader = this.leaderId === twin.id
    const same = sameProtocols(twin.protocols, event.protocols)
    const member: Member = {
      ...twin,
      id: event.newMemberId,
      protocols: event.protocols,
      sessionTimeoutMs: event.sessionTimeoutMs,
      rebalanceTimeoutMs: event.rebalanceTimeoutMs,
      joining: undefined,
      syncing: undefined,
    }
    this.members.set(member.id, member)
    if (wasLeader) this.leaderId = member.id
    this.#alive(member, now)
    if (this.#state.at === 'stable' && same) {
      const reply = this.#joined(member, wasLeader && event.supportsSkippingAssignment)
      // Before v9 a leader that came back could not be told to leave the assignment alone, so it is told of another.
      if (wasLeader && !event.supportsSkippingAssignment) reply.leader = twin.id
      effects.push({ do: 'join', to: event.to, reply })
      return
    }
    member.joining = event.to
    this.#alive(member, now)
    this.#prepare(now, false, effects)
  }

  #sync(event: SyncEvent, now: number, effects: GroupEffect[]): void {
    const error = this.#refusesSync(event)
    const member = this.members.get(event.memberId)
    if (error !== 'NONE' || !member) {
      effects.push({ do: 'sync', to: event.to, reply: refusedSync(error) })
      return
    }
    this.#alive(member, now)
    if (this.#state.at === 'stable') {
      effects.push({ do: 'sync', to: event.to, reply: this.#assigned(member) })
      return
    }
    member.syncing = event.to
    if (member.id !== this.leaderId) return
    for (const each of this.members.values()) {
      each.assignment = event.assignments.find(({ memberId }) => memberId === each.id)?.assignment ?? nothing
    }
    this.#move({ at: 'stable' })
    for (const each of this.members.values()) {
      if (each.syncing === undefined) continue
      effects.push({ do: 'sync', to: each.syncing, reply: this.#assigned(each) })
      each.syncing = undefined
      this.#alive(each, now)
    }
  }

  #refusesSync(event: SyncEvent): string {
    const error = this.#knows(event.memberId, event.groupInstanceId)
    if (error !== 'NONE') return error
    if (event.generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    const otherType = event.protocolType !== null && event.protocolType !== this.protocolType
    const otherName = event.protocolName !== null && event.protocolName !== this.protocolName
    if (otherType || otherName) return 'INCONSISTENT_GROUP_PROTOCOL'
    return this.#state.at === 'preparing' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  #heartbeat(event: Extract<GroupEvent, { type: 'heartbeat' }>, now: number): string {
    const error = this.#knows(event.memberId, event.groupInstanceId)
    if (error !== 'NONE') return error
    if (event.generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    const member = this.members.get(event.memberId)
    if (member) this.#alive(member, now)
    return this.#state.at === 'preparing' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  #leave(event: Extract<GroupEvent, { type: 'leave' }>, now: number, effects: GroupEffect[]): void {
    let { memberId } = event
    if (memberId === '' && event.groupInstanceId !== null)
      memberId = this.#instance(event.groupInstanceId)?.id ?? ''
    if (this.#pending.delete(memberId)) {
      effects.push({ do: 'answer', to: event.to, error: 'NONE' })
      return
    }
    const error = this.#knows(memberId, event.groupInstanceId)
    effects.push({ do: 'answer', to: event.to, error })
    if (error === 'NONE') this.#remove([memberId], now, effects)
  }

  #remove(ids: readonly string[], now: number, effects: GroupEffect[]): void {
    for (const id of ids) {
      const member = this.members.get(id)
      if (!member) continue
      this.members.delete(id)
      if (member.joining !== undefined) {
        effects.push({ do: 'join', to: member.joining, reply: refusedJoin('UNKNOWN_MEMBER_ID', id) })
      }
      if (member.syncing !== undefined) {
        effects.push({ do: 'sync', to: member.syncing, reply: refusedSync('UNKNOWN_MEMBER_ID') })
      }
      if (this.leaderId === id) this.leaderId = this.members.keys().next().value ?? null
    }
    if (this.isEmpty) this.#becomeEmpty()
    else this.#prepare(now, false, effects)
  }

  #becomeEmpty(): void {
    if (this.#state.at !== 'empty') this.generationId++
    this.#move({ at: 'empty' })
    this.leaderId = null
    this.protocolName = null
    this.protocolType = null
  }

  /** Asks everybody to rejoin. */
  #prepare(now: number, wasEmpty: boolean, effects: GroupEffect[]): void {
    if (this.#state.at === 'completing') {
      for (const member of this.members.values()) {
        if (member.syncing === undefined) continue
        effects.push({ do: 'sync', to: member.syncing, reply: refusedSync('REBALANCE_IN_PROGRESS') })
        member.syncing = undefined
      }
    }
    if (this.#state.at !== 'preparing') {
      const initial = wasEmpty ? this.#settings.initialRebalanceDelayMs : 0
      this.#move({ at: 'preparing', deadline: now + this.#rebalanceTimeoutMs, initialUntil: now + initial })
    }
    this.#completeIfReady(now, effects)
  }

  /** The longest that a member may take. */
  get #rebalanceTimeoutMs(): number {
    return Math.max(...[...this.members.values()].map((member) => member.rebalanceTimeoutMs))
  }

  #rebalanceEnd(state: Extract<State, { at: 'preparing' }>): number {
    const everybody = [...this.members.values()].every(({ joining }) => joining !== undefined)
    return everybody ? state.initialUntil : state.deadline
  }

  #completeIfReady(now: number, effects: GroupEffect[]): void {
    const state = this.#state
    if (state.at !== 'preparing' || now < this.#rebalanceEnd(state)) return
    // Static members may be restarting: they keep their place until their session is over.
    for (const member of [...this.members.values()]) {
      if (member.joining === undefined && member.instanceId === null) this.members.delete(member.id)
    }
    if (this.isEmpty) {
      this.#becomeEmpty()
      return
    }
    const leader = this.leaderId === null ? undefined : this.members.get(this.leaderId)
    if (!leader || leader.joining === undefined) {
      const present = [...this.members.values()].find(({ joining }) => joining !== undefined)
      this.leaderId = (present ?? [...this.members.values()][0])?.id ?? null
    }
    this.generationId++
    this.protocolName = this.#vote()
    this.#move({ at: 'completing', deadline: now + this.#rebalanceTimeoutMs })
    for (const member of this.members.values()) {
      if (member.joining === undefined) continue
      effects.push({ do: 'join', to: member.joining, reply: this.#joined(member, false) })
      member.joining = undefined
      this.#alive(member, now)
    }
  }

  /** Each member votes for the first of its protocols that all have. Source: `ClassicGroup.selectProtocol`. */
  #vote(): string {
    const members = [...this.members.values()]
    const hasAll = (name: string) =>
      members.every(({ protocols }) => protocols.some((protocol) => protocol.name === name))
    const votes = new Map<string, number>()
    for (const { protocols } of members) {
      const choice = protocols.find(({ name }) => hasAll(name))?.name ?? ''
      votes.set(choice, (votes.get(choice) ?? 0) + 1)
    }
    return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0]
  }

  #expire(now: number, effects: GroupEffect[]): void {
    for (const [id, lapse] of this.#pending) if (lapse <= now) this.#pending.delete(id)
    const dead = [...this.members.values()].filter((member) => member.expiresAt <= now).map(({ id }) => id)
    if (dead.length > 0) this.#remove(dead, now, effects)
    if (this.#state.at === 'completing' && this.#state.deadline <= now) {
      const silent = [...this.members.values()]
        .filter(({ syncing }) => syncing === undefined)
        .map(({ id }) => id)
      this.#remove(silent, now, effects)
    }
    this.#completeIfReady(now, effects)
  }

  #knows(memberId: string, groupInstanceId: string | null): string {
    if (groupInstanceId !== null) {
      const twin = this.#instance(groupInstanceId)
      if (!twin) return 'UNKNOWN_MEMBER_ID'
      return twin.id === memberId ? 'NONE' : 'FENCED_INSTANCE_ID'
    }
    return this.members.has(memberId) ? 'NONE' : 'UNKNOWN_MEMBER_ID'
  }

  #instance(groupInstanceId: string): Member | undefined {
    return [...this.members.values()].find(({ instanceId }) => instanceId === groupInstanceId)
  }

  #alive(member: Member, now: number): void {
    // While its join is held back a member cannot send heartbeats behind it.
    const patience = member.joining === undefined ? member.sessionTimeoutMs : NEW_MEMBER_LIMIT_MS
    member.expiresAt = now + Math.max(member.sessionTimeoutMs, patience)
  }

  #joined(member: Member, skipAssignment: boolean): JoinReply {
    const isLeader = member.id === this.leaderId
    const members = isLeader
      ? [...this.members.values()].map(({ id, instanceId, protocols }) => ({
          memberId: id,
          groupInstanceId: instanceId,
          metadata: protocols.find(({ name }) => name === this.protocolName)?.metadata ?? nothing,
        }))
      : []
    return {
      error: 'NONE',
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leaderId ?? '',
      skipAssignment,
      memberId: member.id,
      members,
    }
  }

  #assigned(member: Member): SyncReply {
    const { protocolType, protocolName } = this
    return { error: 'NONE', protocolType, protocolName, assignment: member.assignment }
  }
}

function refusedJoin(error: string, memberId: string): JoinReply {
  return {
    error,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

function refusedSync(error: string): SyncReply {
  return { error, protocolType: null, protocolName: null, assignment: nothing }
}

function sameProtocols(a: readonly GroupProtocol[], b: readonly GroupProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, index) => {
      const other = b[index]
      return other?.name === name && Buffer.from(metadata).equals(other.metadata)
    })
  )
}
