import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { append } from './lists.ts'
import type { Run } from './reads.ts'
import type { Transaction } from './transactions.ts'
import { isAborted, isCommitted } from './transactions.ts'

/** T9: what an aborted transaction had read is read again from its first record, or from where was sought since. */
export function checkAborts({ index, ranks }: Evidence, found: Findings): void {
  const aborted = index.transactions.all.filter(isAborted)
  if (aborted.length === 0) return
  const runs = runsOf(index, new Set(aborted.map(({ incarnation }) => incarnation)))
  for (const transaction of aborted) {
    for (const [partition, list] of runs.get(transaction.incarnation) ?? []) {
      const inside = firstAfter(index, list, transaction.begin - 1)
      if (!inside || index.polls.transaction.at(inside.poll) !== transaction.number) continue
      const next = goesOn(index, list, transaction, partition)
      const expected = next && expectedAfter(index, transaction, partition, inside.first, next.t)
      if (expected === undefined) continue
      const rank = (offset: number) => ranks.before(partition, offset, true)
      const isRight = next?.isRead
        ? rank(next.offset) === rank(expected)
        : rank(next?.offset ?? 0) <= rank(expected)
      if (isRight) continue
      const where = { tp: index.tp(partition), offsets: [inside.first, next?.offset ?? 0] }
      found.add('T9', where, () => {
        const how = next?.isRead ? 'reading went on at' : 'without reading it again was committed'
        return `after the abort of ${transaction.txn} ${how} ${next?.offset}, not ${expected}`
      })
    }
  }
}

/** What a client did next with a partition after an abort: where it read, or, having read nothing, what it committed. */
function goesOn(
  index: HistoryIndex,
  list: readonly Run[],
  { incarnation, aborted }: Transaction,
  partition: number,
): { offset: number; t: number; isRead: boolean } | undefined {
  const next = firstAfter(index, list, aborted)
  if (next) return { offset: next.first, t: index.polls.end.at(next.poll), isRead: true }
  const tp = index.tp(partition)
  for (const later of index.transactions.all) {
    if (later.incarnation !== incarnation || later.begin <= aborted || !isCommitted(later)) continue
    for (const { offs } of later.offsets) {
      const offset = offs[tp]
      if (offset !== undefined) return { offset, t: later.committed, isRead: false }
    }
  }
  return undefined
}

/** By incarnation and partition, in the order of time. */
function runsOf(index: HistoryIndex, wanted: ReadonlySet<number>): Map<number, Map<number, Run[]>> {
  const all = new Map<number, Map<number, Run[]>>()
  for (const run of index.reads.runs()) {
    const incarnation = index.polls.incarnation.at(run.poll)
    if (!wanted.has(incarnation)) continue
    const runs = all.get(incarnation) ?? new Map<number, Run[]>()
    if (runs.size === 0) all.set(incarnation, runs)
    append(runs, run.partition, { ...run })
  }
  return all
}

/** The first run of a poll that began after a time. */
function firstAfter(index: HistoryIndex, runs: readonly Run[], t: number): Run | undefined {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (index.polls.begin.at((runs[middle] as Run).poll) <= t) low = middle + 1
    else high = middle
  }
  return runs[low]
}

/** Where reading must go on; undefined when the partition was given away, or the position was lost, in between. */
function expectedAfter(
  index: HistoryIndex,
  { incarnation, begin, aborted }: Transaction,
  partition: number,
  first: number,
  until: number,
): number | undefined {
  let expected: number | undefined = first
  for (const { kind, t, offset, incarnation: who } of index.moves.get(partition) ?? []) {
    if (who !== incarnation || t < begin || t > until) continue
    if (kind !== 'sought') return undefined
    if (t >= aborted) expected = offset
  }
  return expected
}
