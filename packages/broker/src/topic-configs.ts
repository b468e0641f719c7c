import { KafkaError } from '@samsa/protocol'
import type { LogSettings } from './log/partition-log.ts'
import type { BrokerSettings } from './settings.ts'

interface TopicConfig {
  readonly default: string
  /** What values must be; undefined when this one is. */
  readonly problem: (value: string) => string | undefined
}

const LONG_MAX = 9_223_372_036_854_775_807n
const INT_MAX = 2_147_483_647n

/** Every setting of a topic that Kafka 4.3 knows, with its default and its rule (`TopicConfig`, `LogConfig`). */
export const topicConfigs: Readonly<Record<string, TopicConfig>> = {
  'cleanup.policy': { default: 'delete', problem: list('compact', 'delete') },
  'compression.gzip.level': { default: '-1', problem: int(-1n, 9n) },
  'compression.lz4.level': { default: '9', problem: int(1n, 17n) },
  'compression.type': {
    default: 'producer',
    problem: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
  },
  'compression.zstd.level': { default: '3', problem: int(-131_072n, 22n) },
  'delete.retention.ms': { default: '86400000', problem: long(0n) },
  'file.delete.delay.ms': { default: '60000', problem: long(0n) },
  'flush.messages': { default: String(LONG_MAX), problem: long(1n) },
  'flush.ms': { default: String(LONG_MAX), problem: long(0n) },
  'follower.replication.throttled.replicas': { default: '', problem: anything },
  'index.interval.bytes': { default: '4096', problem: int(0n) },
  'leader.replication.throttled.replicas': { default: '', problem: anything },
  'local.retention.bytes': { default: '-2', problem: long(-2n) },
  'local.retention.ms': { default: '-2', problem: long(-2n) },
  'max.compaction.lag.ms': { default: String(LONG_MAX), problem: long(1n) },
  'max.message.bytes': { default: '1048588', problem: int(0n) },
  'message.timestamp.after.max.ms': { default: '3600000', problem: long(0n) },
  'message.timestamp.before.max.ms': { default: String(LONG_MAX), problem: long(0n) },
  'message.timestamp.type': { default: 'CreateTime', problem: oneOf('CreateTime', 'LogAppendTime') },
  'min.cleanable.dirty.ratio': { default: '0.5', problem: ratio },
  'min.compaction.lag.ms': { default: '0', problem: long(0n) },
  'min.insync.replicas': { default: '1', problem: int(1n) },
  preallocate: { default: 'false', problem: flag },
  'remote.log.copy.disable': { default: 'false', problem: flag },
  'remote.log.delete.on.disable': { default: 'false', problem: flag },
  'remote.storage.enable': { default: 'false', problem: flag },
  'retention.bytes': { default: '-1', problem: long(-LONG_MAX) },
  'retention.ms': { default: '604800000', problem: long(-1n) },
  'segment.bytes': { default: '1073741824', problem: int(1_048_576n) },
  'segment.index.bytes': { default: '10485760', problem: int(4n) },
  'segment.jitter.ms': { default: '0', problem: long(0n) },
  'segment.ms': { default: '604800000', problem: long(1n) },
  'unclean.leader.election.enable': { default: 'false', problem: flag },
}

/** @throws KafkaError INVALID_CONFIG, in Kafka's words */
export function checkTopicConfigs(configs: Iterable<readonly [string, string | null]>): Map<string, string> {
  const checked = new Map<string, string>()
  for (const [key, value] of configs) {
    const known = Object.hasOwn(topicConfigs, key) ? topicConfigs[key] : undefined
    if (!known) throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${key}`)
    if (value === null)
      throw new KafkaError('INVALID_CONFIG', `Null value not supported for topic configs: ${key}`)
    const problem = known.problem(value.trim())
    if (problem)
      throw new KafkaError('INVALID_CONFIG', `Invalid value ${value} for configuration ${key}: ${problem}`)
    checked.set(key, value.trim())
  }
  return checked
}

/** What a setting is for a topic that sets these. */
export function configValue(configs: ReadonlyMap<string, string>, key: string): string {
  return configs.get(key) ?? topicConfigs[key]?.default ?? ''
}

/** What the log of a partition has to know of its topic's settings and the broker's. */
export function logSettings(configs: ReadonlyMap<string, string>, settings: BrokerSettings): LogSettings {
  const value = (key: string) => configValue(configs, key)
  return {
    maxMessageBytes: Number(configs.get('max.message.bytes') ?? settings.messageMaxBytes),
    segmentBytes: Number(configs.get('segment.bytes') ?? settings.logSegmentBytes),
    isLogAppendTime: value('message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMaxMs: Number(value('message.timestamp.before.max.ms')),
    timestampAfterMaxMs: Number(value('message.timestamp.after.max.ms')),
    isCompacted: isPolicy(configs, 'compact'),
    compressionType: value('compression.type'),
  }
}

/** Whether the topic's `cleanup.policy` has this. */
export function isPolicy(configs: ReadonlyMap<string, string>, policy: 'compact' | 'delete'): boolean {
  const policies = configs.get('cleanup.policy') ?? 'delete'
  return policies.split(',').some((each) => each.trim() === policy)
}

function anything(): undefined {}

function oneOf(...values: string[]) {
  return (value: string) =>
    values.includes(value) ? undefined : `String must be one of: ${values.join(', ')}`
}

function list(...values: string[]) {
  return (value: string) =>
    value.split(',').every((part) => values.includes(part.trim()))
      ? undefined
      : `String must be one of: ${values.join(', ')}`
}

function long(min: bigint, max = LONG_MAX) {
  return (value: string) => {
    if (!/^[+-]?\d{1,19}$/.test(value)) return 'Not a number of type LONG'
    if (BigInt(value) < min) return `Value must be at least ${min}`
    return BigInt(value) > max ? `Value must be no more than ${max}` : undefined
  }
}

function int(min: bigint, max = INT_MAX) {
  return long(min, max)
}

function ratio(value: string): string | undefined {
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN
  return number >= 0 && number <= 1 ? undefined : 'Value must be from 0 to 1'
}

function flag(value: string): string | undefined {
  return /^(true|false)$/i.test(value) ? undefined : 'Expected value to be either true or false'
}
