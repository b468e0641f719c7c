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
  /** Waits before the request is handled. */
  delayMs?: number
  /** Sets the top-level error code of the answer. */
  errorCode?: number
}

/** Faults made for tests: rules that requests are matched with, in the order in which they were added. */
export class Faults {
  readonly #rules: { rule: FaultRule; seen: number; hits: number }[] = []

  /** Adds a rule; returns what takes it off, and how often it was hit. */
  add(rule: FaultRule): { remove(): void; readonly hits: number } {
    const entry = { rule, seen: 0, hits: 0 }
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

  wait(runtime: Runtime, ms: number): Promise<void> {
    return new Promise((resolve) => void runtime.timer(runtime.now() + ms, resolve))
  }
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
