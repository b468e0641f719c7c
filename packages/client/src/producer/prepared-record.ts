import type { Header } from '@samsa/protocol'
import { recordSizeBound } from '@samsa/protocol'
import { shown } from '../config/arguments.ts'
import { ConfigError, KafkaError } from '../errors.ts'
import type { Content } from './accumulator.ts'
import type { ProducerConfig } from './producer-config.ts'
import type { GivenHeaders } from './serialization.ts'
import { bytesOf, checkFields, headersOf, serialized, typeName } from './serialization.ts'

/** A record that was checked and serialized. */
export interface PreparedRecord {
  topic: string
  key: Content
  value: Content
  headers: readonly Header[] | undefined
  partition: number | undefined
  timestamp: number
}

interface GivenRecord {
  topic: string
  key?: unknown
  value: unknown
  headers?: GivenHeaders
  partition?: number | undefined
  timestamp?: number | undefined
}

/**
 * Checks and serializes what `send` was given, but for the name of the topic.
 * @param now what a record is stamped with that has no timestamp; milliseconds since the epoch
 * @throws ConfigError that names the field and the remedy; KafkaError SERIALIZATION, RECORD_TOO_LARGE
 */
export function prepareRecord(record: GivenRecord, config: ProducerConfig, now: number): PreparedRecord {
  const { topic } = record
  if (record.value === undefined) throw lacksValue(topic, record)
  const headers = headersOf(topic, record.headers)
  const { keySerializer, valueSerializer } = config
  const key = serialized('key', record.key, keySerializer, topic, headers)
  const value = serialized('value', record.value, valueSerializer, topic, headers)
  const { partition, timestamp = now } = record
  if (partition !== undefined && (!Number.isInteger(partition) || partition < 0 || partition > INT_MAX))
    throw wrong(topic, 'partition', 'a whole number from 0', partition)
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw wrong(topic, 'timestamp', 'milliseconds since 1970', timestamp)
  checkSize(topic, key, value, headers, config)
  return { topic, key, value, headers, partition, timestamp }
}

/** Partitions are int32 on the wire. */
const INT_MAX = 2 ** 31 - 1

/** A key that was deleted by accident is gone: so null has to be meant. */
function lacksValue(topic: string, record: object): ConfigError {
  checkFields(topic, record)
  return new ConfigError(
    'value',
    undefined,
    `send to ${topic}: the record has no value; value: null deletes its key (a tombstone), value: '' is an empty one`,
  )
}

function wrong(topic: string, field: string, rule: string, given: unknown): ConfigError {
  const type = typeof given === 'number' ? '' : ` (${typeName(given)})`
  return new ConfigError(
    field,
    given,
    `send to ${topic}: ${field} must be ${rule}, not ${shown(given)}${type}`,
  )
}

function checkSize(
  topic: string,
  key: Content,
  value: Content,
  headers: readonly Header[] | undefined,
  { maxRequestSize, bufferMemory }: ProducerConfig,
): void {
  const limit = Math.min(maxRequestSize, bufferMemory)
  if (recordSizeBound(key, value, headers) <= limit) return
  const size = recordSizeBound(bytesOf(key), bytesOf(value), headers)
  if (size <= limit) return
  const setting = maxRequestSize <= bufferMemory ? 'maxRequestSize' : 'bufferMemory'
  throw new KafkaError(
    'RECORD_TOO_LARGE',
    `the record for ${topic} takes ${size} bytes, ${setting} is ${limit}: raise ${setting} ` +
      '(and max.message.bytes of the topic), or send less at once',
  )
}
