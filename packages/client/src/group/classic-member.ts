import type { Machine } from '@samsa/runtime'

/**
 * A member of a classic group, as a pure machine.
 *
 *   idle ──start──▶ joining ──joined──▶ syncing ──synced──▶ stable ──heartbeat says so──▶ preparing ──prepared──▶ joining
 *                      ▲  ▲                │                  │
 *                      │  └──── resting ◀──┴── refused ───────┘ (a pause after an error)
 *                      └─────────────────────────────────────────
 *
 * Whatever is refused for good ends in `failed`. Heartbeats have their own time and do not depend on records being
 * taken; a member that does not ask for records for `maxPollIntervalMs` leaves and comes back when it asks again.
 * Source: `AbstractCoordinator`, `ConsumerCoordinator`; KIP-62, KIP-345, KIP-394.
 */

export type MemberEvent =
  | { type: 'start' }
  | { type: 'joined'; round: number; generation: number; memberId: string; isLeader: boolean }
  | { type: 'synced'; round: number }
  | { type: 'heartbeatAcknowledged'; round: number }
  /** An answer that is no success: Kafka's name of the code, or UNREACHABLE. `memberId` where the broker gave one. */
  | {
      type: 'refused'
      round: number
      by: 'join' | 'sync' | 'heartbeat' | 'commit'
      code: string
      memberId?: string
      error: Error
    }
  /** What had to be done before rejoining is done. */
  | { type: 'revoked'; round: number }
  /** The subscription, or the partitions of its topics, changed. */
  | { type: 'rejoin' }
  | { type: 'polled' }
  | { type: 'leave' }
  | { type: 'tick' }

/** Name of an event, for whoever counts. */
export function kindOf(event: MemberEvent): string {
  return event.type === 'refused' ? `refused ${event.by}` : event.type
}

export type MemberEffect =
  | { do: 'join'; round: number; memberId: string }
  | { do: 'sync'; round: number; generation: number; memberId: string; isLeader: boolean }
  | { do: 'heartbeat'; round: number; generation: number; memberId: string }
  /** Commit what is due and give the partitions back, then say `prepared`. */
  | { do: 'revoke'; round: number }
  /** The partitions belong to others already. */
  | { do: 'lose' }
  | { do: 'recoordinate' }
  | { do: 'leave'; memberId: string; reason: string }
  | { do: 'fail'; error: Error }

/** Heartbeats of a member that has its place, monotonic. They go on while it gives partitions back. */
interface Pulse {
  heartbeatAt: number
  isBeating: boolean
  heardAt: number
}

export type MemberState =
  | { at: 'idle' }
  | { at: 'joining' }
  | { at: 'syncing'; generation: number }
  | ({ at: 'stable'; generation: number } & Pulse)
  | ({ at: 'revoking'; generation: number } & Pulse)
  | { at: 'backingOff'; until: number }
  | { at: 'away' }
  | { at: 'failed' }

const legal: Record<MemberState['at'], readonly MemberState['at'][]> = {
  idle: ['joining', 'idle'],
  joining: ['syncing', 'joining', 'backingOff', 'failed', 'idle', 'away'],
  syncing: ['stable', 'joining', 'backingOff', 'failed', 'idle', 'away'],
  stable: ['revoking', 'joining', 'backingOff', 'failed', 'idle', 'away'],
  revoking: ['joining', 'failed', 'idle', 'away'],
  backingOff: ['joining', 'idle', 'failed', 'away'],
  away: ['joining', 'idle'],
  failed: ['idle'],
}

export interface MemberSettings {
  sessionTimeoutMs: number
  heartbeatIntervalMs: number
  maxPollIntervalMs: number
  /** Pause after an error. */
  restMs: number
  isStatic: boolean
}

/** Codes that another try cannot change. */
const final = new Set([
  'FENCED_INSTANCE_ID',
  'GROUP_MAX_SIZE_REACHED',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_GROUP_ID',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'AUTHENTICATION',
])

export class ClassicMember implements Machine<MemberEvent, MemberEffect> {
  /** '' until the coordinator gave one. */
  memberId = ''
  readonly #settings: MemberSettings
  #state: MemberState = { at: 'idle' }
  /** Counts joins: an answer to an older one is not ours any more. */
  #round = 0
  #polledAt = 0
  #needsRejoin = false

  constructor(settings: MemberSettings) {
    this.#settings = settings
  }

  get state(): MemberState {
    return this.#state
  }

  /** -1 outside of a generation. */
  get generation(): number {
    return 'generation' in this.#state ? this.#state.generation : -1
  }

  get wakeAt(): number {
    const state = this.#state
    const poll = this.#polledAt + this.#settings.maxPollIntervalMs
    if (state.at === 'backingOff') return state.until
    if (state.at !== 'stable' && state.at !== 'revoking') return Number.POSITIVE_INFINITY
    const session = state.heardAt + this.#settings.sessionTimeoutMs
    const pulse = Math.min(session, state.isBeating ? session : state.heartbeatAt)
    return state.at === 'stable' ? Math.min(poll, pulse) : pulse
  }

  step(event: MemberEvent, now: number): readonly MemberEffect[] {
    const effects: MemberEffect[] = []
    if ('round' in event && event.round !== this.#round) return effects
    switch (event.type) {
      case 'start':
        this.#polledAt = now
        if (this.#state.at === 'idle') this.#join(effects)
        else this.#rejoin(effects)
        break
      case 'joined':
        this.memberId = event.memberId
        this.#move({ at: 'syncing', generation: event.generation })
        effects.push(this.#sync(event.generation, event.isLeader))
        break
      case 'synced':
        this.#settle(now, effects)
        break
      case 'heartbeatAcknowledged':
        if (hasPulse(this.#state)) this.#state = { ...this.#state, isBeating: false, heardAt: now }
        break
      case 'refused':
        this.#refused(event, now, effects)
        break
      case 'revoked':
        if (this.#state.at === 'revoking') this.#join(effects)
        break
      case 'rejoin':
        this.#rejoin(effects)
        break
      case 'polled':
        this.#polledAt = now
        if (this.#state.at === 'away') this.#join(effects)
        break
      case 'leave':
        this.#leave('the consumer was closed', effects)
        this.#move({ at: 'idle' })
        break
      case 'tick':
        break
    }
    this.#tick(now, effects)
    return effects
  }

  #move(state: MemberState): void {
    if (!legal[this.#state.at].includes(state.at))
      throw new Error(`a member cannot go from ${this.#state.at} to ${state.at}`)
    this.#state = state
  }

  #join(effects: MemberEffect[]): void {
    this.#move({ at: 'joining' })
    this.#needsRejoin = false
    this.#round++
    effects.push({ do: 'join', round: this.#round, memberId: this.memberId })
  }

  #sync(generation: number, isLeader: boolean): MemberEffect {
    return { do: 'sync', round: this.#round, generation, memberId: this.memberId, isLeader }
  }

  #settle(now: number, effects: MemberEffect[]): void {
    if (this.#state.at !== 'syncing') return
    const { generation } = this.#state
    const heartbeatAt = now + this.#settings.heartbeatIntervalMs
    this.#move({ at: 'stable', generation, heartbeatAt, isBeating: false, heardAt: now })
    if (this.#needsRejoin) this.#rejoin(effects)
  }

  #rejoin(effects: MemberEffect[]): void {
    const state = this.#state
    if (state.at === 'stable') {
      this.#move({ ...state, at: 'revoking' })
      effects.push({ do: 'revoke', round: this.#round })
    } else this.#needsRejoin = state.at === 'joining' || state.at === 'syncing'
  }

  #refused(event: Extract<MemberEvent, { type: 'refused' }>, now: number, effects: MemberEffect[]): void {
    const { code, by, error } = event
    if (by === 'commit' && this.#state.at !== 'stable') return
    if (final.has(code)) {
      if (hasPulse(this.#state)) effects.push({ do: 'lose' })
      this.#move({ at: 'failed' })
      // What is still under way is answered to nobody.
      this.#round++
      effects.push({ do: 'fail', error })
      return
    }
    switch (code) {
      case 'MEMBER_ID_REQUIRED':
        this.memberId = event.memberId ?? ''
        this.#join(effects)
        return
      case 'REBALANCE_IN_PROGRESS':
        if (by === 'join' || by === 'sync') this.#join(effects)
        else {
          this.#unbeat(now)
          this.#rejoin(effects)
        }
        return
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
        if (code === 'UNKNOWN_MEMBER_ID') this.memberId = ''
        if (hasPulse(this.#state)) effects.push({ do: 'lose' })
        this.#join(effects)
        return
      default:
        this.#unanswered(by, now, effects)
    }
  }

  /** The coordinator has answered, if only to say that the group rebalances: the session goes on. */
  #unbeat(now: number): void {
    if (hasPulse(this.#state)) this.#state = { ...this.#state, isBeating: false, heardAt: now }
  }

  /** The coordinator cannot be reached or is moving: it is looked up anew, and asked again after a pause. */
  #unanswered(by: string, now: number, effects: MemberEffect[]): void {
    effects.push({ do: 'recoordinate' })
    const until = now + this.#settings.restMs
    const state = this.#state
    if (hasPulse(state)) {
      if (by === 'heartbeat') this.#state = { ...state, isBeating: false, heartbeatAt: until }
      return
    }
    if (state.at === 'joining' || state.at === 'syncing') this.#move({ at: 'backingOff', until })
  }

  #leave(reason: string, effects: MemberEffect[]): void {
    const { at } = this.#state
    const wasIn = at !== 'idle' && at !== 'away' && at !== 'failed'
    // A static member keeps its place until its session is over (KIP-345).
    if (wasIn && !this.#settings.isStatic && this.memberId !== '')
      effects.push({ do: 'leave', memberId: this.memberId, reason })
    this.#round++
    if (!this.#settings.isStatic) this.memberId = ''
  }

  #tick(now: number, effects: MemberEffect[]): void {
    const state = this.#state
    if (state.at === 'backingOff' && state.until <= now) this.#join(effects)
    if (!hasPulse(state)) return
    const { sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs } = this.#settings
    if (state.at === 'stable' && now - this.#polledAt >= maxPollIntervalMs) {
      effects.push({ do: 'lose' })
      this.#leave(`no record was asked for in maxPollIntervalMs (${maxPollIntervalMs} ms)`, effects)
      this.#move({ at: 'away' })
      return
    }
    if (now - state.heardAt >= sessionTimeoutMs) {
      // Nothing was heard for a session: the others have the partitions by now.
      effects.push({ do: 'lose' }, { do: 'recoordinate' })
      this.#join(effects)
      return
    }
    if (state.isBeating || state.heartbeatAt > now) return
    this.#state = { ...state, isBeating: true, heartbeatAt: now + heartbeatIntervalMs }
    effects.push({
      do: 'heartbeat',
      round: this.#round,
      generation: state.generation,
      memberId: this.memberId,
    })
  }
}

function hasPulse(state: MemberState): state is Extract<MemberState, Pulse> {
  return state.at === 'stable' || state.at === 'revoking'
}
