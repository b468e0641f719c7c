import { zeroUuid } from '@samsa/protocol'
import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { named } from '../cluster/topic-partition.ts'
import { ConnectionError, KafkaError, ServerError } from '../errors.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { Divergence } from './log-truncation.ts'
import { LogTruncationError } from './log-truncation.ts'
import { askCommitted, askOffsets, EARLIEST, LATEST } from './offsets.ts'
import { PartitionTroubles } from './partition-troubles.ts'
import type { AssignedPartition, Positions, Reset } from './positions.ts'

export interface OffsetResetOptions {
  cluster: Cluster
  config: ConsumerConfig
  positions: Positions
  /** A position was found. */
  onLocated: () => void
  /** An offset that was not there any more was replaced by another one. */
  onReset: (partition: AssignedPartition, from: number | undefined, to: number) => void
  /** What waiting does not heal; it comes again as long as it is so. */
  onError: (error: Error, partition: AssignedPartition) => void
}

/**
 * Finds where partitions without a position begin: at what the group has committed, else at an end of the log. Each is
 * looked for on its own, so that one that cannot be found holds none of the others up. One look asks all that can be
 * asked now; a timer looks again, so that no lost signal silences a partition.
 */
export class OffsetReset {
  readonly #options: OffsetResetOptions
  /** Those that an answer is awaited for. */
  readonly #asked = new Set<AssignedPartition>()
  readonly #troubles: PartitionTroubles
  /** Those that failed: when each is looked for again. */
  readonly #restUntil = new WeakMap<AssignedPartition, number>()
  /** Offsets that were not there any more. */
  readonly #lost = new WeakMap<AssignedPartition, number | undefined>()
  #timer: Timer | undefined
  #isWoken = false
  #isClosed = false

  constructor(options: OffsetResetOptions) {
    this.#options = options
    this.#troubles = new PartitionTroubles(options.cluster, 'has no known position')
    options.cluster.onMetadata(() => this.locate())
  }

  /** Looks for everything that has no position, at the end of this turn: a `seek` right after `assign` comes first. */
  locate(): void {
    if (this.#isWoken || this.#isClosed) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#look()
    })
  }

  /** The offset of a partition is not in its log: it goes on by `autoOffsetReset`, or the user has to decide. */
  outOfRange(partition: AssignedPartition): void {
    // What was fetched before is still good and comes first.
    if (partition.hasBuffered) return
    const message =
      `${named(partition)} has no offset ${partition.fetchOffset} any more and autoOffsetReset is 'none'; ` +
      'seek to one that is there'
    this.#reset(partition, new KafkaError('OFFSET_OUT_OF_RANGE', message))
  }

  /** The log was cut below the position: it goes on where the log parts from what was read, or the user has to decide. */
  truncated(partition: AssignedPartition, divergence: Divergence | undefined): void {
    const { config, onReset, onLocated } = this.#options
    const from = partition.position as number
    if (!divergence || config.autoOffsetReset === 'none') {
      this.#reset(partition, new LogTruncationError(partition, from, divergence))
      return
    }
    partition.moveTo(divergence.offset, divergence.leaderEpoch)
    onReset(partition, from, divergence.offset)
    onLocated()
  }

  /** The topic was deleted and made anew: no offset of before, fetched or committed, means anything in it. */
  recreated(partition: AssignedPartition): void {
    const message =
      `the topic of ${named(partition)} was deleted and made anew, so offset ${partition.position} means nothing ` +
      "in it, and autoOffsetReset is 'none'; seek to an offset of the new topic"
    partition.drop()
    partition.isStale = true
    partition.committed = undefined
    this.#reset(partition, new KafkaError('OFFSET_OUT_OF_RANGE', message))
  }

  /** Goes on by policy; without one the user is told, as long as nobody seeks. */
  #reset(partition: AssignedPartition, error: KafkaError): void {
    const { config, onError, cluster } = this.#options
    const { autoOffsetReset } = config
    if (autoOffsetReset === 'none') {
      partition.retryAt = cluster.runtime.now() + config.retryBackoffMaxMs
      onError(error, partition)
      return
    }
    this.#lost.set(partition, partition.position)
    partition.resetTo(autoOffsetReset)
    this.locate()
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  #look(): void {
    this.#timer?.cancel()
    if (this.#isClosed) return
    const { cluster, positions, config } = this.#options
    const now = cluster.runtime.now()
    const missing = positions.all.filter(({ position, isRevoking }) => position === undefined && !isRevoking)
    if (missing.length === 0) return
    let wakeAt = now + config.retryBackoffMaxMs
    const wanted = missing.filter((partition) => {
      const restUntil = this.#restUntil.get(partition) ?? 0
      if (restUntil > now) wakeAt = Math.min(wakeAt, restUntil)
      return restUntil <= now && !this.#asked.has(partition)
    })
    const atCommitted = wanted.filter(({ reset }) => reset === undefined)
    if (atCommitted.length > 0) void this.#committed(atCommitted)
    const byLeader = new Map<number, AssignedPartition[]>()
    for (const partition of wanted) {
      if (partition.reset === undefined) continue
      const leader = this.#leaderOf(partition)
      if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
    }
    for (const [node, partitions] of byLeader) void this.#ends(node, partitions)
    this.#timer = cluster.runtime.timer(wakeAt, () => this.locate())
  }

  #leaderOf(partition: AssignedPartition): number | undefined {
    const { cluster } = this.#options
    const { topics, brokers } = cluster.metadata
    const topic = topics.get(partition.topic)
    const leader = topic?.partitions[partition.partition]?.leader ?? -1
    if (leader >= 0 && brokers.has(leader)) return leader
    const errorCode = topic?.errorCode || 5
    const { topic: name, partition: index } = partition
    const error = new ServerError(errorCode, { api: 'Metadata', topic: name, partition: index })
    this.#failed([partition], error, recover(error, recovery.metadata) === 'fail')
    cluster.requestRefresh()
    return undefined
  }

  async #committed(wanted: readonly AssignedPartition[]): Promise<void> {
    const { cluster, config } = this.#options
    const { groupId } = config
    for (const partition of wanted) this.#asked.add(partition)
    try {
      const found = groupId ? await askCommitted(cluster, groupId, wanted) : new Map()
      for (const partition of wanted) this.#begin(partition, found.get(named(partition)))
    } catch (error) {
      const action = recover(error, recovery.offsetFetch)
      if (action === 'recoordinate' && groupId) cluster.forgetCoordinator('group', groupId)
      this.#failed(wanted, error as Error, action === 'fail')
    } finally {
      this.#answered(wanted)
    }
  }

  #begin(partition: AssignedPartition, found: { offset: number; leaderEpoch?: number } | undefined): void {
    if (!this.#isWanted(partition, undefined)) return
    const { groupId, autoOffsetReset } = this.#options.config
    if (found) {
      this.#move(partition, found.offset, found.leaderEpoch)
      partition.committed = found.offset
    } else if (autoOffsetReset === 'none') {
      const error = new KafkaError(
        'NO_OFFSET_FOR_PARTITION',
        `${named(partition)} has no committed offset in group ${groupId ?? '(none)'} and autoOffsetReset is 'none'; ` +
          "seek, or set autoOffsetReset to 'earliest' or 'latest'",
      )
      this.#failed([partition], error, true)
    } else partition.reset = autoOffsetReset
  }

  async #ends(node: number, wanted: readonly AssignedPartition[]): Promise<void> {
    const { cluster, config } = this.#options
    const asked = wanted.map((partition) => ({ partition, reset: partition.reset as Reset }))
    for (const partition of wanted) this.#asked.add(partition)
    try {
      const targets = asked.map(({ partition: { topic, partition }, reset }) => ({
        topic,
        partition,
        timestamp: reset === 'earliest' ? EARLIEST : LATEST,
      }))
      const answer = await askOffsets(cluster, node, targets, config.isolationLevel)
      for (const { partition, reset } of asked) {
        if (!this.#isWanted(partition, reset)) continue
        const found = answer.get(named(partition))
        if (found && 'offset' in found && found.offset >= 0)
          this.#move(partition, found.offset, found.leaderEpoch)
        else this.#refused([partition], found instanceof ServerError ? found : leftOut(partition, node))
      }
    } catch (error) {
      this.#refused(wanted, error as Error)
    } finally {
      this.#answered(wanted)
    }
  }

  #refused(wanted: readonly AssignedPartition[], error: Error): void {
    const action = recover(error, recovery.listOffsets)
    if (action === 'refresh') this.#options.cluster.requestRefresh()
    this.#failed(wanted, error, action === 'fail')
  }

  /** Whether a partition still looks for what it was asked for: since then it may have been given away or sought. */
  #isWanted(partition: AssignedPartition, reset: Reset | undefined): boolean {
    const { positions } = this.#options
    return positions.current(partition) && partition.position === undefined && partition.reset === reset
  }

  #move(partition: AssignedPartition, offset: number, leaderEpoch?: number): void {
    const { topics } = this.#options.cluster.metadata
    const isFromLeader = partition.reset !== undefined
    partition.moveTo(offset, leaderEpoch)
    const id = topics.get(partition.topic)?.id ?? zeroUuid
    if (id !== zeroUuid) partition.topicId = id
    // What a group committed may be of a log that was cut since; what a leader has just told is in its log.
    if (isFromLeader)
      partition.validatedEpoch =
        topics.get(partition.topic)?.partitions[partition.partition]?.leaderEpoch ?? -1
    this.#troubles.healed(partition)
    this.#restUntil.delete(partition)
    if (!this.#lost.has(partition)) return
    const from = this.#lost.get(partition)
    this.#lost.delete(partition)
    this.#options.onReset(partition, from, offset)
  }

  /** Rests. The user is told what is final; what passes is waited for, however long that takes, and told in the log. */
  #failed(wanted: readonly AssignedPartition[], error: Error, isFinal: boolean): void {
    const { cluster, onError } = this.#options
    if (cluster.signal.aborted) return
    for (const partition of wanted) {
      const pauseUntil = this.#troubles.failed(partition, error)
      const longest = cluster.runtime.now() + cluster.config.retryBackoffMaxMs
      this.#restUntil.set(partition, isFinal ? longest : pauseUntil)
      if (isFinal) onError(error, partition)
    }
  }

  #answered(wanted: readonly AssignedPartition[]): void {
    for (const partition of wanted) this.#asked.delete(partition)
    if (this.#isClosed) return
    this.locate()
    this.#options.onLocated()
  }
}

function leftOut(partition: AssignedPartition, node: number): Error {
  const what = `broker ${node} gave no offset of ${named(partition)} although it was asked for`
  return new ConnectionError(what, String(node), true)
}
