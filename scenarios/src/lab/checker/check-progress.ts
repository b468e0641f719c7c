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
 * the healing, to when it was, or to when the last of its readers was gone.
 */
function checkLag(index: HistoryIndex, found: Findings): void {
  const { writes } = index
  const firstRead = firstReads(index)
  const gone = endsOfReading(index)
  const healed = index.events.findLast(({ f }) => f === 'heal')?.t ?? 0
  const worst = new Map<number, { ms: number; row: number; isRead: boolean }>()
  for (let row = 0; row < writes.length; row++) {
    const partition = writes.partition.at(row)
    const transaction = index.transactions.all[writes.transaction.at(row)]
    const end = gone.get(partition)
    if (writes.outcome.at(row) !== OK || end === undefined) continue
    if (transaction && !isCommitted(transaction)) continue
    const since = Math.max(writes.end.at(row), transaction?.committed ?? 0, healed)
    const isRead = (firstRead[row] as number) < NEVER
    const ms = ((isRead ? (firstRead[row] as number) : end) - since) / 1e6
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

/** By row, when a value was first read besides the drain. */
function firstReads({ writes, polls, reads, logs }: HistoryIndex): Float64Array {
  const first = new Float64Array(writes.length).fill(NEVER)
  for (const run of reads.runs()) {
    const log = logs[run.partition]
    if (!log || polls.isDrain.at(run.poll) === 1) continue
    const end = polls.end.at(run.poll)
    eachValue(run, log, (row) => {
      first[row] = Math.min(first[row] as number, end)
    })
  }
  return first
}

/** By partition, when the last of those who were assigned it, or read it, besides the drain, was gone. */
function endsOfReading(index: HistoryIndex): Map<number, number> {
  const { polls, incarnations, reads, moves } = index
  const drains = new Set<number>()
  for (const { f, inc } of index.events) if (f === 'drain') drains.add(incarnations.number(inc))
  for (let poll = 0; poll < polls.length; poll++) {
    if (polls.isDrain.at(poll) === 1) drains.add(polls.incarnation.at(poll))
  }
  const ends = new Map<number, number>()
  const see = (partition: number, incarnation: number) => {
    if (drains.has(incarnation)) return
    const { last, crashed = NEVER } = incarnations.at(incarnation)
    ends.set(partition, Math.max(Math.min(last, crashed), ends.get(partition) ?? 0))
  }
  for (const { partition, poll } of reads.runs()) see(partition, polls.incarnation.at(poll))
  for (const [partition, list] of moves) {
    for (const { kind, incarnation } of list) if (kind === 'assigned') see(partition, incarnation)
  }
  return ends
}
