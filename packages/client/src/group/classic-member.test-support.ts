import assert from 'node:assert/strict'
import type { MemberAction, MemberEffect, MemberEvent, MemberSettings } from './classic-member.ts'
import { ClassicMember } from './classic-member.ts'

const settings: MemberSettings = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 3_000,
  maxPollIntervalMs: 300_000,
  pauseMs: (attempt) => 100 * 2 ** attempt,
  isStatic: false,
}

const actions: Readonly<Record<string, MemberAction>> = {
  MEMBER_ID_REQUIRED: 'takeMemberId',
  REBALANCE_IN_PROGRESS: 'rejoin',
  UNKNOWN_MEMBER_ID: 'forgetMember',
  ILLEGAL_GENERATION: 'forgetGeneration',
  UNREACHABLE: 'recoordinate',
  NOT_COORDINATOR: 'recoordinate',
  COORDINATOR_NOT_AVAILABLE: 'recoordinate',
  COORDINATOR_LOAD_IN_PROGRESS: 'retry',
}

/** A member and its clock; each call tells what the member does about it, in short. */
export class Transcript {
  readonly member: ClassicMember
  now = 1_000
  round = 0

  constructor(given: Partial<MemberSettings> = {}) {
    this.member = new ClassicMember({ ...settings, ...given })
  }

  step(event: MemberEvent): string[] {
    const effects = this.member.step(event, this.now)
    for (const effect of effects) if (effect.do === 'join') this.round = effect.round
    return effects.map(told)
  }

  /** Lets time pass, then ticks. */
  after(ms: number): string[] {
    this.now += ms
    return this.step({ type: 'tick' })
  }

  joined(generation: number, memberId = 'm1', isLeader = false): string[] {
    return this.step({ type: 'joined', round: this.round, generation, memberId, isLeader })
  }

  synced(): string[] {
    return this.step({ type: 'synced', round: this.round })
  }

  beaten(): string[] {
    return this.step({ type: 'heartbeatAcknowledged', round: this.round })
  }

  prepared(): string[] {
    return this.step({ type: 'revoked', round: this.round })
  }

  refused(by: 'join' | 'sync' | 'heartbeat' | 'commit', code: string, memberId?: string): string[] {
    const error = new Error(code)
    const given = memberId === undefined ? {} : { memberId }
    const action = actions[code] ?? 'fail'
    return this.step({ type: 'refused', round: this.round, by, action, error, ...given })
  }

  get at(): string {
    return this.member.state.at
  }
}

function told(effect: MemberEffect): string {
  switch (effect.do) {
    case 'join':
      return `join as '${effect.memberId}'`
    case 'sync':
      return `sync ${effect.isLeader ? 'as leader ' : ''}in generation ${effect.generation}`
    case 'heartbeat':
      return `heartbeat in generation ${effect.generation}`
    case 'leave':
      return `leave as '${effect.memberId}': ${effect.reason}`
    case 'fail':
      return `fail: ${effect.error.message}`
    default:
      return effect.do
  }
}

/** A member that has joined as m1 in generation 1. */
export function stable(given: Partial<MemberSettings> = {}): Transcript {
  const transcript = new Transcript(given)
  transcript.step({ type: 'start' })
  transcript.joined(1)
  transcript.synced()
  assert.equal(transcript.at, 'stable')
  return transcript
}
