import type { Runtime, Timer } from '@samsa/runtime'
import type { GroupSettings } from './coordinator/admission.ts'
import { Group } from './coordinator/group.ts'
import type {
  GroupEffect,
  GroupEvent,
  JoinEvent,
  JoinReply,
  SyncEvent,
  SyncReply,
} from './coordinator/group-events.ts'

type Reply = JoinReply | SyncReply | string

/** `offsets.retention.check.interval.ms`: how long a group with neither members nor offsets is remembered. */
const DESERTED_LIMIT_MS = 600_000

/** Takes the answer's address off an event: the driver gives it. */
type Ask<E> = Omit<E, 'to' | 'type'>

/**
 * The classic groups of the cluster: performs what their machines decide. Who waits has a number, and the machine
 * answers to numbers.
 */
export class Groups {
  readonly #runtime: Runtime
  readonly #settings: GroupSettings
  readonly #hasOffsets: (group: string) => boolean
  readonly #groups = new Map<string, Group>()
  readonly #timers = new Map<string, { timer: Timer; at: number }>()
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #next = 1
  #isClosed = false

  /** @param hasOffsets whether a group has committed something: then it is remembered, as in Kafka */
  constructor(runtime: Runtime, settings: GroupSettings, hasOffsets: (group: string) => boolean) {
    this.#runtime = runtime
    this.#settings = settings
    this.#hasOffsets = hasOffsets
  }

  get(id: string): Group | undefined {
    return this.#groups.get(id)
  }

  get all(): Group[] {
    return [...this.#groups.values()]
  }

  join(id: string, ask: Ask<JoinEvent>, gone: AbortSignal): Promise<JoinReply> {
    return this.#ask(id, (to) => ({ type: 'join', to, ...ask }), gone) as Promise<JoinReply>
  }

  sync(id: string, ask: Ask<SyncEvent>, gone: AbortSignal): Promise<SyncReply> {
    return this.#ask(id, (to) => ({ type: 'sync', to, ...ask }), gone) as Promise<SyncReply>
  }

  heartbeat(id: string, memberId: string, groupInstanceId: string | null, generationId: number): string {
    const ask = (to: number): GroupEvent => ({
      type: 'heartbeat',
      to,
      memberId,
      groupInstanceId,
      generationId,
    })
    return this.#answer(id, ask)
  }

  leave(id: string, memberId: string, groupInstanceId: string | null): string {
    return this.#answer(id, (to) => ({ type: 'leave', to, memberId, groupInstanceId }))
  }

  /** Forgets a group; the caller has seen that it is empty. */
  delete(id: string): void {
    this.#timers.get(id)?.timer.cancel()
    this.#timers.delete(id)
    this.#groups.delete(id)
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#waiting.clear()
  }

  #ask(id: string, event: (to: number) => GroupEvent, gone: AbortSignal): Promise<Reply> {
    return new Promise((resolve) => {
      const to = this.#next++
      const hangup = () => {
        this.#waiting.delete(to)
        this.#step(id, { type: 'hangup', to })
      }
      this.#waiting.set(to, (reply) => {
        gone.removeEventListener('abort', hangup)
        resolve(reply)
      })
      gone.addEventListener('abort', hangup)
      this.#step(id, event(to))
    })
  }

  #answer(id: string, event: (to: number) => GroupEvent): string {
    if (!this.#groups.has(id)) return 'UNKNOWN_MEMBER_ID'
    let error = 'NONE'
    const to = this.#next++
    this.#waiting.set(to, (reply) => {
      error = reply as string
    })
    this.#step(id, event(to))
    return error
  }

  #step(id: string, event: GroupEvent): void {
    if (this.#isClosed) return
    let group = this.#groups.get(id)
    if (!group) {
      if (event.type !== 'join') return
      group = new Group(id, this.#settings)
      this.#groups.set(id, group)
    }
    this.#runtime.observe?.('group', group.stateName, event.type)
    for (const effect of group.step(event, this.#runtime.now())) this.#perform(effect)
    // Whom nobody has ever joined was only made to refuse somebody.
    if (group.isDeserted && group.generationId === 0) this.delete(id)
    else this.#arm(group)
  }

  #perform(effect: GroupEffect): void {
    const waiting = this.#waiting.get(effect.to)
    this.#waiting.delete(effect.to)
    waiting?.(effect.do === 'answer' ? effect.error : effect.reply)
  }

  #arm(group: Group): void {
    const armed = this.#timers.get(group.id)
    const at = group.isDeserted ? this.#runtime.now() + DESERTED_LIMIT_MS : group.wakeAt
    if (armed?.at === at) return
    armed?.timer.cancel()
    this.#timers.delete(group.id)
    if (at === Number.POSITIVE_INFINITY) return
    const timer = this.#runtime.timer(at, () => {
      this.#timers.delete(group.id)
      if (group.isDeserted && !this.#hasOffsets(group.id)) this.delete(group.id)
      else if (group.isDeserted) this.#arm(group)
      else this.#step(group.id, { type: 'tick' })
    })
    this.#timers.set(group.id, { timer, at })
  }
}
