import type { Machine } from '@samsa/runtime'
import type { ActionOf, recovery } from '../cluster/recovery.ts'

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
  /** An answer that is no success, or none: what the error means there. `memberId` where the broker gave one. */
  | {
      type: 'refused'
      round: number
      by: 'join' | 'sync' | 'heartbeat' | 'commit'
      action: MemberAction
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

/** What the error table says of the answers that a member gets. */
export type MemberAction =
  | ActionOf<Table['joinGroup']>
  | ActionOf<Table['syncGroup']>
  | ActionOf<Table['heartbeat']>
  | ActionOf<Table['commit']>

type Table = typeof recovery

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
  /** When the next heartbeat is due; while one is under way, when it was sent. */
  heartbeatAt: number
  isBeating: boolean
  /** When the last request was sent that the coordinator has answered: its own clock of the session began later. */
  heardAt: number
}

export type MemberState =
  | { at: 'idle' }
  | { at: 'joining' }
  | { at: 'syncing'; generation: number; since: number }
  | ({ at: 'stable'; generation: number } & Pulse)
  | ({ at: 'revoking'; generation: number; since: number } & Pulse)
  | { at: 'backingOff'; until: number }
  | { at: 'away' }
  | { at: 'failed' }

const legal: Record<MemberState['at'], readonly MemberState['at'][]> = {
  idle: ['joining', 'idle'],
  joining: ['syncing', 'joining', 'backingOff', 'failed', 'idle', 'away'],
  syncing: ['stable', 'joining', 'backingOff', 'failed', 'idle', 'away'],
  stable: ['revoking', 'joining', 'backingOff', 'failed', 'idle', 'away'],
  revoking: ['joining', 'backingOff', 'failed', 'idle', 'away'],
  backingOff: ['joining', 'idle', 'failed', 'away'],
  away: ['joining', 'idle'],
  failed: ['idle'],
}

export interface MemberSettings {
  sessionTimeoutMs: number
  heartbeatIntervalMs: number
  maxPollIntervalMs: number
  /** How long to wait before another try, by how many have failed before; grows, with jitter (KIP-580). */
  pauseMs: (attempt: number) => number
  isStatic: boolean
}

export class ClassicMember implements Machine<MemberEvent, MemberEffect> {
  /** '' until the coordinator gave one. */
  memberId = ''
  readonly #settings: MemberSettings
  #state: MemberState = { at: 'idle' }
  /** Counts joins: an answer to an older one is not ours any more. */
  #round = 0
  #polledAt = 0
  #needsRejoin = false
  /** Tries that failed since the coordinator was content. */
  #attempts = 0

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
    if (state.at === 'backingOff') return state.until
    if (!hasPulse(state)) return Number.POSITIVE_INFINITY
    return state.isBeating ? this.overAt : Math.min(this.overAt, state.heartbeatAt)
  }

  /** Monotonic: when the member has lost its partitions if nothing is heard, or nobody asks for records, until then. */
  get overAt(): number {
    const state = this.#state
    if (!hasPulse(state)) return Number.POSITIVE_INFINITY
    const { sessionTimeoutMs, maxPollIntervalMs } = this.#settings
    const rebalanceSince = state.at === 'revoking' ? state.since : this.#polledAt
    return Math.min(
      state.heardAt + sessionTimeoutMs,
      Math.min(this.#polledAt, rebalanceSince) + maxPollIntervalMs,
    )
  }

  step(event: MemberEvent, now: number): readonly MemberEffect[] {
    const effects: MemberEffect[] = []
    if ('round' in event && event.round !== this.#round) return effects
    switch (event.type) {
      case 'start':
        this.#polledAt = now
        if (this.#state.at === 'idle') this.#join(effects)
        else this.#rejoin(now, effects)
        break
      case 'joined':
        this.memberId = event.memberId
        this.#move({ at: 'syncing', generation: event.generation, since: now })
        effects.push(this.#sync(event.generation, event.isLeader))
        break
      case 'synced':
        this.#settle(now, effects)
        break
      case 'heartbeatAcknowledged':
        this.#attempts = 0
        this.#heard(now)
        break
      case 'refused':
        this.#refused(event, now, effects)
        break
      case 'revoked':
        if (this.#state.at === 'revoking') this.#join(effects)
        break
      case 'rejoin':
        this.#rejoin(now, effects)
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
    this.#attempts = 0
    const { generation, since: heardAt } = this.#state
    const heartbeatAt = now + this.#settings.heartbeatIntervalMs
    this.#move({ at: 'stable', generation, heartbeatAt, isBeating: false, heardAt })
    if (this.#needsRejoin) this.#rejoin(now, effects)
  }

  #rejoin(now: number, effects: MemberEffect[]): void {
    const state = this.#state
    if (state.at === 'stable') {
      this.#move({ ...state, at: 'revoking', since: now })
      effects.push({ do: 'revoke', round: this.#round })
    } else this.#needsRejoin = state.at === 'joining' || state.at === 'syncing'
  }

  #refused(event: Extract<MemberEvent, { type: 'refused' }>, now: number, effects: MemberEffect[]): void {
    const { action, by } = event
    if (by === 'commit' && !hasPulse(this.#state)) return
    switch (action) {
      case 'takeMemberId':
        this.memberId = event.memberId ?? ''
        this.#join(effects)
        return
      case 'rejoin':
        if (by === 'join' || by === 'sync') this.#joinAgain(now, effects)
        else {
          if (by === 'heartbeat') this.#heard(now)
          this.#rejoin(now, effects)
        }
        return
      case 'forgetMember':
      case 'forgetGeneration':
        if (action === 'forgetMember') this.memberId = ''
        if (hasPulse(this.#state)) effects.push({ do: 'lose' })
        this.#joinAgain(now, effects)
        return
      case 'fail':
        this.#fail(event.error, effects)
        return
      default:
        this.#unanswered(by, now, effects)
    }
  }

  #fail(error: Error, effects: MemberEffect[]): void {
    if (hasPulse(this.#state)) effects.push({ do: 'lose' })
    this.#move({ at: 'failed' })
    // What is still under way is answered to nobody.
    this.#round++
    effects.push({ do: 'fail', error })
  }

  /** At once the first time, then with growing pauses: a coordinator that refuses each join is not stormed. */
  #joinAgain(now: number, effects: MemberEffect[]): void {
    if (this.#attempts++ === 0) this.#join(effects)
    else {
      this.#round++
      this.#move({ at: 'backingOff', until: now + this.#settings.pauseMs(this.#attempts - 2) })
    }
  }

  /** The coordinator has answered, if only to say that the group rebalances: the session goes on from the question. */
  #heard(now: number): void {
    const state = this.#state
    if (!hasPulse(state)) return
    const { heartbeatIntervalMs } = this.#settings
    const [heardAt, heartbeatAt] = state.isBeating
      ? [state.heartbeatAt, state.heartbeatAt + heartbeatIntervalMs]
      : [state.heardAt, state.heartbeatAt]
    this.#state = { ...state, isBeating: false, heardAt, heartbeatAt: Math.max(heartbeatAt, now) }
  }

  /** The coordinator cannot be reached or is moving: it is looked up anew, and asked again after a pause. */
  #unanswered(by: string, now: number, effects: MemberEffect[]): void {
    effects.push({ do: 'recoordinate' })
    const until = now + this.#settings.pauseMs(this.#attempts++)
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
    const { sessionTimeoutMs, maxPollIntervalMs } = this.#settings
    if (now - this.#polledAt >= maxPollIntervalMs) {
      effects.push({ do: 'lose' })
      this.#leave(`no record was asked for in maxPollIntervalMs (${maxPollIntervalMs} ms)`, effects)
      this.#move({ at: 'away' })
      return
    }
    const isTooLate = state.at === 'revoking' && now - state.since >= maxPollIntervalMs
    if (now - state.heardAt >= sessionTimeoutMs || isTooLate) {
      // Nothing was heard for a session, or the rebalance has not waited: the others have the partitions by now.
      effects.push({ do: 'lose' }, { do: 'recoordinate' })
      this.#join(effects)
      return
    }
    if (state.isBeating || state.heartbeatAt > now) return
    this.#state = { ...state, isBeating: true, heartbeatAt: now }
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
