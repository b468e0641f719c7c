import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster.ts'

/** What a consumer has subscribed to: names, or a pattern that names are matched with. */
export class Subscription {
  readonly #cluster: Cluster
  readonly #excludeInternalTopics: boolean
  #given: readonly string[] | RegExp | undefined
  #pattern: RegExp | undefined
  #wanted: readonly string[] = []
  #timer: Timer | undefined

  constructor(cluster: Cluster, excludeInternalTopics: boolean) {
    this.#cluster = cluster
    this.#excludeInternalTopics = excludeInternalTopics
  }

  /** As it was given; undefined without a subscription. */
  get given(): readonly string[] | RegExp | undefined {
    return this.#given
  }

  get isPattern(): boolean {
    return this.#pattern !== undefined
  }

  /** Takes on a subscription, or gives it up. */
  set(given: readonly string[] | RegExp | undefined): void {
    this.#given = given
    // A pattern with the flags g or y remembers where it was: it would match every other time.
    this.#pattern =
      given instanceof RegExp ? new RegExp(given.source, given.flags.replaceAll(/[gy]/g, '')) : undefined
    const topics = given === undefined || given instanceof RegExp ? [] : [...new Set(given)]
    this.#cluster.wantAll(this.isPattern)
    for (const topic of topics) this.#cluster.want(topic)
    for (const topic of this.#wanted) this.#cluster.unwant(topic)
    this.#wanted = topics
    this.#watch()
  }

  /** The topics to take part in, as far as they are known for a pattern. */
  topics(): readonly string[] {
    const pattern = this.#pattern
    if (!pattern) return this.#wanted
    return [...this.#cluster.metadata.topics.values()]
      .filter(({ name, isInternal }) => pattern.test(name) && !(isInternal && this.#excludeInternalTopics))
      .map(({ name }) => name)
      .sort()
  }

  close(): void {
    this.#timer?.cancel()
  }

  /** A topic that does not exist yet is looked for again and again, and old metadata is refreshed: nobody else would. */
  #watch(): void {
    this.#timer?.cancel()
    if (this.#given === undefined || this.#cluster.signal.aborted) return
    const { metadata, runtime, config } = this.#cluster
    if (this.#wanted.some((topic) => metadata.topics.get(topic)?.errorCode !== 0))
      this.#cluster.requestRefresh()
    else this.#cluster.refreshIfOld()
    this.#timer = runtime.timer(runtime.now() + config.retryBackoffMaxMs, () => this.#watch())
  }
}
