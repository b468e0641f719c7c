import type { Cluster } from '../cluster/cluster.ts'
import { TopicWatch } from './topic-watch.ts'

/** What a consumer has subscribed to: names, or a pattern that names are matched with. */
export class Subscription {
  readonly #cluster: Cluster
  readonly #excludeInternalTopics: boolean
  #given: readonly string[] | RegExp | undefined
  #pattern: RegExp | undefined
  #wanted: readonly string[] = []
  readonly #onError: (error: Error) => void
  #watch: TopicWatch | undefined

  /** @param onError told of a topic that time will not bring */
  constructor(cluster: Cluster, excludeInternalTopics: boolean, onError: (error: Error) => void) {
    this.#cluster = cluster
    this.#onError = onError
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
    this.#watch?.close()
    this.#watch = undefined
    if (given === undefined || this.#cluster.signal.aborted) return
    this.#watch = new TopicWatch({
      cluster: this.#cluster,
      topics: () => this.topics(),
      onError: this.#onError,
    })
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
    this.#watch?.close()
  }
}
