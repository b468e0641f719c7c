import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import { eachValue } from './reads.ts'
import { isAborted, isCommitted } from './transactions.ts'
import { DRAINED, DRAINED_COMMITTED, READ, superseded } from './visibility.ts'
import { FAIL, OK } from './writes.ts'

/** L: what was acknowledged is there, what was refused is not. */
export function checkLoss(evidence: Evidence, found: Findings): void {
  checkAcknowledged(evidence, found)
  checkRefused(evidence, found)
}

function checkAcknowledged(evidence: Evidence, found: Findings): void {
  const { index, seen, drains } = evidence
  const { writes } = index
  const bounds = boundsOfReading(evidence)
  const gone = superseded(index)
  for (let row = 0; row < writes.length; row++) {
    if (writes.outcome.at(row) !== OK || gone.has(row)) continue
    const partition = writes.partition.at(row)
    const transaction = index.transactions.all[writes.transaction.at(row)]
    const isHidden = transaction !== undefined && !isCommitted(transaction)
    const offset = writes.offset.at(row)
    const bits = seen[row] as number
    const { least, most } = bounds[partition] as Bounds
    // Whoever began to read behind it has not passed it; the drain began at the start.
    const isPassed = offset >= 0 && offset < most && (offset > least || drains.has(partition))
    const where = { tp: index.tp(partition), offsets: offset >= 0 ? [offset] : [] }
    if (!(bits & READ) && !isHidden && isPassed) {
      found.add('L1', where, () => `${writes.value(row)}, acknowledged at ${offset}, was read by nobody`)
    } else if (isMissing(evidence, row, isHidden)) {
      found.add('L2', where, () => {
        const place = offset >= 0 ? ` at ${offset}` : ''
        return `${writes.value(row)}, acknowledged${place}, is missing from the final drain`
      })
    }
  }
}

interface Bounds {
  least: number
  most: number
}

/** By partition the first and the last offset that anybody read. */
function boundsOfReading({ index }: Evidence): Bounds[] {
  const bounds = index.partitions.all.map(() => ({ least: Number.POSITIVE_INFINITY, most: -1 }))
  for (const { partition, first, last } of index.reads.runs()) {
    const each = bounds[partition] as Bounds
    each.least = Math.min(each.least, first)
    each.most = Math.max(each.most, last)
  }
  return bounds
}

/**
 * Whether the final drain should have found a value and did not. Readers of committed records are asked for what is in no
 * transaction (T4 asks for the others), and only up to where they could read.
 */
function isMissing(
  { index, seen, drains, drainsCommitted }: Evidence,
  row: number,
  isHidden: boolean,
): boolean {
  const { writes } = index
  const partition = writes.partition.at(row)
  const end = writes.end.at(row)
  const bits = seen[row] as number
  const drain = drains.get(partition)
  if (drain && end < drain.begin && !(bits & DRAINED)) return true
  const committed = drainsCommitted.get(partition)
  if (!committed || end >= committed.begin || bits & DRAINED_COMMITTED) return false
  if (isHidden || writes.transaction.at(row) >= 0) return false
  const offset = writes.offset.at(row)
  return index.transactions.all.length === 0 || (offset >= 0 && offset < committed.end)
}

/** L3: what was refused is nowhere; what was aborted is not given to readers of committed records. */
function checkRefused({ index, seen }: Evidence, found: Findings): void {
  const { writes, polls } = index
  for (let row = 0; row < writes.length; row++) {
    if (writes.outcome.at(row) !== FAIL || !((seen[row] as number) & READ)) continue
    found.add('L3', { tp: index.tp(writes.partition.at(row)) }, () => {
      return `${writes.value(row)}, refused for good, was read`
    })
  }
  if (!index.transactions.all.some(isAborted)) return
  for (const run of index.reads.runs()) {
    if (!index.isHeldToCommitted(run.poll)) continue
    const log = index.logs[run.partition]
    if (!log) continue
    eachValue(run, log, (row, offset) => {
      const transaction = index.transactions.all[writes.transaction.at(row)]
      if (!transaction || !isAborted(transaction)) return
      const tp = index.tp(run.partition)
      const who = index.inc(polls.incarnation.at(run.poll))
      found.add('L3', { tp, offsets: [offset] }, () => {
        return `${writes.value(row)} of the aborted ${transaction.txn} was read by ${who}`
      })
    })
  }
}
