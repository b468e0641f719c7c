import type { GroupSettings } from './admission.ts'
import { Group } from './group.ts'
import type { GroupEffect, GroupEvent, JoinEvent } from './group-events.ts'

/** A group and its clock. Each call tells in short what the group answers, and to whom (`m1: ...`). */
export class Transcript {
  readonly group: Group
  now = 1_000
  readonly #settings: GroupSettings
  /** Who asked under which number. */
  readonly #askers: string[] = []

  constructor(given: Partial<GroupSettings> = {}) {
    this.#settings = {
      initialRebalanceDelayMs: 0,
      maxSize: 100,
      minSessionTimeoutMs: 6_000,
      maxSessionTimeoutMs: 1_800_000,
      ...given,
    }
    this.group = new Group('g', this.#settings)
  }

  /** A member's JoinGroup: by its id, or as `?name`, which has no id yet and will be called `name`. */
  join(who: string, given: Partial<JoinEvent> = {}): string[] {
    const name = who.replace('?', '')
    return this.#step(name, (to) => ({
      type: 'join',
      to,
      memberId: who.startsWith('?') ? '' : who,
      newMemberId: name,
      groupInstanceId: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      protocolType: 'consumer',
      protocols: protocols('range'),
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      requiresKnownMemberId: false,
      supportsSkippingAssignment: true,
      ...given,
    }))
  }

  /** A member's SyncGroup; the leader's says who gets what. */
  sync(
    memberId: string,
    generationId: number,
    assignments: Record<string, string> = {},
    given: { groupInstanceId?: string; protocolName?: string; protocolType?: string } = {},
  ): string[] {
    return this.#step(memberId, (to) => ({
      type: 'sync',
      to,
      memberId,
      groupInstanceId: null,
      generationId,
      protocolType: null,
      protocolName: null,
      ...given,
      assignments: Object.entries(assignments).map(([id, text]) => ({
        memberId: id,
        assignment: Buffer.from(text),
      })),
    }))
  }

  beat(memberId: string, generationId: number, groupInstanceId: string | null = null): string {
    return this.#alone(memberId, (to) => ({ type: 'heartbeat', to, memberId, groupInstanceId, generationId }))
  }

  /** What a leave answers, and then what it does to others. */
  leave(memberId: string, groupInstanceId: string | null = null): string[] {
    return this.#step(memberId || `${groupInstanceId}`, (to) => ({
      type: 'leave',
      to,
      memberId,
      groupInstanceId,
    }))
  }

  commit(memberId: string, generationId: number, groupInstanceId: string | null = null): string {
    return this.group.validateCommit(memberId, groupInstanceId, generationId, this.now)
  }

  /** The connection on which somebody last asked breaks. */
  hangup(who: string): string[] {
    return this.#told({ type: 'hangup', to: this.#askers.lastIndexOf(who) })
  }

  /** Lets time pass, up to each moment at which the group wants to look. */
  after(ms: number): string[] {
    const until = this.now + ms
    const told: string[] = []
    while (this.group.wakeAt <= until) {
      this.now = Math.max(this.now, this.group.wakeAt)
      told.push(...this.#told({ type: 'tick' }))
    }
    this.now = until
    return told
  }

  get at(): string {
    return `${this.group.stateName} in generation ${this.group.generationId}`
  }

  #alone(who: string, event: (to: number) => GroupEvent): string {
    const told = this.#step(who, event)
    return told.length === 1 ? (told[0] as string).slice(who.length + 2) : told.join('; ')
  }

  #step(who: string, event: (to: number) => GroupEvent): string[] {
    return this.#told(event(this.#askers.push(who) - 1))
  }

  #told(event: GroupEvent): string[] {
    return this.group.step(event, this.now).map((effect) => `${this.#askers[effect.to]}: ${words(effect)}`)
  }
}

export function protocols(...names: string[]): { name: string; metadata: Uint8Array }[] {
  return names.map((each) => {
    const [name = '', metadata = 'topics'] = each.split('=')
    return { name, metadata: Buffer.from(metadata) }
  })
}

function words(effect: GroupEffect): string {
  if (effect.do === 'answer') return effect.error
  if (effect.reply.error !== 'NONE') {
    const given = 'memberId' in effect.reply && effect.reply.error === 'MEMBER_ID_REQUIRED'
    return given
      ? `${effect.reply.error} ${(effect.reply as { memberId: string }).memberId}`
      : effect.reply.error
  }
  if (effect.do === 'sync') return `gets '${Buffer.from(effect.reply.assignment).toString()}'`
  const { memberId, leader, generationId, members, skipAssignment, protocolName } = effect.reply
  const all = members.map(
    (each) => each.memberId + (each.groupInstanceId === null ? '' : `/${each.groupInstanceId}`),
  )
  const role = memberId === leader ? `leads ${all.join(' ')} by ${protocolName}` : `follows ${leader}`
  return `${role} in ${generationId}${skipAssignment ? ' without assigning' : ''}`
}
