import type { Header } from '@samsa/protocol'
import { recordSizeBound } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import type { ClientWorld } from '../client-runtime.ts'
import { clientRuntime } from '../client-runtime.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { TopicMetadata } from '../cluster/metadata.ts'
import { checkTimeout, checkTopicName } from '../config/arguments.ts'
import { ConfigError, closedError, KafkaError, TimeoutError } from '../errors.ts'
import type { ClientEvents } from '../events.ts'
import { describeError, Events } from '../events.ts'
import { sleep, within } from '../time/deadline.ts'
import type { Content } from './accumulator.ts'
import { Accumulator } from './accumulator.ts'
import type { Prepared } from './blocked-sends.ts'
import { BlockedSends } from './blocked-sends.ts'
import type { FutureContext } from './future-record-metadata.ts'
import { FutureRecordMetadata } from './future-record-metadata.ts'
import type { TopicView } from './partitioner.ts'
import { StickyPartitioner } from './partitioner.ts'
import type { Partitioner, ProducerConfig, ProducerSettings, Serializer } from './producer-config.ts'
import { producerConfig } from './producer-config.ts'
import { Sender } from './sender.ts'
import type { GivenHeaders } from './serialization.ts'
import { bytesOf, checkFields, headersOf, serialized, sizeOf } from './serialization.ts'
import type { UnobservedFailure } from './unobserved-failures.ts'
import { UnobservedFailures } from './unobserved-failures.ts'

/** What can be sent without a serializer. */
export type Sendable = string | Uint8Array | null | undefined

/** A record to send. */
export interface ProducerRecord<K = Sendable, V = Sendable> {
  topic: string
  key?: K
  value?: V
  /** In order; names may repeat. A plain object is taken too. */
  headers?: GivenHeaders
  /** Default: by the key, or whichever suits. */
  partition?: number
  /** Milliseconds since the epoch. Default: now. */
  timestamp?: number
}

export interface ProducerEvents extends ClientEvents {
  /** A record could not be sent and nobody looked at its future. */
  sendError: UnobservedFailure
}

/** The producer's settings; serializers decide which types `send` takes. */
export type ProducerOptions<K, V> = Omit<
  ProducerSettings,
  'keySerializer' | 'valueSerializer' | 'partitioner'
> & {
  keySerializer?: Serializer<K>
  valueSerializer?: Serializer<V>
  partitioner?: Partitioner
}

interface TopicEntry {
  metadata: TopicMetadata | undefined
  generation: number
  view: TopicView
  sticky: StickyPartitioner
}

/** How long `close` waits for what is under way. */
const CLOSE_TIMEOUT_MS = 30_000

/**
 * Sends records. `send` returns at once; records are collected into batches and sent in the background.
 *
 *   const producer = new KafkaProducer({ bootstrapServers: 'localhost:9092' })
 *   const metadata = await producer.send({ topic: 'my.topic', value: 'Hello kafka!' })
 *   await producer.close()
 *
 * @throws ConfigError from the constructor, for a setting that is unknown or cannot be
 */
export class KafkaProducer<K = Sendable, V = Sendable> {
  readonly #config: ProducerConfig
  readonly #events: Events<ProducerEvents>
  readonly #cluster: Cluster
  readonly #accumulator: Accumulator
  readonly #sender: Sender
  readonly #runtime: Runtime
  readonly #topics = new Map<string, TopicEntry>()
  #wall = 0
  #now = 0
  #isTimeFresh = false
  /** The name that was found to be right last. */
  #checkedTopic = ''
  #closing: Promise<void> | undefined
  /** What records learn that `close` did not wait for. */
  #abandoned: KafkaError | undefined
  readonly #waiting: BlockedSends
  readonly #unobserved: UnobservedFailures
  readonly #futures: FutureContext
  /** How many have batches sent without lingering. */
  #hurries = 0

  constructor(options: ProducerOptions<K, V> = {}, world: ClientWorld = {}) {
    this.#runtime = clientRuntime(world.runtime)
    this.#events = new Events<ProducerEvents>(world.logger)
    this.#config = producerConfig(options as ProducerSettings, this.#events.logger)
    const { batchSize, lingerMs, bufferMemory, deliveryTimeoutMs } = this.#config
    this.#cluster = new Cluster(this.#config, this.#runtime, this.#events as unknown as Events<ClientEvents>)
    this.#accumulator = new Accumulator({ batchSize, lingerMs, bufferMemory, deliveryTimeoutMs })
    this.#sender = new Sender({
      cluster: this.#cluster,
      config: this.#config,
      accumulator: this.#accumulator,
      onSettled: ({ topic, partition }, error, count) => {
        this.#waiting.released()
        if (error && count > 0) this.#unobserved.note({ topic, partition, count, error })
      },
    })
    const { logger } = this.#events
    this.#unobserved = new UnobservedFailures(this.#runtime, logger, (failure) =>
      this.#events.emit('sendError', failure),
    )
    const onCallbackError = (error: unknown) =>
      logger.error(`a callback of a future threw: ${describeError(error)}`)
    this.#futures = { runtime: this.#runtime, onCallbackError, trouble: () => this.#cluster.trouble }
    this.#waiting = new BlockedSends({
      cluster: this.#cluster,
      maxBlockMs: this.#config.maxBlockMs,
      bufferMemory,
      isKnown: (topic, partition) => this.#entry(topic).view.partitions > partition,
      admit: (record, future) => this.#tryAppend(this.#entry(record.topic), record, future),
      hurry: () => this.#hurry(),
      onFailed: (future, topic, error) => this.#fail(future, topic, this.#abandoned ?? error),
      failure: () => this.#sender.failure,
    })
  }

  /**
   * Sends a record; returns at once. What goes wrong, also with the record itself, comes through the future.
   */
  send(record: ProducerRecord<K, V>): FutureRecordMetadata {
    const future = new FutureRecordMetadata(this.#futures)
    try {
      if (this.#closing) throw closedError('this producer')
      if (this.#sender.failure) throw this.#sender.failure
      const prepared = this.#prepare(record)
      if (this.#waiting.isQueued(prepared) || !this.#tryAppend(this.#entry(prepared.topic), prepared, future))
        this.#waiting.enter(prepared, future)
    } catch (error) {
      this.#fail(future, String(record?.topic), error as Error)
    }
    return future
  }

  /**
   * Sends everything that waits, and resolves when all of it has its outcome; failures are the futures' to tell.
   * @param options.timeoutMs default: as long as it takes, which `deliveryTimeoutMs` bounds
   * @throws TimeoutError
   */
  async flush(options: { timeoutMs?: number } = {}): Promise<void> {
    checkTimeout('flush', options)
    const timeoutMs = options.timeoutMs ?? Number.POSITIVE_INFINITY
    const started = this.#runtime.now()
    const expire = () => new TimeoutError('everything to be sent', timeoutMs, { sent: true })
    await within(this.#runtime, this.#drain(), started + timeoutMs, expire)
  }

  /**
   * Sends what waits, then closes. Legal at any time, also twice.
   * @param options.timeoutMs how long what is under way may take; then the rest fails. Default 30 s
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Indexes of a topic's partitions.
   * @throws TimeoutError when the topic is not known within `maxBlockMs`
   */
  async partitionsFor(topic: string): Promise<number[]> {
    if (this.#closing) throw closedError('this producer')
    checkTopicName('partitionsFor', topic)
    const known = await this.#cluster.awaitTopic(topic, this.#runtime.now() + this.#config.maxBlockMs)
    return [...known.partitions.keys()]
  }

  /** Calls back for an event; gives what takes the listener off. */
  on<Name extends keyof ProducerEvents>(
    name: Name,
    listener: (payload: ProducerEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener)
  }

  /** Bytes of records that are not settled, and failures that nobody looked at. */
  metrics(): { bufferBytes: number; unobservedErrors: number } {
    return { bufferBytes: this.#accumulator.memory, unobservedErrors: this.#unobserved.count }
  }

  #prepare(record: ProducerRecord<K, V>): Prepared {
    const topic = record?.topic
    if (typeof topic !== 'string' || topic === '') {
      throw new ConfigError('topic', topic, "send needs a topic: send({ topic: 'my.topic', value: '...' })")
    }
    if (topic !== this.#checkedTopic) {
      checkTopicName('send', topic)
      this.#checkedTopic = topic
    }
    if (record.value === undefined) checkFields(topic, record)
    const headers = headersOf(topic, record.headers)
    const { keySerializer, valueSerializer } = this.#config
    const key = serialized('key', record.key, keySerializer, topic, headers)
    const value = serialized('value', record.value, valueSerializer, topic, headers)
    const { partition } = record
    if (partition !== undefined && (!Number.isInteger(partition) || partition < 0)) {
      throw new ConfigError(
        'partition',
        partition,
        `send to ${topic}: partition must be a whole number from 0, not ${partition}`,
      )
    }
    const timestamp = record.timestamp ?? this.#time()
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
      throw new ConfigError(
        'timestamp',
        timestamp,
        `send to ${topic}: timestamp must be milliseconds since 1970, not ${timestamp}`,
      )
    }
    this.#checkSize(topic, key, value, headers)
    return { topic, key, value, headers, partition, timestamp }
  }

  #checkSize(topic: string, key: Content, value: Content, headers: readonly Header[] | undefined): void {
    const { maxRequestSize, bufferMemory } = this.#config
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

  /** Wall clock, read once a turn: a call costs as much as writing the record. */
  #time(): number {
    if (!this.#isTimeFresh) {
      this.#isTimeFresh = true
      this.#wall = this.#runtime.wallTime()
      this.#now = this.#runtime.now()
      queueMicrotask(() => {
        this.#isTimeFresh = false
      })
    }
    return this.#wall
  }

  #entry(topic: string): TopicEntry {
    let entry = this.#topics.get(topic)
    if (!entry) {
      const { batchSize, partitionerAdaptivePartitioningEnable: isAdaptive } = this.#config
      const sticky = new StickyPartitioner({ batchSize, isAdaptive, random: () => this.#runtime.random() })
      const view = {
        partitions: 0,
        available: [],
        queueLength: (index: number) => this.#accumulator.queueLength(topic, index),
      }
      entry = { metadata: undefined, generation: -1, view, sticky }
      this.#topics.set(topic, entry)
      this.#cluster.want(topic)
    }
    const { metadata } = this.#cluster
    if (entry.generation !== metadata.generation) {
      entry.generation = metadata.generation
      const known = metadata.topics.get(topic)
      if (known && known.partitions.length > 0) {
        entry.metadata = known
        entry.view.partitions = known.partitions.length
        entry.view.available = known.partitions.flatMap((partition, index) =>
          partition && partition.leader >= 0 ? [index] : [],
        )
      }
    }
    return entry
  }

  /** Adds the record to a batch if its partition is known and there is memory for it. */
  #tryAppend(entry: TopicEntry, record: Prepared, future: FutureRecordMetadata): boolean {
    const { topic, key, value, headers, timestamp } = record
    const { view } = entry
    if (view.partitions === 0 || (record.partition ?? 0) >= view.partitions) return false
    if (!this.#accumulator.hasRoom(recordSizeBound(key, value, headers))) return false
    const isSticky = record.partition === undefined && !this.#isByRule(key)
    const partition =
      record.partition ?? (isSticky ? entry.sticky.current(view) : this.#partitionByRule(entry, record))
    this.#time()
    const appended = this.#accumulator.append(topic, partition, timestamp, key, value, headers, this.#now)
    const { batch, bytes, isNew, isReady } = appended
    future.join(
      { topic, partition, timestamp, keySize: sizeOf(key), valueSize: sizeOf(value) },
      batch.result,
      batch.count - 1,
    )
    if (isSticky) entry.sticky.account(bytes, isReady, view)
    if (isNew || isReady) this.#sender.wake()
    return true
  }

  #isByRule(key: Content): boolean {
    return this.#config.partitioner !== undefined || (key !== null && !this.#config.partitionerIgnoreKeys)
  }

  #partitionByRule(entry: TopicEntry, { topic, key }: Prepared): number {
    const { partitions, available } = entry.view
    const keyBytes = bytesOf(key)
    const chosen = this.#config.partitioner
      ? this.#config.partitioner({ topic, key: keyBytes, partitions, available })
      : entry.sticky.ofKey(keyBytes as Uint8Array, entry.view)
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitions) return chosen
    throw new ConfigError(
      'partitioner',
      chosen,
      `the partitioner chose ${chosen} for ${topic}, which has partitions 0 to ${partitions - 1}`,
    )
  }

  #hurry(): () => void {
    this.#hurries++
    this.#accumulator.isHurried = true
    this.#sender.wake()
    return () => {
      this.#hurries--
      this.#accumulator.isHurried = this.#hurries > 0
    }
  }

  #fail(future: FutureRecordMetadata, topic: string, error: Error): void {
    future.fail(error)
    this.#unobserved.watch(future, topic, error)
  }

  /** Resolves when everything that was sent until now has its outcome. */
  async #drain(): Promise<void> {
    const calm = this.#hurry()
    const batches = [...this.#accumulator.batches()].map(
      ({ result }) => new Promise<void>((resolve) => result.whenOver(resolve)),
    )
    const waiting = this.#waiting
      .futures()
      .map((future) => new Promise<void>((resolve) => future.whenDone(resolve)))
    await Promise.all([...batches, ...waiting])
    calm()
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = this.#runtime.now() + timeoutMs
    const giveUp = new AbortController()
    await Promise.race([
      this.#drain(),
      sleep(this.#runtime, Math.max(0, deadline - this.#runtime.now()), giveUp.signal),
    ])
    giveUp.abort()
    const { trouble } = this.#cluster
    const why = trouble ? `; the last problem was: ${trouble.message}` : ''
    const what = `the producer was closed before the record was acknowledged${why}`
    this.#abandoned = new KafkaError('CLOSED', what, { cause: trouble })
    this.#sender.close(this.#abandoned)
    this.#cluster.close()
    // Whoever knows that it is closed knows the outcome of everything.
    await this.#waiting.emptied()
  }
}
