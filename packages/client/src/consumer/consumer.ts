import type { Runtime } from '@samsa/runtime'
import { nodeRuntime } from '@samsa/runtime'
import { checkTimeout, checkTopic } from '../arguments.ts'
import type { ClientWorld } from '../client-world.ts'
import { Cluster } from '../cluster.ts'
import { sleep, within } from '../deadline.ts'
import { ConfigError, closedError, KafkaError, ServerError, TimeoutError } from '../errors.ts'
import type { ClientEvents } from '../events.ts'
import { Events } from '../events.ts'
import { commitError, offsetsToCommit } from './commit-arguments.ts'
import { CommitQueue } from './commit-queue.ts'
import type { ConsumerConfig, ConsumerSettings, Deserializer } from './consumer-config.ts'
import { consumerConfig } from './consumer-config.ts'
import type { Deserializers } from './consumer-record.ts'
import { ConsumerRecord } from './consumer-record.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMembership } from './group-membership.ts'
import type { FoundOffset } from './offsets.ts'
import { commitOffsets, EARLIEST, fetchCommitted, LATEST, listOffsets } from './offsets.ts'
import type { AssignedPartition, Reset } from './positions.ts'
import { Positions } from './positions.ts'
import type { TopicPartition, TopicPartitionOffset } from './topic-partition.ts'
import {
  checkTimes,
  checkTopicPartition,
  checkTopicPartitions,
  checkTopics,
  named,
} from './topic-partition.ts'
import { TopicWatch } from './topic-watch.ts'

export interface ConsumerEvents extends ClientEvents {
  /** Partitions were assigned by the group. */
  assigned: { partitions: TopicPartition[] }
  /** Partitions are given back in order; what was handed over is committed if auto commit is on. */
  revoked: { partitions: TopicPartition[] }
  /** Partitions were lost: the group has given them away already. */
  lost: { partitions: TopicPartition[] }
  committed: { offsets: TopicPartitionOffset[] }
  /** A commit in the background failed; it is tried again. */
  commitFailed: { error: Error }
  /** An offset was not there any more and another one was taken. */
  offsetReset: { topic: string; partition: number; from: number | undefined; to: number }
}

type OrBuiltIn<T> = T | 'string' | 'json'

/** The consumer's settings; deserializers decide the types of keys and values. */
export type ConsumerOptions<K, V> = Omit<ConsumerSettings, 'keyDeserializer' | 'valueDeserializer'> & {
  keyDeserializer?: OrBuiltIn<Deserializer<K>>
  valueDeserializer?: OrBuiltIn<Deserializer<V>>
}

interface Waiter {
  wake: () => void
}

const CLOSE_TIMEOUT_MS = 30_000

/**
 * Reads records: as a member of a group (`subscribe`), or from partitions of its own choice (`assign`).
 *
 *   const consumer = new KafkaConsumer({ bootstrapServers: 'localhost:9092', groupId: 'my.group' })
 *   consumer.subscribe(['my.topic'])
 *   for await (const message of consumer) console.log(message)
 *
 * @throws ConfigError from the constructor, for a setting that is unknown or cannot be
 */
export class KafkaConsumer<K = Buffer | null, V = Buffer | null> {
  readonly #config: ConsumerConfig
  readonly #runtime: Runtime
  readonly #events: Events<ConsumerEvents>
  readonly #cluster: Cluster
  readonly #positions = new Positions()
  readonly #commits: CommitQueue
  readonly #fetcher: Fetcher
  readonly #deserializers: Deserializers<unknown, unknown> | undefined
  readonly #waiters = new Set<Waiter>()
  readonly #errors: Error[] = []
  /** Why this member is out of its group for good; told to whoever asks, until `unsubscribe`. */
  #failure: Error | undefined
  #subscription: readonly string[] | RegExp | undefined
  #wantedTopics: readonly string[] = []
  #membership: GroupMembership | undefined
  #topicWatch: TopicWatch | undefined
  readonly #locating = new Set<AssignedPartition>()
  #closing: Promise<void> | undefined
  #autoCommit = { cancel: () => {} }

  constructor(options: ConsumerOptions<K, V> = {}, world: ClientWorld = {}) {
    this.#runtime = world.runtime ?? nodeRuntime()
    this.#config = consumerConfig(options as ConsumerSettings)
    this.#events = new Events<ConsumerEvents>(world.logger)
    this.#cluster = new Cluster(this.#config, this.#runtime, this.#events as unknown as Events<ClientEvents>)
    this.#commits = new CommitQueue(this.#runtime)
    this.#fetcher = new Fetcher({
      cluster: this.#cluster,
      config: this.#config,
      positions: this.#positions,
      onArrived: () => this.#arrived(),
      onOutOfRange: (partition) => this.#outOfRange(partition),
      onError: (error) => this.#raise(error),
    })
    const { keyDeserializer: key, valueDeserializer: value } = this.#config
    this.#deserializers =
      key || value ? { key: deserializerOf(key), value: deserializerOf(value) } : undefined
  }

  /**
   * Reads topics as a member of the group `groupId`, which shares their partitions out.
   * @param topics names, or a pattern that names are matched with
   */
  subscribe(topics: string | readonly string[] | RegExp): void {
    this.#mustBeOpen()
    if (this.#config.groupId === undefined || this.#config.groupId === '') {
      throw new ConfigError(
        'groupId',
        undefined,
        "subscribe needs a group: new KafkaConsumer({ groupId: 'my.group', ... }); without one use assign",
      )
    }
    const list = topics instanceof RegExp ? topics : checkTopics(topics)
    if (this.#subscription === undefined && this.#positions.all.length > 0) {
      throw new KafkaError('ILLEGAL_STATE', 'subscribe and assign exclude each other; call unsubscribe first')
    }
    this.#subscription = list
    this.#wantSubscribed()
    this.#join()
  }

  /** Gives up the subscription or the assignment; leaves the group. */
  unsubscribe(): void {
    this.#mustBeOpen()
    const membership = this.#membership
    this.#membership = undefined
    this.#failure = undefined
    this.#subscription = undefined
    this.#wantSubscribed()
    this.#assign([])
    void membership?.leave()
  }

  /**
   * Reads these partitions, and no others, without the group sharing them out. Positions begin at what the group has
   * committed, else where `autoOffsetReset` says, unless `seek` sets them.
   */
  assign(partitions: readonly TopicPartition[]): void {
    this.#mustBeOpen()
    if (this.#subscription !== undefined) {
      throw new KafkaError('ILLEGAL_STATE', 'assign and subscribe exclude each other; call unsubscribe first')
    }
    this.#assign(checkTopicPartitions('assign', partitions))
    this.#locate()
    this.#startAutoCommit()
  }

  /** The partitions that are being read at the moment. */
  assignment(): TopicPartition[] {
    return this.#positions.all.map(({ topic, partition }) => ({ topic, partition }))
  }

  /** What was subscribed. */
  subscription(): readonly string[] | RegExp | undefined {
    return this.#subscription
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
    this.#seekToEnd('earliest', targets)
  }

  /** Goes behind the last record; all assigned partitions when none is named. */
  seekToEnd(...targets: TopicPartition[]): void {
    this.#seekToEnd('latest', targets)
  }

  /** Hands over no records of these partitions until `resume`; what is fetched already is kept. */
  pause(...targets: TopicPartition[]): void {
    this.#mustBeOpen()
    for (const target of targets) this.#assigned('pause', target).isPaused = true
  }

  resume(...targets: TopicPartition[]): void {
    this.#mustBeOpen()
    for (const target of targets) this.#assigned('resume', target).isPaused = false
    this.#arrived()
    this.#fetcher.wake()
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
    const started = this.#runtime.now()
    const deadline = started + this.#config.defaultApiTimeoutMs
    while (partition.position === undefined) {
      this.#throwProblem()
      await this.#changed(deadline)
      if (this.#runtime.now() >= deadline) throw this.#late(`the position of ${named(target)}`, started)
    }
    return partition.position
  }

  /**
   * The next record; waits for it as long as it takes, or `timeoutMs`.
   * @returns `done: true` when the consumer was closed meanwhile
   * @throws TimeoutError after `timeoutMs`; KafkaError with code CLOSED when the consumer is closed already, and with
   * code ILLEGAL_STATE when nothing was subscribed or assigned
   */
  next(
    options: { timeoutMs?: number } = {},
  ): Promise<IteratorResult<ConsumerRecord<K, V>, ConsumerRecord<K, V>>> {
    if (this.#closing) return Promise.reject(closedError('this consumer'))
    try {
      checkTimeout('next', options)
      const record = this.#take()
      if (record) return Promise.resolve({ value: record, done: false })
      this.#mustHaveSomethingToRead('next')
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#awaitNext(options.timeoutMs)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>> {
    let isOver = false
    const over = { value: undefined, done: true } as const
    const iterator: AsyncIterableIterator<ConsumerRecord<K, V>> = {
      next: () => (isOver || this.#closing ? Promise.resolve(over) : this.next()),
      return: () => {
        isOver = true
        return Promise.resolve(over)
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /**
   * Records that are there, up to `maxRecords`; waits for the first one as long as `timeoutMs`.
   * @returns an empty list when none came
   */
  async poll(options: { timeoutMs?: number; maxRecords?: number } = {}): Promise<ConsumerRecord<K, V>[]> {
    this.#mustBeOpen()
    checkTimeout('poll', options)
    this.#mustHaveSomethingToRead('poll')
    const { timeoutMs = 0, maxRecords = this.#config.maxPollRecords } = options
    const deadline = this.#runtime.now() + timeoutMs
    this.#positions.takeBack()
    this.#membership?.polled()
    for (;;) {
      this.#throwProblem()
      const records: ConsumerRecord<K, V>[] = []
      while (records.length < maxRecords) {
        const record = this.#hand()
        if (!record) break
        records.push(record)
      }
      if (records.length > 0 || this.#runtime.now() >= deadline || this.#closing) return records
      await this.#changed(deadline)
    }
  }

  /**
   * Commits, so that the group goes on behind it: without an argument everything that was handed over; a record means
   * up to and including it; a list gives the next offset of each partition.
   * @throws KafkaError with code COMMIT_FAILED when the group has given the partitions to somebody else
   */
  async commit(what?: ConsumerRecord<K, V> | readonly TopicPartitionOffset[]): Promise<void> {
    this.#mustBeOpen()
    const groupId = this.#group('commit')
    const offsets = this.#toCommit(what)
    if (offsets.length === 0) return
    const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
    try {
      await this.#commit(groupId, offsets, deadline)
    } catch (error) {
      throw commitError(error as Error, groupId)
    }
  }

  /**
   * What the group has committed.
   * @returns an entry for each partition, in the same order; undefined where nothing was committed
   */
  async committed(partitions: readonly TopicPartition[]): Promise<(TopicPartitionOffset | undefined)[]> {
    this.#mustBeOpen()
    const targets = checkTopicPartitions('committed', partitions)
    const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
    const found = await fetchCommitted(this.#cluster, this.#group('committed'), targets, deadline)
    return targets.map((target) => found.get(named(target)))
  }

  /** Offsets of the first records that are there, in the order of `partitions`. */
  beginningOffsets(partitions: readonly TopicPartition[]): Promise<number[]> {
    return this.#ends('beginningOffsets', partitions, EARLIEST)
  }

  /** Offsets behind the last records, in the order of `partitions`. */
  endOffsets(partitions: readonly TopicPartition[]): Promise<number[]> {
    return this.#ends('endOffsets', partitions, LATEST)
  }

  /** For each partition the first record at or after a time (ms since 1970); undefined where there is none. */
  async offsetsForTimes(
    wanted: readonly (TopicPartition & { timestamp: number })[],
  ): Promise<({ offset: number; timestamp: number } | undefined)[]> {
    this.#mustBeOpen()
    checkTimes(wanted)
    const found = await this.#list(wanted)
    return wanted.map((each) => {
      const at = found.get(named(each))
      return at && at.offset >= 0 ? { offset: at.offset, timestamp: at.timestamp } : undefined
    })
  }

  /** Indexes of a topic's partitions. */
  async partitionsFor(topic: string): Promise<number[]> {
    this.#mustBeOpen()
    checkTopic('partitionsFor', topic)
    const known = await this.#cluster.awaitTopic(
      topic,
      this.#runtime.now() + this.#config.defaultApiTimeoutMs,
    )
    return [...known.partitions.keys()]
  }

  /** Calls back for an event; gives what takes the listener off. */
  on<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (payload: ConsumerEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Commits what was handed over (with auto commit), leaves the group and closes. Legal at any time, also twice.
   * @param options.timeoutMs how long that may take. Default 30 s
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS, true)
    return this.#closing
  }

  /** As `close`, but the record in hand is not committed: the block may have ended by an error. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close(CLOSE_TIMEOUT_MS, false)
    return this.#closing
  }

  /** The next record that is there; what was in hand is taken as processed. */
  #take(): ConsumerRecord<K, V> | undefined {
    this.#positions.takeBack()
    this.#membership?.polled()
    this.#throwProblem()
    return this.#hand()
  }

  #hand(): ConsumerRecord<K, V> | undefined {
    for (;;) {
      const partition = this.#positions.next()
      if (!partition) return undefined
      if (partition.recordIndex >= partition.records.length && !this.#fetcher.open(partition)) continue
      const view = partition.records[partition.recordIndex]
      if (!view) continue
      const record = new ConsumerRecord<K, V>(
        partition.topic,
        partition.partition,
        partition.recordsEpoch,
        view,
        this.#deserializers,
      )
      partition.recordIndex++
      partition.position = view.offset + 1
      partition.leaderEpoch = partition.recordsEpoch
      this.#positions.lend(partition)
      if (partition.recordIndex >= partition.records.length) {
        partition.records = []
        partition.recordIndex = 0
        this.#positions.rotate(partition)
        this.#fetcher.wake()
      }
      return record
    }
  }

  async #awaitNext(
    timeoutMs: number | undefined,
  ): Promise<IteratorResult<ConsumerRecord<K, V>, ConsumerRecord<K, V>>> {
    const started = this.#runtime.now()
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : started + timeoutMs
    for (;;) {
      await this.#changed(deadline)
      if (this.#closing) return { value: undefined as never, done: true }
      const record = this.#take()
      if (record) return { value: record, done: false }
      if (this.#runtime.now() >= deadline) throw this.#late('the next record', started)
    }
  }

  /** Resolves when something has arrived, the time is up, or the consumer closes. */
  #changed(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      // A waiting consumer is alive: it must not be thrown out of its group for asking nothing.
      const poll = this.#runtime.now() + this.#config.maxPollIntervalMs / 2
      const timer = this.#runtime.timer(Math.min(deadline, poll), () => wake())
      const waiter = { wake: () => wake() }
      const wake = () => {
        this.#waiters.delete(waiter)
        timer.cancel()
        resolve()
      }
      this.#waiters.add(waiter)
    })
  }

  #late(what: string, started: number): TimeoutError {
    return new TimeoutError(what, this.#runtime.now() - started, { cause: this.#cluster.trouble })
  }

  #arrived(): void {
    for (const { wake } of [...this.#waiters]) wake()
  }

  #raise(error: Error, isForGood = false): void {
    // One of a kind is enough: what is not looked at must not pile up.
    if (isForGood) this.#failure = error
    else if (!this.#errors.some(({ message }) => message === error.message)) this.#errors.push(error)
    this.#arrived()
  }

  #throwProblem(): void {
    const problem = this.#errors.shift() ?? this.#failure
    if (problem) throw problem
  }

  #mustBeOpen(): void {
    if (this.#closing) throw closedError('this consumer')
  }

  #mustHaveSomethingToRead(call: string): void {
    if (this.#subscription !== undefined || this.#positions.all.length > 0) return
    throw new KafkaError('ILLEGAL_STATE', `${call}: there is nothing to read; call subscribe or assign first`)
  }

  #group(call: string): string {
    const { groupId } = this.#config
    if (groupId) return groupId
    throw new ConfigError(
      'groupId',
      groupId,
      `${call} needs a group: new KafkaConsumer({ groupId: 'my.group', ... })`,
    )
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

  #seekToEnd(reset: Reset, targets: readonly TopicPartition[]): void {
    this.#mustBeOpen()
    const partitions =
      targets.length > 0 ? targets.map((each) => this.#assigned('seek', each)) : this.#positions.all
    for (const partition of partitions) partition.resetTo(reset)
    this.#locate()
  }

  #join(): void {
    if (this.#membership) {
      this.#membership.rejoin()
      return
    }
    this.#membership = new GroupMembership({
      cluster: this.#cluster,
      config: this.#config,
      groupId: this.#group('subscribe'),
      topics: () => this.#subscribedTopics(),
      onAssigned: (partitions) => this.#groupAssigned(partitions),
      onRevoke: () => this.#revoke(),
      onLost: () => this.#lose(),
      onFailed: (error) => this.#raise(error, true),
    })
    // A pattern needs to know the topics before it can join.
    const ready =
      this.#subscription instanceof RegExp
        ? this.#cluster.refresh().catch(() => undefined)
        : Promise.resolve()
    const membership = this.#membership
    void ready.then(() => {
      if (this.#membership === membership && !this.#closing) membership.start()
    })
    this.#startAutoCommit()
  }

  #subscribedTopics(): readonly string[] {
    const subscription = this.#subscription
    if (!(subscription instanceof RegExp)) return subscription ?? []
    const { excludeInternalTopics } = this.#config
    return [...this.#cluster.metadata.topics.values()]
      .filter(({ name, isInternal }) => subscription.test(name) && !(isInternal && excludeInternalTopics))
      .map(({ name }) => name)
      .sort()
  }

  #wantSubscribed(): void {
    const topics = this.#subscription instanceof RegExp ? [] : (this.#subscription ?? [])
    this.#cluster.wantAll(this.#subscription instanceof RegExp)
    for (const topic of topics) this.#cluster.want(topic)
    for (const topic of this.#wantedTopics) this.#cluster.unwant(topic)
    this.#wantedTopics = topics
    this.#topicWatch?.close()
    if (this.#subscription === undefined) return
    this.#topicWatch = new TopicWatch({
      cluster: this.#cluster,
      topics: () => this.#subscribedTopics(),
      onChanged: () => this.#membership?.rejoin(),
      onError: (error) => this.#raise(error),
    })
  }

  #groupAssigned(partitions: TopicPartition[]): void {
    this.#assign(partitions)
    this.#events.emit('assigned', { partitions })
    this.#locate()
  }

  /** Stops handing over, commits what is due, lets go. The rebalance waits for it, so it is bounded. */
  async #revoke(): Promise<void> {
    for (const partition of this.#positions.all) partition.isRevoking = true
    if (this.#config.enableAutoCommit) {
      const deadline =
        this.#runtime.now() + Math.min(this.#config.sessionTimeoutMs / 2, this.#config.defaultApiTimeoutMs)
      await this.#commitDue(false, deadline).catch((error: Error) =>
        this.#events.emit('commitFailed', { error }),
      )
    }
    const partitions = this.assignment()
    this.#assign([])
    if (partitions.length > 0) this.#events.emit('revoked', { partitions })
  }

  #lose(): void {
    const partitions = this.assignment()
    this.#assign([])
    if (partitions.length > 0) this.#events.emit('lost', { partitions })
  }

  #assign(partitions: readonly TopicPartition[]): void {
    for (const { topic } of this.#positions.all) this.#cluster.unwant(topic)
    this.#positions.assign(partitions)
    for (const { topic } of this.#positions.all) this.#cluster.want(topic)
    if (partitions.some(({ topic }) => !this.#cluster.metadata.topics.has(topic)))
      this.#cluster.requestRefresh()
    this.#fetcher.wake()
  }

  /**
   * Looks up where partitions without a position begin; goes on until every one has its answer. A partition whose
   * leader is away must not hold up the others: what is found is used at once, and a later call begins at once too.
   */
  #locate(): void {
    const wanted = this.#unlocated.filter((partition) => !this.#locating.has(partition))
    if (wanted.length === 0) return
    for (const partition of wanted) this.#locating.add(partition)
    void this.#locateAll(wanted).finally(() => {
      for (const partition of wanted) this.#locating.delete(partition)
      if (!this.#closing) this.#locate()
    })
  }

  get #unlocated(): AssignedPartition[] {
    return this.#positions.all.filter(({ position, isRevoking }) => position === undefined && !isRevoking)
  }

  async #locateAll(wanted: readonly AssignedPartition[]): Promise<void> {
    // `seek` right after `assign` comes first: what it sets need not be looked up.
    await Promise.resolve()
    const open = wanted.filter(({ position }) => position === undefined)
    try {
      await this.#locateCommitted(open.filter(({ reset }) => reset === undefined))
      await this.#locateEnds(
        open.filter(({ position, reset }) => position === undefined && reset !== undefined),
      )
    } catch (error) {
      if (this.#cluster.signal.aborted) return
      this.#raise(error as Error)
      await sleep(this.#runtime, this.#config.retryBackoffMaxMs, this.#cluster.signal)
    }
    this.#fetcher.wake()
    this.#arrived()
  }

  async #locateCommitted(wanted: readonly AssignedPartition[]): Promise<void> {
    if (wanted.length === 0) return
    const { groupId, autoOffsetReset } = this.#config
    const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
    const committed = groupId
      ? await fetchCommitted(this.#cluster, groupId, wanted, deadline)
      : new Map<string, TopicPartitionOffset>()
    for (const partition of wanted) {
      if (!this.#positions.current(partition) || partition.position !== undefined || partition.reset) continue
      const found = committed.get(named(partition))
      if (found) {
        partition.moveTo(found.offset, found.leaderEpoch)
        partition.committed = found.offset
      } else if (autoOffsetReset === 'none') {
        throw new KafkaError(
          'NO_OFFSET_FOR_PARTITION',
          `${named(partition)} has no committed offset in group ${groupId ?? '(none)'} and autoOffsetReset is 'none'; ` +
            "seek, or set autoOffsetReset to 'earliest' or 'latest'",
        )
      } else partition.reset = autoOffsetReset
    }
  }

  async #locateEnds(wanted: readonly AssignedPartition[]): Promise<void> {
    if (wanted.length === 0) return
    const asked = new Map(
      wanted.map((partition) => [named(partition), { partition, reset: partition.reset as Reset }]),
    )
    const targets = wanted.map(({ topic, partition, reset }) => ({
      topic,
      partition,
      timestamp: reset === 'earliest' ? EARLIEST : LATEST,
    }))
    await this.#list(targets, (name, at) => {
      const { partition, reset } = asked.get(name) ?? {}
      if (!partition || !this.#positions.current(partition) || partition.reset !== reset) return
      partition.moveTo(at.offset, at.leaderEpoch)
      this.#locating.delete(partition)
      this.#fetcher.wake()
      this.#arrived()
    })
  }

  /** The offset is not in the log: it goes on by `autoOffsetReset`, and says so. */
  #outOfRange(partition: AssignedPartition): void {
    const { topic, partition: index, position: from, fetchOffset } = partition
    const { autoOffsetReset } = this.#config
    if (autoOffsetReset === 'none') {
      const message = `${named(partition)} has no offset ${fetchOffset} any more and autoOffsetReset is 'none'; seek to one that is there`
      this.#raise(new KafkaError('OFFSET_OUT_OF_RANGE', message))
      return
    }
    // What was fetched before is still good and comes first.
    if (partition.hasBuffered) return
    partition.resetTo(autoOffsetReset)
    this.#locate()
    const told = this.#cluster.onMetadata(() => {})
    void this.#changed(this.#runtime.now() + this.#config.defaultApiTimeoutMs).then(() => {
      told()
      if (partition.position !== undefined) {
        this.#events.emit('offsetReset', { topic, partition: index, from, to: partition.position })
      }
    })
  }

  #list(
    wanted: readonly (TopicPartition & { timestamp: number })[],
    onFound: (name: string, found: FoundOffset) => void = () => {},
  ): Promise<Map<string, FoundOffset>> {
    const isolationLevel = this.#config.isolationLevel === 'read_committed' ? 1 : 0
    const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
    return listOffsets(this.#cluster, wanted, isolationLevel, deadline, onFound)
  }

  async #ends(call: string, partitions: readonly TopicPartition[], timestamp: number): Promise<number[]> {
    this.#mustBeOpen()
    const targets = checkTopicPartitions(call, partitions)
    const found = await this.#list(targets.map((target) => ({ ...target, timestamp })))
    return targets.map((target) => found.get(named(target))?.offset ?? -1)
  }

  #toCommit(
    what: ConsumerRecord<K, V> | readonly TopicPartitionOffset[] | undefined,
  ): TopicPartitionOffset[] {
    return what === undefined ? this.#due(true) : offsetsToCommit(what)
  }

  async #commit(groupId: string, offsets: readonly TopicPartitionOffset[], deadline: number): Promise<void> {
    const membership = this.#membership
    const place = membership?.place
    try {
      await this.#commits.add(deadline, () =>
        commitOffsets(this.#cluster, groupId, offsets, place, this.#config.groupInstanceId, deadline),
      )
    } catch (error) {
      if (error instanceof ServerError && place) membership?.commitRefused(error, place)
      throw error
    }
    for (const { topic, partition, offset } of offsets) {
      const assigned = this.#positions.get({ topic, partition })
      if (assigned) assigned.committed = offset
    }
    this.#events.emit('committed', { offsets: [...offsets] })
  }

  /** What may be committed and was not yet. */
  #due(includeLent: boolean): TopicPartitionOffset[] {
    return this.#positions.uncommitted(includeLent).map(({ partition, offset }) => ({
      topic: partition.topic,
      partition: partition.partition,
      offset,
      leaderEpoch: partition.leaderEpoch,
    }))
  }

  async #commitDue(includeLent: boolean, deadline: number): Promise<void> {
    const due = this.#due(includeLent)
    if (due.length === 0 || !this.#config.groupId) return
    await this.#commit(this.#config.groupId, due, deadline)
  }

  /** Commits in the background; one at a time, and after a failure again soon. */
  #startAutoCommit(): void {
    const { enableAutoCommit, autoCommitIntervalMs, groupId } = this.#config
    this.#autoCommit.cancel()
    if (!enableAutoCommit || !groupId) return
    const arm = (ms: number) => {
      this.#autoCommit = this.#runtime.timer(this.#runtime.now() + ms, () => {
        if (this.#closing) return
        const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
        void this.#commitDue(false, deadline).then(
          () => arm(autoCommitIntervalMs),
          (error: Error) => {
            this.#events.emit('commitFailed', { error })
            arm(Math.min(autoCommitIntervalMs, this.#config.retryBackoffMaxMs))
          },
        )
      })
    }
    arm(autoCommitIntervalMs)
  }

  async #close(timeoutMs: number, includeLent: boolean): Promise<void> {
    const deadline = this.#runtime.now() + timeoutMs
    const expire = () => new TimeoutError('the consumer to close', timeoutMs)
    this.#autoCommit.cancel()
    this.#topicWatch?.close()
    this.#fetcher.close()
    try {
      await within(this.#runtime, this.#depart(includeLent, deadline), deadline, expire)
    } catch (error) {
      this.#events.emit('commitFailed', { error: error as Error })
    }
    this.#autoCommit.cancel()
    this.#cluster.close()
    this.#positions.assign([])
    this.#arrived()
  }

  async #depart(includeLent: boolean, deadline: number): Promise<void> {
    try {
      if (this.#config.enableAutoCommit) await this.#commitDue(includeLent, deadline)
    } finally {
      await this.#membership?.leave()
    }
  }
}

function deserializerOf(
  given: Deserializer<unknown> | 'string' | 'json' | undefined,
): Deserializer<unknown> | undefined {
  if (given === 'string') return (bytes) => bytes.toString('utf8')
  if (given === 'json') return (bytes) => JSON.parse(bytes.toString('utf8'))
  return given
}
