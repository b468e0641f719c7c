import type { HistoryIndex } from './history-index.ts'
import type { PartitionLog } from './partition-log.ts'
import { eachValue } from './reads.ts'
import { isCommitted } from './transactions.ts'
import { FAIL } from './writes.ts'

/** What is known of a value's being read, as bits. */
export const READ = 1
/** By a reader that must be given committed records only. */
export const READ_COMMITTED = 2
/** In the final drain, of each isolation. */
export const DRAINED = 4
export const DRAINED_COMMITTED = 8

/** The final drain of a partition at one isolation. */
export interface Drain {
  /** Incarnations that read it, at about the same time. */
  incarnations: Set<number>
  /** What was acknowledged before this must be there. */
  begin: number
  /** Where the partition ended. */
  end: number
}

/** Who has seen what. */
export interface Visibility {
  /** By row of a value. */
  seen: Uint8Array
  /** By partition and rank: whether anybody read what is there, whatever he made of it. */
  wasReadAt: readonly Uint8Array[]
  drains: Map<number, Drain>
  drainsCommitted: Map<number, Drain>
}

export function visibilityOf(index: HistoryIndex): Visibility {
  const drains = finalDrains(index, 'read_uncommitted')
  const drainsCommitted = finalDrains(index, 'read_committed')
  const seen = new Uint8Array(index.writes.length)
  const wasReadAt = index.logs.map(({ length }) => new Uint8Array(length))
  const { polls } = index
  for (const run of index.reads.runs()) {
    const { poll, partition } = run
    const incarnation = polls.incarnation.at(poll)
    let bits = READ
    if (index.isHeldToCommitted(poll)) bits |= READ_COMMITTED
    const isCommittedOnly = polls.isCommittedOnly.at(poll) === 1
    const drain = (isCommittedOnly ? drainsCommitted : drains).get(partition)
    if (drain?.incarnations.has(incarnation)) bits |= isCommittedOnly ? DRAINED_COMMITTED : DRAINED
    const log = index.logs[partition] as PartitionLog
    const ranks = wasReadAt[partition] as Uint8Array
    for (
      let rank = log.rank(run.first);
      rank < log.length && (log.offsets[rank] as number) <= run.last;
      rank++
    ) {
      ranks[rank] = 1
    }
    eachValue(run, log, (id) => {
      seen[id] = (seen[id] as number) | bits
    })
  }
  return { seen, wasReadAt, drains, drainsCommitted }
}

/** By partition the last drain, with those that went on at the same time. */
function finalDrains(index: HistoryIndex, iso: string): Map<number, Drain> {
  const last = new Map<number, Drain>()
  const events = index.events.filter((event) => event.f === 'drain' && event.iso === iso)
  for (const event of events.reverse()) {
    if (event.f !== 'drain') continue
    const incarnation = index.incarnations.number(event.inc)
    const begin = index.incarnations.at(incarnation).first
    for (const [tp, end] of Object.entries(event.offs)) {
      const partition = index.partitions.of(tp)
      const drain = last.get(partition)
      if (!drain) last.set(partition, { incarnations: new Set([incarnation]), begin, end })
      else if (event.t > drain.begin) {
        drain.incarnations.add(incarnation)
        drain.begin = Math.min(drain.begin, begin)
        drain.end = Math.min(drain.end, end)
      }
    }
  }
  return last
}

/** Rows of values that compaction may have taken: the partition holds the same key again further on. */
export function superseded(index: HistoryIndex): ReadonlySet<number> {
  const gone = new Set<number>()
  if (index.keys.size === 0) return gone
  for (const log of index.logs) {
    const later = new Set<string>()
    for (let rank = log.length - 1; rank >= 0; rank--) {
      const row = log.ids[rank] as number
      const key = index.keys.get(row)
      if (key === undefined) continue
      if (later.has(key)) gone.add(row)
      later.add(key)
    }
  }
  return gone
}

/**
 * For each partition how many records lie before each rank that a reader must be given: all that anybody was given, for
 * a reader of committed records less those of transactions that are not known to be committed.
 */
export class VisibleRanks {
  readonly #all: Int32Array[] = []
  readonly #committed: Int32Array[] = []
  readonly #index: HistoryIndex

  constructor(index: HistoryIndex, { seen, wasReadAt }: Visibility) {
    this.#index = index
    const gone = superseded(index)
    const isVisible = (row: number): boolean => {
      if ((seen[row] as number) & READ_COMMITTED) return true
      if (index.writes.outcome.at(row) === FAIL) return false
      const transaction = index.transactions.all[index.writes.transaction.at(row)]
      return transaction === undefined || isCommitted(transaction)
    }
    index.logs.forEach((log, partition) => {
      const all = new Int32Array(log.length + 1)
      const committed = new Int32Array(log.length + 1)
      for (let rank = 0; rank < log.length; rank++) {
        const row = log.ids[rank] as number
        const isThere = wasReadAt[partition]?.[rank] === 1 && !gone.has(row)
        all[rank + 1] = (all[rank] as number) + (isThere ? 1 : 0)
        committed[rank + 1] = (committed[rank] as number) + (isThere && isVisible(row) ? 1 : 0)
      }
      this.#all.push(all)
      this.#committed.push(committed)
    })
  }

  /** How many records a reader must be given before an offset. */
  before(partition: number, offset: number, isCommittedOnly: boolean): number {
    const counts = (isCommittedOnly ? this.#committed : this.#all)[partition]
    return counts?.[this.#index.logs[partition]?.rank(offset) ?? 0] ?? 0
  }

  /** The offset of the first record from an offset on, before another one, that a reader must be given; -1 for none. */
  firstBetween(partition: number, from: number, to: number, isCommittedOnly: boolean): number {
    const log = this.#index.logs[partition]
    const counts = (isCommittedOnly ? this.#committed : this.#all)[partition]
    if (!log || !counts) return -1
    for (let rank = log.rank(from); rank < log.length; rank++) {
      const offset = log.offsets[rank] as number
      if (offset >= to) return -1
      if ((counts[rank + 1] as number) > (counts[rank] as number)) return offset
    }
    return -1
  }
}
