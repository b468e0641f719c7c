/** What became of a batch, for all of its records at once. */
export interface Outcome {
  /** Offset of the first record; -1 when the broker did not say. */
  baseOffset: number
  /** -1 unless the topic stamps records itself. */
  logAppendTime: number
  error: Error | undefined
  /** Errors of single records by their index, where the broker told (KIP-467). */
  recordErrors?: ReadonlyMap<number, Error>
}

type Observer = (outcome: Outcome, index: number) => void

/**
 * The result that the records of a batch share. Nothing is allocated for a record until somebody asks. A batch that was
 * split has several fates after it.
 */
export class BatchResult {
  outcome: Outcome | undefined
  readonly #mayBeStored: () => boolean
  #observers: { index: number; observer: Observer }[] | undefined
  #parts: { result: BatchResult; from: number; count: number }[] | undefined
  #overs: (() => void)[] | undefined
  /** Who was looked at after the batch had failed. */
  #looked: Set<number> | undefined

  /** @param mayBeStored whether a broker may have stored the batch without our knowing */
  constructor(mayBeStored: () => boolean = () => false) {
    this.#mayBeStored = mayBeStored
  }

  /** Calls back once the outcome is known; at once when it is. */
  observe(index: number, observer: Observer): void {
    const part = this.#partOf(index)
    if (part) part.result.observe(index - part.from, observer)
    else if (this.outcome) {
      if (this.outcome.error) this.looked(index)
      observer(this.outcome, index)
    } else {
      this.#observers ??= []
      this.#observers.push({ index, observer })
    }
  }

  /** The outcome of a record, if it is known by now. */
  outcomeOf(index: number): { outcome: Outcome; index: number } | undefined {
    const part = this.#partOf(index)
    if (part) return part.result.outcomeOf(index - part.from)
    return this.outcome && { outcome: this.outcome, index }
  }

  /** Whether a record may be stored without our knowing. */
  mayBeStored(index: number): boolean {
    const part = this.#partOf(index)
    return part ? part.result.mayBeStored(index - part.from) : this.#mayBeStored()
  }

  /** Somebody has seen that a record has failed. */
  looked(index: number): void {
    const part = this.#partOf(index)
    if (part) part.result.looked(index - part.from)
    else {
      this.#looked ??= new Set()
      this.#looked.add(index)
    }
  }

  /** How many of the records of a failed batch somebody has looked at. */
  get observed(): number {
    return this.#looked?.size ?? 0
  }

  /** Calls back once every record has its outcome; at once when each has. */
  whenOver(listener: () => void): void {
    if (this.#parts) {
      let open = this.#parts.length
      for (const { result } of this.#parts) result.whenOver(() => --open === 0 && listener())
    } else if (this.outcome) listener()
    else {
      this.#overs ??= []
      this.#overs.push(listener)
    }
  }

  settle(outcome: Outcome): void {
    if (this.outcome) return
    this.outcome = outcome
    const observers = this.#observers ?? []
    this.#observers = undefined
    for (const { index, observer } of observers) {
      if (outcome.error) this.looked(index)
      observer(outcome, index)
    }
    this.#over()
  }

  /** The records go on in several batches. */
  split(parts: readonly { result: BatchResult; count: number }[]): void {
    let from = 0
    this.#parts = parts.map(({ result, count }) => {
      const part = { result, from, count }
      from += count
      return part
    })
    const observers = this.#observers ?? []
    this.#observers = undefined
    for (const { index, observer } of observers) this.observe(index, observer)
    this.#over()
  }

  #partOf(index: number): { result: BatchResult; from: number } | undefined {
    return this.#parts?.find(({ from, count }) => index >= from && index < from + count)
  }

  /** Who waits for the end is called, or goes on to the parts. */
  #over(): void {
    const overs = this.#overs ?? []
    this.#overs = undefined
    for (const over of overs) this.whenOver(over)
  }
}
