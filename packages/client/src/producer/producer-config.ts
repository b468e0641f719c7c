import type { CodecName, Header } from '@samsa/protocol'
import { codecNames, compressionLevel } from '@samsa/protocol'
import { clientSettings } from '../config/client-settings.ts'
import type { Given, Parsed, Setting } from '../config/setting.ts'
import {
  custom,
  flag,
  INT_MAX,
  isGiven,
  LONG_MAX,
  milliseconds,
  oneOf,
  parseConfig,
  text,
  whole,
} from '../config/setting.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../events.ts'

/** What a serializer is told besides the data. */
export interface SerializeContext {
  topic: string
  headers: readonly Header[] | undefined
}

/** Makes bytes or text of a key or value. What it throws comes through the future of `send`. */
export type Serializer<T> = (data: T, context: SerializeContext) => Uint8Array | string | null

/** Chooses a partition, from 0 to `partitions` - 1; `partitions` is how many the topic has. */
export type Partitioner = (record: {
  topic: string
  key: Uint8Array | null
  partitions: number
  /** Partitions that have a leader at the moment. */
  available: readonly number[]
}) => number

const acks: Setting<'all' | -1 | 0 | 1> = {
  type: 'STRING',
  default: 'all',
  parse: (value) => {
    if (value === 'all' || String(value) === '-1') return 'all'
    if (String(value) === '0' || String(value) === '1') return Number(value) as 0 | 1
    throw new Error("must be 'all', 0 or 1")
  },
}

function isFunction<F>(value: unknown): value is F {
  return typeof value === 'function'
}

/** Settings of the producer; names and defaults are Kafka's (`ProducerConfig`), names in camelCase. */
export const producerSettings = {
  ...clientSettings,
  /** Who must have a record before it counts as sent: `all` in-sync replicas, the leader (1), nobody (0). Default `all`. */
  acks,
  /** The broker drops what a retry sends twice, and keeps the order. Needs acks `all`. Default true. */
  enableIdempotence: flag(true),
  /** How batches are compressed: `none`, `gzip`, `snappy`, `lz4`, `zstd`. Default `none`. */
  compressionType: oneOf<CodecName>('none', codecNames),
  /** gzip 1 to 9, lz4 1 to 17, zstd -131072 to 22 (KIP-390); the codec's default when left out. */
  compressionLevel: { ...whole(0, -131072, 22), default: undefined } as Setting<number | undefined>,
  /** How long a batch waits for more records. Milliseconds, default 5. */
  lingerMs: milliseconds(5, 0, LONG_MAX),
  /**
   * Most bytes of a batch; one that has so many is sent without waiting for `lingerMs`. A record that is larger is a batch
   * of its own; 0: each record is. Default 16 KiB.
   */
  batchSize: whole(16_384),
  /** Records that wait to be sent may take so many bytes; further ones wait outside. Default 32 MiB. */
  bufferMemory: whole(33_554_432, 1, LONG_MAX),
  /** How long a record may wait for metadata and for memory. Milliseconds, default 60,000. */
  maxBlockMs: milliseconds(60_000, 0, LONG_MAX),
  /** A record or request may have so many bytes. Default 1 MiB. */
  maxRequestSize: whole(1_048_576, 1),
  /** How long sending a record may take, waiting and retries included. Milliseconds, default 120,000. */
  deliveryTimeoutMs: milliseconds(120_000, 1),
  /** How often a batch is sent again; the time limit is `deliveryTimeoutMs`. Default 2147483647. */
  retries: whole(2 ** 31 - 1),
  /** Requests under way to one broker. At most 5 keep their order (KIP-98). Default 5. */
  maxInFlightRequestsPerConnection: whole(5, 1),
  /** Records with a key go anywhere too. Default false. */
  partitionerIgnoreKeys: flag(false),
  /** Records without a key prefer partitions whose queues are short (KIP-794). Default true. */
  partitionerAdaptivePartitioningEnable: flag(true),
  /**
   * Such records avoid a partition whose broker could not be sent to for longer than this, where there are others; 0: that
   * is not looked at. Milliseconds, default 0.
   */
  partitionerAvailabilityTimeoutMs: milliseconds(0, 0, LONG_MAX),
  /**
   * A topic that nothing was sent to for so long is forgotten: metadata is not asked for it any more, which could bring it
   * back after it was deleted (KIP-526). Milliseconds, from 5,000; default 5 minutes.
   */
  metadataMaxIdleMs: milliseconds(300_000, 5_000, LONG_MAX),
  /** Chooses the partition instead of the built-in rule. */
  partitioner: custom<Partitioner>('must be a function', isFunction),
  /** Makes bytes of keys that are neither text, bytes nor null. */
  keySerializer: custom<Serializer<never>>('must be a function that gives bytes, text or null', isFunction),
  /** The same for values. */
  valueSerializer: custom<Serializer<never>>('must be a function that gives bytes, text or null', isFunction),
  /** Transactions are not there yet. */
  transactionalId: text(),
}

export type ProducerSettings = Given<typeof producerSettings>
export type ProducerConfig = Parsed<typeof producerSettings>

/** Checks what single settings cannot: how they go together. Source: `ProducerConfig.postProcessParsedConfig`, KIP-679. */
export function producerConfig(given: ProducerSettings, logger: Logger): ProducerConfig {
  const config = parseConfig('KafkaProducer', producerSettings, given)
  if (config.transactionalId !== undefined) {
    throw new ConfigError(
      'transactionalId',
      config.transactionalId,
      'KafkaProducer: transactions are not supported yet; leave transactionalId out',
    )
  }
  checkLevel(config)
  const least = Math.min(INT_MAX, config.lingerMs + config.requestTimeoutMs)
  let { deliveryTimeoutMs, enableIdempotence } = config
  if (deliveryTimeoutMs < least) {
    if (isGiven(given, 'deliveryTimeoutMs')) {
      throw new ConfigError(
        'deliveryTimeoutMs',
        deliveryTimeoutMs,
        `KafkaProducer: deliveryTimeoutMs ${deliveryTimeoutMs} must be at least lingerMs + requestTimeoutMs = ${least}; raise it, or lower requestTimeoutMs`,
      )
    }
    deliveryTimeoutMs = least
  }
  const conflict = idempotenceConflict(config)
  if (enableIdempotence && conflict) {
    if (isGiven(given, 'enableIdempotence')) {
      throw new ConfigError('enableIdempotence', true, `KafkaProducer: enableIdempotence needs ${conflict}`)
    }
    logger.info(`idempotence is off because it needs ${conflict}`)
    enableIdempotence = false
  }
  return Object.freeze({ ...config, deliveryTimeoutMs, enableIdempotence })
}

function checkLevel({ compressionType, compressionLevel: level }: ProducerConfig): void {
  try {
    compressionLevel(compressionType as CodecName, level)
  } catch (error) {
    throw new ConfigError('compressionLevel', level, `KafkaProducer: ${(error as Error).message}`)
  }
}

function idempotenceConflict(config: ProducerConfig): string | undefined {
  if (config.acks !== 'all') return `acks 'all', not ${config.acks}`
  if (config.retries === 0) return 'retries above 0'
  if (config.maxInFlightRequestsPerConnection > 5) return 'maxInFlightRequestsPerConnection of 5 at most'
  return undefined
}
