import { topicNameProblem } from '../config/arguments.ts'
import { clientSettings } from '../config/client-settings.ts'
import type { Given, Parsed, Setting } from '../config/setting.ts'
import { flag, LONG_MAX, list, milliseconds, oneOf, parseConfig, text, whole } from '../config/setting.ts'
import { ConfigError } from '../errors.ts'
import { assignors } from '../group/assignors.ts'

/** What a deserializer is told besides the bytes. */
export interface DeserializeContext {
  topic: string
}

/** Makes a key or value of its bytes; null needs none and stays null. What it throws becomes a `DeserializationError`. */
export type Deserializer<T> = (bytes: Buffer, context: DeserializeContext) => T

/** Those of a consumer; undefined: bytes stay bytes. */
export interface Deserializers<K, V> {
  key: Deserializer<K> | undefined
  value: Deserializer<V> | undefined
}

const deserializer: Setting<Deserializer<unknown> | 'string' | 'json' | undefined> = {
  type: 'FUNCTION',
  default: undefined,
  parse: (value) => {
    if (typeof value === 'function') return value as Deserializer<unknown>
    if (value === 'string' || value === 'json') return value
    throw new Error("must be 'string', 'json' or a function from bytes")
  },
}

const autoOffsetReset: Setting<'earliest' | 'latest' | 'none'> = oneOf('latest', [
  'earliest',
  'latest',
  'none',
])

/** Settings of the consumer; names and defaults are Kafka's (`ConsumerConfig`), names in camelCase. */
export const consumerSettings = {
  ...clientSettings,
  /** The group that shares the partitions of what is subscribed, and whose offsets are committed. No default. */
  groupId: text(),
  /** Makes the member static (KIP-345): it keeps its partitions over a restart within the session timeout. No default. */
  groupInstanceId: text(undefined, topicNameProblem),
  /** How the group agrees on its partitions. Only `classic` for now. */
  groupProtocol: oneOf('classic', ['classic']),
  /** Commits in the background what was handed over before the current record. Default true. */
  enableAutoCommit: flag(true),
  /** How often. Milliseconds, default 5,000. */
  autoCommitIntervalMs: milliseconds(5_000),
  /**
   * Where to begin when the group has committed nothing, or its offset is gone: at the first record, behind the last one,
   * or with an error. Default `latest`.
   */
  autoOffsetReset,
  /** A broker answers a fetch when it has so many bytes ... Default 1. */
  fetchMinBytes: whole(1),
  /** ... or after so long. Milliseconds, default 500. */
  fetchMaxWaitMs: milliseconds(500),
  /** Most bytes of one answer; a larger batch comes alone (KIP-74). Default 50 MiB. */
  fetchMaxBytes: whole(52_428_800, 1),
  /** Most bytes of one partition in an answer, with the same exception. Default 1 MiB. */
  maxPartitionFetchBytes: whole(1_048_576, 1),
  /**
   * Fetched bytes, and what was decompressed of them, that may wait to be handed over, over all partitions that are not
   * paused; beyond it only partitions with nothing waiting are asked for, and nothing beyond twice as much. Paused ones
   * keep as much besides; what they have beyond it is dropped and fetched again. Default 64 MiB.
   */
  queuedMaxBytes: whole(67_108_864, 1, LONG_MAX),
  /** How large the records of one batch may become by decompression; a larger batch cannot be read. Bytes, default 64 MiB. */
  maxDecompressedBatchBytes: whole(67_108_864, 1),
  /** Most records that one `poll` gives. Default 500. */
  maxPollRecords: whole(500, 1),
  /** A member that does not ask for records for so long leaves the group. Milliseconds, default 5 minutes. */
  maxPollIntervalMs: milliseconds(300_000, 1),
  /** A member that was not heard of for so long is taken out of the group. Milliseconds, default 45,000. */
  sessionTimeoutMs: milliseconds(45_000, 1),
  /** How often a member shows that it is there. Milliseconds, default 3,000. */
  heartbeatIntervalMs: milliseconds(3_000, 1),
  /** `read_committed` hides records of transactions that are open or aborted. Default `read_uncommitted`. */
  isolationLevel: oneOf('read_uncommitted', ['read_uncommitted', 'read_committed']),
  /** How the group's leader shares partitions out, in order of preference: `range`, `roundrobin`, `sticky`. Default `range`. */
  partitionAssignmentStrategy: list(['range']),
  /** Verifies the checksum of every batch. Default true. */
  checkCrcs: flag(true),
  /** Hides Kafka's own topics from a subscription by pattern. Default true. */
  excludeInternalTopics: flag(true),
  /** Where this client stands, as brokers name their racks: for reading from a near replica (KIP-392) and, in a group, for `range` and `sticky` to give it near partitions (KIP-881). No default. */
  clientRack: text(''),
  /** `string`, `json` or a function from bytes; without one keys stay bytes. */
  keyDeserializer: deserializer,
  /** The same for values. */
  valueDeserializer: deserializer,
}

export type ConsumerSettings = Given<typeof consumerSettings>
export type ConsumerConfig = Parsed<typeof consumerSettings>

export function consumerConfig(given: ConsumerSettings): ConsumerConfig {
  const config = parseConfig('KafkaConsumer', consumerSettings, given)
  const { heartbeatIntervalMs, sessionTimeoutMs, partitionAssignmentStrategy } = config
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    const rule = `KafkaConsumer: heartbeatIntervalMs ${heartbeatIntervalMs} must be below sessionTimeoutMs ${sessionTimeoutMs}; a third of it is usual`
    throw new ConfigError('heartbeatIntervalMs', heartbeatIntervalMs, rule)
  }
  for (const name of partitionAssignmentStrategy) {
    if (Object.hasOwn(assignors, name)) continue
    const known = Object.keys(assignors).join(', ')
    throw new ConfigError(
      'partitionAssignmentStrategy',
      name,
      `KafkaConsumer: there is no assignor ${name}; known are ${known}`,
    )
  }
  return config
}

type OrBuiltIn<T> = T | 'string' | 'json'
/** A deserializer that gives a promise does not fit: a record cannot wait for its value. */
type NoPromise<T> = [T] extends [PromiseLike<unknown>] ? never : unknown

/** The consumer's settings; deserializers decide the types of keys and values. */
export type ConsumerOptions<K, V> = Omit<ConsumerSettings, 'keyDeserializer' | 'valueDeserializer'> & {
  keyDeserializer?: OrBuiltIn<Deserializer<K>> & NoPromise<K>
  valueDeserializer?: OrBuiltIn<Deserializer<V>> & NoPromise<V>
}

/**
 * The group that a call needs.
 * @throws ConfigError that shows how it is given
 */
export function groupOf({ groupId }: ConsumerConfig, call: string, hint = ''): string {
  if (groupId) return groupId
  const form = `new KafkaConsumer({ groupId: 'my.group', ... })${hint}`
  throw new ConfigError('groupId', groupId, `${call} needs a group: ${form}`)
}

/** The deserializers of a consumer's settings; undefined where keys and values stay bytes. */
export function deserializersOf(config: ConsumerConfig): Deserializers<unknown, unknown> | undefined {
  const { keyDeserializer: key, valueDeserializer: value } = config
  return key || value ? { key: deserializerOf(key), value: deserializerOf(value) } : undefined
}

function deserializerOf(
  given: Deserializer<unknown> | 'string' | 'json' | undefined,
): Deserializer<unknown> | undefined {
  if (given === 'string') return (bytes) => bytes.toString('utf8')
  if (given === 'json') return (bytes) => JSON.parse(bytes.toString('utf8'))
  return given
}
