import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { checkTimes, checkTopicPartitions, named } from '../cluster/topic-partition.ts'
import { checkTopicName } from '../config/arguments.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { FoundOffset } from './offsets.ts'
import { EARLIEST, fetchCommitted, foundTime, LATEST, listOffsets } from './offsets.ts'

/** What a consumer can ask about logs and groups without reading: each call has `defaultApiTimeoutMs`. */
export class OffsetQueries {
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig

  constructor(cluster: Cluster, config: ConsumerConfig) {
    this.#cluster = cluster
    this.#config = config
  }

  beginnings(partitions: readonly TopicPartition[]): Promise<number[]> {
    return this.#ends('beginningOffsets', partitions, EARLIEST)
  }

  ends(partitions: readonly TopicPartition[]): Promise<number[]> {
    return this.#ends('endOffsets', partitions, LATEST)
  }

  async forTimes(
    wanted: readonly (TopicPartition & { timestamp: number })[],
  ): Promise<({ offset: number; timestamp: number; timestampBigInt?: bigint } | undefined)[]> {
    checkTimes(wanted)
    const found = await this.#list(wanted)
    return wanted.map((each) => foundTime(found.get(named(each))))
  }

  async committed(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<(TopicPartitionOffset | undefined)[]> {
    const targets = checkTopicPartitions('committed', partitions)
    const found = await fetchCommitted(this.#cluster, groupId, targets, this.#deadline())
    return targets.map((target) => found.get(named(target)))
  }

  async partitionsOf(topic: string): Promise<number[]> {
    checkTopicName('partitionsFor', topic)
    const known = await this.#cluster.awaitTopic(topic, this.#deadline())
    return [...known.partitions.keys()]
  }

  async #ends(call: string, partitions: readonly TopicPartition[], timestamp: number): Promise<number[]> {
    const targets = checkTopicPartitions(call, partitions)
    const found = await this.#list(targets.map((target) => ({ ...target, timestamp })))
    return targets.map((target) => found.get(named(target))?.offset ?? -1)
  }

  #list(wanted: readonly (TopicPartition & { timestamp: number })[]): Promise<Map<string, FoundOffset>> {
    return listOffsets(this.#cluster, wanted, this.#config.isolationLevel, this.#deadline())
  }

  #deadline(): number {
    return this.#cluster.runtime.now() + this.#config.defaultApiTimeoutMs
  }
}
