import type { RecordBatch, RecordView } from '@samsa/protocol'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { Membership } from '../group/membership.ts'

/** Where a partition begins that has no position. */
export type Reset = 'earliest' | 'latest'

/** Batches of one fetch answer that were not handed over yet. */
export interface Chunk {
  batches: RecordBatch[]
  bytes: number
  /** First offsets of aborted transactions by producer, lowest first; empty unless read_committed. */
  aborted: { producerId: bigint; firstOffset: number }[]
}

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
  leaderEpoch = -1
  /** Id of the topic that the position is of; undefined until it is fetched from there. */
  topicId: string | undefined
  /** A position that is being looked up at an end of the log. */
  reset: Reset | undefined
  /** What was committed last, so that nothing is committed twice. */
  committed: number | undefined
  /** Counts jumps to another offset: what was handed over before one says nothing about the position behind it. */
  jumps = 0
  /** The membership that has it; undefined for a partition of one's own choice. */
  membership: Membership | undefined
  /** How the partition went, since when nothing of it can be committed; undefined while it is there. */
  gone: 'revoked' | 'lost' | undefined
  isPaused = false
  /** No record of it is handed over any more, because it is about to be given away. */
  isRevoking = false
  isFetching = false
  /** Monotonic: not to be fetched before, after an error. */
  retryAt = 0
  highWatermark = -1
  logStartOffset = -1
  buffered: Chunk[] = []
  bufferedBytes = 0
  /** The batch that is being handed over. */
  records: readonly RecordView[] = []
  recordIndex = 0
  recordsEpoch = -1
  /** Offset behind that batch, which may lie behind its last record: compaction takes records away. */
  recordsEnd = 0
  readonly abortedProducers = new Set<bigint>()

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic
    this.partition = partition
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
    return this.recordIndex < this.records.length || this.buffered.length > 0
  }

  /** Goes on at another offset; what was fetched for the old one is dropped. */
  moveTo(offset: number, leaderEpoch = -1): void {
    this.position = offset
    this.fetchOffset = offset
    this.jumps++
    this.leaderEpoch = leaderEpoch
    this.topicId = undefined
    this.reset = undefined
    this.drop()
  }

  /** Looks its position up again. */
  resetTo(reset: Reset): void {
    this.position = undefined
    this.fetchOffset = undefined
    this.jumps++
    this.reset = reset
    this.drop()
  }

  drop(): void {
    this.buffered = []
    this.bufferedBytes = 0
    this.records = []
    this.recordIndex = 0
    this.abortedProducers.clear()
  }
}

/**
 * The positions of all assigned partitions: what to fetch, and what to hand over next. Pure; there is one place where
 * results of an older assignment fall away (`current`).
 */
export class Positions {
  readonly #byName = new Map<string, AssignedPartition>()
  /** Turn order of handing over: who has given moves to the end. */
  #order: AssignedPartition[] = []

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
        partition = new AssignedPartition(target)
        added.push(partition)
      }
      this.#byName.set(name, partition)
    }
    this.#order = [...this.#byName.values()]
    return added
  }

  /** What may be fetched from a node now. */
  fetchable(
    isLedBy: (partition: AssignedPartition) => boolean,
    now: number,
    bufferLimit: number,
  ): AssignedPartition[] {
    return this.#order.filter(
      (partition) =>
        partition.fetchOffset !== undefined &&
        !partition.isPaused &&
        !partition.isRevoking &&
        !partition.isFetching &&
        partition.retryAt <= now &&
        partition.bufferedBytes < bufferLimit &&
        isLedBy(partition),
    )
  }

  get bufferedBytes(): number {
    let sum = 0
    for (const partition of this.#order) sum += partition.bufferedBytes
    return sum
  }

  /** The partition whose turn it is; undefined when none has anything to give. */
  next(): AssignedPartition | undefined {
    for (let index = 0; index < this.#order.length; index++) {
      const partition = this.#order[index] as AssignedPartition
      if (partition.isPaused || partition.isRevoking || !partition.hasBuffered) continue
      return partition
    }
    return undefined
  }

  /** Puts a partition last, so that none starves. */
  rotate(partition: AssignedPartition): void {
    const at = this.#order.indexOf(partition)
    if (at < 0) return
    this.#order.splice(at, 1)
    this.#order.push(partition)
  }
}
