import { KafkaError } from '../errors.ts'
import type { BatchEvent, Effect } from './delivery.ts'
import { decide, isInDoubt, isInFlight } from './delivery.ts'
import type { ProducerBatch, ProducerIdentity } from './producer-batch.ts'
import { isSameIdentity } from './producer-batch.ts'

/**
 * A broker forgets producers that were silent for long (`producer.id.expiration.ms`), and looks for them every ten
 * minutes (`producer.id.expiration.check.interval.ms`). Who was silent for less is known.
 */
const FORGOTTEN_AFTER_MS = 600_000
/** So many batches of a producer a broker remembers, and knows again when they come twice (`ProducerStateEntry`). */
const REMEMBERED_BATCHES = 5

/** Who leads a partition, as far as it matters to the order of what is sent. */
export interface Leader {
  node: number
  /** -1 where the broker does not say. */
  leaderEpoch: number
  /** A topic that was deleted and made anew has another one. */
  topicId: string
}

/**
 * The batches of one partition in the order in which they must arrive, which never changes, with their states and
 * numbers. Source: rules of `RecordAccumulator.shouldStopDrainBatchesForPartition` and `TransactionManager`, KIP-360.
 *
 * - A batch is numbered when it is first sent and keeps its number on every retry.
 * - A retried batch goes only when it is the first that is not settled, so order survives a leader change.
 * - While batches are in flight to one broker, none goes to another: the new leader might store the later one first.
 * - A leader that knows nothing yet of this producer takes any first number (KAFKA-14359, KAFKA-15591). So one batch only is in
 *   flight until one was acknowledged: under this id and epoch, by this leader, in this life of the topic.
 * - When a numbered batch fails for good, its number leaves a gap: the partition begins a new epoch at 0, but only
 *   after every batch whose outcome is unknown has been decided under its old number.
 * - Behind one that is not decided only so many others are numbered that the broker would know it again.
 * - After a batch that expired in flight nothing new is numbered until its answer has come.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Whether what was sent last failed. */
  isFailing = false
  /** Where it stood when queues were last served; who has waited longest goes first. */
  servedAt = 0
  /** Lowest first; the numbered ones come before the others. */
  readonly #batches: ProducerBatch[] = []
  #inFlight = 0
  #givenUp = 0
  #identity: ProducerIdentity | undefined
  #nextSequence = 0
  /** How many batches were numbered. */
  #numbered = 0
  #hasGap = false
  #isDisowned = false
  #leader: Leader | undefined
  /** Whether `#leader` has acknowledged a batch under `#identity`. */
  #isAcknowledged = false
  #acknowledgedAt = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Everything that is not settled, or still in flight; in the order of sending. */
  get batches(): readonly ProducerBatch[] {
    return this.#batches
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  /** How many batches are not in flight. */
  get waiting(): number {
    return this.#batches.length - this.#inFlight
  }

  /** The batch that takes more records, if there is one. */
  get open(): ProducerBatch | undefined {
    const last = this.#batches.at(-1)
    return last?.state === 'waiting' && !last.isClosed ? last : undefined
  }

  /** The first batch that is not in flight. */
  get head(): ProducerBatch | undefined {
    const { length } = this.#batches
    for (let index = this.#inFlight === length ? length : 0; index < length; index++) {
      const batch = this.#batches[index] as ProducerBatch
      if (!batch.isInFlight) return batch
    }
    return undefined
  }

  /** The leader that a batch was sent to last. */
  get leader(): Leader | undefined {
    return this.#leader
  }

  push(batch: ProducerBatch): void {
    this.#batches.push(batch)
  }

  /** Whether nothing before a batch is outstanding. */
  isFirst(batch: ProducerBatch): boolean {
    return this.#batches[0] === batch
  }

  /**
   * The gate: the batch that may go to the leader now, as far as its order is concerned.
   * @param identity undefined without idempotence, and until there is one
   */
  next(
    identity: ProducerIdentity | undefined,
    isIdempotent: boolean,
    leader: Leader,
  ): ProducerBatch | undefined {
    const { head } = this
    if (!head) return undefined
    if (this.#inFlight > 0) {
      if (this.#leader?.node !== leader.node) return undefined
      if (isIdempotent && !(this.#isAcknowledged && this.#isLeader(leader))) return undefined
    }
    if (!isIdempotent) return head
    if (head.hasSequence) {
      if (head !== this.#batches[0] || this.#isDisowned) return undefined
      return this.#hasGap && !isInDoubt(head.state) ? undefined : head
    }
    if (this.#hasGap || this.#givenUp > 0 || !identity) return undefined
    // Under a new identity the partition begins anew, but not while batches of the old one are undecided.
    const first = this.#batches[0] as ProducerBatch
    if (!first.hasSequence) return head
    if (!isSameIdentity(this.#identity, identity)) return undefined
    return this.#numbered + 1 - first.ordinal < REMEMBERED_BATCHES ? head : undefined
  }

  /** Sends the batch that `next` gave, and numbers it if that is due. */
  take(
    identity: ProducerIdentity | undefined,
    isIdempotent: boolean,
    leader: Leader,
    now: number,
  ): ProducerBatch {
    const batch = this.head as ProducerBatch
    if (isIdempotent && identity && !batch.hasSequence) {
      if (!isSameIdentity(this.#identity, identity)) {
        this.#identity = identity
        this.#nextSequence = 0
        this.#isAcknowledged = false
      }
      batch.number(identity, this.#nextSequence)
      batch.ordinal = ++this.#numbered
      this.#nextSequence = batch.nextSequence
    }
    if (!this.#isLeader(leader)) {
      this.#leader = leader
      this.#isAcknowledged = false
    }
    if (this.#inFlight === 0 && now - this.#acknowledgedAt > FORGOTTEN_AFTER_MS) this.#isAcknowledged = false
    this.meet(batch, 'send', now)
    batch.attempts++
    batch.isWritten = false
    return batch
  }

  /** Something happens to a batch: its state changes here and nowhere else. What follows for others is returned. */
  meet(batch: ProducerBatch, event: BatchEvent, now: number): readonly Effect[] {
    const step = decide(batch.state, event)
    if (!step) throw new KafkaError('INTERNAL', `a batch that is ${batch.state} cannot meet ${event}`)
    const { next, effects } = step
    this.#inFlight += Number(isInFlight(next)) - Number(batch.isInFlight)
    this.#givenUp += Number(next === 'givenUpInFlight') - Number(batch.state === 'givenUpInFlight')
    batch.state = next
    if (event === 'stored') {
      this.#isAcknowledged = true
      this.#acknowledgedAt = now
    }
    if (next === 'settled') this.#remove(batch)
    if (batch.hasSequence && effects.includes('gap')) this.#hasGap = true
    return effects
  }

  /** Replaces a batch by smaller ones, which take over where it stands and share out its numbers. */
  replace(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    let sequence = batch.baseSequence
    for (const part of parts) {
      part.state = batch.state
      part.attempts = batch.attempts
      part.retryAt = batch.retryAt
      part.lastError = batch.lastError
      part.wasWritten = batch.wasWritten
      if (!batch.identity) continue
      part.number(batch.identity, sequence)
      part.ordinal = batch.ordinal
      sequence = part.nextSequence
    }
    this.#batches.splice(this.#batches.indexOf(batch), 1, ...parts)
    batch.state = 'settled'
  }

  /**
   * Whether a new epoch may begin now: nothing is in flight and nothing is undecided. What follows a batch that is
   * certainly not stored is not stored either, since its number would not have been the next one.
   */
  get canRenumber(): boolean {
    const first = this.#batches[0]
    return this.#hasGap && this.#inFlight === 0 && !(first && isInDoubt(first.state))
  }

  /**
   * Begins again at 0 under another identity; batches that were certainly not stored get new numbers when sent.
   * @returns the identity that the numbers until now belong to
   */
  renumber(now: number): ProducerIdentity | undefined {
    const used = this.#identity
    this.#identity = undefined
    this.#hasGap = false
    this.#isDisowned = false
    this.#nextSequence = 0
    for (const batch of this.#batches) {
      if (!batch.hasSequence) break
      this.meet(batch, 'renumbered', now)
      batch.unnumber()
    }
    return used
  }

  /** The numbers until now are worth nothing any more: none is sent again. */
  disown(): void {
    if (!this.#identity) return
    this.#isDisowned = true
    this.#hasGap = true
  }

  /** Batches that may be stored and can never be decided, since their numbers are not sent again. */
  get undecidable(): ProducerBatch[] {
    return this.#isDisowned
      ? this.#batches.filter(({ state }) => state === 'undecided' || state === 'astray')
      : []
  }

  #isLeader({ node, leaderEpoch, topicId }: Leader): boolean {
    const known = this.#leader
    return known?.node === node && known.leaderEpoch === leaderEpoch && known.topicId === topicId
  }

  #remove(batch: ProducerBatch): void {
    const at = this.#batches.indexOf(batch)
    if (at === 0) this.#batches.shift()
    else if (at > 0) this.#batches.splice(at, 1)
  }
}
