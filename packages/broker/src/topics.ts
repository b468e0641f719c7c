import { coordinatorPartition, formatUuid, KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { fileStore } from './log/file-store.ts'
import type { LogSettings } from './log/partition-log.ts'
import { memoryStore, PartitionLog } from './log/partition-log.ts'
import type { BrokerSettings } from './settings.ts'

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
  configs?: ReadonlyMap<string, string>
  /** Who leads each partition; without it they are spread over the nodes. */
  leaders?: readonly number[] | undefined
}

/** What is written down of the topics, so that they are there again after a restart. */
interface Stored {
  version: 1
  clusterId: string
  nextProducerId: string
  topics: {
    name: string
    id: string
    partitions: { leaderEpoch: number; logStartOffset: number }[]
    configs: [string, string][]
  }[]
}

export const OFFSETS_TOPIC = '__consumer_offsets'
const OFFSETS_PARTITIONS = 50
const internalTopics = new Set([OFFSETS_TOPIC, '__transaction_state', '__share_group_state'])
/** Producer ids are taken in blocks, so that none is given twice after a crash (`ProducerIdManager`). */
const PRODUCER_ID_BLOCK = 1000n

/** The topics of the cluster, in memory or below a data directory. */
export class Topics {
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  readonly #runtime: Runtime
  readonly #settings: BrokerSettings
  readonly #nodes: () => readonly number[]
  readonly clusterId: string
  readonly #wasClosedInOrder: boolean
  readonly #listeners = new Set<() => void>()
  #nextProducerId = 0n
  #reservedProducerId = 0n

  constructor(runtime: Runtime, settings: BrokerSettings, nodes: () => readonly number[]) {
    this.#runtime = runtime
    this.#settings = settings
    this.#nodes = nodes
    const stored = this.#read()
    this.#wasClosedInOrder = this.#takeCleanMark()
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

  /** Calls back whenever a partition gets another leader or a topic goes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Creates a topic.
   * @throws KafkaError with Kafka's name of what is wrong
   */
  create(request: TopicRequest, options: { validateOnly?: boolean; isInternal?: boolean } = {}): Topic {
    const { name } = request
    const problem = topicNameProblem(name)
    if (problem) throw new KafkaError('INVALID_TOPIC_EXCEPTION', problem)
    if (this.#byName.has(name))
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
    const twin = this.all.find((topic) => topic.name.replaceAll('.', '_') === name.replaceAll('.', '_'))
    if (twin) {
      throw new KafkaError(
        'INVALID_TOPIC_EXCEPTION',
        `Topic '${name}' collides with '${twin.name}': '.' and '_' are the same in metric names.`,
      )
    }
    const asked = request.partitions ?? -1
    const count = asked === -1 ? this.#settings.numPartitions : asked
    if (!Number.isInteger(count) || count < 1)
      throw new KafkaError('INVALID_PARTITIONS', 'The number of partitions must be positive.')
    const configs = new Map(request.configs ?? [])
    for (const [key, value] of configs) checkConfig(key, value)
    const topic: Topic = {
      name,
      id: this.#newId(),
      isInternal: options.isInternal ?? internalTopics.has(name),
      configs,
      partitions: [],
    }
    if (options.validateOnly) {
      for (let index = 0; index < count; index++) topic.partitions.push(undefined as never)
      return topic
    }
    for (let index = 0; index < count; index++) this.#addPartition(topic, index, request.leaders?.[index])
    this.#byName.set(name, topic)
    this.#byId.set(topic.id, topic)
    this.#store()
    return topic
  }

  /** The topic of committed offsets; made when first needed. */
  offsetsTopic(): Topic {
    const known = this.#byName.get(OFFSETS_TOPIC)
    if (known) return known
    const configs = new Map([['cleanup.policy', 'compact']])
    return this.create({ name: OFFSETS_TOPIC, partitions: OFFSETS_PARTITIONS, configs }, { isInternal: true })
  }

  /** @param leaders who leads each of the new ones; without it they are spread over the nodes */
  addPartitions(topic: Topic, count: number, leaders?: readonly number[]): void {
    const present = topic.partitions.length
    for (let index = present; index < count; index++)
      this.#addPartition(topic, index, leaders?.[index - present])
    this.#store()
  }

  delete(topic: Topic): void {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    for (const { log, index } of topic.partitions) {
      log.close()
      const directory = this.#directory(topic.name, index)
      if (directory) this.#runtime.disk.removeDirectory(directory)
    }
    this.#store()
    this.#notify()
  }

  /** Gives a partition another leader; the epoch rises so that clients can tell. */
  moveLeader(partition: Partition, leader: number): void {
    partition.leader = leader
    partition.leaderEpoch++
    this.#store()
    this.#notify()
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

  close(): void {
    for (const topic of this.all) for (const { log } of topic.partitions) log.close()
    const { dataDirectory } = this.#settings
    if (dataDirectory)
      this.#runtime.disk.replace(
        `${dataDirectory}/.kafka_cleanshutdown`,
        text({ version: 0, brokerEpoch: 1 }),
      )
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #addPartition(topic: Topic, index: number, leader = this.#leaderOf(topic.name, index)): void {
    topic.partitions.push(this.#open(topic, index, leader, 0, 0))
    const directory = this.#directory(topic.name, index)
    if (!directory) return
    this.#runtime.disk.replace(
      `${directory}/partition.metadata`,
      Buffer.from(`version: 0\ntopic_id: ${topic.id}`),
    )
  }

  #leaderOf(topic: string, index: number): number {
    const nodes = this.#nodes()
    return nodes[(coordinatorPartition(topic, nodes.length) + index) % nodes.length] as number
  }

  #open(topic: Topic, index: number, leader: number, leaderEpoch: number, logStartOffset: number): Partition {
    const directory = this.#directory(topic.name, index)
    const store = directory ? fileStore(this.#runtime.disk, directory, this.#wasClosedInOrder) : memoryStore()
    const log = new PartitionLog(store, logSettings(topic.configs, this.#settings), logStartOffset)
    return { topic: topic.name, index, log, leader, leaderEpoch }
  }

  #directory(topic: string, index: number): string | undefined {
    const { dataDirectory } = this.#settings
    return dataDirectory && `${dataDirectory}/${topic}-${index}`
  }

  #restore({ name, id, partitions, configs }: Stored['topics'][number]): void {
    const topic: Topic = {
      name,
      id,
      isInternal: internalTopics.has(name),
      configs: new Map(configs),
      partitions: [],
    }
    partitions.forEach(({ leaderEpoch, logStartOffset }, index) => {
      const leader = this.#leaderOf(name, index)
      topic.partitions.push(this.#open(topic, index, leader, leaderEpoch + 1, logStartOffset))
    })
    this.#byName.set(name, topic)
    this.#byId.set(id, topic)
  }

  #read(): Stored | undefined {
    const { dataDirectory } = this.#settings
    if (!dataDirectory) return undefined
    const bytes = this.#runtime.disk.read(`${dataDirectory}/samsa.json`)
    if (!bytes) return undefined
    try {
      return JSON.parse(Buffer.from(bytes).toString('utf8')) as Stored
    } catch (error) {
      throw new KafkaError(
        'KAFKA_STORAGE_ERROR',
        `${dataDirectory}/samsa.json is damaged: ${(error as Error).message}`,
      )
    }
  }

  /** The mark of an orderly stop holds for one start only. */
  #takeCleanMark(): boolean {
    const { dataDirectory } = this.#settings
    if (!dataDirectory) return true
    const path = `${dataDirectory}/.kafka_cleanshutdown`
    const isThere = this.#runtime.disk.exists(path)
    if (isThere) {
      this.#runtime.disk.remove(path)
      this.#runtime.disk.syncDirectory(dataDirectory)
    }
    return isThere
  }

  #store(): void {
    const { dataDirectory } = this.#settings
    if (!dataDirectory) return
    const stored: Stored = {
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
    }
    this.#runtime.disk.replace(`${dataDirectory}/samsa.json`, text(stored))
  }

  #newId(): string {
    return formatUuid(this.#runtime.randomBytes(16))
  }
}

function text(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** Why a topic may not have this name; undefined when it may. Source: `Topic.validate`. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'The topic name is empty.'
  if (name === '.' || name === '..') return "The topic name cannot be '.' or '..'."
  if (name.length > 249) return 'The topic name is longer than 249 characters.'
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `The topic name '${name}' has other characters than letters, digits, '.', '_' and '-'.`
  return undefined
}

/** Settings of a topic that mean something to this broker, with the values that Kafka gives them. */
export const topicConfigs: Readonly<Record<string, { default: string; check: (value: string) => boolean }>> =
  {
    'cleanup.policy': {
      default: 'delete',
      check: (value) => value.split(',').every((part) => ['delete', 'compact'].includes(part.trim())),
    },
    'compression.type': {
      default: 'producer',
      check: (value) => ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'].includes(value),
    },
    'max.message.bytes': { default: '1048588', check: isCount },
    'message.timestamp.type': {
      default: 'CreateTime',
      check: (value) => ['CreateTime', 'LogAppendTime'].includes(value),
    },
    'min.insync.replicas': { default: '1', check: isCount },
    'retention.bytes': { default: '-1', check: isWhole },
    'retention.ms': { default: '604800000', check: isWhole },
    'segment.bytes': { default: '1073741824', check: isCount },
    'segment.ms': { default: '604800000', check: isCount },
    'delete.retention.ms': { default: '86400000', check: isCount },
  }

function isWhole(value: string): boolean {
  return /^-?\d+$/.test(value)
}

function isCount(value: string): boolean {
  return /^\d+$/.test(value)
}

/** @throws KafkaError INVALID_CONFIG */
function checkConfig(key: string, value: string): void {
  const known = topicConfigs[key]
  if (!known) throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${key}`)
  if (!known.check(value))
    throw new KafkaError('INVALID_CONFIG', `Invalid value ${value} for configuration ${key}`)
}

function logSettings(configs: ReadonlyMap<string, string>, settings: BrokerSettings): LogSettings {
  return {
    maxMessageBytes: Number(configs.get('max.message.bytes') ?? settings.messageMaxBytes),
    segmentBytes: Number(configs.get('segment.bytes') ?? settings.logSegmentBytes),
    isLogAppendTime: configs.get('message.timestamp.type') === 'LogAppendTime',
    isCompacted: (configs.get('cleanup.policy') ?? '').includes('compact'),
  }
}
