import type { Code } from './anomalies.ts'
import type { Broken, PollEnd } from './broken-history.ts'
import { TP } from './broken-history.ts'
import type { EventOf, HistoryEvent } from './history.ts'

type Rebalance = EventOf<'reb'>
type Commit = EventOf<'commit', 'b'>

/** Splits the drain of a partition into two polls; the second begins `shift` records further on than it should. */
function splitDrain(history: Broken, shift: number): void {
  const { poll, recs } = history.drain('read_uncommitted', TP)
  const middle = 3 * (1 + history.draw(recs.length / 3 - 2))
  const rest = recs.slice(middle + 3 * shift)
  recs.splice(middle)
  history.after(
    poll,
    { ph: 'b', f: 'poll', iso: 'read_uncommitted', drain: true },
    { ph: 'e', f: 'poll', recs: { [TP]: rest } },
  )
}

function lastCommit(history: Broken): Commit {
  const worked = new Set(
    history.events.flatMap((event) =>
      event.f === 'commit' && event.ph === 'e' && event.r === 'ok' ? [event.op] : [],
    ),
  )
  return history.events.findLast(
    (event) => event.f === 'commit' && event.ph === 'b' && TP in event.offs && worked.has(event.op),
  ) as Commit
}

/** Asks of a history what only orderly groups can keep. */
function askForOrder(history: Broken): void {
  const asked = history.events.find((event) => event.f === 'mode') as EventOf<'mode'>
  asked.mode = { ...asked.mode, orderly: true }
}

/** Ways to break what readers do. */
export const readerMutators: Partial<Record<Code, (history: Broken) => void>> = {
  C1: (history) => {
    const { recs } = history.drain('read_uncommitted', TP)
    recs.splice(3 * (1 + history.draw(recs.length / 3 - 2)), 3)
  },
  C2: (history) => splitDrain(history, 1),
  C3: (history) => {
    const { recs } = history.drain('read_uncommitted', TP)
    const at = 3 * history.draw(recs.length / 3 - 1)
    recs.splice(at, 0, ...recs.splice(at + 3, 3))
  },
  C4: (history) => splitDrain(history, -1),
  C5: (history) => {
    const assigned = history.events.filter(
      (event): event is Rebalance => event.f === 'reb' && event.kind === 'assigned' && event.ph === 'e',
    )
    const owner = history.one(
      assigned.filter(
        ({ tps, gen }) => tps.length > 0 && assigned.some((each) => each.gen === gen && each.tps !== tps),
      ),
    )
    const other = assigned.find(({ gen, inc }) => gen === owner.gen && inc !== owner.inc) as Rebalance
    other.tps = [...other.tps, ...owner.tps]
  },
  C6: (history) => {
    const revoked = history.events.findLast(
      (event): event is Rebalance =>
        event.f === 'reb' && event.kind === 'revoked' && event.ph === 'e' && event.tps.length > 0,
    ) as Rebalance
    history.after(revoked, { ph: 'b', f: 'handed', tp: revoked.tps[0], off: 0 }, { ph: 'e', f: 'handed' })
  },
  C7: (history) => {
    const commit = lastCommit(history)
    const off = (commit.offs[TP] as number) - 1
    // Whoever was handed the record: the handler was still at it when it was committed.
    const { t } = history.endOf(commit)
    for (const event of history.events) {
      if (event.f !== 'handed' || event.ph !== 'b' || event.tp !== TP || event.off !== off) continue
      const end = history.endOf(event) as HistoryEvent | undefined
      if (end) end.t = Math.max(end.t, t + 1)
    }
  },
  C8: (history) => {
    const commit = lastCommit(history)
    const offs = { [TP]: 0 }
    const { group } = commit
    history.after(
      history.endOf(commit),
      { ph: 'b', f: 'commit', group, offs },
      { ph: 'e', f: 'commit', r: 'ok' },
    )
  },
  C9: (history) => {
    const last = history.events.findLast(
      (event): event is Rebalance =>
        event.f === 'reb' && event.kind === 'assigned' && event.ph === 'e' && event.tps.includes(TP),
    ) as Rebalance
    const poll = history.polls.find(
      ({ inc, t, pos }) => inc === last.inc && t > last.t && pos && TP in pos,
    ) as PollEnd
    // Of a member that was killed commits may be missing, which excuses a start further on.
    const isKilled = [...history.crashed].some((inc) => inc.startsWith('reader'))
    const position = isKilled || history.draw(2) === 0 ? 0 : 1e6
    ;(poll.pos as Record<string, [number, number]>)[TP] = [position, position]
  },
  C10: (history) => {
    askForOrder(history)
    const done = new Set(
      history.events.flatMap(({ f, ph, op }) => (f === 'handed' && ph === 'e' ? [op] : [])),
    )
    const handed = history.events.filter(
      (event): event is EventOf<'handed', 'b'> =>
        event.f === 'handed' && event.ph === 'b' && done.has(event.op),
    )
    const first = history.one(handed)
    const again = { ph: 'b', f: 'handed', tp: first.tp, off: first.off }
    history.after(history.endOf(first), again, { ph: 'e', f: 'handed' })
  },
  C11: (history) => {
    askForOrder(history)
    Object.assign(history.endOf(lastCommit(history)), { r: 'unk', code: 'REBALANCE_IN_PROGRESS' })
  },
}
