import type { RecordBatch, Response } from '@samsa/protocol'
import { CorruptRecordError, controlType, Fetch, readBatches, zeroUuid } from '@samsa/protocol'
import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { ServerError } from '../errors.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { AssignedPartition, Chunk, Positions } from './positions.ts'

type PartitionAnswer = Response<typeof Fetch>['responses'][number]['partitions'][number]

const ABORT_MARKER = 0
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
  onError: (error: Error, partition: AssignedPartition) => void
}

/**
 * Keeps one fetch under way to each broker that leads something wanted. Back-pressure is not asking: a partition with
 * enough buffered is left out. One look does all that can be done now; a timer looks again in any case, so that no
 * lost signal can silence a partition.
 */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #busy = new Set<number>()
  #isWoken = false
  #isClosed = false
  #timer: Timer | undefined

  constructor(options: FetcherOptions) {
    this.#options = options
    options.cluster.onMetadata(() => this.wake())
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
   * The next batch of a partition's buffer that has records for the user, made ready in `records`.
   * @throws CorruptRecordError; the position stays before the bad batch, and it is fetched anew
   */
  open(partition: AssignedPartition): boolean {
    const { buffered } = partition
    while (buffered.length > 0) {
      const chunk = buffered[0] as Chunk
      const batch = chunk.batches[0]
      if (!batch) {
        buffered.shift()
        partition.abortedProducers.clear()
        partition.bufferedBytes -= chunk.bytes
        this.wake()
        continue
      }
      const records = this.#records(partition, chunk, batch)
      chunk.batches.shift()
      const position = partition.position as number
      let first = 0
      while (first < records.length && (records[first] as { offset: number }).offset < position) first++
      if (first < records.length) {
        partition.records = records
        partition.recordIndex = first
        partition.recordsEpoch = batch.leaderEpoch
        partition.recordsEnd = batch.lastOffset + 1
        return true
      }
      // Nothing in it for the user: markers, aborted records, or what was handed over before.
      if (batch.lastOffset < position) continue
      partition.position = batch.lastOffset + 1
    }
    return false
  }

  /** The damage may be of one read or of the way, so what is buffered is not kept: it would never heal. */
  #records(
    partition: AssignedPartition,
    chunk: Chunk,
    batch: RecordBatch,
  ): ReturnType<RecordBatch['records']> {
    try {
      if (this.#options.config.checkCrcs) batch.checkCrc()
      return this.#visible(partition, chunk, batch)
    } catch (error) {
      partition.drop()
      partition.fetchOffset = partition.position
      this.#rest(partition)
      this.wake()
      throw error
    }
  }

  /** Records that the isolation level lets through; markers end their producer's aborted stretch. */
  #visible(
    partition: AssignedPartition,
    { aborted }: Chunk,
    batch: RecordBatch,
  ): ReturnType<RecordBatch['records']> {
    const isCommittedOnly = this.#options.config.isolationLevel === 'read_committed'
    if (isCommittedOnly && batch.isTransactional) {
      while (aborted.length > 0 && (aborted[0] as { firstOffset: number }).firstOffset <= batch.lastOffset) {
        partition.abortedProducers.add((aborted.shift() as { producerId: bigint }).producerId)
      }
    }
    if (batch.isControl) {
      const type = controlType(batch.records()[0]?.key ?? null)
      if (type === ABORT_MARKER) partition.abortedProducers.delete(batch.producerId)
      return []
    }
    if (isCommittedOnly && batch.isTransactional && partition.abortedProducers.has(batch.producerId))
      return []
    return batch.records()
  }

  #look(): void {
    if (this.#isClosed) return
    const { cluster, positions, config } = this.#options
    const now = cluster.runtime.now()
    this.#timer?.cancel()
    if (positions.all.length === 0) return
    cluster.refreshIfOld()
    let isLeaderMissing = false
    const nodes = new Set<number>()
    for (const partition of positions.all) {
      const leader = this.#leaderOf(partition)
      if (leader === undefined) isLeaderMissing = true
      else nodes.add(leader)
    }
    if (isLeaderMissing) cluster.requestRefresh()
    if (positions.bufferedBytes < config.queuedMaxBytes) for (const node of nodes) this.#fetch(node, now)
    let wakeAt = now + LOOK_AGAIN_MS
    for (const { retryAt } of positions.all) if (retryAt > now) wakeAt = Math.min(wakeAt, retryAt)
    this.#timer = cluster.runtime.timer(wakeAt, () => this.wake())
  }

  #leaderOf({ topic, partition }: AssignedPartition): number | undefined {
    const { topics, brokers } = this.#options.cluster.metadata
    const leader = topics.get(topic)?.partitions[partition]?.leader ?? -1
    return leader >= 0 && brokers.has(leader) ? leader : undefined
  }

  #fetch(node: number, now: number): void {
    if (this.#busy.has(node) || this.#options.cluster.notBefore(node, 'fetch') > now) return
    const { positions, config } = this.#options
    const wanted = positions
      .fetchable((partition) => this.#leaderOf(partition) === node, now, config.maxPartitionFetchBytes)
      .filter((partition) => this.#isOfSameTopic(partition))
    if (wanted.length === 0) return
    this.#busy.add(node)
    const asked = wanted.map((partition) => ({ partition, offset: partition.fetchOffset as number }))
    for (const { partition } of asked) partition.isFetching = true
    void this.#request(node, asked)
      .then(
        (answer) => this.#absorb(asked, answer),
        (error: Error) => this.#unreached(asked, error),
      )
      .finally(() => {
        this.#busy.delete(node)
        for (const { partition } of asked) partition.isFetching = false
        this.wake()
      })
  }

  /** Offsets of a topic that was deleted mean nothing in its successor of the same name, also where they exist. */
  #isOfSameTopic(partition: AssignedPartition): boolean {
    const id = this.#options.cluster.metadata.topics.get(partition.topic)?.id ?? zeroUuid
    if (id === zeroUuid) return true
    partition.topicId ??= id
    if (partition.topicId === id) return true
    this.#rest(partition)
    this.#options.onOutOfRange(partition)
    return false
  }

  #request(
    node: number,
    asked: readonly { partition: AssignedPartition; offset: number }[],
  ): Promise<Response<typeof Fetch>> {
    const { cluster, config } = this.#options
    const topics = new Map<string, { topic: string; topicId: string; partitions: object[] }>()
    let hasIds = true
    for (const { partition, offset: fetchOffset } of asked) {
      const { topic } = partition
      const known = cluster.metadata.topics.get(topic)
      const topicId = known?.id ?? zeroUuid
      if (topicId === zeroUuid) hasIds = false
      const currentLeaderEpoch = known?.partitions[partition.partition]?.leaderEpoch ?? -1
      const entry = topics.get(topic) ?? { topic, topicId, partitions: [] }
      const partitionMaxBytes = config.maxPartitionFetchBytes
      entry.partitions.push({
        partition: partition.partition,
        currentLeaderEpoch,
        fetchOffset,
        partitionMaxBytes,
      })
      topics.set(topic, entry)
    }
    const {
      fetchMaxWaitMs: maxWaitMs,
      fetchMinBytes: minBytes,
      fetchMaxBytes: maxBytes,
      clientRack: rackId,
    } = config
    return cluster.request(
      Fetch,
      {
        maxWaitMs,
        minBytes,
        maxBytes,
        isolationLevel: config.isolationLevel === 'read_committed' ? 1 : 0,
        topics: [...topics.values()] as never,
        forgottenTopicsData: [],
        rackId,
      },
      { node, holdMs: maxWaitMs, ...(hasIds ? {} : { maxVersion: 12 }) },
    )
  }

  #absorb(
    asked: readonly { partition: AssignedPartition; offset: number }[],
    answer: Response<typeof Fetch>,
  ): void {
    if (answer.errorCode !== 0) {
      this.#unreached(asked, new ServerError(answer.errorCode, { api: 'Fetch' }))
      return
    }
    const { topics } = this.#options.cluster.metadata
    const byName = new Map(asked.map((each) => [`${each.partition.topic} ${each.partition.partition}`, each]))
    const names = new Map(asked.map(({ partition: { topic } }) => [topics.get(topic)?.id ?? zeroUuid, topic]))
    for (const { topic: given, topicId, partitions } of answer.responses) {
      const topic = topicId === zeroUuid ? given : (names.get(topicId) ?? given)
      for (const part of partitions) {
        const ours = byName.get(`${topic} ${part.partitionIndex}`)
        if (ours) this.#take(ours.partition, ours.offset, part)
      }
    }
  }

  #take(partition: AssignedPartition, offset: number, part: PartitionAnswer): void {
    const { positions } = this.#options
    // The one place where what was asked before a rebalance or a seek falls away.
    const isWanted = positions.current(partition) && partition.fetchOffset === offset
    this.#observe(partition, isWanted ? 'answer' : 'unwanted answer')
    if (!isWanted) return
    if (part.errorCode !== 0) {
      this.#refused(partition, part)
      return
    }
    partition.highWatermark = part.highWatermark
    partition.logStartOffset = part.logStartOffset
    const { records } = part
    if (!records || records.length === 0) return
    const batches: RecordBatch[] = []
    try {
      for (const batch of readBatches(records)) {
        if (batch.lastOffset < offset) continue
        batches.push(batch)
        partition.fetchOffset = batch.lastOffset + 1
      }
      if (batches.length === 0) {
        const what = 'the answer holds no complete batch, although brokers send one at least (KIP-74)'
        throw new CorruptRecordError(what, 0, offset)
      }
    } catch (error) {
      this.#rest(partition)
      // What comes before a bad batch is good; the next fetch begins at the bad one and tells.
      if (batches.length === 0) {
        this.#options.onError(error as Error, partition)
        return
      }
    }
    const aborted = (part.abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
      producerId,
      firstOffset,
    }))
    aborted.sort((a, b) => a.firstOffset - b.firstOffset)
    partition.buffered.push({ batches, bytes: records.length, aborted })
    partition.bufferedBytes += records.length
    this.#options.onArrived()
  }

  #refused(partition: AssignedPartition, { errorCode }: PartitionAnswer): void {
    const { topic, partition: index } = partition
    const error = new ServerError(errorCode, { api: 'Fetch', topic, partition: index })
    const action = recover(error, recovery.fetch)
    this.#observe(partition, `refused: ${action}`)
    this.#rest(partition)
    if (action === 'resetOffset') this.#options.onOutOfRange(partition)
    else if (action === 'refresh') this.#options.cluster.requestRefresh()
    else if (action !== 'retry') this.#options.onError(error, partition)
  }

  #unreached(asked: readonly { partition: AssignedPartition }[], error: Error): void {
    const { cluster } = this.#options
    if (cluster.signal.aborted) return
    cluster.events.logger.debug(`fetch failed: ${error.message}`)
    const action = recover(error, recovery.fetch)
    if (action !== 'retry') cluster.requestRefresh()
    for (const { partition } of asked) {
      this.#observe(partition, 'unanswered')
      this.#rest(partition)
      if (action === 'fail') this.#options.onError(error, partition)
    }
  }

  #observe(partition: AssignedPartition, event: string): void {
    this.#options.cluster.runtime.observe?.('fetch', partition.state, event)
  }

  #rest(partition: AssignedPartition): void {
    partition.retryAt = this.#options.cluster.runtime.now() + this.#options.config.retryBackoffMs
  }
}
