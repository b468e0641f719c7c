import type { HistoryEvent } from '../lab/checker/history.ts'

type Offsets = Readonly<Record<string, number>>
type Result = 'ok' | 'fail' | 'unk'

export type Begin =
  | { f: 'send'; tp: string; v: number }
  | { f: 'poll'; iso: 'read_committed' | 'read_uncommitted'; group?: string; drain?: boolean }
  | { f: 'handed'; tp: string; off: number }
  | { f: 'commit'; group: string; offs: Offsets }

export type End =
  | { f: 'send'; r: Result; off?: number }
  /** `recs`: for each partition offset, number of the record and whether it is whole, flat. */
  | { f: 'poll'; recs: Readonly<Record<string, readonly number[]>> }
  | { f: 'handed' }
  | { f: 'commit'; r: Result }

export type Moment =
  | { f: 'assign' | 'pause' | 'resume'; tps: readonly string[] }
  | { f: 'reb'; kind: 'assigned' | 'revoked' | 'lost'; group: string; tps: readonly string[]; gen: number }
  | { f: 'open' | 'close' | 'crash' | 'fault' | 'heal' | 'note'; text?: string }
  | { f: 'subscribe' }
  | { f: 'seek'; offs: Offsets }
  | { f: 'drain'; iso: 'read_committed' | 'read_uncommitted'; offs: Offsets }

/** Whoever keeps or judges a history. */
export type Recorder = (event: HistoryEvent) => void

/** A worker and an incarnation of its client. */
export interface Author {
  readonly who: string
  readonly inc: string
}

/** Writes the history of a run, in the form that the checker reads; `t` is the world's clock. */
export class Historian {
  readonly #record: Recorder | undefined
  readonly #now: () => number
  #op = 0

  /**
   * @param record told each event; left out where nobody wants to know
   * @param now milliseconds of the world's clock
   */
  constructor(record: Recorder | undefined, now: () => number) {
    this.#record = record
    this.#now = now
  }

  /** @returns the number that the end has to have */
  begin(author: Author, event: Begin): number {
    const op = ++this.#op
    this.#write('b', op, author, event)
    return op
  }

  end(op: number, author: Author, event: End): void {
    this.#write('e', op, author, event)
  }

  moment(author: Author, event: Moment): void {
    this.#write('b', ++this.#op, author, event)
  }

  #write(ph: 'b' | 'e', op: number, { who, inc }: Author, event: Begin | End | Moment): void {
    this.#record?.({ t: Math.round(this.#now() * 1e6), ph, op, who, inc, ...event } as HistoryEvent)
  }
}
