import type { ReceivedHeader, RecordView, TimestampType } from '@samsa/protocol'
import { ConfigError, KafkaError } from '../errors.ts'
import type { Deserializer, Deserializers } from './consumer-config.ts'
import type { AssignedPartition } from './positions.ts'

/** A key or value could not be deserialized. The position stays; `seek` past the record to go on. */
export class DeserializationError extends KafkaError {
  override readonly name = 'DeserializationError'
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The bytes that could not be read. */
  readonly bytes: Buffer

  constructor(
    what: string,
    record: { topic: string; partition: number; offset: number },
    bytes: Buffer,
    cause: unknown,
  ) {
    const { topic, partition, offset } = record
    const why = cause instanceof Error ? cause.message : String(cause)
    super(
      'DESERIALIZATION',
      `the ${what} of ${topic}-${partition} at offset ${offset} cannot be deserialized: ${why}. ` +
        `To go on without it: consumer.seek({ topic: '${topic}', partition: ${partition} }, ${offset + 1})`,
      { cause },
    )
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.bytes = bytes
  }
}

/** Bytes shown at most when a record is printed. */
const SHOWN_BYTES = 200

/**
 * A record as it was received. Without deserializers `key` and `value` are Buffers (or null): views of the fetched
 * bytes, which stay in memory as long as the record does.
 */
export class ConsumerRecord<K = Buffer | null, V = Buffer | null> {
  readonly topic: string
  readonly partition: number
  /** Position in the partition. */
  readonly offset: number
  /**
   * Milliseconds since the epoch; -1 when there is none, and when it is no safe integer, as where a producer wrote
   * nanoseconds: `timestampBigInt` has it then.
   */
  readonly timestamp: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly #assigned: AssignedPartition
  readonly #view: RecordView
  readonly #deserializers: Deserializers<unknown, unknown> | undefined
  #key: K | undefined
  #value: V | undefined

  /** @internal Records are made when they are handed over. */
  constructor(
    assigned: AssignedPartition,
    leaderEpoch: number,
    view: RecordView,
    deserializers: Deserializers<unknown, unknown> | undefined,
  ) {
    this.topic = assigned.topic
    this.partition = assigned.partition
    this.#assigned = assigned
    this.leaderEpoch = leaderEpoch
    this.offset = view.offset
    this.timestamp = view.timestamp
    this.#view = view
    this.#deserializers = deserializers
    if (!deserializers) return
    // Read now, so that a record that cannot be read is not handed over.
    if (deserializers.key) this.#key = this.#read('key', view.key, deserializers.key) as K
    if (deserializers.value) this.#value = this.#read('value', view.value, deserializers.value) as V
  }

  /** @internal The assignment under which a record was handed over. */
  static assignmentOf(record: ConsumerRecord<any, any>): AssignedPartition {
    return record.#assigned
  }

  get key(): K {
    return (this.#deserializers?.key ? this.#key : this.#view.key) as K
  }

  get value(): V {
    return (this.#deserializers?.value ? this.#value : this.#view.value) as V
  }

  /** In order; names may repeat. */
  get headers(): ReceivedHeader[] {
    return this.#view.headers
  }

  /** The timestamp exactly, whatever the producer wrote: any number of 64 bits. */
  get timestampBigInt(): bigint {
    return this.#view.timestampBigInt
  }

  get timestampType(): TimestampType {
    return this.#view.timestampType
  }

  /** Bytes; -1 for null. */
  get serializedKeySize(): number {
    return this.#view.keySize
  }

  /** Bytes; -1 for null. */
  get serializedValueSize(): number {
    return this.#view.valueSize
  }

  toString(): string {
    const { topic, partition, offset, timestampBigInt: timestamp } = this
    const headers = this.headers.map(({ key, value }) => `${key}: ${shown(value)}`).join(', ')
    return (
      `ConsumerRecord(topic='${topic}', partition=${partition}, offset=${offset}, timestamp=${timestamp}, ` +
      `key=${shown(this.key)}, value=${shown(this.value)}, headers={${headers}})`
    )
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  #read(what: string, bytes: Buffer | null, deserialize: Deserializer<unknown>): unknown {
    if (bytes === null) return null
    let content: unknown
    try {
      content = deserialize(bytes, { topic: this.topic })
    } catch (error) {
      throw new DeserializationError(what, this, bytes, error)
    }
    if (typeof (content as PromiseLike<unknown> | undefined)?.then !== 'function') return content
    // Nobody will look at it, and its failure must not end the process.
    Promise.resolve(content).catch(() => undefined)
    const rule = `the ${what}Deserializer gives a promise; leave the ${what} as bytes and await its decoding in the loop`
    throw new ConfigError(`${what}Deserializer`, undefined, rule)
  }
}

/** Text as text, other bytes as hex, other values as JSON; cut where it is long. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, SHOWN_BYTES))
    const more = value.length > SHOWN_BYTES ? `... (${value.length} bytes)` : ''
    const text = bytes.toString('utf8')
    const isText = !/\uFFFD|(?![\t\n\r])\p{Cc}/u.test(more ? text.slice(0, -4) : text)
    return isText ? `'${text}'${more}` : `0x${bytes.toString('hex')}${more}`
  }
  if (typeof value === 'string')
    return `'${value.length > SHOWN_BYTES ? `${value.slice(0, SHOWN_BYTES)}...` : value}'`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // A BigInt, or what refers to itself: printing a record must not fail.
    return String(value)
  }
}
