import type { Code } from './anomalies.ts'
import type { CallKind } from './calls.ts'
import { Calls } from './calls.ts'
import { Names, Numbers } from './columns.ts'
import { Commits } from './commits.ts'
import type { EventOf, HistoryEvent } from './history.ts'
import { HistoryError } from './history.ts'
import { Incarnations } from './incarnations.ts'
import { append } from './lists.ts'
import type { Mode } from './mode.ts'
import { defaultMode } from './mode.ts'
import { settled } from './outcome.ts'
import { PartitionLog } from './partition-log.ts'
import { Positions } from './positions.ts'
import { Polls, Reads } from './reads.ts'
import { Transactions } from './transactions.ts'
import { OK, outcomeNumbers, Writes } from './writes.ts'

/** A call other than a send, a poll or a handler: what kind, when, by whom, and its begin. */
export interface RareCall {
  event: HistoryEvent
  incarnation: number
  end: number
}

/** Something that excuses a reader for being elsewhere: it was told to, or told that it must. */
export interface Move {
  t: number
  incarnation: number
  kind: 'sought' | 'reset' | 'assigned'
  /** Where to, when it was sought. */
  offset?: number
}

/** What a history holds, in the shape in which it is asked. Add every event in the order of time, then `seal`. */
export class HistoryIndex {
  mode: Mode = defaultMode
  readonly allow = new Set<Code>()
  readonly partitions = new Names()
  readonly incarnations = new Incarnations()
  readonly writes = new Writes()
  readonly polls = new Polls()
  readonly reads = new Reads()
  readonly logs: PartitionLog[] = []
  readonly transactions = new Transactions()
  readonly commits = new Commits()
  readonly positions = new Positions()
  readonly calls = new Calls()
  /** Polls that have begun; and calls that are neither send, poll nor handler. */
  readonly pollBegins = new Map<number, { incarnation: number; event: EventOf<'poll', 'b'> }>()
  readonly rare: RareCall[] = []
  /** Rare events that checks go through, in the order of time. */
  readonly events: HistoryEvent[] = []
  /** By partition. */
  readonly moves = new Map<number, Move[]>()
  /** By incarnation: when aborts ended, after which it may read again. */
  readonly aborts = new Map<number, number[]>()
  /** By incarnation: when it began polls. */
  readonly pollTimes = new Map<number, Numbers>()
  readonly beats = new Map<number, { op: number; sent: number; answered: number }[]>()
  /** Inputs of copied records: row of the output, input partition and offset. */
  readonly sources: { row: number; partition: number; offset: number }[] = []
  /** By row, of compacted partitions only. */
  readonly keys = new Map<number, string>()
  /** When calls worked, apart from those of the final drain. */
  readonly progress = new Numbers()
  readonly counts = { ok: 0, fail: 0, unk: 0, faults: 0, events: 0, handed: 0 }
  /** Time of the last event. */
  last = 0

  add(event: HistoryEvent): void {
    this.counts.events++
    this.last = event.t
    const incarnation = this.incarnations.hear(event.inc, event.who, event.t)
    switch (event.f) {
      case 'send':
        if (event.ph === 'b') this.#sendBegins(incarnation, event)
        else this.#sendEnds(event)
        break
      case 'poll':
        if (event.ph === 'b') this.#pollBegins(incarnation, event)
        else this.#pollEnds(event)
        break
      case 'handed':
        this.#handed(incarnation, event)
        break
      default:
        this.#rare(incarnation, event)
    }
  }

  seal(): this {
    for (let partition = 0; partition < this.partitions.all.length; partition++) this.#log(partition).seal()
    return this
  }

  tp(partition: number): string {
    return this.partitions.name(partition)
  }

  inc(number: number): string {
    return this.incarnations.at(number).inc
  }

  /** Whether a reader of a poll must be given committed records only. */
  readonly isHeldToCommitted = (poll: number): boolean =>
    this.polls.isCommittedOnly.at(poll) === 1 ||
    (this.mode.isolation === 'read_committed' && this.polls.isDrain.at(poll) === 0)

  #log(partition: number): PartitionLog {
    for (let at = this.logs.length; at <= partition; at++) this.logs.push(new PartitionLog())
    return this.logs[partition] as PartitionLog
  }

  #sendBegins(incarnation: number, event: EventOf<'send', 'b'>): void {
    const { writes } = this
    const row = writes.of(event.v)
    if (writes.wasSent(row)) throw new HistoryError('the history', 0, `two sends have the value ${event.v}`)
    writes.partition.set(row, this.partitions.of(event.tp))
    writes.incarnation.set(row, incarnation)
    writes.begin.set(row, event.t)
    const transaction = this.transactions.number(incarnation, event.inc, event.txn, event.t)
    writes.transaction.set(row, transaction)
    this.transactions.all[transaction]?.writes.push(row)
    if (event.src !== undefined) {
      const at = event.src.lastIndexOf('@')
      const partition = this.partitions.of(event.src.slice(0, at))
      this.sources.push({ row, partition, offset: Number(event.src.slice(at + 1)) })
    }
    if (event.key !== undefined && this.mode.compacted) this.keys.set(row, event.key)
    this.calls.begin('send', event.op, row)
  }

  #sendEnds(event: EventOf<'send', 'e'>): void {
    const row = this.calls.end('send', event.op, event.inc)
    if (row < 0) return
    const { writes } = this
    const outcome = settled(event)
    this.counts[outcome]++
    writes.end.set(row, event.t)
    writes.outcome.set(row, outcomeNumbers[outcome])
    if (outcome !== 'ok') return
    this.progress.push(event.t)
    if (event.off === undefined || event.off < 0) return
    writes.offset.set(row, event.off)
    this.#log(writes.partition.at(row)).note(event.off, row)
  }

  #pollBegins(incarnation: number, event: EventOf<'poll', 'b'>): void {
    if (event.group !== undefined) this.incarnations.at(incarnation).group = event.group
    const times = this.pollTimes.get(incarnation) ?? new Numbers()
    if (times.length === 0) this.pollTimes.set(incarnation, times)
    times.push(event.t)
    this.pollBegins.set(event.op, { incarnation, event })
    this.calls.begin('poll', event.op, event.op)
  }

  #pollEnds(event: EventOf<'poll', 'e'>): void {
    const op = this.calls.end('poll', event.op, event.inc)
    const begun = this.pollBegins.get(op)
    if (!begun) return
    this.pollBegins.delete(op)
    const { incarnation } = begun
    const { iso, drain = false, txn, t } = begun.event
    const { polls } = this
    const poll = polls.begin.push(t)
    polls.end.push(event.t)
    polls.incarnation.push(incarnation)
    polls.isCommittedOnly.push(iso === 'read_committed' ? 1 : 0)
    polls.isDrain.push(drain ? 1 : 0)
    polls.transaction.push(this.transactions.number(incarnation, event.inc, txn, t))
    let hasRecords = false
    for (const tp in event.recs) {
      const records = event.recs[tp] as readonly number[]
      hasRecords ||= records.length > 0
      this.#recordsRead(poll, this.partitions.of(tp), records)
    }
    if (hasRecords && !drain) this.progress.push(event.t)
    this.#positions(incarnation, event)
  }

  #recordsRead(poll: number, partition: number, records: readonly number[]): void {
    const log = this.#log(partition)
    for (let at = 0; at < records.length; at += 3) {
      const offset = records[at] as number
      // What a damaged record says of itself is not believed.
      if (records[at + 2] === 0) this.reads.addMangled(poll, partition, offset)
      else {
        // Most are what others have seen there; that is quicker to tell than to look the value up.
        const value = records[at + 1] as number
        const known = log.peek(offset)
        const isKnown = known >= 0 && this.writes.value(known) === value
        const row = isKnown ? known : this.writes.of(value)
        this.reads.add(poll, partition, offset, row, isKnown || log.note(offset, row))
      }
    }
  }

  #positions(incarnation: number, { recs, pos, t }: EventOf<'poll', 'e'>): void {
    const { group } = this.incarnations.at(incarnation)
    if (group === undefined) return
    for (const tp in pos) {
      const [before, after] = pos[tp] as readonly [number, number]
      // A position below 0 is one that the client does not know yet.
      if (before >= 0 && after >= 0)
        this.positions.polled(incarnation, group, this.partitions.of(tp), t, before, after)
    }
    for (const tp in recs) {
      const records = recs[tp] as readonly number[]
      const last = records.at(-3)
      if (last === undefined || (pos && tp in pos)) continue
      this.positions.polled(incarnation, group, this.partitions.of(tp), t, undefined, last + 1)
    }
  }

  #handed(incarnation: number, event: EventOf<'handed'>): void {
    const group = this.incarnations.at(incarnation).group ?? ''
    if (event.ph === 'b') {
      this.counts.handed++
      const partition = this.partitions.of(event.tp)
      const row = this.commits.handBegin(incarnation, group, partition, event.off, event.t)
      this.calls.begin('handed', event.op, row)
      return
    }
    const row = this.calls.end('handed', event.op, event.inc)
    if (row >= 0) this.commits.handEnd(row, group)
  }

  #rare(incarnation: number, event: HistoryEvent): void {
    const of = (tp: string) => this.partitions.of(tp)
    const move = (tp: string, kind: Move['kind'], at: { offset?: number } = {}) =>
      append(this.moves, of(tp), { t: event.t, incarnation, kind, ...at })
    this.events.push(event)
    switch (event.f) {
      case 'mode':
        this.mode = { ...this.mode, ...event.mode }
        for (const code of event.allow ?? []) this.allow.add(code)
        break
      case 'fault':
        this.counts.faults++
        break
      case 'seek':
        for (const [tp, offset] of Object.entries(event.offs)) {
          move(tp, 'sought', { offset })
          this.positions.moved(incarnation, of(tp), offset)
        }
        break
      case 'reset':
        move(event.tp, 'reset')
        this.positions.moved(incarnation, of(event.tp), undefined)
        break
      case 'assign':
        for (const tp of event.tps) {
          move(tp, 'assigned')
          this.positions.assigned(incarnation, of(tp), event.t)
        }
        break
      case 'drain':
        for (const tp of Object.keys(event.offs)) of(tp)
        break
      case 'reb':
        this.#rebalance(incarnation, event)
        break
      case 'beat':
        this.#beat(incarnation, event)
        break
      case 'crash':
        this.incarnations.at(incarnation).crashed = event.t
        break
      case 'close':
        if (event.ph === 'e') this.incarnations.at(incarnation).closed = event.t
        break
      case 'commit':
      case 'committed':
      case 'ends':
      case 'txn':
        this.#call(incarnation, event)
    }
  }

  #rebalance(incarnation: number, event: EventOf<'reb'>): void {
    this.incarnations.at(incarnation).group = event.group
    for (const tp of event.tps) {
      const partition = this.partitions.of(tp)
      append(this.moves, partition, { t: event.t, incarnation, kind: 'assigned' })
      if (event.kind !== 'assigned') this.positions.moved(incarnation, partition, undefined)
      // What is sought within the callback must stay, so that the begin counts where there is one.
      else if (event.ph === 'b') this.positions.assigned(incarnation, partition, event.t)
    }
    if (event.ph === 'b') this.#open('reb', incarnation, event)
    else this.#end('reb', event)
  }

  #beat(incarnation: number, event: EventOf<'beat'>): void {
    const list = this.beats.get(incarnation) ?? []
    if (list.length === 0) this.beats.set(incarnation, list)
    const last = list.at(-1)
    const { op, t } = event
    if (event.ph === 'e' && last?.op === op) list[list.length - 1] = { op, sent: last.answered, answered: t }
    // An answer alone belongs to a request that was sent after the answer before it.
    else list.push({ op, sent: last?.answered ?? Number.NEGATIVE_INFINITY, answered: t })
  }

  #call(incarnation: number, event: EventOf<'commit' | 'committed' | 'ends' | 'txn'>): void {
    if (event.ph === 'b') {
      this.#open(event.f, incarnation, event)
      if (event.f === 'commit') {
        this.incarnations.at(incarnation).group = event.group
        const startOf = (number: number, partition: number) => this.positions.startOf(number, partition)
        this.commits.begin(incarnation, event, (tp) => this.partitions.of(tp), startOf)
      }
      if (event.f === 'txn') this.transactions.begin(incarnation, event)
      return
    }
    if (!this.#end(event.f, event)) return
    const outcome = 'attempts' in event || 'code' in event ? settled(event) : event.r
    this.counts[outcome]++
    if (outcomeNumbers[outcome] === OK && event.f !== 'ends' && event.f !== 'committed') {
      this.progress.push(event.t)
    }
    if (event.f === 'commit') this.commits.end(event, this.mode.retryMs * 1e6)
    if (event.f === 'txn') {
      this.transactions.end(incarnation, event)
      if (event.step === 'abort') this.#aborted(incarnation, event)
    }
  }

  #aborted(incarnation: number, event: EventOf<'txn', 'e'>): void {
    this.positions.goneBack(incarnation)
    append(this.aborts, incarnation, event.t)
  }

  #open(kind: CallKind, incarnation: number, event: HistoryEvent): void {
    this.calls.begin(kind, event.op, this.rare.length)
    this.rare.push({ event, incarnation, end: Number.POSITIVE_INFINITY })
  }

  #end(kind: CallKind, event: HistoryEvent): boolean {
    const row = this.calls.end(kind, event.op, event.inc)
    const call = this.rare[row]
    if (call) call.end = event.t
    return call !== undefined
  }
}
