import type { HistoryEvent } from './history.ts'

const PRODUCERS = 8
const PARTITIONS = 12
const BATCH = 500

/**
 * A long history in which nothing is wrong, made as it goes: producers with calls under way together, a group of one
 * reader for all partitions, faults, a drain at both isolations. `handed`: each record is handed over, which is two lines
 * more.
 */
export function* syntheticHistory(records: number, handed = false): Generator<HistoryEvent, void> {
  const run = new Synthetic(handed)
  yield* run.lines(records)
}

class Synthetic {
  readonly #handed: boolean
  readonly #logs: number[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly #ends = new Float64Array(PARTITIONS)
  #t = 1e9
  #op = 0

  constructor(handed: boolean) {
    this.#handed = handed
  }

  *lines(records: number): Generator<HistoryEvent, void> {
    yield this.#line('judge', { ph: 'b', f: 'mode', mode: { expectedOps: records, expectedFaults: 1 } })
    yield this.#line('judge', { ph: 'b', f: 'fault' })
    yield this.#line('judge', { ph: 'b', f: 'heal' })
    const open: { who: string; op: number; tp: number; v: number }[] = []
    for (let v = 0; v < records; v++) {
      const who = `p${v % PRODUCERS}`
      const tp = Math.floor(v / PRODUCERS) % PARTITIONS
      const begin = this.#line(who, { ph: 'b', f: 'send', tp: `t-${tp}`, v })
      open.push({ who, op: begin.op, tp, v })
      yield begin
      if (open.length > PRODUCERS * 5) yield this.#ack(open.shift() as (typeof open)[number])
      if (v % (BATCH * PARTITIONS) === 0) yield* this.#poll('reader', 'group')
    }
    for (const each of open) yield this.#ack(each)
    yield* this.#poll('reader', 'group')
    for (const iso of ['read_uncommitted', 'read_committed'] as const) yield* this.#drain(iso)
  }

  #line(who: string, event: object): HistoryEvent {
    this.#t += 100
    return { t: this.#t, op: ++this.#op, who, inc: `${who}#0`, ...event } as unknown as HistoryEvent
  }

  #ack({ who, op, tp, v }: { who: string; op: number; tp: number; v: number }): HistoryEvent {
    const log = this.#logs[tp] as number[]
    const off = log.push(v) - 1
    return { ...this.#line(who, { ph: 'e', f: 'send', r: 'ok', off }), op } as HistoryEvent
  }

  *#poll(who: string, group: string): Generator<HistoryEvent, void> {
    for (let tp = 0; tp < PARTITIONS; tp++) {
      const from = this.#ends[tp] as number
      const to = (this.#logs[tp] as number[]).length
      yield* this.#read(who, tp, from, to, { group, iso: 'read_committed' })
      this.#ends[tp] = to
      if (this.#handed) {
        for (let off = from; off < to; off++) {
          const begin = this.#line(who, { ph: 'b', f: 'handed', tp: `t-${tp}`, off })
          yield begin
          yield { ...this.#line(who, { ph: 'e', f: 'handed' }), op: begin.op } as HistoryEvent
        }
      }
      if (to === from) continue
      const commit = this.#line(who, { ph: 'b', f: 'commit', group, offs: { [`t-${tp}`]: to } })
      yield commit
      yield { ...this.#line(who, { ph: 'e', f: 'commit', r: 'ok' }), op: commit.op } as HistoryEvent
    }
  }

  *#read(who: string, tp: number, from: number, to: number, begin: object): Generator<HistoryEvent, void> {
    const log = this.#logs[tp] as number[]
    for (let first = from; first < to; first += BATCH) {
      const last = Math.min(to, first + BATCH)
      const recs: number[] = []
      for (let off = first; off < last; off++) recs.push(off, log[off] as number, 1)
      const poll = this.#line(who, { ph: 'b', f: 'poll', ...begin })
      yield poll
      const pos = { [`t-${tp}`]: [first, last] }
      yield {
        ...this.#line(who, { ph: 'e', f: 'poll', recs: { [`t-${tp}`]: recs }, pos }),
        op: poll.op,
      } as HistoryEvent
    }
  }

  *#drain(iso: string): Generator<HistoryEvent, void> {
    const who = `drain-${iso}`
    yield this.#line(who, { ph: 'b', f: 'open' })
    const offs = Object.fromEntries(this.#logs.map((log, tp) => [`t-${tp}`, log.length]))
    for (const [tp, log] of this.#logs.entries())
      yield* this.#read(who, tp, 0, log.length, { iso, drain: true })
    yield this.#line(who, { ph: 'b', f: 'drain', iso, offs })
  }
}
