import { allCommits } from './check-commits.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import type { Transaction } from './transactions.ts'
import { isCommitted } from './transactions.ts'
import { DRAINED_COMMITTED, superseded } from './visibility.ts'
import { OK } from './writes.ts'

/** T3 and T4: the final drain shows all acknowledged writes of a transaction or none, and all if it was committed. */
export function checkAtomicity(evidence: Evidence, found: Findings): void {
  const { index, seen } = evidence
  const { writes } = index
  const gone = superseded(index)
  for (const transaction of index.transactions.all) {
    const rows = transaction.writes.filter((row) => !gone.has(row) && isAskedFor(evidence, transaction, row))
    const visible = rows.filter((row) => (seen[row] as number) & DRAINED_COMMITTED)
    const missing = rows.filter((row) => !((seen[row] as number) & DRAINED_COMMITTED))
    if (missing.length === 0) continue
    const name = `${transaction.txn} of ${index.inc(transaction.incarnation)}`
    const values = missing.slice(0, 5).map((row) => writes.value(row))
    const first = missing[0] as number
    const offset = writes.offset.at(first)
    const where = { tp: index.tp(writes.partition.at(first)), offsets: offset < 0 ? [] : [offset] }
    if (visible.length > 0) {
      found.add(
        'T3',
        where,
        () => `${name}: ${visible.length} writes are visible, missing are ${values.join(', ')}`,
      )
    }
    if (isCommitted(transaction)) {
      found.add('T4', where, () => `${name} is committed, not visible are ${values.join(', ')}`)
    }
  }
  checkOffsets(index, found)
}

/** Whether the final drain of committed records must tell of a write: it was acknowledged, and not held back there. */
function isAskedFor(
  { index, drains, drainsCommitted }: Evidence,
  transaction: Transaction,
  row: number,
): boolean {
  const { writes } = index
  const drain = drainsCommitted.get(writes.partition.at(row))
  if (!drain || writes.outcome.at(row) !== OK) return false
  // The outcome was known, or never will be better known, before the drain began.
  const settled = Math.min(transaction.committed, transaction.end)
  if (writes.end.at(row) >= drain.begin || (settled >= drain.begin && settled < Number.POSITIVE_INFINITY))
    return false
  const whole = drains.get(writes.partition.at(row))
  const offset = writes.offset.at(row)
  const isHeldBack = !whole || whole.end > drain.end
  return !isHeldBack || (offset >= 0 && offset < drain.end)
}

/** T4 for the offsets that a transaction committed: the last answer after it is not lower, unless a later commit was. */
function checkOffsets(index: HistoryIndex, found: Findings): void {
  const answers = new Map<string, { t: number; offset: number }>()
  const asked = new Map<number, { group: string; t: number }>()
  for (const event of index.events) {
    if (event.f !== 'committed') continue
    const question = asked.get(event.op)
    if (event.ph === 'b') asked.set(event.op, event)
    else if (event.r === 'ok' && question) {
      for (const [tp, offset] of Object.entries(event.offs)) {
        answers.set(`${question.group} ${tp}`, { t: question.t, offset })
      }
    }
  }
  if (answers.size === 0) return
  const commits = allCommits(index)
  for (const transaction of index.transactions.all) {
    if (!isCommitted(transaction)) continue
    for (const { group, offs } of transaction.offsets) {
      for (const [tp, offset] of Object.entries(offs)) {
        const answer = answers.get(`${group} ${tp}`)
        if (!answer || answer.t < transaction.committed || answer.offset >= offset) continue
        const list = commits.get(group)?.get(index.partitions.of(tp)) ?? []
        const wentBack = list.some(
          (commit) =>
            !commit.isFailed && commit.end > transaction.commitBegin && commit.offset <= answer.offset,
        )
        if (wentBack) continue
        found.add('T4', { tp, offsets: [offset] }, () => {
          return `${transaction.txn} committed offset ${offset} of ${group}, which answers ${answer.offset}`
        })
      }
    }
  }
}
