import type { Code } from './anomalies.ts'
import type { Broken, Pair, Send } from './broken-history.ts'
import { OTHER_TP, TP } from './broken-history.ts'
import type { HistoryEvent } from './history.ts'

/** Two sends to a partition, the first acknowledged before the second began. */
function successive(history: Broken, isWanted: (a: Send, b: Send) => boolean): readonly [Pair, Pair] {
  const sent = history.sent.filter(({ begin }) => begin.tp === TP)
  const pairs = sent.flatMap((a) =>
    sent.filter((b) => a.end.t < b.begin.t && isWanted(a.begin, b.begin)).map((b) => [a, b] as const),
  )
  return history.one(pairs)
}

function lastOf(history: Broken, tp: string): Pair {
  const sent = history.sent.filter(({ begin }) => begin.tp === tp)
  return sent.reduce((last, each) => (each.end.off > last.end.off ? each : last))
}

/** The last answer to the question where partitions end. */
export function lastEnds(history: Broken, iso: string): Record<string, number> {
  const asked = history.events.findLast(
    (event) => event.f === 'ends' && event.ph === 'b' && event.iso === iso,
  )
  return (history.endOf(asked as HistoryEvent) as { offs: Record<string, number> }).offs
}

/** Ways to break what the log holds. */
export const logMutators: Partial<Record<Code, (history: Broken) => void>> = {
  S1: (history) => {
    const { recs } = history.drain('read_uncommitted', TP)
    const at = 3 * history.draw(recs.length / 3 - 1)
    recs[at + 1] = recs[at + 4] as number
  },
  S2: (history) => {
    const { recs } = history.drain('read_uncommitted', TP)
    recs.push((recs.at(-3) as number) + 1, recs[1 + 3 * history.draw(recs.length / 3)] as number, 1)
  },
  S3: (history) => {
    const { recs } = history.drain('read_uncommitted', TP)
    recs.push((recs.at(-3) as number) + 1, 1e12, 1)
  },
  S4: (history) => {
    const { recs } = history.drain('read_committed', TP)
    recs[2 + 3 * history.draw(recs.length / 3)] = 0
  },
  S5: (history) => {
    const { recs } = history.drain('read_uncommitted', TP)
    const foreign = history.drain('read_uncommitted', OTHER_TP).recs
    recs.push((recs.at(-3) as number) + 1, foreign[1 + 3 * history.draw(foreign.length / 3)] as number, 1)
  },
  S6: (history) => {
    const offs = lastEnds(history, 'read_uncommitted')
    offs[TP] = (offs[TP] as number) - 1
  },
  L1: (history) => {
    const last = lastOf(history, TP)
    history.unread(
      history.one(history.sent.filter((each) => each.begin.tp === TP && each.end.off < last.end.off)).begin.v,
    )
  },
  L2: (history) => {
    // The log is cut before the drain: what was acknowledged behind that may have been read before, or not.
    const { begin, end } = history.one(history.sent.filter((each) => each.begin.tp === TP))
    for (const iso of ['read_committed', 'read_uncommitted'] as const) {
      const { recs } = history.drain(iso, TP)
      recs.splice(3 * recs.filter((_, at) => at % 3 === 0).findIndex((offset) => offset >= end.off))
    }
    if (history.draw(2)) history.unread(begin.v)
  },
  L3: (history) => {
    const { begin, end } = history.one(history.one(history.aborted).writes)
    const stamp = { who: 'reader-9', inc: 'reader-9#0', f: 'poll' }
    const recs = { [begin.tp]: [end.off, begin.v, 1] }
    const last = history.events.at(-1) as HistoryEvent
    history.after(last, { ...stamp, ph: 'b', iso: 'read_committed' }, { ...stamp, ph: 'e', recs })
  },
  O1: (history) => {
    const [a, b] = successive(history, (x, y) => x.inc === y.inc)
    history.exchange(a, b)
    // Under way together: the first ended after the second had begun.
    a.end.t = b.begin.t + 1
  },
  O2: (history) => history.exchange(...successive(history, (x, y) => x.inc === y.inc)),
  O3: (history) => history.exchange(...successive(history, (x, y) => x.inc !== y.inc)),
}
