import type { Action } from '../cluster/recovery.ts'

/**
 * Where a batch stands. What is known of earlier attempts is part of it:
 *
 * - `refused`: each attempt was refused, or never left; it is certainly not stored.
 * - `undecided`: a broker has answered without saying whether it is stored.
 * - `astray`: an attempt has left and got no answer. It may be stored, and may arrive still.
 * - `givenUpInFlight`: its records have their outcome, but a request with it is still in flight.
 * - `settled`: its records have their outcome, and nothing of it is in flight.
 */
export type BatchState =
  | 'waiting'
  | 'refused'
  | 'undecided'
  | 'astray'
  | 'inFlight'
  | 'inFlightAgain'
  | 'inFlightUndecided'
  | 'inFlightAstray'
  | 'givenUpInFlight'
  | 'settled'

/**
 * What a batch meets.
 *
 * - `send`: a request with it begins.
 * - `stored`: acknowledged, or known as a duplicate.
 * - `unsent`: the request failed before anything had left. `unanswered`: it failed after that.
 * - `unnamed`: the request was answered, but the answer says nothing of this batch.
 * - `putOff`: refused for the moment, maybe after it was appended (acks `all`). `turnedAway`: not appended.
 * - `outOfSequence`: its number is not the next one, although nothing before it is outstanding. `outOfTurn`: something is.
 * - `stateLost`: the broker knows nothing of the producer any more, so its word on the number proves nothing.
 * - `tooLarge`: to be sent in smaller batches. `rejected`: refused for good. `exhausted`: no retry is left.
 * - `expired`: its time is over. `abandoned`: the producer closes or has failed.
 * - `renumbered`: its partition begins anew, and nothing under its old number can be stored any more.
 * - `disowned`: its number is worth nothing any more, e.g. in another cluster.
 */
export type BatchEvent =
  | 'send'
  | 'stored'
  | 'unsent'
  | 'unanswered'
  | 'unnamed'
  | 'putOff'
  | 'turnedAway'
  | 'outOfSequence'
  | 'outOfTurn'
  | 'stateLost'
  | 'tooLarge'
  | 'rejected'
  | 'exhausted'
  | 'expired'
  | 'abandoned'
  | 'renumbered'
  | 'disowned'

/**
 * What follows for others.
 *
 * - `succeed`, `fail`: the records get their outcome. `failInDoubt`: the same, and they may be stored all the same.
 * - `wait`: it is sent again after a pause.
 * - `gap`: its number will not be used; what follows is numbered anew.
 * - `split`: smaller batches take its place, in the state that is named.
 */
export type Effect = 'succeed' | 'fail' | 'failInDoubt' | 'wait' | 'gap' | 'split'

export interface Step {
  readonly next: BatchState
  readonly effects: readonly Effect[]
}

function step(next: BatchState, ...effects: Effect[]): Step {
  return { next, effects }
}

/** What an answer does to each state that a batch in flight can be in. */
function inFlight(first: Step, undecided: Step, astray: Step, givenUp: Step): Row {
  return {
    inFlight: first,
    inFlightAgain: first,
    inFlightUndecided: undecided,
    inFlightAstray: astray,
    givenUpInFlight: givenUp,
  }
}

type Row = Readonly<Partial<Record<BatchState, Step>>>

const refused = step('refused', 'wait')
const undecided = step('undecided', 'wait')
const astray = step('astray', 'wait')
const dropped = step('settled', 'gap')
const failed = step('settled', 'fail', 'gap')
const failedInDoubt = step('settled', 'failInDoubt', 'gap')
const givenUp = step('givenUpInFlight', 'fail')
const over: Row = {
  waiting: step('settled', 'fail'),
  refused: failed,
  undecided: failed,
  astray: failed,
  inFlight: givenUp,
  inFlightAgain: givenUp,
  inFlightUndecided: givenUp,
  inFlightAstray: givenUp,
}

/**
 * The one place where it is decided what becomes of a batch. A pair that is missing cannot come about: a batch in flight
 * is neither sent nor renumbered, and only one in flight has an answer.
 *
 * A broker that refuses a number has looked at it, so the batch is not stored: except where an attempt is astray, which
 * may still arrive, or where the broker has lost its state. Such a batch is never sent under another number. Parts of a
 * batch that may be stored as a whole are treated as astray: their numbers are refused exactly when the whole is stored.
 */
const table: Readonly<Record<BatchEvent, Row>> = {
  send: {
    waiting: step('inFlight'),
    refused: step('inFlightAgain'),
    undecided: step('inFlightUndecided'),
    astray: step('inFlightAstray'),
  },
  stored: inFlight(
    step('settled', 'succeed'),
    step('settled', 'succeed'),
    step('settled', 'succeed'),
    step('settled'),
  ),
  unsent: inFlight(refused, undecided, astray, dropped),
  unanswered: inFlight(astray, astray, astray, dropped),
  unnamed: inFlight(undecided, undecided, astray, dropped),
  putOff: inFlight(undecided, undecided, astray, dropped),
  turnedAway: inFlight(refused, undecided, astray, dropped),
  outOfSequence: inFlight(
    step('refused', 'gap', 'wait'),
    step('refused', 'gap', 'wait'),
    failedInDoubt,
    dropped,
  ),
  outOfTurn: inFlight(refused, refused, failedInDoubt, dropped),
  stateLost: inFlight(step('refused', 'gap', 'wait'), failedInDoubt, failedInDoubt, dropped),
  tooLarge: inFlight(step('refused', 'split'), step('astray', 'split'), step('astray', 'split'), dropped),
  rejected: inFlight(failed, failedInDoubt, failedInDoubt, dropped),
  exhausted: inFlight(failed, failedInDoubt, failedInDoubt, dropped),
  expired: over,
  abandoned: over,
  renumbered: { refused: step('refused'), undecided: step('refused'), astray: step('refused') },
  disowned: { undecided: step('settled', 'failInDoubt'), astray: step('settled', 'failInDoubt') },
}

/** What becomes of a batch; undefined where that cannot come about. */
export function decide(state: BatchState, event: BatchEvent): Step | undefined {
  return table[event][state]
}

export function isInFlight(state: BatchState): boolean {
  return (
    state === 'inFlight' ||
    state === 'inFlightAgain' ||
    state === 'inFlightUndecided' ||
    state === 'inFlightAstray' ||
    state === 'givenUpInFlight'
  )
}

/** Whether an attempt that is over may have stored the batch. */
export function isInDoubt(state: BatchState): boolean {
  return (
    state === 'undecided' || state === 'astray' || state === 'inFlightUndecided' || state === 'inFlightAstray'
  )
}

/** What matters of a batch that was refused, besides what the recovery table says. */
export interface Refusal {
  action: Action
  /** Whether the batch may have been appended before it was refused: with acks `all` the answer comes later. */
  mayBeAppended: boolean
  /** Whether no retry is left. */
  isExhausted: boolean
  /** Whether nothing before it is outstanding. */
  isFirst: boolean
  /** Whether it can be sent in parts. */
  isDivisible: boolean
  /** Whether the broker has lost what it knew of the producer. */
  isStateLost: boolean
}

/** What a refusal means to a batch. */
export function eventOfRefusal(refusal: Refusal): BatchEvent {
  const { action, mayBeAppended, isExhausted, isFirst, isDivisible, isStateLost } = refusal
  if (action === 'success') return 'stored'
  if (action === 'split') return isDivisible ? 'tooLarge' : 'rejected'
  if (action !== 'sequence' && action !== 'retry' && action !== 'refresh') return 'rejected'
  if (isExhausted) return 'exhausted'
  if (action !== 'sequence') return mayBeAppended ? 'putOff' : 'turnedAway'
  if (isStateLost) return 'stateLost'
  return isFirst ? 'outOfSequence' : 'outOfTurn'
}
