import type { Code, Mode } from './anomalies.ts'
import type { Attempt, Outcome } from './outcome.ts'

/**
 * A history: JSON lines, one file a process, merged by time. A call has a line at its begin (`ph` "b") and one at its
 * end ("e"), paired by `op`, which no other call of the run has. `t` is the machine's monotonic clock in nanoseconds, the
 * same for every process. `who` is a worker, `inc` an incarnation of its client: a new one after a crash or a close.
 * Partitions are written `topic-0`. Values are whole numbers that no other record of the run has; the record itself
 * carries its number, partition, sequence and a checksum.
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
export type Offsets = Readonly<Record<string, number>>
export type Isolation = 'read_committed' | 'read_uncommitted'

export type HistoryEvent =
  | (Begin & { f: 'send'; tp: string; v: number; txn?: string; src?: string })
  | (End & { f: 'send'; r: Outcome; off?: number; attempts?: readonly Attempt[] })
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
  | (End & { f: 'commit'; r: Outcome })
  | (Begin & { f: 'committed'; group: string })
  | (End & { f: 'committed'; r: Outcome; offs: Offsets })
  | (Begin & { f: 'ends'; iso: Isolation })
  | (End & { f: 'ends'; r: Outcome; offs: Offsets })
  | (Moment & { f: 'seek'; offs: Offsets })
  | (Moment & { f: 'assign' | 'pause' | 'resume'; tps: readonly string[] })
  /** The client said that an offset was gone or the log was cut. */
  | (Moment & { f: 'reset'; tp: string; why: 'out of range' | 'truncated' })
  | (Stamp & {
      ph: 'b' | 'e'
      f: 'reb'
      kind: 'assigned' | 'revoked' | 'lost'
      group: string
      tps: readonly string[]
      gen: number
    })
  /** A heartbeat was answered: the member was still one. */
  | (Moment & { f: 'beat' })
  | (Begin & { f: 'txn'; step: TransactionStep; tid: string; txn: string; offs?: Offsets; group?: string })
  | (End & { f: 'txn'; step: TransactionStep; tid: string; txn: string; r: Outcome })
  | (Moment & { f: 'open' | 'close' | 'crash' | 'fault' | 'heal' | 'note'; text?: string })
  /** Fresh clients have read everything up to the ends, which are given. */
  | (Moment & { f: 'drain'; iso: Isolation; offs: Offsets })
  | (Moment & { f: 'mode'; mode: Partial<Mode>; allow?: readonly Code[] })

export type TransactionStep = 'init' | 'begin' | 'offsets' | 'commit' | 'abort'

/** A line cannot be understood: the verdict would be worth nothing, so nothing is guessed. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  readonly line: number

  constructor(line: number, what: string) {
    super(`line ${line} of the history: ${what}`)
    this.line = line
  }
}

const known: ReadonlySet<string> = new Set([
  ...['send', 'poll', 'handed', 'commit', 'committed', 'ends', 'seek', 'assign', 'pause', 'resume', 'reset'],
  ...['reb', 'beat', 'txn', 'open', 'close', 'crash', 'fault', 'heal', 'note', 'drain', 'mode'],
])

/** Reads one line. `number` counts from 1. */
export function parseLine(line: string, number: number): HistoryEvent {
  let event: Partial<HistoryEvent>
  try {
    event = JSON.parse(line) as Partial<HistoryEvent>
  } catch (error) {
    throw new HistoryError(number, `not JSON: ${(error as Error).message}`)
  }
  const { t, ph, f, op } = event
  if (typeof f !== 'string' || !known.has(f))
    throw new HistoryError(number, `unknown event ${JSON.stringify(f)}`)
  if (ph !== 'b' && ph !== 'e')
    throw new HistoryError(number, `ph must be "b" or "e", not ${JSON.stringify(ph)}`)
  if (!Number.isSafeInteger(t) || !Number.isSafeInteger(op))
    throw new HistoryError(number, 't and op must be whole numbers')
  if (typeof event.who !== 'string' || typeof event.inc !== 'string')
    throw new HistoryError(number, 'who and inc must be text')
  if (f === 'send' && ph === 'b' && !Number.isSafeInteger((event as { v?: number }).v)) {
    throw new HistoryError(number, 'a send needs a whole number as its value')
  }
  return event as HistoryEvent
}

/** Splits pieces of text or bytes into lines and reads each; empty lines are passed over. */
export function* parseHistory(chunks: Iterable<string>): Generator<HistoryEvent, void> {
  let rest = ''
  let number = 0
  for (const chunk of chunks) {
    const text = rest + chunk
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      number++
      if (at > from) yield parseLine(text.slice(from, at), number)
      from = at + 1
    }
    rest = text.slice(from)
  }
  if (rest !== '') yield parseLine(rest, number + 1)
}
