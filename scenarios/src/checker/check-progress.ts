import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { eachValue } from './reads.ts'
import { isCommitted } from './transactions.ts'
import { OK } from './writes.ts'

const NEVER = Number.POSITIVE_INFINITY

/** V3 and V4: after healing work goes on, and what was acknowledged is read. */
export function checkProgress(evidence: Evidence, found: Findings): void {
  checkSilence(evidence.index, found)
  checkLag(evidence.index, found)
}

/** Times from a healing to the next fault, or to the end. */
export function healthyTimes(index: HistoryIndex): { from: number; to: number }[] {
  const times: { from: number; to: number }[] = []
  for (const { f, t } of index.events) {
    const last = times.at(-1)
    if (f === 'fault' && last && last.to === NEVER) last.to = t
    if (f === 'heal' && last?.to !== NEVER) times.push({ from: t, to: NEVER })
  }
  const last = times.at(-1)
  if (last?.to === NEVER) last.to = index.last
  return times
}

/** V3: something was asked for during all of a long time, and nothing worked. */
function checkSilence(index: HistoryIndex, found: Findings): void {
  const limit = index.mode.progressMs * 1e6
  for (const { from, to } of healthyTimes(index)) {
    let since = from
    const check = (until: number) => {
      const gap = until - since > limit ? offered(index, since, until) : 0
      if (gap > limit) {
        found.add('V3', {}, () => {
          return `after healing nothing worked for ${Math.round(gap / 1e6)} ms, allowed are ${index.mode.progressMs}`
        })
      }
      since = until
    }
    for (let at = 0; at < index.progress.length; at++) {
      const t = index.progress.at(at)
      if (t > since && t <= to) check(t)
    }
    if (to > since) check(to)
  }
}

/** How much of a time lies between the first moment at which a call was under way and the last. */
function offered(index: HistoryIndex, since: number, until: number): number {
  let first = NEVER
  let last = Number.NEGATIVE_INFINITY
  const see = (begin: number, end: number, stop: number) => {
    const to = Math.min(end, stop, until)
    if (begin > until || to < since) return
    first = Math.min(first, Math.max(begin, since))
    last = Math.max(last, to)
  }
  const stopOf = (incarnation: number) => {
    // Of a client that is gone nothing is under way.
    const { closed, crashed, last: end } = index.incarnations.at(incarnation)
    return Math.min(closed ?? end, crashed ?? NEVER)
  }
  const { writes } = index
  for (let row = 0; row < writes.length; row++) {
    if (writes.wasSent(row)) see(writes.begin.at(row), writes.end.at(row), stopOf(writes.incarnation.at(row)))
  }
  for (const { event, incarnation, end } of index.rare) {
    if (event.f === 'commit' || event.f === 'txn') see(event.t, end, stopOf(incarnation))
  }
  return last - first
}

/**
 * V4: for each partition that somebody reads besides the drain, the longest time from when a record could be read, or
 * the healing, to when it was, or to the end of reading.
 */
function checkLag(index: HistoryIndex, found: Findings): void {
  const { writes, polls } = index
  const firstRead = new Float64Array(writes.length).fill(NEVER)
  const lastRead = new Map<number, number>()
  for (const run of index.reads.runs()) {
    if (polls.isDrain.at(run.poll) === 1) continue
    const end = polls.end.at(run.poll)
    lastRead.set(run.partition, end)
    const log = index.logs[run.partition]
    if (!log) continue
    eachValue(run, log, (row) => {
      firstRead[row] = Math.min(firstRead[row] as number, end)
    })
  }
  let stopped = Number.NEGATIVE_INFINITY
  for (let poll = 0; poll < polls.length; poll++) {
    if (polls.isDrain.at(poll) === 0) stopped = Math.max(stopped, polls.end.at(poll))
  }
  const healed = index.events.findLast(({ f }) => f === 'heal')?.t ?? 0
  const worst = new Map<number, { ms: number; row: number; isRead: boolean }>()
  for (let row = 0; row < writes.length; row++) {
    const partition = writes.partition.at(row)
    const transaction = index.transactions.all[writes.transaction.at(row)]
    if (writes.outcome.at(row) !== OK || !lastRead.has(partition)) continue
    if (transaction && !isCommitted(transaction)) continue
    const since = Math.max(writes.end.at(row), transaction?.committed ?? 0, healed)
    const isRead = (firstRead[row] as number) < NEVER
    const ms = ((isRead ? (firstRead[row] as number) : stopped) - since) / 1e6
    if (ms > (worst.get(partition)?.ms ?? index.mode.lagMs)) worst.set(partition, { ms, row, isRead })
  }
  for (const [partition, { ms, row, isRead }] of worst) {
    const offset = writes.offset.at(row)
    found.add('V4', { tp: index.tp(partition), offsets: offset < 0 ? [] : [offset] }, () => {
      const what = isRead ? 'was read' : 'had not been read'
      return `${writes.value(row)} ${what} ${Math.round(ms)} ms after it could be; allowed are ${index.mode.lagMs}`
    })
  }
}
