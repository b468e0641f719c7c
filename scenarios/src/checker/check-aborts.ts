import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { append } from './lists.ts'
import type { Run } from './reads.ts'
import type { Transaction } from './transactions.ts'
import { isAborted } from './transactions.ts'

/** T9: what an aborted transaction had read is read again from its first record, or from where was sought since. */
export function checkAborts({ index, ranks }: Evidence, found: Findings): void {
  const aborted = index.transactions.all.filter(isAborted)
  if (aborted.length === 0) return
  const runs = runsOf(index, new Set(aborted.map(({ incarnation }) => incarnation)))
  for (const transaction of aborted) {
    for (const [partition, list] of runs.get(transaction.incarnation) ?? []) {
      const inside = list.find(({ poll }) => index.polls.transaction.at(poll) === transaction.number)
      const next = firstAfter(index, list, transaction.aborted)
      if (!inside || !next) continue
      const expected = expectedAfter(
        index,
        transaction,
        partition,
        inside.first,
        index.polls.end.at(next.poll),
      )
      if (expected === undefined) continue
      const rank = (offset: number) => ranks.before(partition, offset, true)
      if (rank(next.first) === rank(expected)) continue
      const where = { tp: index.tp(partition), offsets: [inside.first, next.first] }
      found.add('T9', where, () => {
        return `after the abort of ${transaction.txn} reading went on at ${next.first}, not at ${expected}`
      })
    }
  }
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
