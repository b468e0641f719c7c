import type { Finding } from './anomalies.ts'
import type { HistoryIndex } from './history-index.ts'
import { OK } from './history-index.ts'

/** V: every call ends, once and in time; after healing work goes on, and what was acknowledged is read. */
export function checkLiveness(index: HistoryIndex): Finding[] {
  return [...settlement(index), ...progress(index), ...lag(index)]
}

function settlement(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const closed = new Set(
    index.events.flatMap((event) => (event.f === 'close' && event.ph === 'e' ? [event.inc] : [])),
  )
  for (const { f, inc } of index.open.values()) {
    // Of a process that was killed nobody knows what it would have said.
    if (closed.has(inc))
      found.push({ code: 'V1', text: `a ${f} of ${inc} had no end when its client was closed` })
  }
  for (const { f, op } of index.surplusEnds)
    found.push({ code: 'V2', text: `the ${f} with op ${op} ended twice` })
  for (const { f, inc, ms } of index.late) {
    found.push({
      code: 'V2',
      text: `a ${f} of ${inc} took ${Math.round(ms)} ms, allowed are ${index.mode.deadlineMs}`,
    })
  }
  return found
}

function lastHeal(index: HistoryIndex): number | undefined {
  return index.events.findLast((event) => event.f === 'heal')?.t
}

/** V3: from the healing until work stops being offered (the drain, or the last close) there is no long silence. */
function progress(index: HistoryIndex): Finding[] {
  const healed = lastHeal(index)
  if (healed === undefined) return []
  const until = index.events.find(
    (event) => event.t > healed && (event.f === 'drain' || event.f === 'close'),
  )?.t
  const times = Array.from({ length: index.progress.length }, (_, at) => index.progress.at(at))
  const moments = [
    healed,
    ...times.filter((t) => t > healed && t <= (until ?? t)),
    ...(until ? [until] : []),
  ].sort((a, b) => a - b)
  let longest = 0
  for (let at = 1; at < moments.length; at++) {
    longest = Math.max(longest, (moments[at] as number) - (moments[at - 1] as number))
  }
  if (longest <= index.mode.progressMs * 1e6) return []
  return [{ code: 'V3', text: `after healing nothing worked for ${Math.round(longest / 1e6)} ms` }]
}

/** V4: for each partition the longest time from an acknowledgement, or the healing, to the first reading. */
function lag(index: HistoryIndex): Finding[] {
  const { writes, reads } = index
  const firstRead = new Float64Array(writes.length).fill(Number.POSITIVE_INFINITY)
  let end = 0
  for (let row = 0; row < reads.length; row++) {
    const poll = index.polls[reads.poll.at(row)]
    const write = writes.of(reads.value.at(row))
    if (!poll || write < 0) continue
    firstRead[write] = Math.min(firstRead[write] as number, poll.end)
    end = Math.max(end, poll.end)
  }
  const healed = lastHeal(index) ?? 0
  const worst = new Map<number, { ms: number; value: number }>()
  for (let row = 0; row < writes.length; row++) {
    if (writes.outcome.at(row) !== OK || firstRead[row] === Number.POSITIVE_INFINITY) continue
    const since = Math.max(writes.end.at(row), healed)
    const ms = ((firstRead[row] as number) - since) / 1e6
    const partition = writes.partition.at(row)
    if (ms <= (worst.get(partition)?.ms ?? index.mode.lagMs)) continue
    worst.set(partition, { ms, value: writes.value.at(row) })
  }
  return [...worst].map(([partition, { ms, value }]) => ({
    code: 'V4',
    tp: index.partitions.all[partition] as string,
    text: `${value} was read ${Math.round(ms)} ms after it had been acknowledged; allowed are ${index.mode.lagMs}`,
  }))
}
