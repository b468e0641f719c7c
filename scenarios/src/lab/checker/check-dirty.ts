import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import { isVanished } from './incarnations.ts'
import { eachValue } from './reads.ts'
import { isAborted } from './transactions.ts'
import { READ_COMMITTED } from './visibility.ts'

/** T1 and T2: a reader of committed records is given one before the commit of its transaction began. */
export function checkDirtyReads({ index }: Evidence, found: Findings): void {
  const { writes, polls, transactions, incarnations } = index
  // When each could have been committed at the earliest: of a process that was killed the last lines may be missing.
  const earliest = transactions.all.map(({ commitBegin, incarnation }) => {
    const who = incarnations.at(incarnation)
    return isVanished(who) ? Math.min(commitBegin, who.last) : commitBegin
  })
  if (earliest.length === 0) return
  for (const run of index.reads.runs()) {
    const log = index.logs[run.partition]
    if (!log || !index.isHeldToCommitted(run.poll)) continue
    const end = polls.end.at(run.poll)
    eachValue(run, log, (row, offset) => {
      const transaction = transactions.all[writes.transaction.at(row)]
      // Of an aborted one it is told as such.
      if (!transaction || isAborted(transaction)) return
      if (end >= (earliest[transaction.number] as number)) return
      const reader = incarnations.at(polls.incarnation.at(run.poll))
      const isOwn = reader.who === incarnations.at(transaction.incarnation).who
      found.add(isOwn ? 'T1' : 'T2', { tp: index.tp(run.partition), offsets: [offset] }, () => {
        return `${reader.inc} read ${writes.value(row)} of ${transaction.txn} before its commit began`
      })
    })
  }
}

/** T5: a write of an instance that another one had taken over from, in a transaction that it went on with after that. */
export function checkZombies({ index, seen }: Evidence, found: Findings): void {
  const { writes, transactions, incarnations } = index
  for (const { tid, incarnation, begin, commitBegin, writes: rows, txn } of transactions.all) {
    const inits = transactions.inits.get(tid) ?? []
    const own = inits.findLast((init) => init.incarnation === incarnation && init.end <= begin)
    if (!own) continue
    let fenced = Number.POSITIVE_INFINITY
    for (const init of inits) {
      if (init.incarnation !== incarnation && init.begin > own.end) fenced = Math.min(fenced, init.end)
    }
    const isCommitLate = commitBegin < Number.POSITIVE_INFINITY && commitBegin > fenced
    for (const row of rows) {
      if (!((seen[row] as number) & READ_COMMITTED) || !(isCommitLate || writes.begin.at(row) > fenced))
        continue
      found.add('T5', { tp: index.tp(writes.partition.at(row)) }, () => {
        const who = incarnations.at(incarnation).inc
        return `${writes.value(row)} of ${txn}, by ${who}, is visible although another had taken over ${tid}`
      })
    }
  }
}
