import type { Code } from './anomalies.ts'
import { checkAborts } from './check-aborts.ts'
import { checkAtomicity } from './check-atomic.ts'
import { checkCommits } from './check-commits.ts'
import { checkCopies } from './check-copies.ts'
import { checkCycles } from './check-cycles.ts'
import { checkDirtyReads, checkZombies } from './check-dirty.ts'
import { checkEnds } from './check-ends.ts'
import { checkLoss } from './check-loss.ts'
import { checkOrder } from './check-order.ts'
import { checkOrderly } from './check-orderly.ts'
import { checkOwnership } from './check-ownership.ts'
import { checkPolls } from './check-polls.ts'
import { checkProgress, healthyTimes } from './check-progress.ts'
import { checkResets } from './check-resets.ts'
import { checkSettlement } from './check-settlement.ts'
import { checkStable } from './check-stable.ts'
import { checkStorage } from './check-storage.ts'
import type { Evidence } from './evidence.ts'
import { evidenceOf } from './evidence.ts'
import type { Finding } from './findings.ts'
import { Findings } from './findings.ts'
import type { HistoryEvent } from './history.ts'
import { HistoryIndex } from './history-index.ts'
import type { Mode } from './mode.ts'
import { allowedIn } from './mode.ts'

const CONCLUSIVE = 0.95

const checks: readonly ((evidence: Evidence, found: Findings) => void)[] = [
  checkStorage,
  checkEnds,
  checkLoss,
  checkOrder,
  checkPolls,
  checkOwnership,
  checkCommits,
  checkResets,
  checkOrderly,
  checkDirtyReads,
  checkAtomicity,
  checkZombies,
  checkCycles,
  checkCopies,
  checkAborts,
  checkStable,
  checkSettlement,
  checkProgress,
]

/** What of a history was there to be looked at. */
export interface Counts {
  events: number
  /** Calls that worked, were refused for good, and whose outcome nobody knows. */
  ok: number
  fail: number
  unk: number
  faults: number
  values: number
  /** Records that were read, once for each reader, and polls. */
  read: number
  polls: number
  handed: number
  transactions: number
  partitions: number
  drained: number
  /** Times between a healing and the next fault. */
  windows: number
}

export interface Verdict {
  /** `inconclusive`: nothing wrong was seen, but too little happened for that to mean something. */
  result: 'clean' | 'broken' | 'inconclusive'
  /** Why it is inconclusive. */
  reasons: readonly string[]
  /** What must not be; of each code the first two hundred. */
  findings: readonly Finding[]
  /** What the run's mode allows. */
  allowed: readonly Finding[]
  /** How often each code was found, told or not, allowed or not. */
  totals: Readonly<Partial<Record<Code, number>>>
  counts: Counts
  mode: Mode
}

/** Checks a whole history, whose events come in the order of time. A history that contradicts itself is a HistoryError. */
export function check(history: Iterable<HistoryEvent>): Verdict {
  const index = new HistoryIndex()
  for (const event of history) index.add(event)
  return judge(index.seal())
}

/** Checks what was indexed. */
export function judge(index: HistoryIndex): Verdict {
  const evidence = evidenceOf(index)
  const found = new Findings()
  for (const each of checks) each(evidence, found)
  const may = new Set<Code>([...allowedIn(index.mode), ...index.allow])
  const isAllowed = ({ code, isNeverAllowed }: Finding) =>
    may.has(code) && (!isNeverAllowed || index.allow.has(code))
  const findings = found.told.filter((finding) => !isAllowed(finding))
  const reasons = missing(evidence)
  const result = findings.length > 0 ? 'broken' : reasons.length > 0 ? 'inconclusive' : 'clean'
  return {
    result,
    reasons,
    findings,
    allowed: found.told.filter(isAllowed),
    totals: Object.fromEntries(found.counts),
    counts: countsOf(evidence),
    mode: index.mode,
  }
}

function countsOf({ index, drains, drainsCommitted }: Evidence): Counts {
  const { events, ok, fail, unk, faults, handed } = index.counts
  return {
    ...{ events, ok, fail, unk, faults },
    values: index.writes.length,
    read: index.reads.count,
    polls: index.polls.length,
    handed,
    transactions: index.transactions.all.length,
    partitions: index.partitions.all.length,
    drained: new Set([...drains.keys(), ...drainsCommitted.keys()]).size,
    windows: healthyTimes(index).length,
  }
}

function missing({ index, drains, drainsCommitted }: Evidence): string[] {
  const { counts, mode, writes } = index
  const reasons: string[] = []
  if (counts.ok < mode.expectedOps * CONCLUSIVE)
    reasons.push(`${counts.ok} calls worked, expected were ${mode.expectedOps}`)
  if (counts.faults < mode.expectedFaults)
    reasons.push(`${counts.faults} faults, expected were ${mode.expectedFaults}`)
  const written = new Set<number>()
  let hasTransactions = false
  for (let row = 0; row < writes.length; row++) {
    if (writes.wasSent(row)) written.add(writes.partition.at(row))
    hasTransactions ||= writes.transaction.at(row) >= 0
  }
  const undrained = [...written].filter((partition) => {
    const isDrained = drains.has(partition)
    const isDrainedCommitted = drainsCommitted.has(partition)
    return hasTransactions ? !(isDrained && isDrainedCommitted) : !(isDrained || isDrainedCommitted)
  })
  if (undrained.length > 0 || (drains.size === 0 && drainsCommitted.size === 0)) {
    const names = undrained.slice(0, 5).map((partition) => index.tp(partition))
    const which = hasTransactions ? ' at both isolation levels' : ''
    reasons.push(`not drained to the end${which}: ${names.join(', ') || 'anything'}`)
  }
  return reasons
}
