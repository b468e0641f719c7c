import type { Code } from './anomalies.ts'
import type { Broken, Pair, PollEnd, Send, Step } from './broken-history.ts'
import { TP } from './broken-history.ts'
import type { HistoryEvent } from './history.ts'
import { lastEnds } from './mutators-log.ts'

function insertRead(history: Broken, { begin, end }: Pair, who: string): void {
  const stamp = { who, inc: `${who}#stray`, f: 'poll' }
  const recs = { [begin.tp]: [end.off, begin.v, 1] }
  history.after(end, { ...stamp, ph: 'b', iso: 'read_committed' }, { ...stamp, ph: 'e', recs })
}

/** Ways to break what becomes of transactions, and of calls. */
export const transactionMutators: Partial<Record<Code, (history: Broken) => void>> = {
  T1: (history) => insertRead(history, history.one(history.one(history.committed).writes), 'copier-0'),
  T2: (history) => insertRead(history, history.one(history.one(history.committed).writes), 'reader-9'),
  T3: (history) => {
    const { writes } = history.one(history.committed.filter((each) => each.writes.length > 1))
    history.unread(history.one(writes).begin.v, 'read_committed')
  },
  T4: (history) => {
    for (const { begin } of history.one(history.committed).writes) history.unread(begin.v, 'read_committed')
  },
  T5: (history) => {
    const inits = history.events.filter((event) => event.f === 'txn' && event.step === 'init')
    const heir = inits.at(-1)?.inc
    const victim = history.committed.findLast(({ step }) => step.inc !== heir)
    const t = (victim?.writes[0]?.begin.t as number) - 10
    for (const event of inits) if (event.inc === heir) event.t = t + (event.ph === 'e' ? 1 : 0)
  },
  T6: (history) => {
    const { committed } = history
    const later = committed.at(-1)?.writes[0] as Pair
    const earlier = committed[history.draw(committed.length - 1)]?.step.txn
    const begin = history.events.find(
      (event) => event.f === 'poll' && event.ph === 'b' && event.txn === earlier,
    )
    const poll = history.polls.find(({ op }) => op === begin?.op) as PollEnd
    ;(poll.recs as Record<string, number[]>)[later.begin.tp] = [later.end.off, later.begin.v, 1]
  },
  T7: (history) => {
    // Of three writes in a row the last becomes one of the first one's transaction, with another one's between.
    const writes = history.committed.flatMap((each) => each.writes).sort((a, b) => a.end.off - b.end.off)
    const triples = ['out-0', 'out-1'].flatMap((tp) => {
      const list = writes.filter(({ begin }) => begin.tp === tp)
      const middle = list.findIndex(({ begin }) => begin.txn !== list[0]?.begin.txn)
      return middle > 0 && list[middle + 1] ? [[list[0], list[middle + 1]] as [Pair, Pair]] : []
    })
    const [first, last] = history.one(triples)
    last.begin.txn = first.begin.txn as string
    last.begin.inc = last.end.inc = first.begin.inc
  },
  T8: (history) => {
    const [a, b] = history.committed.flatMap(({ writes }) => writes) as unknown as [
      { begin: Send },
      { begin: Send },
    ]
    b.begin.src = a.begin.src as string
  },
  T9: (history) => {
    const abort = history.aborted.at(-1)?.step as Step
    const next = history.events.find(
      (event) => event.f === 'poll' && event.ph === 'b' && event.inc === abort.inc && event.t > abort.t,
    )
    const poll = history.polls.find(({ op }) => op === next?.op) as PollEnd
    const [tp] = Object.keys(poll.recs) as [string]
    ;(poll.recs[tp] as number[]).splice(0, 3)
  },
  T10: (history) => {
    const offs = lastEnds(history, 'read_committed')
    offs[TP] = (offs[TP] as number) - 1
  },
  V1: (history) => {
    const { crashed } = history
    const { end } = history.one(history.sent.filter(({ begin }) => !crashed.has(begin.inc)))
    history.events = history.events.filter((event) => event !== end)
  },
  V2: (history) => {
    const { end } = history.one(history.sent)
    if (history.draw(2)) history.events.splice(history.events.indexOf(end) + 1, 0, { ...end })
    else history.postpone(end)
  },
  V3: (history) => {
    const heal = history.events.findIndex(({ f }) => f === 'heal')
    const send = history.events.slice(heal).find(({ f, ph }) => f === 'send' && ph === 'b') as HistoryEvent
    history.postpone(history.endOf(send))
  },
  V4: (history) => {
    const isLive = ({ who, recs }: PollEnd) => who.startsWith('reader') && (recs['in-0']?.length ?? 0) > 0
    history.postpone(history.polls.findLast(isLive) as PollEnd)
  },
}
