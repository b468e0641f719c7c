import type { ErrorName } from '@samsa/protocol'
import { apiNamed, errorNamed, KafkaError, knownApis, nearestName } from '@samsa/protocol'

/** Which way bytes go: from the client to the broker, or back. */
export type Direction = 'request' | 'response'

/** A whole frame as a predicate sees it. */
export interface SeenFrame {
  readonly direction: Direction
  readonly api: string
  readonly version: number
  readonly correlationId: number
  /** The broker's id; undefined until some answer has told it. */
  readonly node: number | undefined
  /** Of the broker itself, `host:port`. */
  readonly address: string
  readonly connection: number
  /** The decoded request or answer; undefined when it cannot be read. */
  readonly body: unknown
}

/** What a fault meets. Everything that is given must be so. */
interface Match {
  /** Default: both for faults of bytes; of frames `request` for late, cut and reset, else `response`. */
  readonly direction?: Direction
  /** Name of the API, e.g. `Produce`. */
  readonly api?: string
  readonly version?: number
  /** The request or its answer names this topic. */
  readonly topic?: string
  readonly partition?: number
  /** The broker's id. */
  readonly node?: number
  /** The broker's own address, `host:port`. */
  readonly address?: string
  /** Number of the connection, as the trace shows it. */
  readonly connection?: number
  readonly where?: (frame: SeenFrame) => boolean
  /** Counted from 1: with which matching frame, or connection for faults of bytes, it begins. Default 1. */
  readonly nth?: number
  /** How many it meets. Default 1 for faults of frames; Infinity for faults of bytes and for versions. */
  readonly times?: number
  /** It ends by itself after this. Milliseconds. */
  readonly forMs?: number
  /** How likely each matching one is met. Default 1. */
  readonly chance?: number
}

/** How a connection ends: by a FIN or by a RST. */
export type Manner = 'close' | 'reset'

/** What goes on behind a frame that was lost: nothing ever again, the connection ends, or the next frame follows. */
export type Aftermath = 'silence' | Manner | 'go on'

/** The parts of an answer whose error code is meant: its own, that of the outermost parts, or of the innermost. */
export type Place = 'top' | 'outer' | 'inner'

/** Of the connection's bytes, whatever they are. `afterBytes`: so many still go through. Default 0. */
type ByteAction =
  /** Each piece comes later by `ms` ± `jitterMs`; the order stays. With `api` and the like: those frames only. */
  | { readonly action: 'delay'; readonly ms: number; readonly jitterMs?: number }
  | { readonly action: 'rate'; readonly bytesPerSecond: number }
  /** Bytes vanish. When the fault ends, a connection that lost some is reset by the next that come. */
  | { readonly action: 'blackHole'; readonly afterBytes?: number }
  /** Bytes wait until the fault ends. */
  | { readonly action: 'stall'; readonly afterBytes?: number }
  /** The receiver is told that nothing more comes; the other direction stays. */
  | { readonly action: 'halfClose'; readonly afterBytes?: number }
  /** The receiver is cut off by a reset, the sender is told nothing: a peer that forgot the connection. */
  | { readonly action: 'forget'; readonly afterBytes?: number }
  /** Both sides are reset. With `api` and the like: instead of that frame. */
  | { readonly action: 'reset'; readonly afterBytes?: number }
  /** The connection ends. A frame may be cut `at` its start, half or end, or after so many bytes of it. */
  | {
      readonly action: 'cut'
      readonly afterBytes?: number
      readonly at?: 'start' | 'half' | 'end' | number
      readonly how?: Manner
    }

type FrameAction =
  | { readonly action: 'drop'; readonly next?: Aftermath }
  /** Until `release()`, heal, or `ms`; what is behind it waits too. */
  | { readonly action: 'hold'; readonly ms?: number }
  /**
   * The request waits until the client has given up (it ended the connection, or `gaveUpMs` have passed) and then `ms`
   * more; the way to the broker stays open meanwhile. A pair is a range to draw from.
   */
  | { readonly action: 'late'; readonly ms: number | readonly [number, number]; readonly gaveUpMs?: number }
  /** By number or name. Where: `top` if the version has it, else `outer`; with a topic or partition `inner`. */
  | { readonly action: 'errorCode'; readonly code: number | ErrorName; readonly place?: Place }
  | { readonly action: 'throttle'; readonly ms: number }
  /** In answers to ApiVersions: the range of the API `of`; `remove` takes it out. */
  | {
      readonly action: 'versions'
      readonly of: string
      readonly min?: number
      readonly max?: number
      readonly remove?: boolean
    }

type ListenerAction =
  /** Nobody listens: connecting is refused. */
  | { readonly action: 'refuse' }
  /** New connections are accepted, and nothing ever comes. */
  | { readonly action: 'silent' }

/** A fault to inject. */
export type FaultRule = Match & (ByteAction | FrameAction | ListenerAction)
export type ActionName = FaultRule['action']

/** A fault cannot be: `code` is `PROXY_FAULT`, or `PROXY_FRAMES_HIDDEN` where TLS hides the frames. */
export class ProxyError extends KafkaError {
  override readonly name = 'ProxyError'
}

const FRAMES_ONLY: readonly ActionName[] = ['drop', 'hold', 'late', 'errorCode', 'throttle', 'versions']
const EITHER: readonly ActionName[] = ['delay', 'cut', 'reset']
const LISTENER: readonly ActionName[] = ['refuse', 'silent']
const ACTIONS = [...FRAMES_ONLY, ...EITHER, ...LISTENER, 'rate', 'blackHole', 'stall', 'halfClose', 'forget']
/** Faults of frames that are about requests unless they say otherwise. */
const OF_REQUESTS: readonly ActionName[] = ['late', 'cut', 'reset']

/** On what a rule works. */
export type Level = 'bytes' | 'frames' | 'listener'

function levelOf(rule: FaultRule): Level {
  if (LISTENER.includes(rule.action)) return 'listener'
  return FRAMES_ONLY.includes(rule.action) || namesFrames(rule) ? 'frames' : 'bytes'
}

/** A rule that was injected, and what it has done so far. */
export class Fault {
  readonly id: number
  readonly rule: FaultRule
  readonly level: Level
  readonly direction: Direction | undefined
  /** How many frames or connections it has met. */
  hits = 0
  /** How many matched, met or not. */
  seen = 0
  isOver = false
  /** Why it can never be met any more; undefined while it can. */
  refusal: ProxyError | undefined

  /** @throws ProxyError for a rule that could never be met or makes no sense */
  constructor(id: number, rule: FaultRule) {
    check(rule)
    this.id = id
    this.rule = { ...rule }
    this.level = levelOf(rule)
    const usual = OF_REQUESTS.includes(rule.action) ? 'request' : 'response'
    this.direction = rule.direction ?? (this.level === 'frames' ? usual : undefined)
  }

  get times(): number {
    const isEndless = this.level !== 'frames' || this.rule.action === 'versions'
    return this.rule.times ?? (isEndless ? Number.POSITIVE_INFINITY : 1)
  }

  /** Counts one that matches; whether it is met. `random` gives numbers in [0, 1). */
  meets(random: () => number): boolean {
    this.seen++
    if (this.isOver || this.hits >= this.times || this.seen < (this.rule.nth ?? 1)) return false
    if (this.rule.chance !== undefined && random() >= this.rule.chance) return false
    this.hits++
    return true
  }

  /** Whether it may still meet another one. */
  get isOpen(): boolean {
    return !this.isOver && this.hits < this.times
  }

  /** One line for people. */
  toString(): string {
    const { action, ...rest } = this.rule
    const settings = Object.entries(rest).map(
      ([name, value]) => `${name} ${typeof value === 'function' ? '(predicate)' : value}`,
    )
    return `fault ${this.id}: ${[action, ...settings].join(', ')}`
  }
}

/** @throws ProxyError PROXY_FRAMES_HIDDEN for a rule of frames */
export function hiddenFrames(rule: FaultRule): ProxyError {
  return new ProxyError(
    'PROXY_FRAMES_HIDDEN',
    `${rule.action} works on frames, which TLS hides from the proxy; use a fault of bytes`,
  )
}

function namesFrames({ api, version, topic, partition, where }: Match): boolean {
  return [api, version, topic, partition, where].some((part) => part !== undefined)
}

function check(rule: FaultRule): void {
  if (!ACTIONS.includes(rule.action))
    throw wrong(`there is no action ${rule.action}; known are ${ACTIONS.join(', ')}`)
  const level = levelOf(rule)
  if (namesFrames(rule) && !FRAMES_ONLY.includes(rule.action) && !EITHER.includes(rule.action))
    throw wrong(`${rule.action} works on whole connections; leave api, topic and the like out`)
  for (const name of [rule.api, rule.action === 'versions' ? rule.of : undefined]) checkApi(name)
  if (rule.direction !== undefined && rule.direction !== 'request' && rule.direction !== 'response')
    throw wrong(`direction is 'request' or 'response', not ${rule.direction}`)
  if (['errorCode', 'throttle', 'versions'].includes(rule.action) && rule.direction === 'request')
    throw wrong(`${rule.action} is in answers, not in requests`)
  if (rule.action === 'late' && rule.direction === 'response')
    throw wrong('late delivers requests; hold answers instead')
  if (rule.action === 'versions' && rule.api !== undefined && rule.api !== 'ApiVersions')
    throw wrong(`version ranges are in answers to ApiVersions, not to ${rule.api}`)
  if (rule.action === 'errorCode' && typeof rule.code === 'string' && !errorNamed(rule.code))
    throw wrong(`there is no error ${rule.code}`)
  if ('at' in rule && level === 'bytes')
    throw wrong("'at' cuts a frame; name the frame by its api, or use afterBytes")
  if ('afterBytes' in rule && level === 'frames')
    throw wrong("'afterBytes' counts a connection's bytes; use 'at'")
  checkCounts(rule)
  checkNumbers(rule)
}

function checkApi(name: string | undefined): void {
  if (name === undefined || apiNamed(name)?.name === name) return
  const names = knownApis.map((api) => api.name)
  const nearest = nearestName(name, names)
  throw wrong(`there is no API ${name}${nearest ? `; did you mean ${nearest}?` : ''}`)
}

function checkCounts({ nth = 1, times = 1, chance = 1 }: FaultRule): void {
  if (!Number.isInteger(nth) || nth < 1) throw wrong(`nth is counted from 1, not ${nth}`)
  if (!(Number.isInteger(times) || times === Number.POSITIVE_INFINITY) || times < 1)
    throw wrong(`times must be a whole number from 1, or Infinity, not ${times}`)
  if (!(chance >= 0 && chance <= 1)) throw wrong(`chance is from 0 to 1, not ${chance}`)
}

function checkNumbers(rule: FaultRule): void {
  const { ms, jitterMs, forMs, afterBytes, gaveUpMs, bytesPerSecond } = rule as Record<string, unknown> &
    FaultRule
  const given = { forMs, jitterMs, afterBytes, gaveUpMs }
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !(typeof value === 'number' && value >= 0))
      throw wrong(`${name} must be a number from 0, not ${value}`)
  }
  const times = Array.isArray(ms) ? ms : [ms]
  const isNeeded = rule.action === 'delay' || rule.action === 'late' || rule.action === 'throttle'
  if (isNeeded || ms !== undefined) {
    if (!times.every((each) => typeof each === 'number' && each >= 0) || times.length > 2)
      throw wrong(`${rule.action} needs ms, a number from 0, not ${ms}`)
  }
  if (rule.action === 'throttle' && !isWhole(rule.ms, 32))
    throw wrong(`throttle takes an int32, not ${rule.ms}`)
  if (rule.action === 'errorCode' && typeof rule.code === 'number' && !isWhole(rule.code, 16))
    throw wrong(`error codes are int16, which ${rule.code} is not`)
  if (rule.action === 'versions' && ![rule.min ?? 0, rule.max ?? 0].every((each) => isWhole(each, 16)))
    throw wrong(`versions are int16, which ${rule.min} or ${rule.max} is not`)
  if (rule.action === 'rate' && !(Number(bytesPerSecond) > 0))
    throw wrong(`rate needs bytesPerSecond above 0, not ${bytesPerSecond}`)
}

/** Whether a number can be written in so many bits. */
function isWhole(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1)
}

function wrong(what: string): ProxyError {
  return new ProxyError('PROXY_FAULT', what)
}
