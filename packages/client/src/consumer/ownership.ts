import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import { named } from '../cluster/topic-partition.ts'
import { KafkaError, TimeoutError } from '../errors.ts'
import type { Events } from '../events.ts'
import { describeError } from '../events.ts'
import { ClassicMembership } from '../group/classic-membership.ts'
import type { Membership } from '../group/membership.ts'
import { within } from '../time/deadline.ts'
import type { Claim, Committer } from './committer.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { ConsumerEvents } from './consumer-events.ts'
import type { Delivery } from './delivery.ts'
import { Departures } from './departures.ts'
import type { AssignedPartition, Positions } from './positions.ts'
import type { Reader } from './reader.ts'
import { Subscription } from './subscription.ts'

export interface OwnershipOptions {
  cluster: Cluster
  config: ConsumerConfig
  events: Events<ConsumerEvents>
  positions: Positions
  delivery: Delivery
  committer: Committer
  /** Whose record is waited for no longer than a session when the group rebalances: nobody knows whether he asks again. */
  isHasty: (reader: Reader) => boolean
  /** Other partitions are to be read. */
  onChanged: () => void
  onError: (error: Error) => void
}

/**
 * Which partitions the consumer has, and how they come and go: shared out by a group, or chosen by the user. Whatever is
 * given up in order is first done with: what is in hand is waited for, what was processed is committed, the user is told
 * and awaited; only then the group goes on.
 */
export class Ownership {
  readonly #options: OwnershipOptions
  readonly #subscription: Subscription
  readonly #departures = new Departures()
  #membership: Membership | undefined
  /** Why the group will not have us, until another subscription is made. */
  #fatalError: Error | undefined
  /** The user's callbacks are called one after the other. */
  #callbacks: Promise<void> | undefined
  #isClosed = false

  constructor(options: OwnershipOptions) {
    this.#options = options
    const { cluster, config, onError } = options
    this.#subscription = new Subscription(cluster, config.excludeInternalTopics, onError)
  }

  get subscribed(): readonly string[] | RegExp | undefined {
    return this.#subscription.given
  }

  get membership(): Membership | undefined {
    return this.#membership
  }

  get fatalError(): Error | undefined {
    return this.#fatalError
  }

  /** A partition that can be committed: one that the consumer has, or is just giving up. */
  find(target: TopicPartition): AssignedPartition | undefined {
    return this.#options.positions.get(target) ?? this.#departures.find(target)
  }

  /** What may be committed of partitions and was not yet; nothing without a group. */
  due(partitions = this.#having): Claim[] {
    const { config, delivery } = this.#options
    if (!config.groupId) return []
    return delivery.uncommitted(partitions).map(({ partition: assigned, offset }) => {
      const { topic, partition, leaderEpoch } = assigned
      return { offset: { topic, partition, offset, leaderEpoch }, assigned }
    })
  }

  get #having(): readonly AssignedPartition[] {
    return [...this.#options.positions.all, ...this.#departures.partitions]
  }

  subscribe(groupId: string, topics: readonly string[] | RegExp): void {
    const { cluster, committer } = this.#options
    if (this.#fatalError) void this.unsubscribe()
    this.#subscription.set(topics)
    if (this.#membership) {
      this.#membership.rejoin()
      return
    }
    const membership = this.#member(groupId)
    this.#membership = membership
    // A pattern needs to know the topics before it can join.
    const ready = this.#subscription.isPattern ? cluster.refresh().catch(() => undefined) : Promise.resolve()
    void ready.then(() => {
      if (this.#membership === membership && !this.#isClosed) membership.start()
    })
    committer.start()
  }

  /** Gives everything up, and leaves the group. Resolves when that is done; never rejects. */
  unsubscribe(): Promise<void> {
    const { positions, config } = this.#options
    const membership = this.#membership
    const held = [...positions.all]
    const limitMs = membership ? revocationMs(config) : config.defaultApiTimeoutMs
    // The user is told now: later he may have other partitions, or the same ones again.
    const over = this.#giveUp(held, membership, limitMs, true)
    this.#membership = undefined
    this.#fatalError = undefined
    this.#subscription.set(undefined)
    this.#have([])
    this.#departures.add(membership, held, over)
    return over.then(() => membership?.leave())
  }

  /** Takes these partitions, and no others. */
  assign(targets: readonly TopicPartition[]): void {
    const { positions, config, committer } = this.#options
    const wanted = new Set(targets.map(named))
    const left = positions.all.filter((partition) => !wanted.has(named(partition)))
    if (left.length > 0)
      this.#departures.add(undefined, left, this.#giveUp(left, undefined, config.defaultApiTimeoutMs))
    this.#have(targets)
    committer.start()
  }

  /** Records are asked for. */
  polled(now: number): void {
    this.#membership?.polled(now)
  }

  /** Gives everything up and leaves the group. */
  async close(deadline: number): Promise<void> {
    const { cluster, config, committer, positions } = this.#options
    this.#isClosed = true
    this.#subscription.close()
    const held = [...positions.all]
    const membership = this.#membership
    try {
      const leftMs = Math.max(0, deadline - cluster.runtime.now())
      if (config.enableAutoCommit || membership) await this.#giveUp(held, membership, leftMs)
      await committer.settled()
    } finally {
      await Promise.allSettled([membership?.leave(), this.#departures.settled()])
      this.#have([])
    }
  }

  #member(groupId: string): Membership {
    const { cluster, config } = this.#options
    const membership: Membership = new ClassicMembership({
      cluster,
      config,
      groupId,
      topics: () => (this.#membership === membership ? this.#subscription.topics() : []),
      assigned: (partitions) => this.#assigned(membership, partitions),
      revoked: (partitions) => this.#revoked(membership, partitions),
      lost: (partitions) => this.#lost(membership, partitions),
      failed: (error) => {
        if (this.#membership !== membership) return
        this.#fatalError = error
        this.#options.onChanged()
      },
    })
    return membership
  }

  async #assigned(membership: Membership, added: readonly TopicPartition[]): Promise<void> {
    const { positions, delivery, onChanged } = this.#options
    if (this.#membership !== membership) return
    this.#have([...positions.all, ...added], membership)
    // A position that the callback asks for is looked up meanwhile; nothing is handed over before the callback is done.
    await delivery.during(this.#tell('assigned', added))
    onChanged()
  }

  async #revoked(membership: Membership, targets: readonly TopicPartition[]): Promise<void> {
    // Who has given up its subscription lets others go on when that is done.
    if (this.#membership !== membership) return this.#departures.of(membership)
    const { cluster, config, delivery, positions } = this.#options
    const held = targets.flatMap((target) => positions.get(target) ?? [])
    for (const partition of held) partition.isRevoking = true
    const { runtime } = cluster
    const patience = runtime.now() + config.sessionTimeoutMs
    const timer = runtime.timer(patience, () => delivery.released())
    const { isHasty } = this.#options
    await delivery.free(held, (reader) => !isHasty(reader) || runtime.now() < patience)
    timer.cancel()
    await this.#giveUp(held, membership, revocationMs(config))
    if (this.#membership === membership) this.#have(positions.all.filter(({ isGone }) => !isGone))
  }

  async #lost(membership: Membership, targets: readonly TopicPartition[]): Promise<void> {
    if (this.#membership !== membership) return
    const { positions } = this.#options
    const lost = targets.flatMap((target) => positions.get(target) ?? [])
    for (const partition of lost) partition.gone = 'lost'
    this.#have(positions.all.filter(({ isGone }) => !isGone))
    await this.#tell('lost', lost)
  }

  /** Commits what was processed if that is wanted, tells a member's user, and lets go. Never rejects. */
  async #giveUp(
    partitions: readonly AssignedPartition[],
    membership: Membership | undefined,
    limitMs: number,
    isToldFirst = false,
  ): Promise<void> {
    const { cluster, config, committer, delivery, events } = this.#options
    const held = () => partitions.filter(({ isGone }) => !isGone)
    const due = config.enableAutoCommit ? this.due(held()) : []
    const told = isToldFirst && membership ? this.#tell('revoked', held) : undefined
    if (due.length > 0)
      await committer
        .commit(() => due, membership, cluster.runtime.now() + limitMs)
        .catch((error: Error) => events.emit('commitFailed', { error }))
    // A commit that the user has begun must not be overtaken by the join, which goes another way.
    await this.#committed(limitMs)
    if (membership) await (told ?? this.#tell('revoked', held))
    await this.#committed(limitMs)
    for (const partition of held()) partition.gone = 'revoked'
    delivery.released()
  }

  /** Waits for the commits that were begun, but not for ever. */
  async #committed(limitMs: number): Promise<void> {
    const { cluster, committer } = this.#options
    const { runtime } = cluster
    const expire = () => new TimeoutError('commits to be over', limitMs)
    await within(runtime, committer.settled(), runtime.now() + limitMs, expire).catch(() => undefined)
  }

  /** Calls the user back, after his callbacks before, and waits for him as long as a rebalance would. */
  #tell(
    name: 'assigned' | 'revoked' | 'lost',
    about: readonly TopicPartition[] | (() => readonly TopicPartition[]),
  ): Promise<void> {
    const { cluster, config, events } = this.#options
    const { runtime } = cluster
    const before = this.#callbacks
    const told = async () => {
      if (before) await before
      const list = typeof about === 'function' ? about() : about
      if (list.length === 0 && name !== 'assigned') return
      const partitions = list.map(({ topic, partition }) => ({ topic, partition }))
      const { maxPollIntervalMs: limitMs } = config
      const expire = () => new TimeoutError(`a listener for '${name}'`, limitMs)
      await within(runtime, events.tell(name, { partitions }), runtime.now() + limitMs, expire).catch(
        (error: Error) => events.logger.warn(`${describeError(error)}; going on without it`),
      )
    }
    const mine = told().finally(() => {
      if (this.#callbacks === mine) this.#callbacks = undefined
    })
    this.#callbacks = mine
    return mine
  }

  /** Reads these partitions from now on. */
  #have(targets: readonly TopicPartition[], membership?: Membership): void {
    const { cluster, positions, delivery, onChanged } = this.#options
    for (const { topic } of positions.all) cluster.unwant(topic)
    for (const added of positions.assign(targets)) added.membership = membership
    for (const { topic } of positions.all) cluster.want(topic)
    if (targets.some(({ topic }) => !cluster.metadata.topics.has(topic))) cluster.requestRefresh()
    delivery.released()
    onChanged()
  }
}

/** How long a rebalance may wait for a member's commit: it has to come back within its session. Milliseconds. */
function revocationMs({ sessionTimeoutMs, defaultApiTimeoutMs }: ConsumerConfig): number {
  return Math.min(sessionTimeoutMs / 2, defaultApiTimeoutMs)
}

/** What is said of calls that do not go together. */
export function exclusive(): KafkaError {
  return new KafkaError('ILLEGAL_STATE', 'subscribe and assign exclude each other; call unsubscribe first')
}
