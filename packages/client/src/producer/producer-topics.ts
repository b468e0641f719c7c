import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import { checkTopicName } from '../config/arguments.ts'
import type { Accumulator } from './accumulator.ts'
import type { NodeLatency } from './node-latency.ts'
import type { TopicView } from './partitioner.ts'
import { StickyPartitioner } from './partitioner.ts'
import type { ProducerConfig } from './producer-config.ts'

/** What a producer knows of a topic that it sends to. */
export interface ProducerTopic {
  readonly view: TopicView
  readonly sticky: StickyPartitioner
  /** The metadata that `view` comes from. */
  generation: number
  /** Monotonic: when something was sent to it last. */
  usedAt: number
}

export interface ProducerTopicsOptions {
  cluster: Cluster
  config: ProducerConfig
  accumulator: Accumulator
  latency: NodeLatency
}

/**
 * The topics that a producer asks metadata for: those it sends to. One that it has not sent to for `metadataMaxIdleMs` is
 * forgotten (KIP-526): asking for it could bring it back after it was deleted. Source: `ProducerMetadata`.
 */
export class ProducerTopics {
  readonly #options: ProducerTopicsOptions
  readonly #topics = new Map<string, ProducerTopic>()
  #timer: Timer | undefined

  constructor(options: ProducerTopicsOptions) {
    this.#options = options
  }

  /**
   * A topic with the newest that is known of it; metadata is asked for it from now on.
   * @throws ConfigError for a name that no topic can have
   */
  get(name: string): ProducerTopic {
    const { metadata } = this.#options.cluster
    const topic = this.#topics.get(name) ?? this.#add(name)
    if (topic.generation === metadata.generation) return topic
    topic.generation = metadata.generation
    const known = metadata.topics.get(name)
    if (known && known.partitions.length > 0) {
      topic.view.partitions = known.partitions.length
      topic.view.available = known.partitions.flatMap((partition, index) =>
        partition && partition.leader >= 0 ? [index] : [],
      )
    }
    return topic
  }

  /** Whether a partition is known, without asking for its topic. */
  isKnown(name: string, partition: number): boolean {
    const { topics } = this.#options.cluster.metadata
    return (topics.get(name)?.partitions.length ?? 0) > partition
  }

  close(): void {
    this.#timer?.cancel()
  }

  #add(name: string): ProducerTopic {
    checkTopicName('send', name)
    const { cluster, config, accumulator } = this.#options
    const { batchSize, partitionerAdaptivePartitioningEnable: isAdaptive } = config
    const slowMs = config.partitionerAvailabilityTimeoutMs
    const topic = {
      generation: -1,
      usedAt: cluster.runtime.now(),
      sticky: new StickyPartitioner({ batchSize, isAdaptive, random: () => cluster.runtime.random() }),
      view: {
        partitions: 0,
        available: [],
        queueLength: (partition: number) => accumulator.queueLength(name, partition),
        isSlow: slowMs > 0 ? (partition: number) => this.#isSlow(name, partition) : undefined,
      },
    }
    this.#topics.set(name, topic)
    cluster.want(name)
    cluster.mayCreate(name)
    this.#timer ??= this.#arm()
    return topic
  }

  #isSlow(name: string, partition: number): boolean {
    const { cluster, config, latency } = this.#options
    const leader = cluster.metadata.topics.get(name)?.partitions[partition]?.leader ?? -1
    return latency.isSlow(leader, config.partitionerAvailabilityTimeoutMs)
  }

  #arm(): Timer {
    const { cluster, config } = this.#options
    const oldest = Math.min(...[...this.#topics.values()].map(({ usedAt }) => usedAt))
    return cluster.runtime.timer(oldest + config.metadataMaxIdleMs, () => this.#forgetIdle())
  }

  #forgetIdle(): void {
    const { cluster, config, accumulator } = this.#options
    const now = cluster.runtime.now()
    for (const [name, topic] of this.#topics) {
      // What is still to be sent needs its leader.
      if (accumulator.holds(name)) topic.usedAt = now
      if (now - topic.usedAt < config.metadataMaxIdleMs) continue
      this.#topics.delete(name)
      cluster.unwant(name)
    }
    this.#timer = this.#topics.size > 0 ? this.#arm() : undefined
  }
}
