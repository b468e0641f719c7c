import type { Cluster } from '../cluster/cluster.ts'
import { checkTimeout } from '../config/arguments.ts'
import { KafkaError, TimeoutError } from '../errors.ts'
import { Pace } from '../time/pace.ts'
import type { Arrivals } from './arrivals.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { ConsumerRecord } from './consumer-record.ts'
import type { Delivery } from './delivery.ts'
import type { Ownership } from './ownership.ts'
import type { Reader } from './reader.ts'

export interface ReadingOptions {
  cluster: Cluster
  config: ConsumerConfig
  ownership: Ownership
  delivery: Delivery
  arrivals: Arrivals
  /** Throws when nothing was subscribed or assigned. */
  mustHaveSomethingToRead: (call: string) => void
}

type Result<K, V> = Promise<IteratorResult<ConsumerRecord<K, V>, ConsumerRecord<K, V>>>

/** Whoever handles records without waiting for anything still leaves timers and sockets a turn so often. */
const TURN_MS = 10

/** The ways to ask for records: `for await`, `next`, `poll`. */
export class Reading<K, V> {
  readonly #options: ReadingOptions
  /** Whoever calls `poll`, and whoever calls `next`; each `for await` has a reader of its own. */
  readonly #poller: Reader
  readonly #single: Reader
  /** The call of those two that waits at the moment. */
  #asking: string | undefined
  /** When the event loop had its last turn for sure, monotonic. */
  #turnedAt = Number.NEGATIVE_INFINITY
  readonly #pace = new Pace()
  #isClosed = false

  constructor(options: ReadingOptions) {
    this.#options = options
    this.#poller = options.delivery.reader()
    this.#single = options.delivery.reader()
  }

  /** A record of `next` is waited for no longer than a session when the group rebalances: nobody may ever ask again. */
  isHasty(reader: Reader): boolean {
    return reader === this.#single
  }

  next(options: { timeoutMs?: number }): Result<K, V> {
    try {
      checkTimeout('next', options)
      this.#mustBeAlone('next')
      const record = this.#take(this.#single)
      if (record) return Promise.resolve({ value: record, done: false })
      this.#options.mustHaveSomethingToRead('next')
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#alone('next', () => this.#awaitNext(this.#single, options.timeoutMs))
  }

  loop(): AsyncIterableIterator<ConsumerRecord<K, V>> {
    const { delivery, mustHaveSomethingToRead } = this.#options
    let reader: Reader | undefined
    let isOver = false
    const over = { value: undefined, done: true } as const
    const iterator: AsyncIterableIterator<ConsumerRecord<K, V>> = {
      next: () => {
        if (isOver || this.#isClosed) return Promise.resolve(over)
        reader ??= delivery.reader()
        try {
          const record = this.#take(reader)
          if (record) return Promise.resolve({ value: record, done: false })
          mustHaveSomethingToRead('next')
        } catch (error) {
          return Promise.reject(error)
        }
        return this.#awaitNext(reader, undefined)
      },
      return: () => {
        isOver = true
        if (reader) delivery.leave(reader)
        return Promise.resolve(over)
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  async poll(options: { timeoutMs?: number; maxRecords?: number }): Promise<ConsumerRecord<K, V>[]> {
    checkTimeout('poll', options)
    this.#mustBeAlone('poll')
    this.#options.mustHaveSomethingToRead('poll')
    return this.#alone('poll', () => this.#poll(options))
  }

  /**
   * Waits while something is pending that an answer will settle.
   * @throws TimeoutError, and what goes wrong meanwhile
   */
  async whilePending(what: string, isPending: () => boolean, timeoutMs: number): Promise<void> {
    const { cluster, arrivals } = this.#options
    const started = cluster.runtime.now()
    while (isPending()) {
      arrivals.throwRaised()
      if (cluster.runtime.now() >= started + timeoutMs) throw this.#late(what, started)
      await arrivals.wait(started + timeoutMs)
    }
  }

  /** @param isHandFinished whether what `next` and `poll` gave last counts as processed */
  close(isHandFinished: boolean): void {
    if (isHandFinished) this.#finish(this.#single)
    this.#isClosed = true
  }

  /**
   * The next record that is there; what was in hand is processed. Undefined as well when the event loop is due for a turn.
   */
  #take(reader: Reader): ConsumerRecord<K, V> | undefined {
    this.#finish(reader)
    if (this.#pace.isDue()) {
      const now = this.#options.cluster.runtime.now()
      this.#pace.looked(now)
      if (now - this.#turnedAt > TURN_MS) return undefined
      this.#options.ownership.polled(now)
    }
    this.#checkState()
    return this.#options.delivery.take(reader) as ConsumerRecord<K, V> | undefined
  }

  /** Asking for more is saying that what was in hand is done; calls of `next` and `poll` come from one hand. */
  #finish(reader: Reader): void {
    this.#options.delivery.finish(reader)
    if (reader === this.#single) this.#options.delivery.finish(this.#poller)
    else if (reader === this.#poller) this.#options.delivery.finish(this.#single)
  }

  /** @throws what went wrong since the last call; each error once, but for what ends the membership */
  #checkState(): void {
    const { fatalError } = this.#options.ownership
    if (fatalError) throw fatalError
    this.#options.arrivals.throwRaised()
  }

  async #awaitNext(reader: Reader, timeoutMs: number | undefined): Result<K, V> {
    const started = this.#options.cluster.runtime.now()
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : started + timeoutMs
    for (;;) {
      await this.#turn()
      if (this.#isClosed) return { value: undefined as never, done: true }
      this.#pace.interrupt()
      const record = this.#take(reader)
      if (record) return { value: record, done: false }
      if (this.#options.cluster.runtime.now() >= deadline) throw this.#late('the next record', started)
      await this.#options.arrivals.wait(deadline)
      this.#turnedAt = this.#options.cluster.runtime.now()
    }
  }

  async #poll(options: { timeoutMs?: number; maxRecords?: number }): Promise<ConsumerRecord<K, V>[]> {
    const { timeoutMs = 0, maxRecords = this.#options.config.maxPollRecords } = options
    const deadline = this.#options.cluster.runtime.now() + timeoutMs
    this.#finish(this.#poller)
    const { skips } = this.#options.delivery
    for (;;) {
      await this.#turn()
      if (this.#isClosed) return []
      this.#options.ownership.polled(this.#options.cluster.runtime.now())
      this.#checkState()
      const records = this.#options.delivery.collect(this.#poller, maxRecords) as ConsumerRecord<K, V>[]
      // A position that moved is news too, though nothing comes with it (`ClassicKafkaConsumer.poll`).
      const hasNews = records.length > 0 || this.#options.delivery.skips !== skips
      if (hasNews || this.#options.cluster.runtime.now() >= deadline) return records
      await this.#options.arrivals.wait(deadline)
    }
  }

  /** Gives timers and sockets a turn where they had none for a while. */
  async #turn(): Promise<void> {
    if (this.#options.cluster.runtime.now() - this.#turnedAt <= TURN_MS) return
    await this.#options.cluster.runtime.turn()
    this.#turnedAt = this.#options.cluster.runtime.now()
  }

  /** Does what only one caller may do at a time. */
  async #alone<T>(call: string, run: () => Promise<T>): Promise<T> {
    this.#asking = call
    try {
      return await run()
    } finally {
      this.#asking = undefined
    }
  }

  #mustBeAlone(call: string): void {
    if (this.#asking === undefined) return
    throw new KafkaError(
      'ILLEGAL_STATE',
      `${call}: another call of ${this.#asking} still waits for records, and asking for more says that what was given before is ` +
        'processed. Await it first, or read in parallel with a for await loop for each handler',
    )
  }

  #late(what: string, started: number): TimeoutError {
    const { cluster } = this.#options
    return new TimeoutError(what, cluster.runtime.now() - started, { cause: cluster.trouble })
  }
}
