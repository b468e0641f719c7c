import type { CallKind } from './calls.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'

/** V1 and V2: every call ends, once and in time. Polls and handlers may take as long as they like. */
export function checkSettlement({ index }: Evidence, found: Findings): void {
  for (const { kind, row, op } of index.calls.open()) {
    const { incarnation, begin } = caller(index, kind, row)
    const { inc, closed, crashed } = index.incarnations.at(incarnation)
    // Of a process that was killed nobody knows what it would have said.
    if (closed === undefined || begin > closed || crashed !== undefined) continue
    found.add('V1', {}, () => `the ${kind} of ${inc} with op ${op} had no end when its client was closed`)
  }
  for (const { kind, op, inc } of index.calls.surplus) {
    found.add('V2', {}, () => `the ${kind} of ${inc} with op ${op} ended twice, or never began`)
  }
  const { writes } = index
  for (let row = 0; row < writes.length; row++) {
    checkDuration(index, 'send', writes.incarnation.at(row), writes.begin.at(row), writes.end.at(row), found)
  }
  for (const { event, incarnation, end } of index.rare) {
    if (event.f !== 'reb') checkDuration(index, event.f as CallKind, incarnation, event.t, end, found)
  }
}

function checkDuration(
  index: HistoryIndex,
  kind: CallKind,
  incarnation: number,
  begin: number,
  end: number,
  found: Findings,
): void {
  const ms = (end - begin) / 1e6
  const { deliveryMs, callMs } = index.mode
  const most = kind === 'send' ? deliveryMs : callMs
  if (!(ms > most + 1000) || end === Number.POSITIVE_INFINITY) return
  found.add('V2', {}, () => {
    return `a ${kind} of ${index.inc(incarnation)} took ${Math.round(ms)} ms, allowed are ${most}`
  })
}

function caller(index: HistoryIndex, kind: CallKind, row: number): { incarnation: number; begin: number } {
  if (kind === 'send') {
    return { incarnation: index.writes.incarnation.at(row), begin: index.writes.begin.at(row) }
  }
  if (kind === 'handed') {
    const { incarnation, begin } = index.commits.handed
    return { incarnation: incarnation.at(row), begin: begin.at(row) }
  }
  if (kind === 'poll') {
    const poll = index.pollBegins.get(row)
    return { incarnation: poll?.incarnation ?? -1, begin: poll?.event.t ?? 0 }
  }
  const { incarnation, event } = index.rare[row] as (typeof index.rare)[number]
  return { incarnation, begin: event.t }
}
