import type { Runtime } from '@samsa/runtime'
import type { ClientWorld } from '../client-runtime.ts'
import { clientRuntime } from '../client-runtime.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
import {
  checkTimes,
  checkTopicPartition,
  checkTopicPartitions,
  checkTopics,
  named,
} from '../cluster/topic-partition.ts'
import { checkTimeout, checkTopic } from '../config/arguments.ts'
import { ConfigError, closedError, KafkaError, TimeoutError } from '../errors.ts'
import type { ClientEvents } from '../events.ts'
import { Events } from '../events.ts'
import { ClassicMembership } from '../group/classic-membership.ts'
import { within } from '../time/deadline.ts'
import { commitError, offsetsToCommit } from './commit-arguments.ts'
import { Committer, revocationMs } from './committer.ts'
import type { ConsumerConfig, ConsumerSettings, Deserializer } from './consumer-config.ts'
import { consumerConfig } from './consumer-config.ts'
import type { Deserializers } from './consumer-record.ts'
import { ConsumerRecord } from './consumer-record.ts'
import { Departures } from './departures.ts'
import { Fetcher } from './fetcher.ts'
import { OffsetReset } from './offset-reset.ts'
import type { FoundOffset, FoundTime } from './offsets.ts'
import { EARLIEST, fetchCommitted, foundTime, LATEST, listOffsets } from './offsets.ts'
import type { AssignedPartition, Reset } from './positions.ts'
import { Positions } from './positions.ts'
import { Subscription } from './subscription.ts'

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
  readonly #fetcher: Fetcher
  readonly #deserializers: Deserializers<unknown, unknown> | undefined
  /** Those that wait for something to arrive. */
  readonly #waiters = new Set<() => void>()
  readonly #errors: Error[] = []
  readonly #subscription: Subscription
  readonly #committer: Committer
  readonly #offsetReset: OffsetReset
  #membership: ClassicMembership | undefined
  /** Why the group will not have us, until another subscription is made. */
  #fatalError: Error | undefined
  /** Memberships and assignments that are being given up in the background. */
  readonly #departures = new Departures()
  #closing: Promise<void> | undefined
  /** The record in hand went to a `for await`: whether it was processed shows only when the loop asks for the next. */
  #isLoops = false

  constructor(options: ConsumerOptions<K, V> = {}, world: ClientWorld = {}) {
    this.#runtime = clientRuntime(world.runtime)
    this.#config = consumerConfig(options as ConsumerSettings)
    this.#events = new Events<ConsumerEvents>(world.logger)
    this.#cluster = new Cluster(this.#config, this.#runtime, this.#events as unknown as Events<ClientEvents>)
    this.#fetcher = new Fetcher({
      cluster: this.#cluster,
      config: this.#config,
      positions: this.#positions,
      onArrived: () => this.#arrived(),
      onOutOfRange: (partition) => this.#offsetReset.outOfRange(partition),
      onError: (error) => this.#raise(error),
    })
    const { keyDeserializer: key, valueDeserializer: value } = this.#config
    this.#deserializers =
      key || value ? { key: deserializerOf(key), value: deserializerOf(value) } : undefined
    this.#subscription = new Subscription(this.#cluster, this.#config.excludeInternalTopics, (error) =>
      this.#raise(error),
    )
    const shared = { cluster: this.#cluster, config: this.#config, positions: this.#positions }
    this.#committer = new Committer({
      ...shared,
      membership: () => this.#membership,
      onCommitted: (offsets) => this.#events.emit('committed', { offsets }),
      onFailed: (error) => this.#events.emit('commitFailed', { error }),
    })
    this.#offsetReset = new OffsetReset({
      ...shared,
      onLocated: () => {
        this.#fetcher.wake()
        this.#arrived()
      },
      onReset: ({ topic, partition }, from, to) =>
        this.#events.emit('offsetReset', { topic, partition, from, to }),
      onError: (error) => this.#raise(error),
    })
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
    if (this.#subscription.given === undefined && this.#positions.all.length > 0) {
      throw new KafkaError('ILLEGAL_STATE', 'subscribe and assign exclude each other; call unsubscribe first')
    }
    if (this.#fatalError) this.unsubscribe()
    this.#subscription.set(list)
    this.#join()
  }

  /**
   * Gives up the subscription or the assignment; with auto commit, what was processed is committed. Leaves the group.
   * All of that goes on in the background; `close` waits for it. A member's partitions are told as `revoked` at once.
   */
  unsubscribe(): void {
    this.#mustBeOpen()
    const membership = this.#membership
    const partitions = membership ? this.assignment() : []
    this.#departures.add(this.#commitBehind(membership && revocationMs(this.#config)), membership)
    this.#membership = undefined
    this.#fatalError = undefined
    this.#subscription.set(undefined)
    this.#assign([])
    if (partitions.length > 0) this.#events.emit('revoked', { partitions })
  }

  /**
   * Reads these partitions, and no others, without the group sharing them out. Positions begin at what the group has
   * committed, else where `autoOffsetReset` says, unless `seek` sets them.
   */
  assign(partitions: readonly TopicPartition[]): void {
    this.#mustBeOpen()
    if (this.#subscription.given !== undefined) {
      throw new KafkaError('ILLEGAL_STATE', 'assign and subscribe exclude each other; call unsubscribe first')
    }
    const checked = checkTopicPartitions('assign', partitions)
    if (this.#positions.all.length > 0) this.#departures.add(this.#commitBehind())
    this.#assign(checked)
    this.#offsetReset.locate()
    this.#committer.start()
  }

  /** The partitions that are being read at the moment. */
  assignment(): TopicPartition[] {
    return this.#positions.all.map(({ topic, partition }) => ({ topic, partition }))
  }

  /** What was subscribed. */
  subscription(): readonly string[] | RegExp | undefined {
    return this.#subscription.given
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
      this.#throwRaised()
      await this.#changed(deadline)
      if (!this.#positions.current(partition)) this.#assigned('position', target)
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
    this.#isLoops = false
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
      next: () => {
        if (isOver || this.#closing) return Promise.resolve(over)
        const record = this.next()
        this.#isLoops = true
        return record
      },
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
    this.#isLoops = false
    this.#mustHaveSomethingToRead('poll')
    const { timeoutMs = 0, maxRecords = this.#config.maxPollRecords } = options
    const deadline = this.#runtime.now() + timeoutMs
    this.#positions.takeBack()
    for (;;) {
      this.#membership?.polled()
      this.#throwRaised()
      const records = this.#collect(maxRecords)
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
      await this.#committer.commit(offsets, deadline)
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
  ): Promise<(FoundTime | undefined)[]> {
    this.#mustBeOpen()
    checkTimes(wanted)
    const found = await this.#list(wanted)
    return wanted.map((each) => foundTime(found.get(named(each))))
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
   * Commits what was handed over (with auto commit), leaves the group and closes. Legal at any time, also twice. What a
   * `for await` had in hand last is not committed: the loop may be at work on it still, or have ended by an error in it.
   * @param options.timeoutMs how long that may take. Default 30 s
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS, !this.#isLoops)
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
    this.#throwRaised()
    return this.#hand()
  }

  /** @throws what went wrong since the last call; each error once, but for what ends the membership */
  #throwRaised(): void {
    if (this.#fatalError) throw this.#fatalError
    const error = this.#errors.shift()
    if (error) throw error
  }

  /** Records that are there. An error ends the list; it comes again with the next call, when nothing is before it. */
  #collect(maxRecords: number): ConsumerRecord<K, V>[] {
    const records: ConsumerRecord<K, V>[] = []
    while (records.length < maxRecords) {
      try {
        const record = this.#hand()
        if (!record) break
        records.push(record)
      } catch (error) {
        if (records.length === 0) throw error
        break
      }
    }
    return records
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
        partition.position = partition.recordsEnd
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
      const wake = () => {
        this.#waiters.delete(wake)
        timer.cancel()
        resolve()
      }
      this.#waiters.add(wake)
    })
  }

  #late(what: string, started: number): TimeoutError {
    return new TimeoutError(what, this.#runtime.now() - started, { cause: this.#cluster.trouble })
  }

  #arrived(): void {
    for (const wake of [...this.#waiters]) wake()
  }

  #raise(error: Error): void {
    // One of a kind is enough: what is not looked at must not pile up.
    if (!this.#errors.some(({ message }) => message === error.message)) this.#errors.push(error)
    this.#arrived()
  }

  #mustBeOpen(): void {
    if (this.#closing) throw closedError('this consumer')
  }

  #mustHaveSomethingToRead(call: string): void {
    if (this.#subscription.given !== undefined || this.#positions.all.length > 0) return
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
    this.#offsetReset.locate()
  }

  #join(): void {
    if (this.#membership) {
      this.#membership.rejoin()
      return
    }
    const membership: ClassicMembership = new ClassicMembership({
      cluster: this.#cluster,
      config: this.#config,
      groupId: this.#group('subscribe'),
      topics: () => (this.#membership === membership ? this.#subscription.topics() : []),
      onAssigned: (partitions) => {
        if (this.#membership === membership) this.#groupAssigned(partitions)
      },
      onRevoke: () => this.#revoke(membership),
      onLost: () => this.#letGo(membership, 'lost'),
      onFailed: (error) => {
        if (this.#membership !== membership) return
        this.#fatalError = error
        this.#arrived()
      },
    })
    this.#membership = membership
    // A pattern needs to know the topics before it can join.
    const ready = this.#subscription.isPattern
      ? this.#cluster.refresh().catch(() => undefined)
      : Promise.resolve()
    void ready.then(() => {
      if (this.#membership === membership && !this.#closing) membership.start()
    })
    this.#committer.start()
  }

  #groupAssigned(partitions: TopicPartition[]): void {
    this.#assign(partitions)
    this.#events.emit('assigned', { partitions })
    this.#offsetReset.locate()
  }

  /** Stops handing over, commits what is due, lets go. The rebalance waits for it, so it is bounded. */
  async #revoke(membership: ClassicMembership): Promise<void> {
    // Who has given up its subscription lets others go on when its last commit is over.
    if (this.#membership !== membership) return this.#departures.commitOf(membership)
    const held = this.#positions.all
    for (const partition of held) partition.isRevoking = true
    if (this.#config.enableAutoCommit) {
      await this.#committer
        .commitDue(false, this.#runtime.now() + revocationMs(this.#config))
        .catch((error: Error) => this.#events.emit('commitFailed', { error }))
    }
    // Meanwhile the session may have ended: what is there then is of the next generation.
    if (this.#positions.all === held) this.#letGo(membership, 'revoked')
  }

  /** Gives the partitions up, unless they are another subscription's or the user's own by now. */
  #letGo(membership: ClassicMembership, how: 'revoked' | 'lost'): void {
    if (this.#membership !== membership) return
    const partitions = this.assignment()
    this.#assign([])
    if (partitions.length > 0) this.#events.emit(how, { partitions })
  }

  #assign(partitions: readonly TopicPartition[]): void {
    for (const { topic } of this.#positions.all) this.#cluster.unwant(topic)
    this.#positions.assign(partitions)
    for (const { topic } of this.#positions.all) this.#cluster.want(topic)
    if (partitions.some(({ topic }) => !this.#cluster.metadata.topics.has(topic)))
      this.#cluster.requestRefresh()
    this.#fetcher.wake()
  }

  /** With auto commit, commits what was processed of the partitions that are given up right now. Never rejects. */
  async #commitBehind(timeoutMs = this.#config.defaultApiTimeoutMs): Promise<void> {
    if (!this.#config.enableAutoCommit) return
    const offsets = this.#committer.due(false)
    if (offsets.length === 0) return
    await this.#committer
      .commit(offsets, this.#runtime.now() + timeoutMs)
      .catch((error: Error) => this.#events.emit('commitFailed', { error }))
  }

  #list(wanted: readonly (TopicPartition & { timestamp: number })[]): Promise<Map<string, FoundOffset>> {
    const deadline = this.#runtime.now() + this.#config.defaultApiTimeoutMs
    return listOffsets(this.#cluster, wanted, this.#config.isolationLevel, deadline)
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
    return what === undefined ? this.#committer.due(true) : offsetsToCommit(what)
  }

  async #close(timeoutMs: number, includeLent: boolean): Promise<void> {
    const deadline = this.#runtime.now() + timeoutMs
    const expire = () => new TimeoutError('the consumer to close', timeoutMs)
    this.#committer.stop()
    this.#fetcher.close()
    this.#offsetReset.close()
    this.#subscription.close()
    try {
      await within(this.#runtime, this.#depart(includeLent, deadline), deadline, expire)
    } catch (error) {
      this.#events.emit('commitFailed', { error: error as Error })
    }
    this.#cluster.close()
    const partitions = this.assignment()
    this.#positions.assign([])
    if (this.#membership && partitions.length > 0) this.#events.emit('revoked', { partitions })
    this.#arrived()
  }

  async #depart(includeLent: boolean, deadline: number): Promise<void> {
    try {
      if (this.#config.enableAutoCommit) await this.#committer.commitDue(includeLent, deadline)
      else await this.#committer.settled()
    } finally {
      await Promise.allSettled([this.#membership?.leave(), this.#departures.settled()])
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
