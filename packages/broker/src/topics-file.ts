import { KafkaError } from '@samsa/protocol'
import type { Disk } from '@samsa/runtime'

/** What is written down of the topics, so that they are there again after a restart. */
export interface StoredTopics {
  version: 1
  clusterId: string
  nextProducerId: string
  topics: StoredTopic[]
}

export interface StoredTopic {
  name: string
  id: string
  partitions: { leaderEpoch: number; logStartOffset: number }[]
  configs: [string, string][]
}

/** Kafka's mark of an orderly stop: logs need not be checked at the next start. */
const CLEAN_MARK = '.kafka_cleanshutdown'

/** The small files at the root of a data directory; every change is durable when the call returns. */
export class TopicsFile {
  readonly #disk: Disk
  readonly #directory: string
  readonly #path: string

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
    this.#path = `${directory}/samsa.json`
  }

  /** @throws KafkaError KAFKA_STORAGE_ERROR for a file that is not what this broker writes */
  read(): StoredTopics | undefined {
    const bytes = this.#disk.read(this.#path)
    if (!bytes && this.#disk.exists(`${this.#directory}/meta.properties`)) {
      const what = `${this.#directory} belongs to an Apache Kafka; use another data directory`
      throw new KafkaError('KAFKA_STORAGE_ERROR', what)
    }
    if (!bytes) return undefined
    let stored: unknown
    try {
      stored = JSON.parse(Buffer.from(bytes).toString('utf8'))
    } catch (error) {
      throw this.#damaged((error as Error).message)
    }
    const problem = problemOf(stored)
    if (problem) throw this.#damaged(problem)
    return stored as StoredTopics
  }

  write(stored: StoredTopics): void {
    this.#disk.replace(this.#path, Buffer.from(JSON.stringify(stored)))
  }

  /** Whether the last stop was in order. The mark holds for one start only. */
  takeCleanMark(): boolean {
    const path = `${this.#directory}/${CLEAN_MARK}`
    if (!this.#disk.exists(path)) return false
    this.#disk.remove(path)
    this.#disk.syncDirectory(this.#directory)
    return true
  }

  leaveCleanMark(): void {
    const mark = Buffer.from(JSON.stringify({ version: 0, brokerEpoch: 1 }))
    this.#disk.replace(`${this.#directory}/${CLEAN_MARK}`, mark)
  }

  #damaged(what: string): KafkaError {
    const advice = 'put back a copy of it, or use another data directory'
    return new KafkaError('KAFKA_STORAGE_ERROR', `${this.#path} is damaged: ${what}; ${advice}`)
  }
}

function problemOf(stored: unknown): string | undefined {
  if (!isObject(stored)) return 'it holds no object'
  if (stored.version !== 1) return `its version is ${String(stored.version)}, not 1`
  if (typeof stored.clusterId !== 'string' || stored.clusterId === '') return 'clusterId is missing'
  if (typeof stored.nextProducerId !== 'string' || !/^\d{1,18}$/.test(stored.nextProducerId))
    return 'nextProducerId is no number'
  if (!Array.isArray(stored.topics)) return 'topics is no list'
  const wrong = stored.topics.findIndex((topic) => !isTopic(topic))
  return wrong < 0 ? undefined : `topics[${wrong}] is no topic`
}

function isTopic(topic: unknown): boolean {
  return (
    isObject(topic) &&
    typeof topic.name === 'string' &&
    typeof topic.id === 'string' &&
    /^[A-Za-z0-9_-]{22}$/.test(topic.id) &&
    Array.isArray(topic.partitions) &&
    topic.partitions.every((p) => isObject(p) && isCount(p.leaderEpoch) && isCount(p.logStartOffset)) &&
    Array.isArray(topic.configs) &&
    topic.configs.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
