import type { Code, Finding } from './anomalies.ts'
import { allowed } from './anomalies.ts'
import { checkCycles } from './check-cycles.ts'
import { checkCommits, checkOwnership } from './check-groups.ts'
import { checkLiveness } from './check-liveness.ts'
import { checkLoss, checkOrder, checkStorage } from './check-log.ts'
import { checkPolls } from './check-polls.ts'
import { checkTransactions } from './check-transactions.ts'
import type { HistoryEvent } from './history.ts'
import { HistoryIndex } from './history-index.ts'

const CONCLUSIVE = 0.95

export interface Verdict {
  /** `inconclusive`: nothing wrong was seen, but too little happened for that to mean something. */
  result: 'clean' | 'broken' | 'inconclusive'
  /** Why it is inconclusive. */
  reasons: readonly string[]
  /** What must not be. */
  findings: readonly Finding[]
  /** What the run's mode allows. */
  allowed: readonly Finding[]
  counts: { ok: number; fail: number; unk: number; faults: number; read: number; partitions: number }
}

/** Checks a whole history. */
export function check(history: Iterable<HistoryEvent>): Verdict {
  const index = new HistoryIndex()
  for (const event of history) index.add(event)
  return judge(index.seal())
}

/** Checks what was indexed. */
export function judge(index: HistoryIndex): Verdict {
  const all = [
    ...checkStorage(index),
    ...checkLoss(index),
    ...checkOrder(index),
    ...checkPolls(index),
    ...checkOwnership(index),
    ...checkCommits(index),
    ...checkTransactions(index),
    ...checkCycles(index),
    ...checkLiveness(index),
  ]
  const may = new Set<Code>([...allowed(index.mode), ...index.allow])
  const findings = all.filter(({ code }) => !may.has(code))
  const reasons = missing(index)
  const result = findings.length > 0 ? 'broken' : reasons.length > 0 ? 'inconclusive' : 'clean'
  const { ok, fail, unk, faults } = index.counts
  const counts = { ok, fail, unk, faults, read: index.reads.length, partitions: index.partitions.all.length }
  return { result, reasons, findings, allowed: all.filter(({ code }) => may.has(code)), counts }
}

function missing({ counts: { ok, faults }, mode, events }: HistoryIndex): string[] {
  const reasons: string[] = []
  if (ok < mode.expectedOps * CONCLUSIVE)
    reasons.push(`${ok} calls worked, expected were ${mode.expectedOps}`)
  if (faults < mode.expectedFaults) reasons.push(`${faults} faults, expected were ${mode.expectedFaults}`)
  if (!events.some(({ f }) => f === 'drain')) reasons.push('the log was not drained at the end')
  return reasons
}
