import type { HistoryIndex } from './history-index.ts'
import { FAIL, OK } from './history-index.ts'

/** For each write, whether anybody read its value. */
export function wasRead(index: HistoryIndex): Uint8Array {
  const read = new Uint8Array(index.writes.length)
  for (let row = 0; row < index.reads.length; row++) {
    const write = index.writes.of(index.reads.value.at(row))
    if (write >= 0) read[write] = 1
  }
  return read
}

/** For each write, whether a reader of committed records read its value. */
export function wasReadCommitted(index: HistoryIndex): Uint8Array {
  const read = new Uint8Array(index.writes.length)
  for (let row = 0; row < index.reads.length; row++) {
    if (index.polls[index.reads.poll.at(row)]?.iso !== 'read_committed') continue
    const write = index.writes.of(index.reads.value.at(row))
    if (write >= 0) read[write] = 1
  }
  return read
}

/**
 * For each partition how many records lie before each rank that a reader must be given: all that were acknowledged or
 * seen, for a reader of committed records less those of transactions that are not known to be committed.
 */
export class VisibleRanks {
  readonly #all: Int32Array[]
  readonly #committed: Int32Array[]
  readonly #index: HistoryIndex

  constructor(index: HistoryIndex) {
    this.#index = index
    const seen = wasReadCommitted(index)
    const isCommitted = (value: number) => {
      const row = index.writes.of(value)
      if (row < 0 || seen[row]) return true
      if (index.writes.outcome.at(row) === FAIL) return false
      const transaction = index.transactions[index.writes.transaction.at(row)]
      return transaction === undefined || (transaction.step === 'commit' && transaction.outcome === OK)
    }
    this.#all = index.logs.map(({ length }) => Int32Array.from({ length: length + 1 }, (_, rank) => rank))
    this.#committed = index.logs.map((log) => {
      const counts = new Int32Array(log.length + 1)
      for (let rank = 0; rank < log.length; rank++) {
        counts[rank + 1] = (counts[rank] as number) + (isCommitted(log.values[rank] as number) ? 1 : 0)
      }
      return counts
    })
  }

  /** How many records a reader must be given before an offset. */
  before(partition: number, offset: number, isCommittedOnly: boolean): number {
    const counts = (isCommittedOnly ? this.#committed : this.#all)[partition]
    return counts?.[this.#index.logs[partition]?.rank(offset) ?? 0] ?? 0
  }
}
