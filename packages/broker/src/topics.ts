import { coordinatorPartition, formatUuid, KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { fileStore } from './log/file-store.ts'
import { memoryStore, PartitionLog } from './log/partition-log.ts'
import type { BrokerSettings } from './settings.ts'
import { checkTopicConfigs, configValue, logSettings } from './topic-configs.ts'
import {
  internalTopics,
  isInternalTopic,
  metricName,
  OFFSETS_PARTITIONS,
  OFFSETS_TOPIC,
  topicNameProblem,
} from './topic-names.ts'
import type { StoredTopic } from './topics-file.ts'
import { TopicsFile } from './topics-file.ts'
import { weaknessesOf } from './weaknesses.ts'

export interface Partition {
  readonly topic: string
  readonly index: number
  readonly log: PartitionLog
  /** Id of the node that leads; -1 while that node is down. */
  leader: number
  leaderEpoch: number
}

export interface Topic {
  readonly name: string
  /** 22 characters of base64url. */
  readonly id: string
  readonly isInternal: boolean
  readonly configs: Map<string, string>
  readonly partitions: Partition[]
}

export interface TopicRequest {
  name: string
  /** -1: the broker's default. */
  partitions?: number
  configs?: ReadonlyMap<string, string | null>
  /** Which node leads each partition; by default they are spread. */
  leaders?: readonly number[] | undefined
}

/** A request to create a topic that was found to be in order. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  readonly configs: Map<string, string>
  readonly leaders: readonly number[]
}

/** Producer ids are taken in blocks, so that none is given twice after a crash (`ProducerIdManager`). */
const PRODUCER_ID_BLOCK = 1000n

/** The topics of the cluster, in memory or below a data directory. */
export class Topics {
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  readonly #runtime: Runtime
  readonly #settings: BrokerSettings
  readonly #nodes: () => readonly number[]
  readonly #file: TopicsFile | undefined
  readonly clusterId: string
  readonly #wasClosedInOrder: boolean
  #nextProducerId = 0n
  #reservedProducerId = 0n

  constructor(runtime: Runtime, settings: BrokerSettings, nodes: () => readonly number[]) {
    this.#runtime = runtime
    this.#settings = settings
    this.#nodes = nodes
    const { dataDirectory } = settings
    this.#file = dataDirectory ? new TopicsFile(runtime.disk, dataDirectory) : undefined
    const stored = this.#file?.read()
    this.#wasClosedInOrder = this.#file?.takeCleanMark() ?? true
    this.clusterId = stored?.clusterId ?? this.#newId()
    this.#nextProducerId = BigInt(stored?.nextProducerId ?? 0)
    this.#reservedProducerId = this.#nextProducerId
    for (const topic of stored?.topics ?? []) this.#restore(topic)
    this.#store()
  }

  get all(): Topic[] {
    return [...this.#byName.values()]
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id)
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#byName.get(name)?.partitions[index]
  }

  /**
   * Checks a topic that is to be created.
   * @throws KafkaError with Kafka's name of what is wrong
   */
  plan(request: TopicRequest): TopicPlan {
    const { name, partitions = -1, leaders = [] } = request
    const problem = topicNameProblem(name)
    if (problem) throw new KafkaError('INVALID_TOPIC_EXCEPTION', problem)
    if (this.#byName.has(name))
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
    const others = [...this.#byName.keys(), ...internalTopics]
    const twin = others.find((other) => other !== name && metricName(other) === metricName(name))
    if (twin !== undefined) {
      throw new KafkaError(
        'INVALID_TOPIC_EXCEPTION',
        `Topic '${name}' collides with '${twin}': '.' and '_' are the same in metric names.`,
      )
    }
    const usual = name === OFFSETS_TOPIC ? OFFSETS_PARTITIONS : this.#settings.numPartitions
    const count = partitions === -1 ? usual : partitions
    if (!Number.isInteger(count) || count < 1)
      throw new KafkaError('INVALID_PARTITIONS', 'The number of partitions must be positive.')
    const configs = checkTopicConfigs(request.configs ?? [])
    if (name === OFFSETS_TOPIC && !configs.has('cleanup.policy')) configs.set('cleanup.policy', 'compact')
    return { name, partitions: count, configs, leaders }
  }

  /**
   * Creates a topic.
   * @throws KafkaError with Kafka's name of what is wrong; KAFKA_STORAGE_ERROR when the disk fails
   */
  create(request: TopicRequest): Topic {
    const { name, partitions, configs, leaders } = this.plan(request)
    const topic: Topic = {
      name,
      id: this.#newId(),
      isInternal: isInternalTopic(name),
      configs,
      partitions: [],
    }
    this.#grow(topic, partitions, leaders)
    return topic
  }

  /** The topic of committed offsets; made when first needed. */
  offsetsTopic(): Topic {
    const known = this.#byName.get(OFFSETS_TOPIC)
    if (known) return known
    return this.create({ name: OFFSETS_TOPIC })
  }

  addPartitions(topic: Topic, count: number, leaders: readonly number[] = []): void {
    this.#grow(topic, count, leaders)
  }

  /** A topic that is not written down any more is gone, even if its files outlive a crash. */
  delete(topic: Topic): void {
    this.#forget(topic)
    for (const { log } of topic.partitions) log.close()
    this.#store()
    for (const { index } of topic.partitions) {
      const directory = this.#directory(topic.name, index)
      if (directory) this.#runtime.disk.removeDirectory(directory)
    }
  }

  /** Gives a partition another leader; the epoch rises so that clients can tell. */
  moveLeader(partition: Partition, leader: number): void {
    partition.leader = leader
    partition.leaderEpoch++
    partition.log.wake()
    this.#store()
  }

  deleteRecordsBefore(partition: Partition, offset: number): void {
    partition.log.deleteRecordsBefore(offset)
    this.#store()
  }

  newProducerId(): bigint {
    if (this.#nextProducerId === this.#reservedProducerId) {
      this.#reservedProducerId += PRODUCER_ID_BLOCK
      this.#store()
    }
    return this.#nextProducerId++
  }

  /** Closes every log. The next start trusts what it finds only if all of it is on the medium. */
  close(): void {
    let isSound = true
    for (const topic of this.all) for (const { log } of topic.partitions) isSound = log.close() && isSound
    if (isSound) this.#file?.leaveCleanMark()
  }

  /** Makes partitions and writes them down; when the disk fails there are none of them. */
  #grow(topic: Topic, count: number, leaders: readonly number[]): void {
    const before = topic.partitions.length
    try {
      while (topic.partitions.length < count)
        this.#addPartition(topic, leaders[topic.partitions.length - before])
      this.#byName.set(topic.name, topic)
      this.#byId.set(topic.id, topic)
      this.#store()
    } catch (error) {
      for (const { log } of topic.partitions.splice(before)) log.close()
      if (before === 0) this.#forget(topic)
      throw new KafkaError('KAFKA_STORAGE_ERROR', (error as Error).message, { cause: error })
    }
  }

  #forget({ name, id }: Topic): void {
    this.#byName.delete(name)
    this.#byId.delete(id)
  }

  #addPartition(topic: Topic, leader: number | undefined): void {
    const index = topic.partitions.length
    const directory = this.#directory(topic.name, index)
    // What a crash left of an older topic of this name is put aside, as Kafka does.
    if (directory && this.#runtime.disk.exists(directory))
      this.#runtime.disk.rename(directory, `${directory}.${this.#newId()}-stray`)
    topic.partitions.push(this.#open(topic, index, leader ?? this.#usualLeader(topic, index), 0, 0))
    if (!directory) return
    this.#runtime.disk.replace(
      `${directory}/partition.metadata`,
      Buffer.from(`version: 0\ntopic_id: ${topic.id}`),
    )
  }

  #usualLeader({ name }: Topic, index: number): number {
    const nodes = this.#nodes()
    return nodes[(coordinatorPartition(name, nodes.length) + index) % nodes.length] as number
  }

  #open(topic: Topic, index: number, leader: number, leaderEpoch: number, logStartOffset: number): Partition {
    const directory = this.#directory(topic.name, index)
    const wasClosedInOrder = this.#wasClosedInOrder
    const indexIntervalBytes = Number(configValue(topic.configs, 'index.interval.bytes'))
    const store = directory
      ? fileStore(this.#runtime.disk, directory, { wasClosedInOrder, indexIntervalBytes })
      : memoryStore()
    const rules = { ...logSettings(topic.configs, this.#settings), ...weaknessesOf(this.#settings) }
    const log = new PartitionLog(store, rules, logStartOffset)
    return { topic: topic.name, index, log, leader, leaderEpoch }
  }

  #directory(topic: string, index: number): string | undefined {
    const { dataDirectory } = this.#settings
    return dataDirectory && `${dataDirectory}/${topic}-${index}`
  }

  #restore({ name, id, partitions, configs }: StoredTopic): void {
    const topic: Topic = {
      name,
      id,
      isInternal: isInternalTopic(name),
      configs: new Map(configs),
      partitions: [],
    }
    partitions.forEach(({ leaderEpoch, logStartOffset }, index) => {
      const leader = this.#usualLeader(topic, index)
      topic.partitions.push(this.#open(topic, index, leader, leaderEpoch + 1, logStartOffset))
    })
    this.#byName.set(name, topic)
    this.#byId.set(id, topic)
  }

  #store(): void {
    this.#file?.write({
      version: 1,
      clusterId: this.clusterId,
      nextProducerId: this.#reservedProducerId.toString(),
      topics: this.all.map(({ name, id, partitions, configs }) => ({
        name,
        id,
        partitions: partitions.map(({ leaderEpoch, log }) => ({
          leaderEpoch,
          logStartOffset: log.logStartOffset,
        })),
        configs: [...configs],
      })),
    })
  }

  #newId(): string {
    return formatUuid(this.#runtime.randomBytes(16))
  }
}
