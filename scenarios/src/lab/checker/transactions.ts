import type { EventOf, Offsets } from './history.ts'
import { settled } from './outcome.ts'

const NEVER = Number.POSITIVE_INFINITY

export interface Transaction {
  /** Its place among all. */
  number: number
  txn: string
  tid: string
  /** Number of the incarnation. */
  incarnation: number
  begin: number
  /** When its first commit began; never when none did. */
  commitBegin: number
  /** When its commit, or its abort, was known to have worked. */
  committed: number
  aborted: number
  /** The end of its last step, whatever that was. */
  end: number
  /** Rows of `Writes`. */
  writes: number[]
  offsets: { group: string; offs: Offsets }[]
}

export interface Init {
  incarnation: number
  begin: number
  end: number
}

/** What became of transactions, and who took a transactional id over when. A name is one of its incarnation's. */
export class Transactions {
  readonly all: Transaction[] = []
  readonly inits = new Map<string, Init[]>()
  readonly #numbers = new Map<string, Transaction>()
  readonly #begun = new Map<number, number>()

  /** The number of a transaction that a send or poll names; -1 for none. */
  number(incarnation: number, inc: string, txn: string | undefined, t: number): number {
    return txn === undefined || txn === '' ? -1 : this.#of(incarnation, inc, txn, '', t).number
  }

  begin(incarnation: number, event: EventOf<'txn', 'b'>): void {
    if (event.step === 'init') {
      this.#begun.set(event.op, event.t)
      return
    }
    const transaction = this.#of(incarnation, event.inc, event.txn, event.tid, event.t)
    transaction.tid = event.tid
    if (event.step === 'commit') transaction.commitBegin = Math.min(transaction.commitBegin, event.t)
    if (event.step === 'offsets') {
      transaction.offsets.push({ group: event.group ?? '', offs: event.offs ?? {} })
    }
  }

  end(incarnation: number, event: EventOf<'txn', 'e'>): void {
    const isOk = settled(event) === 'ok'
    if (event.step === 'init') {
      const begin = this.#begun.get(event.op)
      this.#begun.delete(event.op)
      if (!isOk || begin === undefined) return
      const list = this.inits.get(event.tid) ?? []
      list.push({ incarnation, begin, end: event.t })
      this.inits.set(event.tid, list)
      return
    }
    const transaction = this.#of(incarnation, event.inc, event.txn, event.tid, event.t)
    transaction.end = event.t
    if (!isOk || transaction.committed < NEVER || transaction.aborted < NEVER) return
    if (event.step === 'commit') transaction.committed = event.t
    if (event.step === 'abort') transaction.aborted = event.t
  }

  #of(incarnation: number, inc: string, txn: string, tid: string, begin: number): Transaction {
    const name = `${inc} ${txn}`
    const known = this.#numbers.get(name)
    if (known) return known
    const number = this.all.length
    const times = { begin, commitBegin: NEVER, committed: NEVER, aborted: NEVER, end: NEVER }
    const fresh: Transaction = { number, txn, tid, incarnation, ...times, writes: [], offsets: [] }
    this.#numbers.set(name, fresh)
    this.all.push(fresh)
    return fresh
  }
}

export function isCommitted(transaction: Transaction): boolean {
  return transaction.committed < NEVER
}

export function isAborted(transaction: Transaction): boolean {
  return transaction.aborted < NEVER
}
