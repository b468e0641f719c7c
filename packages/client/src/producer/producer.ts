import { recordSizeBound } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import type { ClientWorld } from '../client-runtime.ts'
import { clientRuntime } from '../client-runtime.ts'
import { Cluster } from '../cluster/cluster.ts'
import { checkTimeout, checkTopicName } from '../config/arguments.ts'
import { ConfigError, closedError, KafkaError, TimeoutError } from '../errors.ts'
import type { ClientEvents } from '../events.ts'
import { describeError, Events } from '../events.ts'
import { sleep, within } from '../time/deadline.ts'
import type { Content } from './accumulator.ts'
import { Accumulator } from './accumulator.ts'
import { BlockedSends } from './blocked-sends.ts'
import type { FutureContext } from './future-record-metadata.ts'
import { FutureRecordMetadata } from './future-record-metadata.ts'
import { NodeLatency } from './node-latency.ts'
import type { PreparedRecord } from './prepared-record.ts'
import { prepareRecord } from './prepared-record.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { Partitioner, ProducerConfig, ProducerSettings, Serializer } from './producer-config.ts'
import { producerConfig } from './producer-config.ts'
import type { ProducerTopic } from './producer-topics.ts'
import { ProducerTopics } from './producer-topics.ts'
import { Sender } from './sender.ts'
import type { GivenHeaders } from './serialization.ts'
import { bytesOf, sizeOf } from './serialization.ts'
import type { UnobservedFailure } from './unobserved-failures.ts'
import { UnobservedFailures } from './unobserved-failures.ts'

/** What can be sent without a serializer. */
export type Sendable = string | Uint8Array | null

/** A record to send. */
export interface ProducerRecord<K = Sendable, V = Sendable> {
  topic: string
  /** Default: none. */
  key?: K | undefined
  /** null deletes the key where the topic is compacted (a tombstone). */
  value: V
  /** In order; names may repeat. A plain object is taken too. */
  headers?: GivenHeaders
  /** Default: by the key, or whichever suits. */
  partition?: number
  /** Milliseconds since the epoch. Default: now. */
  timestamp?: number
}

export interface ProducerEvents extends ClientEvents {
  /**
   * Records could not be sent and nobody looked at their futures: not for three seconds after they had failed, nor at other
   * failures meanwhile; or not by the time at which the producer was closed.
   */
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
  readonly #topics: ProducerTopics
  #wall = 0
  #now = 0
  #isTimeFresh = false
  #closing: Promise<void> | undefined
  readonly #closed = new AbortController()
  /** Ends what `close` waits for. */
  #giveUp = () => {}
  /** What records learn that `close` did not wait for. */
  #abandoned: KafkaError | undefined
  readonly #blocked: BlockedSends
  readonly #unobserved: UnobservedFailures
  readonly #futures: FutureContext
  /** How many want batches sent without lingering. */
  #flushes = 0

  constructor(options: ProducerOptions<K, V> = {}, world: ClientWorld = {}) {
    this.#runtime = clientRuntime(world.runtime)
    this.#events = new Events<ProducerEvents>(world.logger)
    this.#config = producerConfig(options as ProducerSettings, this.#events.logger)
    const config = this.#config
    const { batchSize, lingerMs, bufferMemory, deliveryTimeoutMs } = config
    const cluster = new Cluster(config, this.#runtime, this.#events as unknown as Events<ClientEvents>)
    const accumulator = new Accumulator({ batchSize, lingerMs, bufferMemory, deliveryTimeoutMs })
    this.#cluster = cluster
    this.#accumulator = accumulator
    const latency = new NodeLatency()
    this.#topics = new ProducerTopics({ cluster, config, accumulator, latency })
    this.#sender = new Sender({
      cluster,
      config,
      accumulator,
      latency,
      onSettled: (batch, error) => this.#settled(batch, error),
    })
    const { logger } = this.#events
    this.#unobserved = new UnobservedFailures(this.#runtime, logger, (failure) =>
      this.#events.emit('sendError', failure),
    )
    this.#futures = {
      runtime: this.#runtime,
      onCallbackError: (error) => logger.error(`a callback of a future threw: ${describeError(error)}`),
      trouble: () => cluster.trouble,
      onLooked: () => this.#unobserved.looked(),
    }
    this.#blocked = new BlockedSends({
      cluster,
      maxBlockMs: config.maxBlockMs,
      bufferMemory,
      isKnown: (topic, partition) => this.#topics.isKnown(topic, partition),
      admit: (record, future) => this.#append(record, future),
      flush: () => this.#startFlush(),
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
      const topic = record?.topic
      if (typeof topic !== 'string' || topic === '')
        throw new ConfigError('topic', topic, "send needs a topic: send({ topic: 'my.topic', value: '...' })")
      const prepared = prepareRecord(record, this.#config, this.#time())
      if (this.#blocked.isQueued(prepared) || !this.#append(prepared, future))
        this.#blocked.enter(prepared, future)
    } catch (error) {
      this.#fail(future, String(record?.topic), error as Error)
    }
    return future
  }

  /**
   * Sends everything that waits, and resolves when all of it has its outcome; failures are the futures' to tell.
   * @param options.timeoutMs default: as long as it takes, which `deliveryTimeoutMs` bounds
   * @throws ConfigError for a time that is none; TimeoutError, whose `sent` says whether something of it may be stored
   */
  async flush(options: { timeoutMs?: number } = {}): Promise<void> {
    const timeoutMs = checkedTimeout('flush', options) ?? Number.POSITIVE_INFINITY
    const started = this.#runtime.now()
    const expire = () => {
      const sent = [...this.#accumulator.batches()].some(({ mayBeStored }) => mayBeStored)
      return new TimeoutError('everything to be sent', timeoutMs, { sent, cause: this.#cluster.trouble })
    }
    await within(this.#runtime, this.#drain(), started + timeoutMs, expire)
  }

  /**
   * Sends what waits, then closes. Legal at any time, also twice: a shorter time that a later call gives counts.
   * @param options.timeoutMs how long what is under way may take; then the rest fails. Default 30 s
   * @throws ConfigError for a time that is none; the producer stays open then
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    let timeoutMs: number | undefined
    try {
      timeoutMs = checkedTimeout('close', options) ?? (this.#closing ? undefined : CLOSE_TIMEOUT_MS)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#closing ??= this.#close()
    if (timeoutMs !== undefined)
      void sleep(this.#runtime, timeoutMs, this.#closed.signal).then(() => this.#giveUp())
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

  /** Calls back for an event; returns a function that removes the listener. */
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

  /** Adds the record to a batch if its partition is known and there is memory for it. */
  #append(record: PreparedRecord, future: FutureRecordMetadata): boolean {
    const { topic, key, value, headers, timestamp } = record
    const entry = this.#topics.get(topic)
    const { view } = entry
    this.#time()
    entry.usedAt = this.#now
    if (view.partitions === 0 || (record.partition ?? 0) >= view.partitions) return false
    if (!this.#accumulator.hasRoom(recordSizeBound(key, value, headers))) return false
    const isSticky = record.partition === undefined && !this.#isByRule(key)
    const partition =
      record.partition ?? (isSticky ? entry.sticky.current(view) : this.#partitionByRule(entry, record))
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

  #partitionByRule(entry: ProducerTopic, { topic, key }: PreparedRecord): number {
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

  #startFlush(): () => void {
    this.#flushes++
    this.#accumulator.isFlushing = true
    this.#sender.wake()
    return () => {
      this.#flushes--
      this.#accumulator.isFlushing = this.#flushes > 0
    }
  }

  #settled({ topic, partition, count, result }: ProducerBatch, error: Error | undefined): void {
    this.#blocked.released()
    if (!error) return
    this.#unobserved.watch({ topic, partition, error, unobserved: () => count - result.observed })
  }

  #fail(future: FutureRecordMetadata, topic: string, error: Error): void {
    future.fail(error)
    const unobserved = () => Number(!future.isObserved)
    this.#unobserved.watch({ topic, partition: -1, error, unobserved })
  }

  /** Resolves when everything that was sent until now has its outcome. */
  async #drain(): Promise<void> {
    const endFlush = this.#startFlush()
    const batches = [...this.#accumulator.batches()].map(
      ({ result }) => new Promise<void>((resolve) => result.whenOver(resolve)),
    )
    const waiting = this.#blocked
      .futures()
      .map((future) => new Promise<void>((resolve) => future.whenDone(resolve)))
    await Promise.all([...batches, ...waiting])
    endFlush()
  }

  async #close(): Promise<void> {
    const givenUp = new Promise<void>((resolve) => {
      this.#giveUp = resolve
    })
    await Promise.race([this.#drain(), givenUp])
    this.#closed.abort()
    const { trouble } = this.#cluster
    const why = trouble ? `; the last problem was: ${trouble.message}` : ''
    const what = `the producer was closed before the record was acknowledged${why}`
    this.#abandoned = new KafkaError('CLOSED', what, { cause: trouble })
    this.#sender.close(this.#abandoned)
    this.#topics.close()
    this.#cluster.close()
    // Whoever knows that it is closed knows the outcome of everything.
    await this.#blocked.emptied()
    this.#unobserved.close()
  }
}

/** @throws ConfigError that shows the right form */
function checkedTimeout(call: string, options: { timeoutMs?: number } | undefined): number | undefined {
  checkTimeout(call, options ?? {})
  return options?.timeoutMs
}
