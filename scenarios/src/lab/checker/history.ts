import type { Code } from './anomalies.ts'
import type { Mode } from './mode.ts'
import type { Attempt, Outcome } from './outcome.ts'

/**
 * A history: JSON lines, one file a process, merged by time. A call has a line at its begin (`ph` "b") and one at its
 * end ("e"), paired by `op`, which no other call of the run has. `t` is the machine's monotonic clock in nanoseconds, the
 * same for every process. `who` is a worker, `inc` an incarnation of its client: a new one after a crash or a close.
 * Partitions are written `topic-0`. Values are whole numbers that no other record of the run has; the record itself
 * carries its number, partition, sequence and a checksum. What is asked of the run, `mode`, comes before all calls.
 */
interface Stamp {
  t: number
  op: number
  who: string
  inc: string
}

type Begin = Stamp & { ph: 'b' }
type End = Stamp & { ph: 'e' }
/** Something that has no duration. */
type Moment = Stamp & { ph: 'b' | 'e' }
/** Offsets by partition. */
export type Offsets = Readonly<Record<string, number>>
export type Isolation = 'read_committed' | 'read_uncommitted'
/** What is known of how a call ended: see `settled`. */
export type Settled = { r: Outcome; attempts?: readonly Attempt[]; code?: Attempt; definite?: boolean }

export type HistoryEvent =
  /** `txn`: the transaction, a name within its incarnation. `src`: the input that it is made of, as `topic-0@offset`. */
  | (Begin & { f: 'send'; tp: string; v: number; key?: string; txn?: string; src?: string })
  | (End & { f: 'send'; off?: number } & Settled)
  | (Begin & { f: 'poll'; iso: Isolation; group?: string; txn?: string; drain?: boolean })
  /** `recs`: for each partition offset, value and whether the checksum held, flat. `pos`: position before and after. */
  | (End & {
      f: 'poll'
      recs: Readonly<Record<string, readonly number[]>>
      pos?: Readonly<Record<string, readonly [number, number]>>
    })
  | (Begin & { f: 'handed'; tp: string; off: number })
  | (End & { f: 'handed' })
  | (Begin & { f: 'commit'; group: string; offs: Offsets })
  | (End & { f: 'commit' } & Settled)
  | (Begin & { f: 'committed'; group: string })
  | (End & { f: 'committed'; r: Outcome; offs: Offsets })
  | (Begin & { f: 'ends'; iso: Isolation })
  | (End & { f: 'ends'; r: Outcome; offs: Offsets })
  | (Moment & { f: 'seek'; offs: Offsets })
  | (Moment & { f: 'assign' | 'pause' | 'resume'; tps: readonly string[] })
  | (Moment & { f: 'subscribe' })
  /** The client said that an offset was gone or the log was cut. */
  | (Moment & { f: 'reset'; tp: string; why: 'out of range' | 'truncated' })
  /** A callback of a rebalance, its begin and its end. `gen` is -1 when the client does not tell it. */
  | (Stamp & {
      ph: 'b' | 'e'
      f: 'reb'
      kind: 'assigned' | 'revoked' | 'lost'
      group: string
      tps: readonly string[]
      gen: number
    })
  /** A heartbeat was sent ("b") and answered ("e"), or, alone, was answered: the member had heard of its coordinator. */
  | (Moment & { f: 'beat' })
  | (Begin & { f: 'txn'; step: TransactionStep; tid: string; txn: string; offs?: Offsets; group?: string })
  | (End & { f: 'txn'; step: TransactionStep; tid: string; txn: string } & Settled)
  | (Moment & { f: 'open' | 'close' | 'crash' | 'fault' | 'heal' | 'note'; text?: string })
  /** A fresh client has read everything up to the ends as they were when it was opened, which are given. */
  | (Moment & { f: 'drain'; iso: Isolation; offs: Offsets })
  | (Moment & { f: 'mode'; mode: Partial<Mode>; allow?: readonly Code[] })

export type TransactionStep = 'init' | 'begin' | 'offsets' | 'commit' | 'abort'

/** The event of one kind, begin or end. */
export type EventOf<F extends HistoryEvent['f'], P extends 'b' | 'e' = 'b' | 'e'> = Extract<
  HistoryEvent,
  { f: F; ph: P }
>

/** A line cannot be understood: the verdict would be worth nothing, so nothing is guessed. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  readonly file: string
  /** Counts from 1; 0 where the line is no longer known. */
  readonly line: number

  constructor(file: string, line: number, what: string) {
    super(line > 0 ? `${file}, line ${line}: ${what}` : `${file}: ${what}`)
    this.file = file
    this.line = line
  }
}
