import type { Cluster } from '../cluster/cluster.ts'
import { closedError, ServerError, TimeoutError } from '../errors.ts'
import { describeError } from '../events.ts'
import { Fifo } from './fifo.ts'
import type { FutureRecordMetadata } from './future-record-metadata.ts'
import type { PreparedRecord } from './prepared-record.ts'

export interface BlockedSendsOptions {
  cluster: Cluster
  /** How long a record may wait, for metadata and memory together. Milliseconds. */
  maxBlockMs: number
  bufferMemory: number
  /** Whether a partition of a topic is known. */
  isKnown: (topic: string, partition: number) => boolean
  /** Adds a record to a batch; false when there is no memory for it. Throws when the record can never be added. */
  admit: (record: PreparedRecord, future: FutureRecordMetadata) => boolean
  /** Has batches sent without lingering; returns what ends that. */
  flush: () => () => void
  onFailed: (future: FutureRecordMetadata, topic: string, error: Error) => void
  /** Why nothing can be sent any more; undefined while it can. */
  failure: () => Error | undefined
}

interface Waiting {
  future: FutureRecordMetadata
  record: PreparedRecord
  since: number
  deadline: number
}

/** Those that wait for the same thing, in the order of their coming. */
interface BlockedQueue {
  readonly waiting: Fifo<Waiting>
  /** Resolves when the queue is gone. */
  served: Promise<void>
  /** Whether it was told that it waits for its topic. */
  isTold: boolean
}

/** How long a topic is waited for before that is told. Milliseconds. */
const TOLD_AFTER_MS = 10_000

/**
 * Where records wait that came before their topic was known, or while memory was short. There is a queue for each topic,
 * and one for each partition that a known topic does not have yet, so that a wrong partition holds nobody else up.
 */
export class BlockedSends {
  readonly #options: BlockedSendsOptions
  readonly #queues = new Map<string, BlockedQueue>()
  readonly #releases = new Set<() => void>()

  constructor(options: BlockedSendsOptions) {
    this.#options = options
  }

  /** Whether a record would overtake others that wait. */
  isQueued({ topic, partition }: PreparedRecord): boolean {
    if (this.#queues.size === 0) return false
    return (
      this.#queues.has(topic) || (partition !== undefined && this.#queues.has(queueName(topic, partition)))
    )
  }

  /** Puts a record last in its queue. Its bytes are copied: the caller may use his memory again. */
  enter(record: PreparedRecord, future: FutureRecordMetadata): void {
    const since = this.#options.cluster.runtime.now()
    const deadline = since + this.#options.maxBlockMs
    const { topic, partition = 0 } = record
    const own = queueName(topic, partition)
    const lacksPartition =
      !this.#queues.has(topic) && this.#options.isKnown(topic, 0) && !this.#options.isKnown(topic, partition)
    const isOwn = lacksPartition || this.#queues.has(own)
    this.#join(isOwn ? own : topic, { future, record: copied(record), since, deadline })
  }

  /** The futures of everything that waits. */
  futures(): FutureRecordMetadata[] {
    return [...this.#queues.values()].flatMap(({ waiting }) => waiting.toArray().map(({ future }) => future))
  }

  /** Resolves when nobody waits any more. */
  async emptied(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all([...this.#queues.values()].map(({ served }) => served))
  }

  /** Memory was given back. */
  released(): void {
    for (const listener of [...this.#releases]) listener()
  }

  #join(name: string, waiting: Waiting): void {
    const queue = this.#queues.get(name)
    if (queue) {
      queue.waiting.push(waiting)
      return
    }
    const fresh: BlockedQueue = { waiting: new Fifo(), served: Promise.resolve(), isTold: false }
    fresh.waiting.push(waiting)
    this.#queues.set(name, fresh)
    fresh.served = this.#serve(name, fresh)
  }

  /** Lets one after the other in. The queue is gone in the same turn in which it is empty: nobody joins a dead one. */
  async #serve(name: string, queue: BlockedQueue): Promise<void> {
    const { waiting } = queue
    for (let head = waiting.first; head; head = waiting.first) {
      const { future, record } = head
      try {
        if (!(await this.#admit(name, queue, head))) continue
      } catch (error) {
        this.#options.onFailed(future, record.topic, error as Error)
      }
      waiting.shift()
    }
    this.#queues.delete(name)
  }

  /** Does what can be done for the first of a queue; false when he has to wait on. */
  async #admit(name: string, queue: BlockedQueue, waiting: Waiting): Promise<boolean> {
    const { isKnown, admit, failure } = this.#options
    const { record, future } = waiting
    const { topic, partition = 0 } = record
    const failed = failure()
    if (failed) throw failed
    if (!isKnown(topic, partition)) {
      if (name === topic && isKnown(topic, 0)) {
        this.#join(queueName(topic, partition), waiting)
        return true
      }
      await this.#topic(queue, waiting, name === topic ? 0 : partition)
      return false
    }
    if (admit(record, future)) return true
    await this.#memory(waiting)
    return false
  }

  async #topic(queue: BlockedQueue, { record, deadline, since }: Waiting, partition: number): Promise<void> {
    const { cluster, maxBlockMs } = this.#options
    const { topic } = record
    const told = queue.isTold ? Number.POSITIVE_INFINITY : since + TOLD_AFTER_MS
    const warning = cluster.runtime.timer(told, () => {
      queue.isTold = true
      const code = cluster.metadata.topics.get(topic)?.errorCode
      const problem = code ? new ServerError(code, { api: 'Metadata', topic }) : cluster.trouble
      const reason = problem ? describeError(problem) : `no broker names partition ${partition} of it`
      cluster.events.logger.warn(
        `records wait for topic ${topic} for 10 s, and for ${maxBlockMs} ms at most (maxBlockMs): ${reason}`,
      )
    })
    try {
      await cluster.awaitTopic(topic, deadline, partition)
    } finally {
      warning.cancel()
    }
  }

  async #memory({ deadline, since }: Waiting): Promise<void> {
    const { cluster, bufferMemory, flush } = this.#options
    const { runtime, signal } = cluster
    const now = runtime.now()
    if (signal.aborted) throw closedError('this producer')
    if (now >= deadline) {
      const hint = `bufferMemory is ${bufferMemory} bytes and full: send more slowly, or raise it or maxBlockMs`
      throw new TimeoutError('memory for the record', now - since, { hint })
    }
    const unflush = flush()
    await new Promise<void>((resolve) => {
      const done = () => {
        timer.cancel()
        this.#releases.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = runtime.timer(deadline, done)
      this.#releases.add(done)
      signal.addEventListener('abort', done)
    })
    unflush()
  }
}

function queueName(topic: string, partition: number): string {
  return `${topic} ${partition}`
}

function copied(record: PreparedRecord): PreparedRecord {
  const { key, value, headers } = record
  return {
    ...record,
    key: copy(key),
    value: copy(value),
    headers: headers?.map((header) => ({ key: header.key, value: copy(header.value) })),
  }
}

function copy<T>(content: T): T {
  return content instanceof Uint8Array ? (Uint8Array.from(content) as T) : content
}
