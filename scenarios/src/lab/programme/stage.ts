import { Random } from '@samsa/runtime'
import type { ControlledCluster } from '../cluster/controlled-cluster.ts'
import type { ScheduleOptions, Span } from '../cluster/fault-schedule.ts'
import { faultSchedule } from '../cluster/fault-schedule.ts'
import type { RunSummary } from '../cluster/run-schedule.ts'
import { runSchedule } from '../cluster/run-schedule.ts'
import { delay } from '../cluster/surroundings.ts'
import type { FaultRule } from '../proxy/fault.ts'
import type { FaultProxy } from '../proxy/proxy.ts'

const SHORT_RUN_MS = 120_000

/** Writes a line of the history. */
export type Note = (f: 'fault' | 'heal' | 'note', text: string) => void

/** What the faults of a row have to work with. */
export class Stage {
  readonly cluster: ControlledCluster
  /** One for each driver, in a row that is proxied. */
  readonly proxies: readonly FaultProxy[]
  readonly topic: string
  readonly groups: readonly string[]
  readonly durationMs: number
  readonly seed: number
  readonly random: Random
  /** Aborted when the run is stopped from outside. */
  readonly signal: AbortSignal
  readonly #note: Note
  readonly #begun = performance.now()

  constructor(given: {
    cluster: ControlledCluster
    proxies: readonly FaultProxy[]
    topic: string
    groups: readonly string[]
    durationMs: number
    seed: number
    signal: AbortSignal
    note: Note
  }) {
    this.cluster = given.cluster
    this.proxies = given.proxies
    this.topic = given.topic
    this.groups = given.groups
    this.durationMs = given.durationMs
    this.seed = given.seed
    this.random = new Random(`faults ${given.seed}`)
    this.signal = given.signal
    this.#note = given.note
  }

  /** Whether the time for faults is up. */
  get isOver(): boolean {
    return this.signal.aborted || performance.now() - this.#begun >= this.durationMs
  }

  get leftMs(): number {
    return Math.max(0, this.durationMs - (performance.now() - this.#begun))
  }

  /** The same in an order drawn from the seed. */
  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list]
    return list.map(() => left.splice(this.random.whole(0, left.length - 1), 1)[0] as T)
  }

  /** A span of a schedule made for runs of minutes, shortened in runs of less than two, so that these have faults too. */
  scaled([from, to]: readonly [number, number]): readonly [number, number] {
    const factor = Math.min(1, this.durationMs / SHORT_RUN_MS)
    return [Math.round(from * factor), Math.round(to * factor)]
  }

  /** A fault begins. */
  fault(text: string): void {
    this.#note('fault', text)
  }

  /** ... and is over. */
  heal(text: string): void {
    this.#note('heal', text)
  }

  note(text: string): void {
    this.#note('note', text)
  }

  /** Waits, but not beyond the time for faults nor the end of the run. */
  async sleep(span: Span): Promise<void> {
    const asked = typeof span === 'number' ? span : this.random.whole(span[0], span[1])
    await delay(Math.min(asked, this.leftMs), this.signal)
  }

  /** Faults of the cluster drawn from the seed, until the time is up; the cluster is healed and quiet afterwards. */
  schedule(options: Omit<ScheduleOptions, 'durationMs' | 'healMs'>): Promise<RunSummary> {
    const plan = faultSchedule(this.seed, { ...options, durationMs: Math.round(this.durationMs), healMs: 0 })
    const { signal } = this
    return runSchedule(this.cluster, plan, ({ f, text }) => this.#note(f, text), {
      topics: [this.topic],
      groups: this.groups,
      signal,
    })
  }

  /** Puts a fault into the way of every driver. @returns what ends it, and gives how often it met something */
  inject(rule: FaultRule, text: string): () => number {
    this.fault(text)
    const faults = this.proxies.map((proxy) => proxy.inject(rule))
    return () => {
      const hits = faults.reduce((sum, fault) => sum + fault.hits, 0)
      for (const fault of faults) fault.heal()
      this.heal(`${text}: met ${hits} times`)
      return hits
    }
  }
}
