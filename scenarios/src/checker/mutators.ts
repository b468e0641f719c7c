import type { Code } from './anomalies.ts'
import type { Draw } from './clean-history.ts'
import type { HistoryEvent } from './history.ts'

type Send = Extract<HistoryEvent, { f: 'send'; ph: 'b' }>
type Sent = Extract<HistoryEvent, { f: 'send'; ph: 'e' }>
type PollEnd = Extract<HistoryEvent, { f: 'poll'; ph: 'e' }>
type Step = Extract<HistoryEvent, { f: 'txn'; ph: 'b' }>
type Rebalance = Extract<HistoryEvent, { f: 'reb' }>
type Commit = Extract<HistoryEvent, { f: 'commit'; ph: 'b' }>

const TP = 'in-0'
const OTHER_TP = 'in-1'
const LONG_NS = 10e9
let nextOp = 1e9

/** A history that is broken on purpose: convenient views of its events, all of which may be changed. */
class Broken {
  events: HistoryEvent[]
  readonly draw: Draw

  constructor(events: readonly HistoryEvent[], draw: Draw) {
    this.events = structuredClone(events) as HistoryEvent[]
    this.draw = draw
  }

  /** Calls of sends that worked: begin and end. */
  get sent(): { begin: Send; end: Sent & { off: number } }[] {
    const begins = new Map<number, Send>()
    const pairs: { begin: Send; end: Sent & { off: number } }[] = []
    for (const event of this.events) {
      if (event.f !== 'send') continue
      if (event.ph === 'b') begins.set(event.op, event)
      else if (event.r === 'ok')
        pairs.push({ begin: begins.get(event.op) as Send, end: event as Sent & { off: number } })
    }
    return pairs
  }

  get polls(): PollEnd[] {
    return this.events.filter((event): event is PollEnd => event.f === 'poll' && event.ph === 'e')
  }

  /** The records of a partition in the final drain, flat. */
  drain(iso: 'read_committed' | 'read_uncommitted', tp: string): { poll: PollEnd; recs: number[] } {
    const poll = this.polls.find(({ who, recs }) => who === `drain-${iso}` && tp in recs)
    return { poll: poll as PollEnd, recs: poll?.recs[tp] as number[] }
  }

  /** Transactions that were committed, with what they wrote. */
  get committed(): { step: Step; writes: { begin: Send; end: Sent & { off: number } }[] }[] {
    return this.#finished('commit')
  }

  get aborted(): { step: Step; writes: { begin: Send; end: Sent & { off: number } }[] }[] {
    return this.#finished('abort')
  }

  #finished(step: 'commit' | 'abort') {
    const steps = this.events.filter(
      (event): event is Step => event.f === 'txn' && event.ph === 'b' && event.step === step,
    )
    const { sent } = this
    return steps
      .map((each) => ({ step: each, writes: sent.filter(({ begin }) => begin.txn === each.txn) }))
      .filter(({ writes }) => writes.length > 0)
  }

  one<T>(list: readonly T[]): T {
    return list[this.draw(list.length)] as T
  }

  /** Exchanges two stored records in everything that anybody saw. */
  exchange(a: { begin: Send; end: Sent & { off: number } }, b: typeof a): void {
    const { tp } = a.begin
    for (const { recs } of this.polls) {
      const list = (recs[tp] ?? []) as number[]
      for (let at = 1; at < list.length; at += 3) {
        if (list[at] === a.begin.v) list[at] = b.begin.v
        else if (list[at] === b.begin.v) list[at] = a.begin.v
      }
    }
    ;[a.end.off, b.end.off] = [b.end.off, a.end.off]
  }

  /** Takes a value out of everything that was read, or that readers of one isolation level read. */
  unread(value: number, only?: 'read_committed'): void {
    const begins = new Map(
      this.events.flatMap((event) => (event.f === 'poll' && event.ph === 'b' ? [[event.op, event.iso]] : [])),
    )
    for (const { op, recs } of this.polls) {
      if (only && begins.get(op) !== only) continue
      for (const [tp, list] of Object.entries(recs) as [string, number[]][]) {
        for (let at = 1; at < list.length; at += 3) {
          if (list[at] !== value) continue
          const off = list[at - 1]
          list.splice(at - 1, 3)
          this.events = this.events.filter(
            (event) => !(event.f === 'handed' && event.ph === 'b' && event.tp === tp && event.off === off),
          )
          break
        }
      }
    }
    const begun = new Set(this.events.flatMap(({ f, ph, op }) => (f === 'handed' && ph === 'b' ? [op] : [])))
    this.events = this.events.filter(({ f, ph, op }) => f !== 'handed' || ph === 'b' || begun.has(op))
  }

  /** Adds calls right after an event. */
  after(event: HistoryEvent, ...added: object[]): void {
    const op = nextOp++
    const { t, who, inc } = event
    const stamped = added.map(
      (each, index) => ({ who, inc, op, ...each, t: t + 1 + index }) as unknown as HistoryEvent,
    )
    this.events.splice(this.events.indexOf(event) + 1, 0, ...stamped)
  }

  /** Moves everything from an event on to a later time. */
  postpone(from: HistoryEvent): void {
    for (const event of this.events.slice(this.events.indexOf(from))) event.t += LONG_NS
  }

  sorted(): HistoryEvent[] {
    return this.events
      .map((event, at) => ({ event, at }))
      .sort((a, b) => a.event.t - b.event.t || a.at - b.at)
      .map(({ event }) => event)
  }
}

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

function insertRead(
  history: Broken,
  { begin, end }: { begin: Send; end: Sent & { off: number } },
  who: string,
): void {
  const stamp = { who, inc: `${who}#stray`, f: 'poll' }
  const recs = { [begin.tp]: [end.off, begin.v, 1] }
  history.after(end, { ...stamp, ph: 'b', iso: 'read_committed' }, { ...stamp, ph: 'e', recs })
}

/** Two sends to a partition, the first acknowledged before the second began. */
function successive(history: Broken, isSame: (a: Send, b: Send) => boolean) {
  const sent = history.sent.filter(({ begin }) => begin.tp === TP)
  const pairs = sent.flatMap((a) =>
    sent
      .filter((b) => b.end.off > a.end.off && isSame(a.begin, b.begin))
      .slice(0, 1)
      .map((b) => [a, b] as const),
  )
  return history.one(pairs)
}

function lastOf(history: Broken, tp: string) {
  const sent = history.sent.filter(({ begin }) => begin.tp === tp)
  return sent.reduce((last, each) => (each.end.off > last.end.off ? each : last))
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

function lastEnds(history: Broken, iso: string): Record<string, number> {
  const asked = history.events.findLast(
    (event) => event.f === 'ends' && event.ph === 'b' && event.iso === iso,
  )
  const answer = history.events.find(
    (event) => event.f === 'ends' && event.ph === 'e' && event.op === asked?.op,
  )
  return (answer as { offs: Record<string, number> }).offs
}

/** One way to break a history for each code. */
const breaks: Record<Code, (history: Broken) => void> = {
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
  L2: (history) => history.unread(lastOf(history, TP).begin.v),
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
    const end = history.events.find(
      (event) => event.f === 'commit' && event.ph === 'e' && event.op === commit.op,
    ) as HistoryEvent
    const off = (commit.offs[TP] as number) - 1
    const records = new Set(
      history.events.flatMap((event) =>
        event.f === 'handed' && event.ph === 'b' && event.tp === TP && event.off === off ? [event.op] : [],
      ),
    )
    // The handler was still at it when its record was committed.
    for (const event of history.events)
      if (event.f === 'handed' && event.ph === 'e' && records.has(event.op)) event.t = end.t + 1
  },
  C8: (history) => {
    const commit = lastCommit(history)
    const end = history.events.find(
      (event) => event.f === 'commit' && event.ph === 'e' && event.op === commit.op,
    ) as HistoryEvent
    const offs = { [TP]: (commit.offs[TP] as number) - 1 }
    history.after(end, { ph: 'b', f: 'commit', group: commit.group, offs }, { ph: 'e', f: 'commit', r: 'ok' })
  },
  C9: (history) => {
    const last = history.events.findLast(
      (event): event is Rebalance =>
        event.f === 'reb' && event.kind === 'assigned' && event.ph === 'e' && event.tps.includes(TP),
    ) as Rebalance
    const poll = history.polls.find(
      ({ inc, t, pos }) => inc === last.inc && t > last.t && pos && TP in pos,
    ) as PollEnd
    ;(poll.pos as Record<string, [number, number]>)[TP] = [history.draw(2) ? 0 : 1e6, 1e6]
  },
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
    const later = committed.at(-1)?.writes[0] as { begin: Send; end: Sent & { off: number } }
    const earlier = committed[history.draw(committed.length - 1)]?.step.txn
    const begin = history.events.find(
      (event) => event.f === 'poll' && event.ph === 'b' && event.txn === earlier,
    )
    const poll = history.polls.find(({ op }) => op === begin?.op) as PollEnd
    ;(poll.recs as Record<string, number[]>)[later.begin.tp] = [later.end.off, later.begin.v, 1]
  },
  T7: (history) => {
    const { committed } = history
    const tp = ['out-0', 'out-1'].find(
      (each) => committed.flatMap(({ writes }) => writes).filter(({ begin }) => begin.tp === each).length > 2,
    )
    const writes = committed.flatMap((each) => each.writes).filter(({ begin }) => begin.tp === tp)
    writes.sort((a, b) => a.end.off - b.end.off)
    const [x, y, z] = writes.map(({ begin }) => begin) as [Send, Send, Send]
    const names = committed.map(({ step }) => step.txn)
    // The begin of a transaction must stand before its sends, so both are the earliest ones.
    x.txn = z.txn = names[0] as string
    y.txn = names.find((name) => name !== names[0]) as string
    const firstBegin = history.events.find(
      (event) => event.f === 'txn' && event.step === 'begin' && event.txn === y.txn,
    )
    for (const event of history.events) {
      if (event.f === 'txn' && event.step === 'begin' && event.txn === y.txn && firstBegin)
        event.t = x.t - 20 + (event.ph === 'e' ? 1 : 0)
    }
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
    const { end } = history.one(history.sent)
    history.events = history.events.filter((event) => event !== end)
  },
  V2: (history) => {
    const { end } = history.one(history.sent)
    history.events.splice(history.events.indexOf(end) + 1, 0, { ...end })
  },
  V3: (history) => {
    const heal = history.events.findIndex(({ f }) => f === 'heal')
    history.postpone(history.events[heal + 1] as HistoryEvent)
  },
  V4: (history) => {
    // The last record of a partition that only the drain has read.
    const close = history.events.find(({ f }) => f === 'close') as HistoryEvent
    history.postpone(close)
  },
}

/** Breaks a copy of a clean history in the way of a code. */
export function mutate(events: readonly HistoryEvent[], code: Code, draw: Draw): HistoryEvent[] {
  const history = new Broken(events, draw)
  breaks[code](history)
  return history.sorted()
}
