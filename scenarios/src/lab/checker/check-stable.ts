import { acknowledgedEnds, endAnswers } from './ends.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'

/**
 * T10: the last stable offset lies behind what was in the log longer ago than a transaction may take, counted from the
 * last healing: so long no transaction may stay open.
 */
export function checkStable({ index }: Evidence, found: Findings): void {
  const stableNs = index.mode.stableMs * 1e6
  const healed =
    index.events.findLast(({ f }) => f === 'heal' || f === 'fault')?.t ?? Number.NEGATIVE_INFINITY
  const all = endAnswers(index)
  const moments = [...all].map(
    ([partition, answers]) => [partition, answers.map(({ begin }) => begin - stableNs)] as const,
  )
  const acknowledged = acknowledgedEnds(index, new Map(moments))
  for (const [partition, answers] of all) {
    const tp = index.tp(partition)
    answers.forEach(({ isCommittedOnly, begin, offset }, at) => {
      const since = begin - stableNs
      if (!isCommittedOnly || since <= healed) return
      let end = index.mode.acks === 'all' ? (acknowledged.get(partition)?.[at] ?? 0) : 0
      for (const other of answers)
        if (!other.isCommittedOnly && other.end < since) end = Math.max(end, other.offset)
      if (offset >= end) return
      const ms = index.mode.stableMs
      found.add('T10', { tp, offsets: [offset, end] }, () => {
        return `the last stable offset is ${offset}, although the end had been ${end} more than ${ms} ms before`
      })
    })
  }
}
