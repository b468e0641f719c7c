import type { ConsumerRecord, KafkaConsumer, KafkaError } from '@samsa/client'
import type { Target } from './pool.ts'
import { placeOf } from './pool.ts'
import type { WorkerPlan } from './worker-plan.ts'

type Received = ConsumerRecord<string, string>

/** After so many records a worker that commits now and then does. */
const COMMIT_EVERY = 5

export interface CommitsOptions {
  readonly plan: WorkerPlan
  readonly consumer: KafkaConsumer<string, string>
  /** Something that must not be. */
  readonly problem: (what: string, kind: string) => void
  /** Whether it closes amid its work: then commits may be refused. */
  readonly isLeaving: () => boolean
  /** Records that come once more, since their partition went before they were committed. */
  readonly onUncommitted: (record: Received) => void
}

/** What a worker commits by itself, and what has to come of it. */
export class WorkerCommits {
  readonly #options: CommitsOptions
  /** Records that are done with and not committed, by partition, in order. */
  readonly #done = new Map<string, Received[]>()
  /** Records whose partition was given back before they were committed. */
  #stale: Received[] = []
  #since = 0

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  /** A record is done with. */
  async finished(record: Received): Promise<void> {
    const { commits } = this.#options.plan
    if (commits === 'auto') return
    const tp = placeOf(record)
    this.#done.set(tp, [...(this.#done.get(tp) ?? []), record])
    if (commits === 'record') await this.#commit(record)
    else if (++this.#since % COMMIT_EVERY === 0) {
      await this.#commitStale()
      await this.#commit(record)
    }
  }

  /** Whether records are done with and not committed. */
  get isBehind(): boolean {
    return [...this.#done.values()].some(({ length }) => length > 0)
  }

  /** Everything that is left, e.g. before closing. */
  async rest(): Promise<void> {
    for (const tp of this.#done.keys()) {
      const last = this.#done.get(tp)?.at(-1)
      if (last) await this.#commit(last)
    }
  }

  /** Partitions are given back, in the listener that says so. */
  async revoked(partitions: readonly Target[]): Promise<void> {
    const { plan, onUncommitted } = this.#options
    for (const partition of partitions) {
      const records = this.#done.get(placeOf(partition)) ?? []
      const last = records.at(-1)
      if (last && plan.commits === 'revoked') await this.#commit(last)
      else {
        for (const record of records) onUncommitted(record)
        if (last) this.#stale.push(last)
        this.#done.delete(placeOf(partition))
      }
    }
  }

  /** The group has taken the partitions away. */
  lost(): void {
    for (const records of this.#done.values())
      for (const record of records) this.#options.onUncommitted(record)
    this.#done.clear()
  }

  async #commit(record: Received): Promise<void> {
    const { plan, consumer, problem, onUncommitted, isLeaving } = this.#options
    const tp = placeOf(record)
    try {
      await consumer.commit(record)
    } catch (error) {
      const { code, message } = error as KafkaError
      for (const each of this.#done.get(tp) ?? []) onUncommitted(each)
      if (code !== 'CLOSED' && !isLeaving())
        problem(`${plan.name} could not commit ${tp}-${record.offset}: ${message}`, 'commitFailed')
    }
    const left = (this.#done.get(tp) ?? []).filter(({ offset }) => offset > record.offset)
    this.#done.set(tp, left)
  }

  /** What was given back is refused, whoever has it now and whether it has come back. */
  async #commitStale(): Promise<void> {
    const { plan, consumer, problem } = this.#options
    const stale = this.#stale
    this.#stale = []
    for (const record of stale) {
      const what = `${plan.name} committed ${placeOf(record)}-${record.offset} after it had given the partition back`
      await consumer.commit(record).then(
        () => problem(what, 'staleCommit'),
        ({ code, message }: KafkaError) => {
          if (code !== 'COMMIT_FAILED' && code !== 'CLOSED')
            problem(`${what}, and was told ${code}: ${message}`, 'staleCommit')
        },
      )
    }
  }
}
