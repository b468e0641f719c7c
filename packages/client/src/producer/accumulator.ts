import type { Header } from '@samsa/protocol'
import { BatchWriter, recordSizeBound } from '@samsa/protocol'
import { PartitionQueue } from './partition-queue.ts'
import { ProducerBatch } from './producer-batch.ts'

export interface AccumulatorOptions {
  batchSize: number
  lingerMs: number
  bufferMemory: number
  deliveryTimeoutMs: number
}

export type Content = Uint8Array | string | null

/** First memory of a batch on a partition that has shown no traffic yet. */
const FIRST_CAPACITY = 1024

/**
 * Records that wait to be sent, written straight into batches by partition. Pure: time is an argument, and nothing is
 * sent from here. `append` fills, `ready` says what may go and when to look again, the sender takes and settles.
 */
export class Accumulator {
  readonly #options: AccumulatorOptions
  readonly #topics = new Map<string, (PartitionQueue | undefined)[]>()
  /** Queues that hold anything; the others need no look. */
  readonly #active = new Set<PartitionQueue>()
  readonly #capacities = new WeakMap<PartitionQueue, number>()
  #memory = 0
  /** Everything is sent without waiting for more records: on flush and close, or when memory is short. */
  isHurried = false

  constructor(options: AccumulatorOptions) {
    this.#options = options
  }

  /** Bytes of records that are not settled. */
  get memory(): number {
    return this.#memory
  }

  get active(): Iterable<PartitionQueue> {
    return this.#active
  }

  get isEmpty(): boolean {
    return this.#active.size === 0
  }

  hasRoom(bytes: number): boolean {
    return this.#memory === 0 || this.#memory + bytes <= this.#options.bufferMemory
  }

  queue(topic: string, partition: number): PartitionQueue {
    let queues = this.#topics.get(topic)
    if (!queues) {
      queues = []
      this.#topics.set(topic, queues)
    }
    let queue = queues[partition]
    if (!queue) {
      queue = new PartitionQueue(topic, partition)
      queues[partition] = queue
    }
    return queue
  }

  queueLength(topic: string, partition: number): number {
    return this.#topics.get(topic)?.[partition]?.waiting.length ?? 0
  }

  /**
   * Adds a record to the open batch of its partition, or to a new one.
   * @returns the batch, whose last record it is, and whether a batch became ready by it
   */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: Content,
    value: Content,
    headers: readonly Header[] | undefined,
    now: number,
  ): { batch: ProducerBatch; bytes: number; isNew: boolean; isReady: boolean } {
    const queue = this.queue(topic, partition)
    const { batchSize } = this.#options
    let batch = queue.waiting.at(-1)
    let isNew = false
    const isOpen = batch && !batch.isClosed && batch.attempts === 0 && !batch.hasSequence
    const bound = recordSizeBound(key, value, headers)
    if (!batch || !isOpen || (batch.count > 0 && batch.writer.sizeInBytes + bound > batchSize)) {
      const capacity = this.#capacities.get(queue) ?? Math.min(batchSize, FIRST_CAPACITY)
      const writer = new BatchWriter(Math.max(capacity, bound + 64))
      batch = new ProducerBatch(topic, partition, writer, now, now + this.#options.deliveryTimeoutMs)
      queue.waiting.push(batch)
      this.#active.add(queue)
      isNew = true
    }
    const bytes = batch.writer.append(timestamp, key, value, headers)
    batch.accounted += bytes
    this.#memory += bytes
    const isFull = batch.writer.sizeInBytes >= batchSize
    if (isFull || queue.waiting.length > 1) this.#capacities.set(queue, Math.max(batchSize, 256))
    return { batch, bytes, isNew, isReady: isFull || (isNew && queue.waiting.length > 1) }
  }

  /** When the head of a queue may be sent, monotonic; now or earlier means at once. */
  readyAt(queue: PartitionQueue, head: ProducerBatch): number {
    const { lingerMs, batchSize } = this.#options
    if (head.attempts > 0 || head.retryAt > 0) return head.retryAt
    if (this.isHurried || queue.waiting.length > 1 || head.sizeInBytes >= batchSize) return 0
    return head.createdAt + lingerMs
  }

  /** Batches whose time is over. */
  expired(now: number): ProducerBatch[] {
    const batches: ProducerBatch[] = []
    for (const queue of this.#active) {
      for (const batch of queue.waiting) if (batch.deadline <= now) batches.push(batch)
      for (const batch of queue.inFlight) if (batch.deadline <= now && !batch.isSettled) batches.push(batch)
    }
    return batches
  }

  /** When the next batch expires, monotonic. */
  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const queue of this.#active) {
      for (const batch of queue.waiting) next = Math.min(next, batch.deadline)
      for (const batch of queue.inFlight) if (!batch.isSettled) next = Math.min(next, batch.deadline)
    }
    return next
  }

  /** Gives back the memory of a batch that is settled. */
  release(batch: ProducerBatch): void {
    this.#memory -= batch.accounted
    batch.accounted = 0
  }

  /** Forgets an empty queue; call it after every change to one. */
  tidy(queue: PartitionQueue): void {
    if (queue.isEmpty) this.#active.delete(queue)
    else this.#active.add(queue)
  }

  /** Every batch that is not settled. */
  *batches(): Generator<ProducerBatch, void> {
    for (const queue of this.#active) {
      yield* [...queue.inFlight].filter(({ isSettled }) => !isSettled)
      yield* [...queue.waiting]
    }
  }
}
