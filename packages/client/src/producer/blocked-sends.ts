import type { Header } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { closedError, TimeoutError } from '../errors.ts'
import type { Content } from './accumulator.ts'
import { Fifo } from './fifo.ts'
import type { FutureRecordMetadata } from './future-record-metadata.ts'

/** A record that was checked and serialized. */
export interface Prepared {
  topic: string
  key: Content
  value: Content
  headers: readonly Header[] | undefined
  partition: number | undefined
  timestamp: number
}

export interface BlockedSendsOptions {
  cluster: Cluster
  /** How long a record may wait, for metadata and memory together. Milliseconds. */
  maxBlockMs: number
  bufferMemory: number
  /** Whether a partition of a topic is known. */
  isKnown: (topic: string, partition: number) => boolean
  /** Adds a record to a batch; false when there is no memory for it. Throws when the record can never be added. */
  admit: (record: Prepared, future: FutureRecordMetadata) => boolean
  /** Has batches sent without lingering; returns what ends that. */
  hurry: () => () => void
  onFailed: (future: FutureRecordMetadata, topic: string, error: Error) => void
  /** Why nothing can be sent any more; undefined while it can. */
  failure: () => Error | undefined
}

interface Waiting {
  future: FutureRecordMetadata
  record: Prepared
  since: number
  deadline: number
}

/** Those that wait for the same thing, in the order of their coming. */
interface Line {
  readonly waiting: Fifo<Waiting>
  /** Resolves when the line is gone. */
  served: Promise<void>
}

/**
 * Where records wait that came before their topic was known, or while memory was short. There is a line for each topic,
 * and one for each partition that a known topic does not have yet, so that a wrong partition holds nobody else up.
 */
export class BlockedSends {
  readonly #options: BlockedSendsOptions
  readonly #lines = new Map<string, Line>()
  readonly #releases = new Set<() => void>()

  constructor(options: BlockedSendsOptions) {
    this.#options = options
  }

  /** Whether a record would overtake others that wait. */
  isQueued({ topic, partition }: Prepared): boolean {
    if (this.#lines.size === 0) return false
    return this.#lines.has(topic) || (partition !== undefined && this.#lines.has(lineOf(topic, partition)))
  }

  /** Puts a record last in its line. Its bytes are copied: the caller may use his memory again. */
  enter(record: Prepared, future: FutureRecordMetadata): void {
    const since = this.#options.cluster.runtime.now()
    const deadline = since + this.#options.maxBlockMs
    const { topic, partition = 0 } = record
    const own = lineOf(topic, partition)
    const lacksPartition =
      !this.#lines.has(topic) && this.#options.isKnown(topic, 0) && !this.#options.isKnown(topic, partition)
    const isOwn = lacksPartition || this.#lines.has(own)
    this.#stand(isOwn ? own : topic, { future, record: copied(record), since, deadline })
  }

  /** The futures of everything that waits. */
  futures(): FutureRecordMetadata[] {
    return [...this.#lines.values()].flatMap(({ waiting }) => waiting.toArray().map(({ future }) => future))
  }

  /** Resolves when nobody waits any more. */
  async emptied(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(({ served }) => served))
  }

  /** Memory was given back. */
  released(): void {
    for (const listener of [...this.#releases]) listener()
  }

  #stand(name: string, waiting: Waiting): void {
    const line = this.#lines.get(name)
    if (line) {
      line.waiting.push(waiting)
      return
    }
    const fresh: Line = { waiting: new Fifo(), served: Promise.resolve() }
    fresh.waiting.push(waiting)
    this.#lines.set(name, fresh)
    fresh.served = this.#serve(name, fresh.waiting)
  }

  /** Lets one after the other in. The line is gone in the same turn in which it is empty: nobody joins a dead one. */
  async #serve(name: string, waiting: Fifo<Waiting>): Promise<void> {
    for (let head = waiting.first; head; head = waiting.first) {
      const { future, record } = head
      try {
        if (!(await this.#attend(name, head))) continue
      } catch (error) {
        this.#options.onFailed(future, record.topic, error as Error)
      }
      waiting.shift()
    }
    this.#lines.delete(name)
  }

  /** Does what can be done for the first of a line; false when he has to wait on. */
  async #attend(name: string, waiting: Waiting): Promise<boolean> {
    const { cluster, isKnown, admit, failure } = this.#options
    const { record, future, deadline } = waiting
    const { topic, partition = 0 } = record
    const failed = failure()
    if (failed) throw failed
    if (!isKnown(topic, partition)) {
      if (name === topic && isKnown(topic, 0)) {
        this.#stand(lineOf(topic, partition), waiting)
        return true
      }
      await cluster.awaitTopic(topic, deadline, name === topic ? 0 : partition)
      return false
    }
    if (admit(record, future)) return true
    await this.#memory(waiting)
    return false
  }

  async #memory({ deadline, since }: Waiting): Promise<void> {
    const { cluster, bufferMemory, hurry } = this.#options
    const { runtime, signal } = cluster
    const now = runtime.now()
    if (signal.aborted) throw closedError('this producer')
    if (now >= deadline) {
      const hint = `bufferMemory is ${bufferMemory} bytes and full: send more slowly, or raise it or maxBlockMs`
      throw new TimeoutError('memory for the record', now - since, { hint })
    }
    const calm = hurry()
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
    calm()
  }
}

function lineOf(topic: string, partition: number): string {
  return `${topic} ${partition}`
}

function copied(record: Prepared): Prepared {
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
