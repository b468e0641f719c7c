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
  /** The topic that was asked for last: mostly the next one too. */
  #last: { readonly topic: string; readonly queues: (PartitionQueue | undefined)[] } | undefined
  /** Queues that hold anything; the others need no look. */
  readonly #active = new Set<PartitionQueue>()
  readonly #capacities = new WeakMap<PartitionQueue, number>()
  #memory = 0
  /** No batch expires before; the batches need no look until then. */
  #nothingExpiresBefore = Number.POSITIVE_INFINITY
  /** Everything is sent without waiting for more records: on flush and close, or when memory is short. */
  isFlushing = false

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
    if (this.#last?.topic !== topic) {
      const queues = this.#topics.get(topic) ?? []
      this.#topics.set(topic, queues)
      this.#last = { topic, queues }
    }
    const { queues } = this.#last
    let queue = queues[partition]
    if (!queue) {
      queue = new PartitionQueue(topic, partition)
      queues[partition] = queue
    }
    return queue
  }

  queueLength(topic: string, partition: number): number {
    return this.#topics.get(topic)?.[partition]?.waiting ?? 0
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
    let batch = queue.open
    let isNew = false
    const bound = recordSizeBound(key, value, headers)
    if (!batch || (batch.count > 0 && batch.writer.sizeInBytes + bound > batchSize)) {
      const capacity = this.#capacities.get(queue) ?? Math.min(batchSize, FIRST_CAPACITY)
      const writer = new BatchWriter(Math.max(capacity, bound + 64))
      batch = new ProducerBatch(topic, partition, writer, now, now + this.#options.deliveryTimeoutMs)
      queue.push(batch)
      this.#active.add(queue)
      this.#nothingExpiresBefore = Math.min(this.#nothingExpiresBefore, batch.deadline)
      isNew = true
    }
    const bytes = batch.writer.append(timestamp, key, value, headers)
    batch.reservedBytes += bytes
    this.#memory += bytes
    const isFull = batch.writer.sizeInBytes >= batchSize
    const isReady = isFull || (isNew && queue.waiting > 1)
    if (isReady) this.#capacities.set(queue, Math.max(batchSize, 256))
    return { batch, bytes, isNew, isReady }
  }

  /** When the head of a queue may be sent, monotonic; now or earlier means at once. */
  readyAt(queue: PartitionQueue, head: ProducerBatch): number {
    const { lingerMs, batchSize } = this.#options
    if (head.attempts > 0 || head.retryAt > 0) return head.retryAt
    if (this.isFlushing || queue.waiting > 1 || head.sizeInBytes >= batchSize) return 0
    return head.createdAt + lingerMs
  }

  /** Batches whose time is over. */
  expired(now: number): ProducerBatch[] {
    const batches: ProducerBatch[] = []
    if (now < this.#nothingExpiresBefore) return batches
    let next = Number.POSITIVE_INFINITY
    for (const batch of this.batches()) {
      if (batch.deadline <= now) batches.push(batch)
      next = Math.min(next, batch.deadline)
    }
    this.#nothingExpiresBefore = next
    return batches
  }

  /** When a batch may expire, monotonic: not later than the first one does, and earlier if that one is settled. */
  get nextDeadline(): number {
    return this.#nothingExpiresBefore
  }

  /** Gives back the memory of a batch that is settled. */
  release(batch: ProducerBatch): void {
    this.#memory -= batch.reservedBytes
    batch.reservedBytes = 0
  }

  /** Forgets an empty queue; call it after every change to one. */
  tidy(queue: PartitionQueue): void {
    if (queue.isEmpty) this.#active.delete(queue)
    else this.#active.add(queue)
  }

  /** Whether a topic has batches that are not settled. */
  holds(topic: string): boolean {
    return this.#topics.get(topic)?.some((queue) => queue && !queue.isEmpty) ?? false
  }

  /** Every batch that is not settled. */
  *batches(): Generator<ProducerBatch, void> {
    for (const queue of this.#active) yield* queue.batches.filter(({ isSettled }) => !isSettled)
  }
}
