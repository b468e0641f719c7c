import type { Code } from './anomalies.ts'
import type { HistoryEvent } from './history.ts'
import { foundCodes } from './report.ts'
import type { Verdict } from './verdict.ts'
import { check } from './verdict.ts'

const STEP_NS = 1e6

/** Writes a small history by hand: each line is a millisecond after the one before. */
export class Script {
  readonly events: HistoryEvent[] = []
  #t = 0
  #op = 0

  constructor(mode: object = {}) {
    this.moment('judge', { f: 'mode', mode: { expectedFaults: 0, ...mode } })
  }

  /** A call: begin, and a function that writes the end. */
  begin(inc: string, event: object): (end?: object) => this {
    const op = ++this.#op
    const { f } = event as { f: string }
    this.#push({ ph: 'b', op, who: inc, inc, ...event })
    return (end = {}) => this.#push({ ph: 'e', op, who: inc, inc, f, ...end })
  }

  call(inc: string, event: object, end: object = {}): this {
    return this.begin(inc, event)(end)
  }

  moment(inc: string, event: object): this {
    return this.#push({ ph: 'b', op: ++this.#op, who: inc, inc, ...event })
  }

  wait(ms: number): this {
    this.#t += ms * STEP_NS
    return this
  }

  send(inc: string, v: number, end: object, more: object = {}): this {
    return this.call(inc, { f: 'send', tp: 't-0', v, ...more }, end)
  }

  /** `recs`: offset and value by turns. */
  poll(inc: string, recs: readonly number[], more: object = {}, pos?: readonly [number, number]): this {
    const flat = recs.flatMap((number, at) => (at % 2 === 0 ? [number] : [number, 1]))
    const end = { recs: flat.length > 0 ? { 't-0': flat } : {}, ...(pos ? { pos: { 't-0': pos } } : {}) }
    return this.call(inc, { f: 'poll', iso: 'read_committed', ...more }, end)
  }

  rebalance(inc: string, kind: string, gen: number, tps: readonly string[] = ['t-0']): this {
    const event = { f: 'reb', group: 'g', kind, tps, gen }
    return this.call(inc, event, { kind, tps, gen, group: 'g' })
  }

  handle(inc: string, off: number): this {
    return this.call(inc, { f: 'handed', tp: 't-0', off })
  }

  commit(inc: string, off: number, end: object = { r: 'ok' }): this {
    return this.call(inc, { f: 'commit', group: 'g', offs: { 't-0': off } }, end)
  }

  txn(inc: string, step: string, txn: string, r = 'ok', more: object = {}): this {
    return this.call(inc, { f: 'txn', step, tid: 'id', txn, ...more }, { step, tid: 'id', txn, r })
  }

  close(inc: string): this {
    return this.call(inc, { f: 'close' })
  }

  /** A drain of t-0 by a fresh client. */
  drain(iso: string, recs: readonly number[], end: number): this {
    const inc = `drain-${iso}-${this.#op}`
    this.moment(inc, { f: 'open' })
    this.poll(inc, recs, { iso, drain: true })
    return this.moment(inc, { f: 'drain', iso, offs: { 't-0': end } })
  }

  verdict(): Verdict {
    return check(this.events)
  }

  /** Codes that were found, allowed ones too. */
  codes(): Code[] {
    return foundCodes(this.verdict())
  }

  #push(event: object): this {
    this.#t += STEP_NS
    this.events.push({ ...event, t: this.#t } as HistoryEvent)
    return this
  }
}
