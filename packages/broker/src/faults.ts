import type { Api, Reply } from '@samsa/protocol'
import { KafkaError, nearestName } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'

/** What to do to a request that matches. */
export interface FaultRule {
  /** Name of the API, e.g. `Produce`. */
  api: string
  /** Only on this node. */
  node?: number
  /** Counted from 1: on which matching request it begins. Default 1. */
  nth?: number
  /** How many requests it meets. Default 1; Infinity: all. */
  times?: number
  /** `close`: before the request is applied. `dropReply`: after it was applied. */
  action?: 'close' | 'dropReply'
  /** Waits before the request is handled. Milliseconds. */
  delayMs?: number
  /**
   * The error code of the answer, or, where the answer as a whole has none, as that of Produce, of each of its parts.
   * The request is applied all the same.
   */
  errorCode?: number
}

/** Faults made for tests: rules that requests are matched with, in the order in which they were added. */
export class Faults {
  readonly #apis: readonly string[]
  readonly #rules: { rule: FaultRule; seen: number; hits: number }[] = []

  /** @param apis names of the APIs that rules may name */
  constructor(apis: readonly string[]) {
    this.#apis = apis
  }

  /**
   * Adds a rule; returns what takes it off, and how often it was hit.
   * @throws KafkaError CONFIG for a rule that could never be met, or that would do nothing
   */
  add(rule: FaultRule): { remove(): void; readonly hits: number } {
    this.#check(rule)
    const entry = { rule: { ...rule }, seen: 0, hits: 0 }
    this.#rules.push(entry)
    return {
      remove: () => {
        const at = this.#rules.indexOf(entry)
        if (at >= 0) this.#rules.splice(at, 1)
      },
      get hits() {
        return entry.hits
      },
    }
  }

  match(api: string, node: number): FaultRule | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry
      if (rule.api !== api || (rule.node !== undefined && rule.node !== node)) continue
      entry.seen++
      if (entry.seen < (rule.nth ?? 1) || entry.hits >= (rule.times ?? 1)) continue
      entry.hits++
      return rule
    }
    return undefined
  }

  /** Waits for a delay to pass, or for the connection to end. */
  wait(runtime: Runtime, ms: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        gone.removeEventListener('abort', done)
        resolve()
      }
      const timer = runtime.timer(runtime.now() + ms, done)
      gone.addEventListener('abort', done)
    })
  }

  #check({ api, nth = 1, times = 1, action, delayMs, errorCode }: FaultRule): void {
    const refuse = (what: string) => new KafkaError('CONFIG', `faults.add: ${what}`)
    if (!this.#apis.includes(api)) {
      const nearest = nearestName(api, this.#apis)
      const hint = nearest ? `did you mean ${nearest}?` : `known are ${this.#apis.join(', ')}`
      throw refuse(`there is no API ${api}; ${hint}`)
    }
    if (!Number.isInteger(nth) || nth < 1) throw refuse(`nth is counted from 1, not ${nth}`)
    if (!(Number.isInteger(times) || times === Number.POSITIVE_INFINITY) || times < 1)
      throw refuse(`times must be a whole number from 1, or Infinity, not ${times}`)
    if (action !== undefined && action !== 'close' && action !== 'dropReply')
      throw refuse(`action must be 'close' or 'dropReply', not ${action}`)
    if (delayMs !== undefined && !(Number.isFinite(delayMs) && delayMs >= 0))
      throw refuse(`delayMs must be a number of milliseconds from 0, not ${delayMs}`)
    if (errorCode !== undefined && !(Number.isInteger(errorCode) && Math.abs(errorCode) < 2 ** 15))
      throw refuse(`errorCode must be one of Kafka's numbers, not ${errorCode}`)
    if (action === undefined && delayMs === undefined && errorCode === undefined)
      throw refuse(`a rule for ${api} needs an action, delayMs or errorCode`)
  }
}

/** An answer with another error code: its own, or where this version has none, that of each of its parts. */
export function withErrorCode(api: Api, version: number, reply: Reply<Api>, errorCode: number): Reply<Api> {
  const own = api.response.shape['errorCode']?.spec
  if (own && version >= own.since && version <= own.until) return { ...reply, errorCode }
  return inParts(reply, errorCode) as Reply<Api>
}

function inParts(value: unknown, errorCode: number): unknown {
  if (Array.isArray(value)) return value.map((each) => inParts(each, errorCode))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const entries = Object.entries(value).map(([key, part]) => [
    key,
    key === 'errorCode' ? errorCode : inParts(part, errorCode),
  ])
  return Object.fromEntries(entries)
}

/** The last requests that the broker saw, for tests to look at. */
export class RequestLog {
  readonly #seen: { node: number; api: string; version: number; at: number }[] = []
  readonly #limit: number

  constructor(limit = 1000) {
    this.#limit = limit
  }

  note(node: number, api: string, version: number, at: number): void {
    this.#seen.push({ node, api, version, at })
    if (this.#seen.length > this.#limit * 2) this.#seen.splice(0, this.#limit)
  }

  /** Oldest first. */
  get recent(): readonly { node: number; api: string; version: number; at: number }[] {
    return this.#seen.slice(-this.#limit)
  }
}
