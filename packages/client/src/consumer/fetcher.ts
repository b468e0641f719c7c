import { zeroUuid } from '@samsa/protocol'
import type { Timer } from '@samsa/runtime'
import { nodeRuntime } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { ServerError } from '../errors.ts'
import { BatchOpener } from './batch-opener.ts'
import { CompletedFetch, unreadable } from './completed-fetch.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import { EpochValidation } from './epoch-validation.ts'
import type { Asked, PartitionAnswer } from './fetch-request.ts'
import { askFetch } from './fetch-request.ts'
import type { Divergence } from './log-truncation.ts'
import type { FetchTerms } from './node-turns.ts'
import { NodeTurns } from './node-turns.ts'
import { PartitionTroubles } from './partition-troubles.ts'
import type { AssignedPartition, Positions } from './positions.ts'
import { ReadReplicas } from './read-replica.ts'

const LEADER_NOT_AVAILABLE = 5
const CORRUPT_MESSAGE = 2
/** A partition that could not be read is looked at again after this, also when nothing else happens. */
const LOOK_AGAIN_MS = 1000

export interface FetcherOptions {
  cluster: Cluster
  config: ConsumerConfig
  positions: Positions
  /** Records, or an error, are there. */
  onArrived: () => void
  /** An offset is not there any more. */
  onOutOfRange: (partition: AssignedPartition) => void
  /** The log was cut below the position; undefined: nobody knows where what was read ends. */
  onTruncated: (partition: AssignedPartition, divergence: Divergence | undefined) => void
  /** The topic was deleted and made anew: no offset of before means anything in it. */
  onRecreated: (partition: AssignedPartition) => void
  onError: (error: Error, partition: AssignedPartition) => void
}

/**
 * Decides what is fetched now, from whom, and when again. Back-pressure is not asking: a partition with enough buffered
 * is left out, and when everything together is enough, only those are asked for that have nothing. Who waits longest comes
 * first. One look does all that can be done now; a timer looks again in any case, so that no lost signal can silence a
 * partition.
 */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #turns: NodeTurns
  readonly #replicas: ReadReplicas
  readonly #troubles: PartitionTroubles
  readonly #validation: EpochValidation
  readonly #opener: BatchOpener
  /** The leaders under which partitions failed last. */
  readonly #restingAt = new WeakMap<AssignedPartition, string>()
  #isWoken = false
  #isClosed = false
  #timer: Timer | undefined

  constructor(options: FetcherOptions) {
    const { cluster, config, positions, onArrived, onTruncated, onError } = options
    this.#options = options
    positions.queues.fetchLimit = config.maxPartitionFetchBytes
    this.#replicas = new ReadReplicas(cluster)
    this.#troubles = new PartitionTroubles(cluster, 'cannot be fetched')
    const wake = () => this.wake()
    this.#turns = new NodeTurns(cluster, config, wake)
    this.#validation = new EpochValidation({
      ...{ cluster, positions, onTruncated, onError, onAnswered: wake },
      troubles: this.#troubles,
    })
    this.#opener = new BatchOpener({
      ...{ config, positions, runtime: cluster.runtime, onUnpacked: onArrived },
      hasThreads: cluster.runtime === nodeRuntime(),
      onDropped: (partition) => this.#dropped(partition),
    })
    cluster.onMetadata(() => this.#metadataChanged())
  }

  wake(): void {
    if (this.#isWoken || this.#isClosed) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#look()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  /**
   * The next batch of a partition's buffer that has records for the user, made ready in `records`. False when there is
   * none, or it is still being unpacked.
   * @throws UnreadableBatchError; the position stays before the bad batch, and it is fetched anew
   */
  open(partition: AssignedPartition): boolean {
    const { bytes } = partition.buffer
    const isOpen = this.#opener.open(partition)
    if (partition.buffer.bytes < bytes) this.wake()
    return isOpen
  }

  #look(): void {
    if (this.#isClosed) return
    const { cluster, positions } = this.#options
    this.#timer?.cancel()
    if (positions.all.length === 0) return
    cluster.refreshIfOld()
    this.#opener.pump()
    this.#dropSurplus()
    const now = cluster.runtime.now()
    const wakeAt = this.#askAll(now)
    this.#timer = cluster.runtime.timer(wakeAt, () => {
      // Should a change ever not have been told, the partition is found again here.
      for (const partition of positions.all) partition.changed()
      this.wake()
    })
  }

  /** Asks for everything that may be asked for; gives when to look again. */
  #askAll(now: number): number {
    const { positions, config } = this.#options
    const { queues } = positions
    const room = config.queuedMaxBytes - queues.bufferedBytes
    let wakeAt = now + LOOK_AGAIN_MS
    if (room <= -config.queuedMaxBytes) return wakeAt
    const fetches = new Map<number, AssignedPartition[]>()
    const validations = new Map<number, AssignedPartition[]>()
    for (const partition of queues.hungry) {
      if (!partition.isHungry) queues.hungry.delete(partition)
      else if (partition.retryAt > now) wakeAt = Math.min(wakeAt, partition.retryAt)
      else if (room > 0 || !partition.hasBuffered) {
        const node = this.#nodeOf(partition, now)
        if (node === undefined) continue
        const isDue = this.#validation.isDue(partition)
        const leader = isDue ? (this.#replicas.leaderOf(partition) as number) : node
        append(isDue ? validations : fetches, leader, partition)
      }
    }
    for (const [node, partitions] of validations) this.#validation.ask(node, partitions)
    for (const [node, partitions] of fetches) {
      wakeAt = Math.min(wakeAt, this.#turns.begin(node, partitions, room, now, this.#fetch))
    }
    return wakeAt
  }

  /** Whom to ask for a partition; undefined when it cannot be asked for now. */
  #nodeOf(partition: AssignedPartition, now: number): number | undefined {
    const { cluster } = this.#options
    const node = this.#replicas.nodeOf(partition, now)
    if (node === undefined || this.#replicas.leaderOf(partition) === undefined) {
      const { topic, partition: index } = partition
      const errorCode = cluster.metadata.topics.get(topic)?.errorCode || LEADER_NOT_AVAILABLE
      this.#rest(partition, new ServerError(errorCode, { api: 'Metadata', topic, partition: index }))
      cluster.requestRefresh()
      return undefined
    }
    // Offsets of a topic that was deleted mean nothing in its successor of the same name, also where they exist.
    const id = cluster.metadata.topics.get(partition.topic)?.id ?? zeroUuid
    if (id === zeroUuid) return node
    partition.topicId ??= id
    if (partition.topicId === id) return node
    this.#options.onRecreated(partition)
    return undefined
  }

  /** Sends one request and takes what it brings. */
  readonly #fetch = async (
    node: number,
    partitions: readonly AssignedPartition[],
    terms: FetchTerms,
  ): Promise<boolean> => {
    const { cluster, config, positions } = this.#options
    const asked = partitions.map((partition) => ({
      partition,
      offset: partition.fetchOffset as number,
      epoch: partition.fetchEpoch,
      leaderEpoch: this.#replicas.leaderEpochOf(partition),
    }))
    for (const { partition } of asked) {
      partition.asking = asked
      partition.isBehind = false
      positions.queues.hungry.delete(partition)
    }
    let hasNews = false
    try {
      for (const [each, part] of await askFetch(cluster, config, { node, asked, ...terms })) {
        if (this.#take(node, each, part)) hasNews = true
      }
    } catch (error) {
      hasNews = true
      this.#unreached(
        asked.filter(({ partition }) => partition.asking === asked),
        error as Error,
      )
    }
    // Who got nothing keeps its place before those that got something.
    for (const { partition } of asked) if (partition.asking === asked) partition.asking = undefined
    for (const isBehind of [false, true]) {
      for (const { partition } of asked) {
        if (partition.isBehind === isBehind && positions.current(partition)) partition.changed()
      }
    }
    return hasNews
  }

  /** Whether the answer says anything that is new. */
  #take(node: number, { partition, offset, leaderEpoch }: Asked, part: PartitionAnswer): boolean {
    const { positions, config } = this.#options
    // The one place where what was asked before a rebalance or a seek falls away.
    const isWanted = positions.current(partition) && partition.fetchOffset === offset
    this.#observe(partition, isWanted ? 'answer' : 'unwanted answer')
    if (!isWanted) return true
    if (part.errorCode !== 0) {
      this.#refused(node, partition, part)
      return true
    }
    const { endOffset, epoch } = part.divergingEpoch
    if (endOffset >= 0) {
      this.#validation.diverged(partition, { offset: endOffset, leaderEpoch: epoch })
      return true
    }
    if (part.preferredReadReplica >= 0 && this.#replicas.follow(partition, part.preferredReadReplica, node)) {
      partition.isBehind = true
      return true
    }
    partition.highWatermark = part.highWatermark
    partition.lastStableOffset = part.lastStableOffset
    if (part.logStartOffset >= 0) partition.logStartOffset = part.logStartOffset
    partition.validatedEpoch = leaderEpoch
    this.#troubles.healed(partition)
    partition.isBehind = (part.records?.length ?? 0) > 0
    if (!partition.isBehind) return false
    const rules = {
      checkCrcs: config.checkCrcs,
      isCommittedOnly: config.isolationLevel === 'read_committed',
      maxDecompressedBytes: config.maxDecompressedBatchBytes,
    }
    partition.absorb(new CompletedFetch(partition, offset, part, rules))
    this.#opener.prepare(partition)
    this.#options.onArrived()
    return true
  }

  #refused(node: number, partition: AssignedPartition, { errorCode }: PartitionAnswer): void {
    const { cluster, onOutOfRange, onError } = this.#options
    const { topic, partition: index } = partition
    const error = new ServerError(errorCode, { api: 'Fetch', topic, partition: index })
    const action = recover(error, recovery.fetch)
    this.#observe(partition, `refused: ${action}`)
    // A follower may lag behind, or have lost more than its leader: that one is asked before anything is believed.
    const leader = this.#replicas.leaderOf(partition)
    const isFollower = this.#replicas.forget(partition) && node !== leader
    this.#rest(partition, error)
    if (action === 'resetOffset') {
      if (isFollower) partition.retryAt = 0
      else onOutOfRange(partition)
    } else if (action === 'refresh') {
      cluster.requestRefresh()
      // The refusal has named the leader (KIP-951), or it was known by then.
      if (!isFollower && leader !== undefined && node !== leader) partition.retryAt = 0
    } else if (errorCode === CORRUPT_MESSAGE) this.#unreadable(partition, error)
    else if (action !== 'retry') onError(error, partition)
  }

  /** The broker itself cannot read what is at an offset: that is told when its turn comes. */
  #unreadable(partition: AssignedPartition, error: ServerError): void {
    const offset = partition.fetchOffset as number
    const span = { baseOffset: offset, lastOffset: offset }
    partition.absorb(CompletedFetch.broken(partition, offset, unreadable(partition, span, error)))
    this.#options.onArrived()
  }

  #unreached(asked: readonly Asked[], error: Error): void {
    const { cluster, onError } = this.#options
    if (cluster.signal.aborted) return
    cluster.events.logger.debug(`fetch failed: ${error.message}`)
    const action = recover(error, recovery.fetch)
    if (action !== 'retry') cluster.requestRefresh()
    for (const { partition } of asked) {
      this.#observe(partition, 'unanswered')
      this.#replicas.forget(partition)
      this.#rest(partition, error)
      if (action === 'fail') onError(error, partition)
    }
  }

  #dropped(partition: AssignedPartition): void {
    const { runtime, config } = this.#options.cluster
    partition.retryAt = runtime.now() + config.retryBackoffMs
    this.#restingAt.set(partition, this.#leaderKey(partition))
    this.wake()
  }

  /** What paused partitions keep is limited too: who is paused longest is fetched anew when it is resumed. */
  #dropSurplus(): void {
    const { positions, config } = this.#options
    const { queues } = positions
    if (queues.pausedBytes <= config.queuedMaxBytes) return
    for (const partition of [...queues.paused]) {
      if (queues.pausedBytes <= config.queuedMaxBytes) return
      if (partition.hasBuffered) partition.drop()
    }
  }

  /** Who rests after an error goes on at once with another leader. */
  #metadataChanged(): void {
    const now = this.#options.cluster.runtime.now()
    for (const partition of this.#options.positions.all) {
      if (partition.retryAt <= now || this.#restingAt.get(partition) === this.#leaderKey(partition)) continue
      partition.retryAt = now
    }
    this.wake()
  }

  #leaderKey(partition: AssignedPartition): string {
    return `${this.#replicas.leaderOf(partition)} ${this.#replicas.leaderEpochOf(partition)}`
  }

  #observe(partition: AssignedPartition, event: string): void {
    this.#options.cluster.runtime.observe?.('fetch', partition.state, event)
  }

  #rest(partition: AssignedPartition, error: Error): void {
    partition.retryAt = this.#troubles.failed(partition, error)
    this.#restingAt.set(partition, this.#leaderKey(partition))
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
