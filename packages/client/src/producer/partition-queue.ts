import type { ProducerBatch, ProducerIdentity } from './producer-batch.ts'

/**
 * The batches of one partition in the order in which they must arrive, and their numbers. Source: rules of
 * `RecordAccumulator.shouldStopDrainBatchesForPartition` and `TransactionManager`, KIP-360.
 *
 * - A batch is numbered when it is first sent and keeps its number on every retry.
 * - A retried batch goes only when it is the lowest that is not settled, so order survives a leader change.
 * - While batches are under way to one broker, none goes to another: the new leader might store the later one first.
 * - When a numbered batch fails for good, its number leaves a gap: the partition begins a new epoch at 0, but only
 *   after every batch whose outcome is unknown has been decided under its old number. One that cannot be decided,
 *   because an attempt of it may still arrive, fails with its outcome unknown.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Waiting to be sent, retries first. */
  readonly waiting: ProducerBatch[] = []
  /** Numbered or sent and not settled, lowest first; includes those that wait for a retry. */
  readonly inFlightBySequence: ProducerBatch[] = []
  /** Sent, and not answered. */
  readonly inFlight = new Set<ProducerBatch>()
  /** The broker that a batch was sent to last; -1 before the first. */
  node = -1
  #identity: ProducerIdentity | undefined
  #nextSequence = 0
  #hasGap = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.inFlight.size === 0
  }

  get hasGap(): boolean {
    return this.#hasGap
  }

  /** A numbered batch will not be stored: what follows it would not be accepted under this epoch. */
  leaveGap(): void {
    if (this.#identity) this.#hasGap = true
  }

  /** Whether a batch may be sent to a broker as far as those under way are concerned. */
  mayGoTo(node: number): boolean {
    return this.inFlight.size === 0 || this.node === node
  }

  /**
   * Whether a new epoch may begin now: nothing is under way and nothing is undecided. What follows a batch that is
   * certainly not stored is not stored either, since its number would not have been the next one.
   */
  get canRenumber(): boolean {
    return this.#hasGap && this.inFlight.size === 0 && !this.inFlightBySequence[0]?.isOutcomeUnknown
  }

  /**
   * Begins again at 0 under another identity; batches that were certainly not stored get new numbers when sent.
   * @returns the identity that the numbers until now belong to
   */
  renumber(): ProducerIdentity | undefined {
    const used = this.#identity
    this.#identity = undefined
    this.#hasGap = false
    this.#nextSequence = 0
    for (const batch of this.inFlightBySequence) {
      batch.identity = undefined
      batch.baseSequence = -1
      batch.isOutcomeUnknown = false
      batch.mayStillArrive = false
    }
    this.inFlightBySequence.length = 0
    return used
  }

  /** The batch that may be sent next, if it may be sent at all. */
  next(identity: ProducerIdentity | undefined, isIdempotent: boolean): ProducerBatch | undefined {
    const head = this.waiting[0]
    if (!head || !isIdempotent) return head
    if (head.hasSequence) {
      if (head !== this.inFlightBySequence[0]) return undefined
      return this.#hasGap && !head.isOutcomeUnknown ? undefined : head
    }
    if (this.#hasGap || !identity) return undefined
    // Under a new identity the partition begins anew, but not while batches of the old one are undecided.
    const isStale =
      this.#identity && (this.#identity.id !== identity.id || this.#identity.epoch !== identity.epoch)
    return isStale && this.inFlightBySequence.length > 0 ? undefined : head
  }

  /** Takes the batch that `next` gave off the queue and numbers it if that is due. */
  take(identity: ProducerIdentity | undefined, isIdempotent: boolean, node: number): ProducerBatch {
    const batch = this.waiting.shift() as ProducerBatch
    if (isIdempotent && identity && !batch.hasSequence) {
      if (!this.#identity || this.#identity.id !== identity.id || this.#identity.epoch !== identity.epoch) {
        this.#identity = identity
        this.#nextSequence = 0
      }
      batch.number(identity, this.#nextSequence)
      this.#nextSequence = batch.nextSequence
      this.inFlightBySequence.push(batch)
    }
    batch.isInFlight = true
    batch.attempts++
    this.node = node
    this.inFlight.add(batch)
    return batch
  }

  /** A batch that was taken has its answer, or will not get one. */
  completed(batch: ProducerBatch): void {
    batch.isInFlight = false
    this.inFlight.delete(batch)
  }

  /** Puts a batch back where its number belongs. */
  reenqueue(batch: ProducerBatch): void {
    if (!batch.hasSequence) {
      // Retries come first, in the order in which they were filled.
      const later = this.waiting.findIndex(
        ({ attempts, createdAt }) => attempts === 0 || createdAt > batch.createdAt,
      )
      this.waiting.splice(later < 0 ? this.waiting.length : later, 0, batch)
      return
    }
    const order = new Map(this.inFlightBySequence.map((each, index) => [each, index]))
    const mine = order.get(batch) ?? 0
    const at = this.waiting.findIndex((each) => !each.hasSequence || (order.get(each) ?? 0) > mine)
    if (at < 0) this.waiting.push(batch)
    else this.waiting.splice(at, 0, batch)
  }

  /** Replaces a batch that was too large by smaller ones, which share out its numbers. */
  replace(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    const at = this.inFlightBySequence.indexOf(batch)
    if (at >= 0) {
      let sequence = batch.baseSequence
      for (const part of parts) {
        part.number(batch.identity as ProducerIdentity, sequence)
        sequence = part.nextSequence
      }
      this.inFlightBySequence.splice(at, 1, ...parts)
    }
    for (const part of parts) this.reenqueue(part)
  }

  /** The batch is settled: it will not be sent again. */
  remove(batch: ProducerBatch): void {
    const waitingAt = this.waiting.indexOf(batch)
    if (waitingAt >= 0) this.waiting.splice(waitingAt, 1)
    const unsettledAt = this.inFlightBySequence.indexOf(batch)
    if (unsettledAt >= 0) this.inFlightBySequence.splice(unsettledAt, 1)
  }
}
