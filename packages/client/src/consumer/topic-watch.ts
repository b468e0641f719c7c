import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import { isFinalForTopic } from '../cluster/recovery.ts'
import { backoffOf } from '../cluster/retry.ts'
import { ServerError } from '../errors.ts'

export interface TopicWatchOptions {
  cluster: Cluster
  /** Subscribed topics that are known of, or were named. */
  topics: () => readonly string[]
  /** A topic that time will not bring. */
  onError: (error: Error) => void
}

const LOOK_AGAIN_MS = 1000
/** Looks after which a topic that is still missing is worth a line in the log. */
const LOOKS_BEFORE_WARNING = 10

/**
 * Keeps the view of the subscribed topics fresh, also while nothing is assigned and so nothing is fetched: a member
 * without partitions must hear of new ones too. A topic that is missing is asked for again soon, since it may be in
 * the making; otherwise metadata is asked for when it is older than `metadataMaxAgeMs`.
 * Source: `Metadata.timeToNextUpdate`, `ConsumerCoordinator.rejoinNeededOrPending`.
 */
export class TopicWatch {
  readonly #options: TopicWatchOptions
  readonly #off: () => void
  #timer: Timer | undefined
  #looksInVain = 0

  constructor(options: TopicWatchOptions) {
    this.#options = options
    this.#off = options.cluster.onMetadata(() => this.#complain())
    this.#look()
  }

  close(): void {
    this.#off()
    this.#timer?.cancel()
  }

  #look(): void {
    const { cluster } = this.#options
    const { metadataMaxAgeMs } = cluster.config
    const missing = this.#missing()
    if (missing.length > 0) cluster.requestRefresh()
    else cluster.refreshIfOld()
    // While no broker has answered, nothing is known of topics either.
    const isMissing = missing.length > 0 && cluster.metadata.generation > 0
    this.#looksInVain = isMissing ? this.#looksInVain + 1 : 0
    if (this.#looksInVain === LOOKS_BEFORE_WARNING) {
      cluster.events.logger.warn(
        `subscribed, but not there: ${missing.join(', ')}. Create it, or correct the name; reading begins when it appears`,
      )
    }
    const pause =
      missing.length > 0
        ? backoffOf(cluster, Math.max(0, this.#looksInVain - 1))
        : Math.min(metadataMaxAgeMs, LOOK_AGAIN_MS)
    this.#timer = cluster.runtime.timer(cluster.runtime.now() + pause, () => this.#look())
  }

  #missing(): string[] {
    const { topics } = this.#options.cluster.metadata
    return this.#options.topics().filter((name) => {
      const known = topics.get(name)
      if (!known || known.errorCode === 0) return !known?.partitions.length
      return !isFinalForTopic(new ServerError(known.errorCode, { api: 'Metadata', topic: name }))
    })
  }

  #complain(): void {
    const { cluster, topics, onError } = this.#options
    for (const topic of topics()) {
      const errorCode = cluster.metadata.topics.get(topic)?.errorCode ?? 0
      const error = new ServerError(errorCode, { api: 'Metadata', topic })
      if (errorCode !== 0 && isFinalForTopic(error)) onError(error)
    }
  }
}
