import type { Api } from '@samsa/protocol'
import type { Answer } from './answers.ts'
import { changeErrorCode, changeThrottle, changeVersions } from './answers.ts'
import type { Connection } from './connection.ts'
import type { Aftermath, Direction, Fault, FaultRule, Manner } from './fault.ts'
import { ProxyError } from './fault.ts'
import type { Gate } from './lane.ts'
import { delayOf } from './lane.ts'
import type { Touched } from './parts.ts'
import type { ProxyState } from './state.ts'

/** A frame that faults are asked about. What is costly to know is made when a fault wants it. */
export interface Judged {
  readonly api: Api | undefined
  readonly version: number
  readonly correlationId: number
  /** Its prefix included. */
  readonly frameBytes: number
  readonly body: () => unknown
  readonly touched: () => readonly Touched[]
  /** Of an answer, to be changed in place. */
  readonly answer: () => Answer | undefined
}

/** What faults make of a frame. */
export interface Fate {
  readonly did: string[]
  /** The answer was changed. */
  isRewritten: boolean
  readonly gates: Gate[]
  delayMs: number
  lost: Aftermath | undefined
  cut: { readonly bytes: number; readonly how: Manner } | undefined
}

type CutPoint = 'start' | 'half' | 'end' | number

/** What faults do to the frames of one direction of a connection. */
export class Fates {
  readonly #state: ProxyState
  readonly #connection: Connection
  readonly #direction: Direction

  constructor(state: ProxyState, connection: Connection, direction: Direction) {
    this.#state = state
    this.#connection = connection
    this.#direction = direction
  }

  /** Whether a fault is for such frames, as far as can be told without their body. */
  mayMeet(fault: Fault, api: Api, version: number, direction: Direction = this.#direction): boolean {
    const { rule } = fault
    if (fault.level !== 'frames' || fault.refusal) return false
    if (fault.direction !== undefined && fault.direction !== direction) return false
    const wanted = rule.action === 'versions' ? 'ApiVersions' : rule.api
    if (wanted !== undefined && wanted !== api.name) return false
    if (rule.version !== undefined && rule.version !== version) return false
    return this.#state.isMeant(fault, this.#connection)
  }

  /** What faults make of a frame whose body can be had. */
  of(judged: Judged): Fate {
    const fate = this.usual()
    const { api, touched } = judged
    if (!api) return fate
    for (const fault of this.#state.faults) {
      if (!fault.isOpen || !this.mayMeet(fault, api, judged.version)) continue
      if (!isTouched(fault.rule, touched) || !this.#agrees(fault, judged)) continue
      if (!fault.meets(this.#state.draw)) continue
      this.#apply(fault, fate, judged)
    }
    return fate
  }

  /** What becomes of frames that no fault of frames meets. */
  usual(): Fate {
    const lane = this.#connection.lane(this.#direction)
    const did = lane.isDead ? ['not passed on'] : lane.isSwallowing ? ['swallowed'] : []
    return {
      did,
      isRewritten: false,
      gates: [],
      delayMs: lane.delayMs(this.#state.draw),
      lost: undefined,
      cut: undefined,
    }
  }

  #agrees(fault: Fault, judged: Judged): boolean {
    const { where } = fault.rule
    if (!where) return true
    const { address, id } = this.#connection
    try {
      return where({
        direction: this.#direction,
        api: (judged.api as Api).name,
        version: judged.version,
        correlationId: judged.correlationId,
        node: this.#state.nodes.get(address),
        address,
        connection: id,
        body: judged.body(),
      })
    } catch (cause) {
      fault.refusal = new ProxyError('PROXY_FAULT', `the predicate of ${fault} threw: ${cause}`, { cause })
      return false
    }
  }

  #apply(fault: Fault, fate: Fate, { frameBytes, answer }: Judged): void {
    const { rule, id } = fault
    const did = (what: string) => fate.did.push(`${what} by fault ${id}`)
    switch (rule.action) {
      case 'drop':
        fate.lost = rule.next ?? 'silence'
        did('dropped')
        return
      case 'hold':
        fate.gates.push(this.#held(fault, fate, rule.ms))
        did('held')
        return
      case 'late': {
        const ms = typeof rule.ms === 'number' ? rule.ms : this.#state.random.between(...rule.ms)
        const isReleased = (isInTime: boolean) =>
          void fate.did.push(isInTime ? 'released' : 'lost, since the broker has gone')
        fate.gates.push(this.#connection.deliverLate(fault, ms, rule.gaveUpMs, isReleased))
        did('held until the client gives up')
        return
      }
      case 'delay': {
        const ms = delayOf(fault, this.#state.draw)
        fate.delayMs += ms
        did(`delayed ${Math.round(ms)} ms`)
        return
      }
      case 'cut':
      case 'reset': {
        const [at, how]: [CutPoint, Manner] =
          rule.action === 'cut' ? [rule.at ?? 'half', rule.how ?? 'reset'] : ['start', 'reset']
        fate.cut = { bytes: bytesBefore(at, frameBytes), how }
        did(`cut after ${fate.cut.bytes} bytes`)
        return
      }
      default:
        this.#rewrite(fault, fate, answer())
    }
  }

  #rewrite(fault: Fault, fate: Fate, answer: Answer | undefined): void {
    const { rule } = fault
    let isDone = false
    if (answer && rule.action === 'errorCode')
      isDone = changeErrorCode(answer, rule, this.#state.topicNames) > 0
    else if (answer && rule.action === 'throttle') isDone = changeThrottle(answer, rule.ms)
    else if (answer && rule.action === 'versions') isDone = changeVersions(answer, rule)
    if (isDone) {
      fate.isRewritten = true
      fate.did.push(`${describeChange(rule)} by fault ${fault.id}`)
      return
    }
    // It has met nothing.
    fault.hits--
    fate.did.push(`has no place for ${rule.action} of fault ${fault.id}`)
  }

  #held(fault: Fault, fate: Fate, ms: number | undefined): Gate {
    const gate = this.#state.hold(fault, () => {
      fate.did.push('released')
      this.#connection.settle()
    })
    if (ms !== undefined) this.#state.alarm(this.#state.now + ms, () => this.#state.open(gate))
    return gate
  }
}

function bytesBefore(at: CutPoint, frameBytes: number): number {
  if (typeof at === 'number') return Math.min(at, frameBytes)
  return at === 'start' ? 0 : at === 'half' ? frameBytes >> 1 : frameBytes
}

/** Whether a fault is for a topic or a partition only. */
export function namesTopic({ topic, partition }: FaultRule): boolean {
  return topic !== undefined || partition !== undefined
}

function isTouched({ topic, partition }: FaultRule, touched: () => readonly Touched[]): boolean {
  if (topic === undefined && partition === undefined) return true
  return touched().some(
    (each) =>
      (topic === undefined || each.topic === topic) &&
      (partition === undefined || each.partition === partition),
  )
}

function describeChange(rule: FaultRule): string {
  if (rule.action === 'errorCode') return `error code ${rule.code}`
  if (rule.action === 'throttle') return `throttle time ${rule.ms} ms`
  if (rule.action !== 'versions') return ''
  return rule.remove ? `${rule.of} taken out` : `${rule.of} ${rule.min ?? ''} to ${rule.max ?? ''}`
}
