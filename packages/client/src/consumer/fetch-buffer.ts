import type { CompletedFetch, Step } from './completed-fetch.ts'
import type { UnreadableBatchError } from './unreadable-batch.ts'

/** What was fetched of one partition and not handed over yet: answers in their order, and the step that comes next. */
export class FetchBuffer {
  #fetches: CompletedFetch[] = []
  #step: Step | undefined
  #bytes = 0

  /** Size of the answers as they came. */
  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#step === undefined && this.#fetches.length === 0
  }

  /** Whether an error is to be told before anything else is worth asking for. */
  get isBroken(): boolean {
    return this.#step?.kind === 'unreadable' || (this.#fetches.at(-1)?.isBroken ?? false)
  }

  push(fetch: CompletedFetch): void {
    this.#fetches.push(fetch)
    this.#bytes += fetch.bytes
  }

  /** The next step, which stays. */
  peek(): Step | undefined {
    while (this.#step === undefined && this.#fetches[0]) {
      this.#step = this.#fetches[0].next()
      this.#shed()
    }
    return this.#step
  }

  /** Whether a step that was peeked at is still the next one. */
  isNext(step: Step): boolean {
    return this.#step === step
  }

  /** Takes the next step away, or puts an error in its place. */
  take(error?: UnreadableBatchError): void {
    this.#step = error && { kind: 'unreadable', error }
  }

  /** Whether what comes next is a compressed batch of so many bytes or more. */
  isLarge(bytes: number): boolean {
    const step = this.#step
    if (step) return step.kind === 'records' && step.batch.codec !== 0 && step.batch.sizeInBytes >= bytes
    return this.#fetches[0]?.isLarge(bytes) ?? false
  }

  clear(): void {
    this.#fetches = []
    this.#step = undefined
    this.#bytes = 0
  }

  #shed(): void {
    while (this.#fetches[0]?.isOver) this.#bytes -= (this.#fetches.shift() as CompletedFetch).bytes
  }
}
