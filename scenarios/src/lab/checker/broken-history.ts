import type { Draw } from './draw.ts'
import type { EventOf, HistoryEvent } from './history.ts'

export type Send = EventOf<'send', 'b'>
export type Sent = EventOf<'send', 'e'> & { off: number }
export type PollEnd = EventOf<'poll', 'e'>
export type Step = EventOf<'txn', 'b'>

/** A send that worked. */
export interface Pair {
  begin: Send
  end: Sent
}

/** The partition that is broken, and another one of the same topic. */
export const TP = 'in-0'
export const OTHER_TP = 'in-1'
const LONG_NS = 10e9
let nextOp = 1e9

/** A history that is broken on purpose: convenient views of its events, all of which may be changed. */
export class Broken {
  events: HistoryEvent[]
  readonly draw: Draw

  constructor(events: readonly HistoryEvent[], draw: Draw) {
    this.events = structuredClone(events) as HistoryEvent[]
    this.draw = draw
  }

  /** Calls of sends that worked: begin and end. */
  get sent(): Pair[] {
    const begins = new Map<number, Send>()
    const pairs: Pair[] = []
    for (const event of this.events) {
      if (event.f !== 'send') continue
      if (event.ph === 'b') begins.set(event.op, event)
      else if (event.r === 'ok') pairs.push({ begin: begins.get(event.op) as Send, end: event as Sent })
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
  get committed(): { step: Step; writes: Pair[] }[] {
    return this.#finished('commit')
  }

  /** ... and that were aborted. */
  get aborted(): { step: Step; writes: Pair[] }[] {
    return this.#finished('abort')
  }

  #finished(step: 'commit' | 'abort') {
    const steps = this.events.filter(
      (event): event is Step => event.f === 'txn' && event.ph === 'b' && event.step === step,
    )
    const { sent } = this
    const worked = new Set(
      this.events.flatMap((event) =>
        event.f === 'txn' && event.ph === 'e' && event.r === 'ok' ? [event.op] : [],
      ),
    )
    return steps
      .filter(({ op }) => worked.has(op))
      .map((each) => ({ step: each, writes: sent.filter(({ begin }) => begin.txn === each.txn) }))
      .filter(({ writes }) => writes.length > 0)
  }

  one<T>(list: readonly T[]): T {
    return list[this.draw(list.length)] as T
  }

  /** Exchanges two stored records in everything that anybody saw. */
  exchange(a: Pair, b: typeof a): void {
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

  /** Incarnations that were killed. */
  get crashed(): Set<string> {
    return new Set(this.events.flatMap(({ f, inc }) => (f === 'crash' ? [inc] : [])))
  }

  /** The end of a call that has begun. */
  endOf(begin: HistoryEvent): HistoryEvent {
    return this.events.find(({ f, ph, op }) => f === begin.f && ph === 'e' && op === begin.op) as HistoryEvent
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
