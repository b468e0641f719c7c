import type { RecordBatch, RecordView } from '@samsa/protocol'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { Membership } from '../group/membership.ts'
import type { CompletedFetch } from './completed-fetch.ts'
import { FetchBuffer } from './fetch-buffer.ts'
import { PartitionQueues } from './partition-queues.ts'

/** Where a partition begins that has no position. */
export type Reset = 'earliest' | 'latest'

/**
 * One assigned partition. It lives as long as its assignment: a partition that comes back gets a new one, so what was
 * asked for the old one is recognised by identity and falls away.
 */
export class AssignedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Offset of the next record to hand over; undefined until it is known. */
  position: number | undefined
  /** Where the next fetch begins; runs ahead of the position by what is buffered. */
  fetchOffset: number | undefined
  /** Leader epoch of the batch before `fetchOffset`; -1 when unknown. */
  fetchEpoch = -1
  leaderEpoch = -1
  /** Epoch of the leader whose log is known to go up to `fetchOffset`; -1 when none was asked. */
  validatedEpoch = -1
  /** Id of the topic that the position is of; undefined until it is fetched from there. */
  topicId: string | undefined
  /** A position that is being looked up at an end of the log. */
  reset: Reset | undefined
  /** What was committed last, so that nothing is committed twice. */
  committed: number | undefined
  /** The request that is under way for it; undefined when there is none from where it stands now. */
  asking: object | undefined
  /** Monotonic: not to be fetched before, after an error. */
  retryAt = 0
  /** Whether it is likely to have records: it had some when it was asked last, or was not asked yet from here. */
  isBehind = true
  /** The last log end, end of decided transactions, and beginning that a broker told; -1 when none did. */
  highWatermark = -1
  lastStableOffset = -1
  logStartOffset = -1
  /** The follower that is to be read instead of the leader (KIP-392), and how long, on the monotonic clock. */
  readReplica: { node: number; until: number } | undefined
  readonly buffer = new FetchBuffer()
  /** Whether its next batch is being unpacked. */
  isUnpacking = false
  /** Its next batch, where that is unpacked already. */
  unpacked: RecordBatch | undefined
  /** What that one, and the batch that is being handed over, take in memory besides the bytes that came. */
  aheadBytes = 0
  openBytes = 0
  /** Whether `queues` counts it: it is assigned. */
  isCounted = true
  /** Counts jumps to another offset: what was handed over before one says nothing about the position behind it. */
  jumps = 0
  /** The position is of a topic that was deleted: it must not be committed for its successor. */
  isStale = false
  /** The membership that has it; undefined for a partition of one's own choice. */
  membership: Membership | undefined
  /** How the partition went, since when nothing of it can be committed; undefined while it is there. */
  gone: 'revoked' | 'lost' | undefined
  /** Whether nothing is handed over of it: it is paused, or about to be given away. */
  isHeld = false
  /** What `queues` has counted of it. */
  readonly counted = { bufferedBytes: 0, unpackedBytes: 0, pausedBytes: 0 }
  /** The batch that is being handed over. */
  records: readonly RecordView[] = []
  recordIndex = 0
  recordsEpoch = -1
  /** Offset behind that batch, which may lie behind its last record: compaction takes records away. */
  recordsEnd = 0
  readonly #queues: PartitionQueues
  #isPaused = false
  #isRevoking = false

  constructor({ topic, partition }: TopicPartition, queues = new PartitionQueues()) {
    this.topic = topic
    this.partition = partition
    this.#queues = queues
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused
    this.isHeld = isPaused || this.#isRevoking
    // What was known of its end is old by the time that it is resumed.
    this.isBehind = true
    this.#queues.changed(this)
  }

  /** No record of it is handed over any more, because it is about to be given away. */
  get isRevoking(): boolean {
    return this.#isRevoking
  }

  set isRevoking(isRevoking: boolean) {
    this.#isRevoking = isRevoking
    this.isHeld = isRevoking || this.#isPaused
    this.#queues.changed(this)
  }

  get isGone(): boolean {
    return this.gone !== undefined
  }

  /** Where it stands, in a word. */
  get state(): string {
    if (this.isRevoking) return 'revoking'
    if (this.position === undefined) return this.reset === undefined ? 'lookedUp' : 'reset'
    if (this.isPaused) return 'paused'
    return this.hasBuffered ? 'buffered' : 'hungry'
  }

  /** Whether records are waiting to be handed over. */
  get hasBuffered(): boolean {
    return this.recordIndex < this.records.length || !this.buffer.isEmpty
  }

  /** Whether something can be handed over now. */
  get isDeliverable(): boolean {
    if (this.isHeld) return false
    return this.recordIndex < this.records.length || (!this.buffer.isEmpty && !this.isUnpacking)
  }

  /** Whether it is to be fetched, as soon as `retryAt` has come. */
  get isHungry(): boolean {
    if (this.fetchOffset === undefined || this.isHeld || this.asking) return false
    return this.buffer.bytes < this.#queues.fetchLimit && !this.buffer.isBroken
  }

  /** Goes on at another offset; what was fetched for the old one is dropped. */
  moveTo(offset: number, leaderEpoch = -1): void {
    this.position = offset
    this.fetchOffset = offset
    this.jumps++
    this.isStale = false
    this.leaderEpoch = leaderEpoch
    this.topicId = undefined
    this.reset = undefined
    this.drop()
  }

  /** Looks its position up again. */
  resetTo(reset: Reset): void {
    this.position = undefined
    this.jumps++
    this.isStale = false
    this.fetchOffset = undefined
    this.reset = reset
    this.drop()
  }

  /** Keeps what was fetched. */
  absorb(fetch: CompletedFetch): void {
    this.buffer.push(fetch)
    if (fetch.nextOffset !== this.fetchOffset) this.fetchEpoch = fetch.lastEpoch
    this.fetchOffset = fetch.nextOffset
    this.#queues.changed(this)
  }

  /** Something about it has changed. */
  changed(): void {
    this.#queues.changed(this)
  }

  /** Drops what was fetched; it is fetched anew from the position. */
  drop(): void {
    this.buffer.clear()
    this.records = []
    this.recordIndex = 0
    this.openBytes = 0
    this.aheadBytes = 0
    this.unpacked = undefined
    this.isUnpacking = false
    this.asking = undefined
    this.fetchOffset = this.position
    this.fetchEpoch = this.leaderEpoch
    this.validatedEpoch = -1
    this.isBehind = true
    this.#queues.changed(this)
  }
}

/**
 * The positions of all assigned partitions: what to fetch, and what to hand over next. Pure; there is one place where
 * results of an older assignment fall away (`current`).
 */
export class Positions {
  readonly #byName = new Map<string, AssignedPartition>()
  readonly queues = new PartitionQueues()
  /** In the order of the assignment. */
  #order: AssignedPartition[] = []
  /** Counts moves over what is not for the user: markers, aborted records, batches that compaction emptied. */
  skips = 0
  /** The one that hands over at the moment. */
  #turn: AssignedPartition | undefined

  get all(): readonly AssignedPartition[] {
    return this.#order
  }

  get(target: TopicPartition): AssignedPartition | undefined {
    return this.#byName.get(`${target.topic} ${target.partition}`)
  }

  /** Whether a result for this partition is still wanted. */
  current(partition: AssignedPartition): boolean {
    return this.get(partition) === partition
  }

  /** Takes on an assignment; partitions that stay keep their state. Gives those that are new. */
  assign(targets: readonly TopicPartition[]): AssignedPartition[] {
    const kept = new Map(this.#byName)
    this.#byName.clear()
    const added: AssignedPartition[] = []
    for (const target of targets) {
      const name = `${target.topic} ${target.partition}`
      let partition = kept.get(name)
      if (!partition) {
        partition = new AssignedPartition(target, this.queues)
        added.push(partition)
      }
      this.#byName.set(name, partition)
      kept.delete(name)
    }
    for (const gone of kept.values()) {
      gone.drop()
      this.queues.forget(gone)
    }
    this.#order = [...this.#byName.values()]
    return added
  }

  /** The partition whose turn it is; undefined when none has anything to give. */
  next(): AssignedPartition | undefined {
    const turn = this.#turn
    // Nearly always: it is in the middle of a batch.
    if (turn !== undefined && !turn.isHeld && turn.recordIndex < turn.records.length) return turn
    for (const partition of this.queues.ready) {
      if (partition.isDeliverable) {
        this.#turn = partition
        return partition
      }
      this.queues.ready.delete(partition)
    }
    return undefined
  }

  /** Puts a partition last, so that none starves. */
  rotate(partition: AssignedPartition): void {
    if (this.#turn === partition) this.#turn = undefined
    this.queues.ready.delete(partition)
    if (partition.recordIndex >= partition.records.length) partition.openBytes = 0
    partition.changed()
  }
}
