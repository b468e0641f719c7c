import type { Runtime } from '@samsa/runtime'
import { checkTimeout } from '../config/arguments.ts'
import { TimeoutError } from '../errors.ts'
import type { BatchResult, Outcome } from './batch-result.ts'
import { RecordMetadata } from './record-metadata.ts'

/** What a future needs to know of its record. */
export interface SentRecord {
  topic: string
  partition: number
  timestamp: number
  keySize: number
  valueSize: number
}

type Callback = (metadata: RecordMetadata) => void
type Errback = (error: Error) => void

/** What all futures of a producer share. */
export interface FutureContext {
  runtime: Runtime
  /** A callback threw: that is the caller's affair and must not disturb the producer. */
  onCallbackError: (error: unknown) => void
  /** What keeps brokers from being reached, for the message when time is up. */
  trouble: () => Error | undefined
  /** Somebody has looked at a failure. */
  onLooked: () => void
}

/**
 * The result of `send`: shares the result of its batch, and makes a promise only when somebody asks for one. It can be
 * awaited. A failure that nobody looks at does not end the process; the producer counts and emits it.
 */
export class FutureRecordMetadata implements PromiseLike<RecordMetadata> {
  readonly #context: FutureContext
  #record: SentRecord | undefined
  #result: BatchResult | undefined
  #index = 0
  #failure: Error | undefined
  #early: (() => void)[] | undefined
  /** @internal Whether anybody has asked for the outcome, or seen that it failed. */
  isObserved = false

  /** @internal Futures are made by `send`. */
  constructor(context: FutureContext) {
    this.#context = context
  }

  /** @internal The record has joined a batch. */
  join(record: SentRecord, result: BatchResult, index: number): void {
    this.#record = record
    this.#result = result
    this.#index = index
    this.#release()
  }

  /** @internal The record has never joined a batch. */
  fail(error: Error): void {
    this.#failure = error
    this.#release()
  }

  /** Whether the outcome is known. */
  get isDone(): boolean {
    return this.#failure !== undefined || this.#result?.outcomeOf(this.#index) !== undefined
  }

  /** Whether the record is known to have been sent. */
  succeeded(): boolean {
    return this.isDone && this.exception === undefined
  }

  /** Whether the record is known to have failed. */
  failed(): boolean {
    return this.exception !== undefined
  }

  /** Why it failed; undefined while it is not known or when it did not. */
  get exception(): Error | undefined {
    const known = this.#result?.outcomeOf(this.#index)
    const error = this.#failure ?? (known && errorOf(known.outcome, known.index))
    if (error) this.#looked()
    return error
  }

  /** The metadata, once it is known and the record was sent. */
  get value(): RecordMetadata | undefined {
    const known = this.#result?.outcomeOf(this.#index)
    return known && !errorOf(known.outcome, known.index)
      ? this.#metadata(known.outcome, known.index)
      : undefined
  }

  /**
   * Waits for the result.
   * @param options.timeoutMs how long; without it as long as it takes, which `deliveryTimeoutMs` bounds
   * @throws TimeoutError when it takes longer: the record itself stays on its way; `sent` says whether it may be stored
   * @throws the error that sending failed with
   */
  get(options: { timeoutMs?: number } = {}): Promise<RecordMetadata> {
    const { runtime, trouble } = this.#context
    return new Promise((resolve, reject) => {
      checkTimeout('get', options)
      const { timeoutMs } = options
      if (timeoutMs === undefined) {
        this.#observe(resolve, reject)
        return
      }
      const timer = runtime.timer(runtime.now() + timeoutMs, () => {
        const hint =
          'The record stays on its way until deliveryTimeoutMs is over; ask again, or raise the time'
        const sent = this.#result?.mayBeStored(this.#index) ?? false
        reject(new TimeoutError('the result of send', timeoutMs, { hint, cause: trouble(), sent }))
      })
      this.#observe(
        (metadata) => {
          timer.cancel()
          resolve(metadata)
        },
        (error) => {
          timer.cancel()
          reject(error)
        },
      )
    })
  }

  /** Calls back when the record was sent. What the callback throws is logged. */
  addCallback(callback: Callback): this {
    this.#observe(this.#guarded(callback), () => {})
    return this
  }

  /** Calls back when sending failed. What the callback throws is logged. */
  addErrback(errback: Errback): this {
    this.#observe(() => {}, this.#guarded(errback))
    return this
  }

  // biome-ignore lint/suspicious/noThenProperty: a future is made to be awaited
  then<R1 = RecordMetadata, R2 = never>(
    onFulfilled?: ((metadata: RecordMetadata) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((error: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return new Promise<RecordMetadata>((resolve, reject) => this.#observe(resolve, reject)).then(
      onFulfilled,
      onRejected,
    )
  }

  catch<R = never>(
    onRejected?: ((error: unknown) => R | PromiseLike<R>) | null,
  ): Promise<RecordMetadata | R> {
    return this.then(undefined, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<RecordMetadata> {
    return this.then().finally(onFinally)
  }

  /** @internal Calls back when the outcome is known; does not count as looking at it. */
  whenDone(listener: () => void): void {
    if (this.#failure) listener()
    else if (this.#result) this.#result.whenOver(listener)
    else {
      this.#early ??= []
      this.#early.push(() => this.whenDone(listener))
    }
  }

  #guarded<T>(callback: (value: T) => void): (value: T) => void {
    const { onCallbackError } = this.#context
    return (value) => {
      try {
        callback(value)
      } catch (error) {
        onCallbackError(error)
      }
    }
  }

  #observe(callback: Callback, errback: Errback): void {
    this.isObserved = true
    if (this.#failure) {
      this.#looked()
      errback(this.#failure)
      return
    }
    if (!this.#result) {
      this.#early ??= []
      this.#early.push(() => this.#observe(callback, errback))
      return
    }
    this.#result.observe(this.#index, (outcome, index) => {
      const error = errorOf(outcome, index)
      if (error) {
        this.#context.onLooked()
        errback(error)
      } else callback(this.#metadata(outcome, index))
    })
  }

  #looked(): void {
    this.isObserved = true
    this.#result?.looked(this.#index)
    this.#context.onLooked()
  }

  #release(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const observe of early) observe()
  }

  #metadata({ baseOffset, logAppendTime }: Outcome, index: number): RecordMetadata {
    const { topic, partition, timestamp, keySize, valueSize } = this.#record as SentRecord
    const offset = baseOffset < 0 ? -1 : baseOffset + index
    return new RecordMetadata(
      topic,
      partition,
      offset,
      logAppendTime < 0 ? timestamp : logAppendTime,
      keySize,
      valueSize,
    )
  }
}

function errorOf({ error, recordErrors }: Outcome, index: number): Error | undefined {
  return error && (recordErrors?.get(index) ?? error)
}
