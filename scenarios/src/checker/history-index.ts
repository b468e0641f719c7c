import type { Code, Mode } from './anomalies.ts'
import { defaultMode } from './anomalies.ts'
import { Ints, Names, Numbers, Places } from './columns.ts'
import type { HistoryEvent, Isolation, Offsets } from './history.ts'
import type { Outcome } from './outcome.ts'
import { PartitionLog } from './partition-log.ts'

/** Outcomes as numbers; `PENDING` has no end yet. */
export const PENDING = 0
export const OK = 1
export const FAIL = 2
export const UNK = 3
const outcomes: Record<Outcome, number> = { ok: OK, fail: FAIL, unk: UNK }
const NEVER = Number.POSITIVE_INFINITY

/** Sends, one row each. */
export class Writes {
  readonly value = new Numbers()
  readonly partition = new Ints()
  readonly incarnation = new Ints()
  readonly worker = new Ints()
  readonly begin = new Numbers()
  readonly end = new Numbers()
  readonly outcome = new Ints()
  readonly offset = new Numbers()
  /** Number of the transaction; -1 for none. */
  readonly transaction = new Ints()
  readonly #places = new Places()

  get length(): number {
    return this.value.length
  }

  add(
    value: number,
    partition: number,
    incarnation: number,
    worker: number,
    begin: number,
    txn: number,
  ): number {
    this.#places.set(value, this.value.push(value))
    this.partition.push(partition)
    this.incarnation.push(incarnation)
    this.worker.push(worker)
    this.begin.push(begin)
    this.end.push(NEVER)
    this.outcome.push(PENDING)
    this.offset.push(-1)
    return this.transaction.push(txn)
  }

  /** -1 when nobody sent it. */
  of(value: number): number {
    return this.#places.get(value)
  }
}

/** Records as they were read, one row each, in the order in which they came. */
export class Reads {
  readonly poll = new Ints()
  readonly partition = new Ints()
  readonly offset = new Numbers()
  readonly value = new Numbers()
  readonly isIntact = new Ints()

  get length(): number {
    return this.poll.length
  }
}

export interface Poll {
  who: string
  inc: string
  iso: Isolation
  group: string | undefined
  begin: number
  end: number
  txn: string | undefined
  isDrain: boolean
  /** Rows of `Reads`: the first, and one behind the last. */
  from: number
  to: number
  pos: Readonly<Record<string, readonly [number, number]>>
}

export interface Transaction {
  /** Its place in `transactions`. */
  number: number
  txn: string
  tid: string
  who: string
  inc: string
  begin: number
  /** When the commit or abort began and ended. */
  finishBegin: number
  finishEnd: number
  step: 'commit' | 'abort' | undefined
  outcome: number
  writes: number[]
  offsets: { group: string; offs: Offsets }[]
}

/** What a history holds, in the shape in which it is asked. Add every event, then `seal`. */
export class HistoryIndex {
  mode: Mode = defaultMode
  readonly allow = new Set<Code>()
  readonly partitions = new Names()
  readonly incarnations = new Names()
  readonly workers = new Names()
  readonly writes = new Writes()
  readonly reads = new Reads()
  readonly polls: Poll[] = []
  readonly transactions: Transaction[] = []
  /** Everything rare, in the order of time. */
  readonly events: HistoryEvent[] = []
  /** Records handed to the user's code. */
  readonly handed = {
    inc: new Ints(),
    partition: new Ints(),
    offset: new Numbers(),
    begin: new Numbers(),
    end: new Numbers(),
  }
  readonly sources = new Map<number, string>()
  logs: PartitionLog[] = []
  readonly counts = { ok: 0, fail: 0, unk: 0, faults: 0 }
  /** Calls that ended twice, or whose end has no begin. */
  readonly surplusEnds: { f: string; op: number }[] = []
  /** Calls that have begun and not ended; what is left at the end of the history never settled. */
  readonly open = new Map<number, { f: string; inc: string; t: number; row: number }>()
  readonly late: { f: string; inc: string; ms: number }[] = []
  /** When calls that worked were made, for the longest time without progress. */
  readonly progress = new Numbers()
  readonly #transactions = new Map<string, Transaction>()

  add(event: HistoryEvent): void {
    if (event.f === 'handed' || event.f === 'send' || event.f === 'poll') this.#call(event)
    else this.#rare(event)
  }

  transaction(name: string | undefined): Transaction | undefined {
    return name === undefined ? undefined : this.#transactions.get(name)
  }

  /** Builds the log of every partition from acknowledgements and reads. */
  seal(): this {
    this.logs = this.partitions.all.map(() => new PartitionLog())
    for (let row = 0; row < this.writes.length; row++) {
      const offset = this.writes.offset.at(row)
      if (this.writes.outcome.at(row) === OK && offset >= 0) {
        this.logs[this.writes.partition.at(row)]?.note(offset, this.writes.value.at(row))
      }
    }
    for (let row = 0; row < this.reads.length; row++) {
      this.logs[this.reads.partition.at(row)]?.note(this.reads.offset.at(row), this.reads.value.at(row))
    }
    for (const log of this.logs) log.seal()
    return this
  }

  #call(event: Extract<HistoryEvent, { f: 'handed' | 'send' | 'poll' }>): void {
    if (event.ph === 'b') {
      this.open.set(event.op, { f: event.f, inc: event.inc, t: event.t, row: this.#begin(event) })
      return
    }
    const call = this.#end(event)
    if (!call) return
    if (event.f === 'handed') this.handed.end.set(call.row, event.t)
    else if (event.f === 'send') this.#sent(call.row, event)
    else this.#polled(call.row, event)
  }

  #begin(event: Extract<HistoryEvent, { f: 'handed' | 'send' | 'poll'; ph: 'b' }>): number {
    switch (event.f) {
      case 'handed':
        this.handed.inc.push(this.incarnations.of(event.inc))
        this.handed.partition.push(this.partitions.of(event.tp))
        this.handed.offset.push(event.off)
        this.handed.begin.push(event.t)
        return this.handed.end.push(NEVER)
      case 'send': {
        const transaction = this.transaction(event.txn)
        const number = transaction?.number ?? -1
        const { incarnations, workers, partitions } = this
        if (event.src !== undefined) this.sources.set(event.v, event.src)
        const row = this.writes.add(
          event.v,
          partitions.of(event.tp),
          incarnations.of(event.inc),
          workers.of(event.who),
          event.t,
          number,
        )
        transaction?.writes.push(row)
        return row
      }
      case 'poll': {
        const { who, inc, iso, group, t, txn, drain = false } = event
        const poll = {
          who,
          inc,
          iso,
          group,
          begin: t,
          end: NEVER,
          txn,
          isDrain: drain,
          from: 0,
          to: 0,
          pos: {},
        }
        return this.polls.push(poll) - 1
      }
    }
  }

  #end(event: HistoryEvent): { f: string; inc: string; t: number; row: number } | undefined {
    const call = this.open.get(event.op)
    if (!call) {
      this.surplusEnds.push({ f: event.f, op: event.op })
      return undefined
    }
    this.open.delete(event.op)
    const ms = (event.t - call.t) / 1e6
    const isWaiting = event.f === 'poll' || event.f === 'handed'
    if (!isWaiting && ms > this.mode.deadlineMs + 1000) this.late.push({ f: event.f, inc: event.inc, ms })
    return call
  }

  #sent(row: number, event: Extract<HistoryEvent, { f: 'send'; ph: 'e' }>): void {
    this.counts[event.r]++
    this.writes.end.set(row, event.t)
    this.writes.outcome.set(row, outcomes[event.r])
    this.writes.offset.set(row, event.off ?? -1)
    if (event.r === 'ok') this.progress.push(event.t)
  }

  #polled(row: number, event: Extract<HistoryEvent, { f: 'poll'; ph: 'e' }>): void {
    const poll = this.polls[row] as Poll
    poll.end = event.t
    poll.pos = event.pos ?? {}
    poll.from = this.reads.length
    for (const [tp, records] of Object.entries(event.recs)) {
      const partition = this.partitions.of(tp)
      for (let at = 0; at + 2 < records.length; at += 3) {
        this.reads.poll.push(row)
        this.reads.partition.push(partition)
        this.reads.offset.push(records[at] as number)
        this.reads.value.push(records[at + 1] as number)
        this.reads.isIntact.push(records[at + 2] as number)
      }
    }
    poll.to = this.reads.length
    if (poll.to > poll.from) this.progress.push(event.t)
  }

  #rare(event: HistoryEvent): void {
    this.events.push(event)
    if (event.f === 'fault') this.counts.faults++
    if (event.f === 'mode') {
      this.mode = { ...this.mode, ...event.mode }
      for (const code of event.allow ?? []) this.allow.add(code)
    }
    const isCall = event.f === 'commit' || event.f === 'committed' || event.f === 'ends' || event.f === 'txn'
    if (isCall && event.ph === 'b') {
      this.open.set(event.op, { f: event.f, inc: event.inc, t: event.t, row: -1 })
    } else if (isCall) {
      this.#end(event)
      if ('r' in event) this.counts[event.r]++
    }
    if (event.f === 'txn') this.#step(event)
  }

  #step(event: Extract<HistoryEvent, { f: 'txn' }>): void {
    const { step, txn } = event
    if (step === 'begin' && event.ph === 'b') {
      const { who, inc, tid, t: begin } = event
      const outcome = PENDING
      const number = this.transactions.length
      const fresh = {
        number,
        txn,
        tid,
        who,
        inc,
        begin,
        finishBegin: NEVER,
        finishEnd: NEVER,
        step: undefined,
        outcome,
      }
      const transaction: Transaction = { ...fresh, writes: [], offsets: [] }
      this.#transactions.set(txn, transaction)
      this.transactions.push(transaction)
    }
    const transaction = this.#transactions.get(txn)
    if (!transaction) return
    if (step === 'offsets' && event.ph === 'b')
      transaction.offsets.push({ group: event.group ?? '', offs: event.offs ?? {} })
    if (step !== 'commit' && step !== 'abort') return
    if (event.ph === 'b') {
      transaction.step = step
      transaction.finishBegin = event.t
    } else {
      transaction.finishEnd = event.t
      transaction.outcome = outcomes[event.r]
    }
  }
}
