import type { Runtime } from '@samsa/runtime'
import type { ClientWorld } from '../client-runtime.ts'
import { clientRuntime } from '../client-runtime.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { checkTopicPartition, checkTopicPartitions, checkTopics, named } from '../cluster/topic-partition.ts'
import { checkTimeout } from '../config/arguments.ts'
import { ConfigError, closedError, KafkaError, TimeoutError } from '../errors.ts'
import type { ClientEvents } from '../events.ts'
import { Events } from '../events.ts'
import { within } from '../time/deadline.ts'
import { Arrivals } from './arrivals.ts'
import { claimsOf, commitError } from './commit-arguments.ts'
import { Committer } from './committer.ts'
import type { ConsumerConfig, ConsumerOptions, ConsumerSettings } from './consumer-config.ts'
import { consumerConfig, deserializersOf, groupOf } from './consumer-config.ts'
import type { ConsumerEvents } from './consumer-events.ts'
import type { ConsumerRecord } from './consumer-record.ts'
import { Delivery } from './delivery.ts'
import { Fetcher } from './fetcher.ts'
import { OffsetQueries } from './offset-queries.ts'
import { OffsetReset } from './offset-reset.ts'
import { exclusive, Ownership } from './ownership.ts'
import type { AssignedPartition, Reset } from './positions.ts'
import { Positions } from './positions.ts'
import { Reading } from './reading.ts'

const CLOSE_TIMEOUT_MS = 30_000

/**
 * Reads records: as a member of a group (`subscribe`), or from partitions of its own choice (`assign`).
 *
 *   const consumer = new KafkaConsumer({ bootstrapServers: 'localhost:9092', groupId: 'my.group' })
 *   consumer.subscribe(['my.topic'])
 *   for await (const message of consumer) console.log(message)
 *
 * A record is processed when its loop asks for the next one, or when it is committed. When the group rebalances, the
 * member keeps its partitions until what is in hand is processed, for `maxPollIntervalMs` at most.
 *
 * @throws ConfigError from the constructor, for a setting that is unknown or cannot be
 */
export class KafkaConsumer<K = Buffer | null, V = Buffer | null> {
  readonly #config: ConsumerConfig
  readonly #runtime: Runtime
  readonly #events: Events<ConsumerEvents>
  readonly #cluster: Cluster
  readonly #positions = new Positions()
  readonly #arrivals: Arrivals
  readonly #delivery: Delivery
  readonly #fetcher: Fetcher
  readonly #offsetReset: OffsetReset
  readonly #committer: Committer
  readonly #ownership: Ownership
  readonly #queries: OffsetQueries
  readonly #reading: Reading<K, V>
  #closing: Promise<void> | undefined
  #isClosed = false

  constructor(options: ConsumerOptions<K, V> = {}, world: ClientWorld = {}) {
    this.#runtime = clientRuntime(world.runtime)
    this.#config = consumerConfig(options as ConsumerSettings)
    this.#events = new Events<ConsumerEvents>(world.logger)
    this.#cluster = new Cluster(this.#config, this.#runtime, this.#events as unknown as Events<ClientEvents>)
    const shared = { cluster: this.#cluster, config: this.#config, positions: this.#positions }
    this.#arrivals = new Arrivals(this.#runtime, this.#positions, this.#config.maxPollIntervalMs)
    const onError = (error: Error, partition?: AssignedPartition) => this.#arrivals.raise(error, partition)
    this.#fetcher = new Fetcher({
      ...shared,
      onArrived: () => this.#arrivals.arrived(),
      onOutOfRange: (partition) => this.#offsetReset.outOfRange(partition),
      onTruncated: (partition, divergence) => this.#offsetReset.truncated(partition, divergence),
      onRecreated: (partition) => this.#offsetReset.recreated(partition),
      onError,
    })
    this.#delivery = new Delivery({
      positions: this.#positions,
      deserializers: deserializersOf(this.#config),
      open: (partition) => this.#fetcher.open(partition),
      onEmptied: () => this.#fetcher.wake(),
    })
    this.#committer = new Committer({
      ...shared,
      due: () => this.#ownership.due(),
      onCommitted: (offsets) => this.#events.emit('committed', { offsets }),
      onFailed: (error) => this.#events.emit('commitFailed', { error }),
    })
    this.#offsetReset = new OffsetReset({
      ...shared,
      onLocated: () => this.#changed(),
      onReset: ({ topic, partition }, from, to) =>
        this.#events.emit('offsetReset', { topic, partition, from, to }),
      onError,
    })
    this.#ownership = new Ownership({
      ...shared,
      events: this.#events,
      delivery: this.#delivery,
      committer: this.#committer,
      isHasty: (reader) => this.#reading.isHasty(reader),
      onChanged: () => {
        this.#offsetReset.locate()
        this.#changed()
      },
      onError,
    })
    this.#reading = new Reading<K, V>({
      config: this.#config,
      cluster: this.#cluster,
      ownership: this.#ownership,
      delivery: this.#delivery,
      arrivals: this.#arrivals,
      mustHaveSomethingToRead: (call) => this.#mustHaveSomethingToRead(call),
    })
    this.#queries = new OffsetQueries(this.#cluster, this.#config)
  }

  /**
   * Reads topics as a member of the group `groupId`, which shares their partitions out.
   * @param topics names, or a pattern that names are matched with
   */
  subscribe(topics: string | readonly string[] | RegExp): void {
    this.#mustBeOpen()
    const groupId = groupOf(this.#config, 'subscribe', '; without one use assign')
    const list = topics instanceof RegExp ? topics : checkTopics(topics)
    if (this.#ownership.subscribed === undefined && this.#positions.all.length > 0) throw exclusive()
    this.#ownership.subscribe(groupId, list)
  }

  /**
   * Gives up the subscription or the assignment at once; nothing more is handed over. Then, with auto commit, what was
   * processed is committed, the `revoked` event is told and awaited, and the group is left.
   * @returns a promise that resolves when all of that is done; it never rejects, and `close` waits for it too
   */
  unsubscribe(): Promise<void> {
    this.#mustBeOpen()
    return this.#ownership.unsubscribe()
  }

  /**
   * Reads these partitions, and no others, without the group sharing them out. Positions begin at what the group has
   * committed, else where `autoOffsetReset` says, unless `seek` sets them.
   */
  assign(partitions: readonly TopicPartition[]): void {
    this.#mustBeOpen()
    if (this.#ownership.subscribed !== undefined) throw exclusive()
    this.#ownership.assign(checkTopicPartitions('assign', partitions))
  }

  /** The partitions that are being read at the moment. */
  assignment(): TopicPartition[] {
    return this.#positions.all.map(({ topic, partition }) => ({ topic, partition }))
  }

  /** What was subscribed. */
  subscription(): readonly string[] | RegExp | undefined {
    return this.#ownership.subscribed
  }

  /** Goes on at an offset; what was fetched before is dropped. */
  seek(target: TopicPartition, offset: number): void {
    const partition = this.#assigned('seek', target)
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new ConfigError(
        'offset',
        offset,
        `seek needs an offset from 0, not ${offset}; seekToBeginning and seekToEnd go to the ends`,
      )
    }
    partition.moveTo(offset)
    this.#fetcher.wake()
  }

  /** Goes to the first record that is there; all assigned partitions when none is named. */
  seekToBeginning(...targets: TopicPartition[]): void {
    this.#seekToAnEnd('earliest', targets)
  }

  /** Goes behind the last record; all assigned partitions when none is named. */
  seekToEnd(...targets: TopicPartition[]): void {
    this.#seekToAnEnd('latest', targets)
  }

  /** Hands over no records of these partitions until `resume`; what is fetched already is kept. */
  pause(...targets: TopicPartition[]): void {
    this.#mustBeOpen()
    for (const target of targets) this.#assigned('pause', target).isPaused = true
    this.#fetcher.wake()
  }

  resume(...targets: TopicPartition[]): void {
    this.#mustBeOpen()
    for (const target of targets) this.#assigned('resume', target).isPaused = false
    this.#changed()
  }

  /** The partitions that are paused. */
  paused(): TopicPartition[] {
    return this.#positions.all
      .filter(({ isPaused }) => isPaused)
      .map(({ topic, partition }) => ({ topic, partition }))
  }

  /**
   * Offset of the next record of an assigned partition; waits while it is being looked up.
   * @throws TimeoutError after `defaultApiTimeoutMs`
   */
  async position(target: TopicPartition): Promise<number> {
    const partition = this.#assigned('position', target)
    await this.#reading.whilePending(
      `the position of ${named(partition)}`,
      () => {
        if (!this.#positions.current(partition)) this.#assigned('position', target)
        return partition.position === undefined
      },
      this.#config.defaultApiTimeoutMs,
    )
    return partition.position as number
  }

  /**
   * The next record; waits for it as long as it takes, or `timeoutMs`. The one before counts as processed. For records in
   * parallel use a `for await` each: of these calls one is under way at a time.
   * @returns `done: true` when the consumer was closed meanwhile
   * @throws TimeoutError after `timeoutMs`; KafkaError with code CLOSED when the consumer is closed already, and with
   * code ILLEGAL_STATE when nothing was subscribed or assigned, or another call waits
   */
  next(
    options: { timeoutMs?: number } = {},
  ): Promise<IteratorResult<ConsumerRecord<K, V>, ConsumerRecord<K, V>>> {
    if (this.#closing) return Promise.reject(closedError('this consumer'))
    return this.#reading.next(options)
  }

  /**
   * A loop over the records, as long as the consumer is open. Several loops share them out: each has in hand what it is
   * at work on. What a loop has in hand when it ends, by `break` or an error, is handed over again.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>> {
    return this.#reading.loop()
  }

  /**
   * Records that are there, up to `maxRecords`; waits for the first one as long as `timeoutMs`. Those of the call before
   * count as processed.
   * @returns an empty list when none came
   * @throws KafkaError with code ILLEGAL_STATE when nothing was subscribed or assigned, or another call waits
   */
  async poll(options: { timeoutMs?: number; maxRecords?: number } = {}): Promise<ConsumerRecord<K, V>[]> {
    this.#mustBeOpen()
    return this.#reading.poll(options)
  }

  /**
   * Commits, so that the group goes on behind it: without an argument everything that was handed over; a record means
   * up to and including it; a list gives the next offset of each partition.
   * @throws KafkaError with code COMMIT_FAILED when the group has given the partitions to somebody else, also when they
   * came back since; with code ILLEGAL_STATE without an argument while several loops have records in hand
   */
  async commit(what?: ConsumerRecord<K, V> | readonly TopicPartitionOffset[]): Promise<void> {
    if (this.#isClosed) throw closedError('this consumer')
    const groupId = groupOf(this.#config, 'commit')
    const claims = claimsOf(what, groupId, this.#ownership, this.#delivery)
    if (claims.length === 0) return
    const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
    const membership = claims[0]?.assigned?.membership ?? this.#ownership.membership
    try {
      await this.#committer.commit(() => claims, membership, deadline)
    } catch (error) {
      throw commitError(error as Error, groupId, membership !== undefined)
    }
  }

  /**
   * What the group has committed.
   * @returns an entry for each partition, in the same order; undefined where nothing was committed
   */
  async committed(partitions: readonly TopicPartition[]): Promise<(TopicPartitionOffset | undefined)[]> {
    this.#mustBeOpen()
    return this.#queries.committed(groupOf(this.#config, 'committed'), partitions)
  }

  /** Offsets of the first records that are there, in the order of `partitions`. */
  async beginningOffsets(partitions: readonly TopicPartition[]): Promise<number[]> {
    this.#mustBeOpen()
    return this.#queries.beginnings(partitions)
  }

  /** Offsets behind the last records, in the order of `partitions`. */
  async endOffsets(partitions: readonly TopicPartition[]): Promise<number[]> {
    this.#mustBeOpen()
    return this.#queries.ends(partitions)
  }

  /**
   * For each partition the first record at or after a time (ms since 1970); undefined where there is none. A time that is
   * no safe integer is -1, and exactly in `timestampBigInt`.
   */
  async offsetsForTimes(
    wanted: readonly (TopicPartition & { timestamp: number })[],
  ): Promise<({ offset: number; timestamp: number; timestampBigInt?: bigint } | undefined)[]> {
    this.#mustBeOpen()
    return this.#queries.forTimes(wanted)
  }

  /** Indexes of a topic's partitions. */
  async partitionsFor(topic: string): Promise<number[]> {
    this.#mustBeOpen()
    return this.#queries.partitionsOf(topic)
  }

  /**
   * Calls back for an event. Listeners of `assigned`, `revoked` and `lost` may give a promise, which is awaited.
   * @returns a function that removes the listener
   */
  on<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (payload: ConsumerEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Commits what was processed (with auto commit), tells `revoked`, leaves the group and closes. Legal at any time, also
   * twice. What `poll` and `next` gave last counts as processed; what a `for await` has in hand does not: the loop may be at
   * work on it still, or have ended by an error in it.
   * @param options.timeoutMs how long that may take. Default 30 s
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    try {
      checkTimeout('close', options)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS, true)
    return this.#closing
  }

  /** As `close`, but the record in hand is not committed: the block may have ended by an error. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close(CLOSE_TIMEOUT_MS, false)
    return this.#closing
  }

  /** Records or positions may be there. */
  #changed(): void {
    this.#arrivals.arrived()
    this.#fetcher.wake()
  }

  #mustBeOpen(): void {
    if (this.#closing) throw closedError('this consumer')
  }

  #mustHaveSomethingToRead(call: string): void {
    if (this.#ownership.subscribed !== undefined || this.#positions.all.length > 0) return
    throw new KafkaError('ILLEGAL_STATE', `${call}: there is nothing to read; call subscribe or assign first`)
  }

  #assigned(call: string, target: TopicPartition): AssignedPartition {
    this.#mustBeOpen()
    const checked = checkTopicPartition(call, target)
    const partition = this.#positions.get(checked)
    if (partition) return partition
    const have = this.assignment().map(named).join(', ') || 'none'
    throw new KafkaError(
      'ILLEGAL_STATE',
      `${call}: ${named(checked)} is not assigned to this consumer (assigned: ${have})`,
    )
  }

  #seekToAnEnd(reset: Reset, targets: readonly TopicPartition[]): void {
    this.#mustBeOpen()
    const partitions =
      targets.length > 0 ? targets.map((each) => this.#assigned('seek', each)) : this.#positions.all
    for (const partition of partitions) partition.resetTo(reset)
    this.#offsetReset.locate()
  }

  async #close(timeoutMs: number, isHandFinished: boolean): Promise<void> {
    const deadline = this.#runtime.now() + timeoutMs
    const expire = () => new TimeoutError('the consumer to close', timeoutMs)
    this.#reading.close(isHandFinished)
    this.#committer.stop()
    this.#fetcher.close()
    this.#offsetReset.close()
    this.#arrivals.arrived()
    try {
      await within(this.#runtime, this.#ownership.close(deadline), deadline, expire)
    } catch (error) {
      this.#events.emit('commitFailed', { error: error as Error })
    }
    this.#isClosed = true
    this.#cluster.close()
    this.#arrivals.arrived()
  }
}
