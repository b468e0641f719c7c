import type { Machine } from '@samsa/runtime'
import type { GroupSettings } from './admission.ts'
import { refusesJoin } from './admission.ts'
import type {
  GroupEffect,
  GroupEvent,
  HeartbeatEvent,
  JoinEvent,
  LeaveEvent,
  SyncEvent,
} from './group-events.ts'
import { acceptedJoin, refusedJoin, refusedSync } from './group-events.ts'
import type { GroupState } from './group-state.ts'
import { initialDelay, mayMove, stateNames } from './group-state.ts'
import type { Member } from './member.ts'
import { keepAlive, sameProtocols } from './member.ts'
import { Roster } from './roster.ts'

const nothing = new Uint8Array(0)

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
export class Group implements Machine<GroupEvent, GroupEffect> {
  readonly id: string
  generationId = 0
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  readonly members = new Roster()
  readonly #settings: GroupSettings
  /** Member ids that were given out and not used yet, with the time at which they lapse. */
  readonly #pending = new Map<string, number>()
  #state: GroupState = { at: 'empty' }

  constructor(id: string, settings: GroupSettings) {
    this.id = id
    this.#settings = settings
  }

  /** Kafka's name of the state, as DescribeGroups shows it. */
  get stateName(): string {
    return stateNames[this.#state.at]
  }

  get isEmpty(): boolean {
    return this.members.size === 0
  }

  /** No member, and nobody who was told to come back as one. */
  get isDeserted(): boolean {
    return this.isEmpty && this.#pending.size === 0
  }

  get wakeAt(): number {
    let at = Number.POSITIVE_INFINITY
    const state = this.#state
    if (state.at === 'preparing') at = this.#rebalanceEnd(state)
    if (state.at === 'completing' || state.at === 'stable') at = state.syncDeadline
    for (const member of this.members) at = Math.min(at, member.expiresAt)
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
        this.#hangup(event.to, now)
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
    const error = this.members.identify(memberId, groupInstanceId)
    if (error !== 'NONE') return error
    if (generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    if (this.#state.at === 'completing') return 'REBALANCE_IN_PROGRESS'
    const member = this.members.get(memberId)
    if (member) keepAlive(member, now)
    return 'NONE'
  }

  #move(state: GroupState): void {
    if (!mayMove(this.#state, state)) {
      throw new Error(`group ${this.id} cannot go from ${this.#state.at} to ${state.at}`)
    }
    this.#state = state
  }

  #join(event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const error = refusesJoin(
      {
        settings: this.#settings,
        state: this.#state,
        members: this.members,
        protocolType: this.protocolType,
        isPending: (id) => this.#pending.has(id),
      },
      event,
    )
    if (error) {
      if (error === 'GROUP_MAX_SIZE_REACHED') this.#drop(event.memberId, error, effects)
      effects.push(refusedJoin(event.to, error, event.memberId))
      return
    }
    if (event.memberId === '' && event.groupInstanceId === null && event.requiresKnownMemberId) {
      this.#pending.set(event.newMemberId, now + event.sessionTimeoutMs)
      effects.push(refusedJoin(event.to, 'MEMBER_ID_REQUIRED', event.newMemberId))
      return
    }
    const twin = this.members.instance(event.groupInstanceId)
    if (event.memberId === '' && twin) {
      this.#replace(twin, event, now, effects)
      return
    }
    const member = this.members.get(event.memberId)
    if (member) this.#rejoin(member, event, now, effects)
    else this.#admit(event, now, effects)
  }

  #admit(event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const id = event.memberId === '' ? event.newMemberId : event.memberId
    this.#pending.delete(id)
    if (this.isEmpty) this.protocolType = event.protocolType
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
      isNew: true,
      hasSynced: false,
      expiresAt: 0,
    }
    keepAlive(member, now)
    this.members.add(member)
    this.leaderId ??= id
    if (this.#state.at === 'preparing' && this.#state.initial) this.#state.initial.hasGrown = true
    this.#prepare(now, effects)
  }

  #rejoin(member: Member, event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const changed = !sameProtocols(member.protocols, event.protocols)
    const isLeader = member.id === this.leaderId
    // Whoever joins an assembled group again has lost the answer, and gets it once more.
    if (!changed && (this.#state.at === 'completing' || (this.#state.at === 'stable' && !isLeader))) {
      keepAlive(member, now)
      effects.push({ do: 'join', to: event.to, reply: acceptedJoin(this, member) })
      return
    }
    member.protocols = event.protocols
    member.sessionTimeoutMs = event.sessionTimeoutMs
    member.rebalanceTimeoutMs = event.rebalanceTimeoutMs
    if (member.joining !== undefined)
      effects.push(refusedJoin(member.joining, 'UNKNOWN_MEMBER_ID', member.id))
    member.joining = event.to
    keepAlive(member, now)
    this.#prepare(now, effects)
  }

  /** A static member came back under a new member id (KIP-345); in a stable group nothing is moved. */
  #replace(twin: Member, event: JoinEvent, now: number, effects: GroupEffect[]): void {
    const wasLeader = this.leaderId === twin.id
    this.#drop(twin.id, 'FENCED_INSTANCE_ID', effects)
    const member: Member = {
      ...twin,
      id: event.newMemberId,
      clientId: event.clientId,
      clientHost: event.clientHost,
      protocols: event.protocols,
      sessionTimeoutMs: event.sessionTimeoutMs,
      rebalanceTimeoutMs: event.rebalanceTimeoutMs,
      joining: undefined,
      syncing: undefined,
    }
    this.members.add(member)
    if (wasLeader) this.leaderId = member.id
    if (this.#state.at === 'stable' && sameProtocols(twin.protocols, event.protocols)) {
      keepAlive(member, now)
      const reply = acceptedJoin(this, member)
      // Before v9 a leader that came back could not be told to leave the assignment alone, so it is told of another.
      if (wasLeader && event.supportsSkippingAssignment) reply.skipAssignment = true
      else if (wasLeader) Object.assign(reply, { leader: twin.id, members: [] })
      effects.push({ do: 'join', to: event.to, reply })
      return
    }
    member.joining = event.to
    keepAlive(member, now)
    this.#prepare(now, effects)
  }

  #sync(event: SyncEvent, now: number, effects: GroupEffect[]): void {
    const error = this.#refusesSync(event)
    const member = this.members.get(event.memberId)
    if (error !== 'NONE' || !member) {
      effects.push(refusedSync(event.to, error))
      return
    }
    if (member.syncing !== undefined) effects.push(refusedSync(member.syncing, 'REBALANCE_IN_PROGRESS'))
    member.syncing = event.to
    member.hasSynced = true
    if (this.#state.at === 'completing') {
      keepAlive(member, now)
      if (member.id !== this.leaderId) return
      const given = new Map(event.assignments.map((each) => [each.memberId, each.assignment]))
      for (const each of this.members) each.assignment = given.get(each.id) ?? nothing
      this.#move({ at: 'stable', syncDeadline: this.#state.syncDeadline })
    }
    const { protocolType, protocolName } = this
    for (const each of this.members) {
      if (each.syncing === undefined) continue
      const reply = { error: 'NONE', protocolType, protocolName, assignment: each.assignment }
      effects.push({ do: 'sync', to: each.syncing, reply })
      each.syncing = undefined
      keepAlive(each, now)
    }
    if (this.#state.at === 'stable' && this.members.notSynced.length === 0)
      this.#state.syncDeadline = Number.POSITIVE_INFINITY
  }

  #refusesSync(event: SyncEvent): string {
    const error = this.members.identify(event.memberId, event.groupInstanceId)
    if (error !== 'NONE') return error
    if (event.generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    const otherType = event.protocolType !== null && event.protocolType !== this.protocolType
    const otherName = event.protocolName !== null && event.protocolName !== this.protocolName
    if (otherType || otherName) return 'INCONSISTENT_GROUP_PROTOCOL'
    return this.#state.at === 'preparing' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  #heartbeat(event: HeartbeatEvent, now: number): string {
    const error = this.members.identify(event.memberId, event.groupInstanceId)
    if (error !== 'NONE') return error
    if (event.generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    const member = this.members.get(event.memberId)
    if (member) keepAlive(member, now)
    return this.#state.at === 'preparing' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  #leave(event: LeaveEvent, now: number, effects: GroupEffect[]): void {
    let { memberId } = event
    if (memberId === '') memberId = this.members.instance(event.groupInstanceId)?.id ?? ''
    if (this.#pending.delete(memberId)) {
      effects.push({ do: 'answer', to: event.to, error: 'NONE' })
      return
    }
    const error = this.members.identify(memberId, event.groupInstanceId)
    effects.push({ do: 'answer', to: event.to, error })
    if (error === 'NONE') this.#remove([memberId], now, effects)
  }

  /** Whose connection broke while it waited has a session's time to come back. */
  #hangup(to: number, now: number): void {
    const waiting = this.members.all.find(({ joining, syncing }) => joining === to || syncing === to)
    if (!waiting) return
    if (waiting.joining === to) waiting.joining = undefined
    else waiting.syncing = undefined
    keepAlive(waiting, now)
  }

  #remove(ids: readonly string[], now: number, effects: GroupEffect[]): void {
    for (const id of ids) this.#drop(id, 'UNKNOWN_MEMBER_ID', effects)
    if (this.isEmpty) this.#becomeEmpty()
    else this.#prepare(now, effects)
  }

  /** Strikes a member off and tells whoever waits for it. */
  #drop(id: string, error: string, effects: GroupEffect[]): void {
    this.#pending.delete(id)
    const member = this.members.get(id)
    if (!member) return
    this.members.remove(id)
    if (member.joining !== undefined) effects.push(refusedJoin(member.joining, error, id))
    if (member.syncing !== undefined) effects.push(refusedSync(member.syncing, error))
    if (this.leaderId === id) this.leaderId = this.members.all[0]?.id ?? null
  }

  /** The kind of group it was is still told, as Kafka does. */
  #becomeEmpty(): void {
    if (this.#state.at !== 'empty') this.generationId++
    this.#move({ at: 'empty' })
    this.leaderId = null
    this.protocolName = null
  }

  /** Asks everybody to rejoin. */
  #prepare(now: number, effects: GroupEffect[]): void {
    for (const member of this.members) {
      if (member.syncing === undefined) continue
      effects.push(refusedSync(member.syncing, 'REBALANCE_IN_PROGRESS'))
      member.syncing = undefined
      keepAlive(member, now)
    }
    if (this.#state.at !== 'preparing') {
      const timeout = this.members.rebalanceTimeoutMs
      const delay = this.#settings.initialRebalanceDelayMs
      const initial = this.#state.at === 'empty' ? initialDelay(now, delay, timeout) : undefined
      this.#move({ at: 'preparing', deadline: now + timeout, initial })
    }
    this.#completeIfReady(now, effects)
  }

  #rebalanceEnd(state: Extract<GroupState, { at: 'preparing' }>): number {
    if (state.initial) return state.initial.until
    const isAssembled = this.members.joining.length === this.members.size && this.#pending.size === 0
    return isAssembled ? Number.NEGATIVE_INFINITY : state.deadline
  }

  #completeIfReady(now: number, effects: GroupEffect[]): void {
    const state = this.#state
    if (state.at !== 'preparing' || now < this.#rebalanceEnd(state)) return
    if (state.initial?.hasGrown && state.initial.remainingMs > 0) {
      state.initial = initialDelay(now, this.#settings.initialRebalanceDelayMs, state.initial.remainingMs)
      return
    }
    // Static members may be restarting: they keep their place until their session is over.
    for (const member of this.members.all) {
      if (member.joining === undefined && member.instanceId === null) this.members.remove(member.id)
    }
    if (this.isEmpty) this.#becomeEmpty()
    else this.#beginGeneration(now, effects)
  }

  #beginGeneration(now: number, effects: GroupEffect[]): void {
    const timeout = this.members.rebalanceTimeoutMs
    const present = this.members.joining
    const [first] = present
    if (!first) {
      // Only static members, none of them here: there is nobody to lead. Source: `completeClassicGroupJoin`.
      this.#move({ at: 'preparing', deadline: now + timeout, initial: undefined })
      return
    }
    if (!present.some(({ id }) => id === this.leaderId)) this.leaderId = first.id
    this.generationId++
    this.protocolName = this.members.vote()
    this.#move({ at: 'completing', syncDeadline: now + timeout })
    for (const member of this.members) member.hasSynced = false
    for (const member of present) {
      effects.push({ do: 'join', to: member.joining as number, reply: acceptedJoin(this, member) })
      member.joining = undefined
      member.isNew = false
      keepAlive(member, now)
    }
  }

  #expire(now: number, effects: GroupEffect[]): void {
    for (const [id, lapse] of this.#pending) if (lapse <= now) this.#pending.delete(id)
    const dead = this.members.all.filter(({ expiresAt }) => expiresAt <= now)
    const state = this.#state
    if ((state.at === 'completing' || state.at === 'stable') && state.syncDeadline <= now)
      dead.push(...this.members.notSynced)
    if (dead.length > 0)
      this.#remove(
        dead.map(({ id }) => id),
        now,
        effects,
      )
    this.#completeIfReady(now, effects)
  }
}
