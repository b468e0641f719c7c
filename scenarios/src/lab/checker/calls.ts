import { HistoryError } from './history.ts'

/** What kind of call it was. */
const callKinds = ['send', 'poll', 'handed', 'commit', 'committed', 'ends', 'txn', 'reb'] as const
export type CallKind = (typeof callKinds)[number]

const WIDTH = 16

/** A call that has begun and not ended. */
export interface OpenCall {
  kind: CallKind
  op: number
  row: number
}

/** Pairs the begins of calls with their ends. A call is a number: the row of what is known of it, and its kind. */
export class Calls {
  readonly #open = new Map<number, number>()
  /** Ends without a call that is open: it had ended before, or never begun. */
  readonly surplus: { kind: CallKind; op: number; inc: string }[] = []

  begin(kind: CallKind, op: number, row: number): void {
    if (this.#open.has(op)) throw new HistoryError('the history', 0, `two calls have the op ${op}`)
    this.#open.set(op, row * WIDTH + callKinds.indexOf(kind))
  }

  /** The row that the begin had; -1 when there was none. */
  end(kind: CallKind, op: number, inc: string): number {
    const call = this.#open.get(op)
    if (call === undefined || callKinds[call % WIDTH] !== kind) {
      this.surplus.push({ kind, op, inc })
      return -1
    }
    this.#open.delete(op)
    return Math.floor(call / WIDTH)
  }

  *open(): Generator<OpenCall, void> {
    for (const [op, call] of this.#open) {
      yield { kind: callKinds[call % WIDTH] as CallKind, op, row: Math.floor(call / WIDTH) }
    }
  }
}
