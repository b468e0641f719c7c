import { codes } from './anomalies.ts'
import type { HistoryEvent } from './history.ts'
import { HistoryError } from './history.ts'
import { defaultMode } from './mode.ts'

type Fields = Record<string, unknown>
/** Says what is wrong with a value; undefined when nothing is. */
type Rule = (value: unknown) => string | undefined

const text: Rule = (value) => (typeof value === 'string' ? undefined : 'must be text')
const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false')
const whole: Rule = (value) => (Number.isSafeInteger(value) ? undefined : 'must be a whole number')
const oneOf =
  (...names: readonly string[]): Rule =>
  (value) =>
    names.includes(value as string) ? undefined : `must be one of ${names.join(', ')}`
const maybe =
  (rule: Rule): Rule =>
  (value) =>
    value === undefined ? undefined : rule(value)
const texts: Rule = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
    ? undefined
    : 'must be a list of texts'
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const offsets: Rule = (value) =>
  isObject(value) && Object.values(value).every(Number.isSafeInteger)
    ? undefined
    : 'must hold a whole number for each partition'

const isolation = oneOf('read_committed', 'read_uncommitted')
const end = {
  r: oneOf('ok', 'fail', 'unk'),
  attempts: maybe(texts),
  code: maybe(text),
  definite: maybe(flag),
}
const rebalance = { kind: oneOf('assigned', 'revoked', 'lost'), group: text, tps: texts, gen: whole }
const step = { step: oneOf('init', 'begin', 'offsets', 'commit', 'abort'), tid: text, txn: text }
const both = (fields: Record<string, Rule>) => ({ b: fields, e: fields })

/** What a line of each kind must hold, at its begin and at its end. */
const kinds: Readonly<Record<string, { b?: Record<string, Rule>; e?: Record<string, Rule> }>> = {
  send: {
    b: { tp: text, v: whole, key: maybe(text), txn: maybe(text), src: maybe(source) },
    e: { ...end, off: maybe(whole) },
  },
  poll: {
    b: { iso: isolation, group: maybe(text), txn: maybe(text), drain: maybe(flag) },
    e: { recs: records, pos: maybe(positions) },
  },
  handed: { b: { tp: text, off: whole }, e: {} },
  commit: { b: { group: text, offs: offsets }, e: end },
  committed: { b: { group: text }, e: { r: end.r, offs: offsets } },
  ends: { b: { iso: isolation }, e: { r: end.r, offs: offsets } },
  seek: both({ offs: offsets }),
  assign: both({ tps: texts }),
  pause: both({ tps: texts }),
  resume: both({ tps: texts }),
  subscribe: both({}),
  reset: both({ tp: text, why: oneOf('out of range', 'truncated') }),
  reb: both(rebalance),
  beat: both({}),
  txn: { b: { ...step, offs: maybe(offsets), group: maybe(text) }, e: { ...step, ...end } },
  open: both({}),
  close: both({}),
  crash: both({}),
  fault: both({}),
  heal: both({}),
  note: both({}),
  drain: both({ iso: isolation, offs: offsets }),
  mode: both({ mode: modes, allow: maybe(allowance) }),
}

/** Reads one line; it must be one that a driver or the judge writes. `number` counts from 1. */
export function parseLine(line: string, file: string, number: number): HistoryEvent {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch (error) {
    throw new HistoryError(file, number, `not JSON: ${(error as Error).message}`)
  }
  if (!isObject(event)) throw new HistoryError(file, number, 'not an object')
  const { t, op, ph, f, who, inc } = event
  const kind = typeof f === 'string' && Object.hasOwn(kinds, f) ? kinds[f] : undefined
  if (!kind) throw new HistoryError(file, number, `unknown event ${JSON.stringify(f)}`)
  if (ph !== 'b' && ph !== 'e')
    throw new HistoryError(file, number, `ph must be "b" or "e", not ${JSON.stringify(ph)}`)
  // Nanoseconds need more than 53 bits after a hundred days; that their last digit is rounded then does no harm.
  if (!Number.isInteger(t) || (t as number) < 0)
    throw new HistoryError(file, number, `t must be a whole number, not ${JSON.stringify(t)}`)
  if (!Number.isSafeInteger(op))
    throw new HistoryError(file, number, `op must be a whole number, not ${JSON.stringify(op)}`)
  if (typeof who !== 'string' || typeof inc !== 'string')
    throw new HistoryError(file, number, 'who and inc must be text')
  const rules = kind[ph]
  if (!rules) throw new HistoryError(file, number, `a ${f} has no ${ph === 'b' ? 'begin' : 'end'}`)
  // By far the most lines are sends, which are told apart here to be quick.
  if (f === 'send' && isUsualSend(event)) return event as unknown as HistoryEvent
  for (const field in rules) {
    const wrong = (rules[field] as Rule)(event[field])
    if (wrong !== undefined)
      throw new HistoryError(file, number, `${field} of a ${f} ${wrong}, not ${shown(event[field])}`)
  }
  return event as unknown as HistoryEvent
}

/** Whether a send has nothing but what every send has, and that right. */
function isUsualSend({ ph, tp, v, key, txn, src, r, off, attempts, code, definite }: Fields): boolean {
  if (ph === 'b') {
    return (
      typeof tp === 'string' &&
      Number.isSafeInteger(v) &&
      key === undefined &&
      txn === undefined &&
      src === undefined
    )
  }
  const isBare = attempts === undefined && code === undefined && definite === undefined
  return r === 'ok' && isBare && (off === undefined || Number.isSafeInteger(off))
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing'
  return json.length > 80 ? `${json.slice(0, 80)}…` : json
}

function source(value: unknown): string | undefined {
  return typeof value === 'string' && /^.+@\d{1,15}$/.test(value) ? undefined : 'must be like topic-0@5'
}

/** For each partition offset, value and whether the record was whole. */
function records(value: unknown): string | undefined {
  if (!isObject(value)) return 'must hold a list for each partition'
  for (const tp in value) {
    const list = value[tp]
    if (!Array.isArray(list) || list.length % 3 !== 0) return 'must hold offset, value and 0 or 1 by turns'
    for (let at = 0; at < list.length; at += 3) {
      if (!Number.isSafeInteger(list[at]) || list[at] < 0) return 'must hold offsets from 0'
      if (!Number.isSafeInteger(list[at + 1])) return 'must hold values that are whole numbers'
      if (list[at + 2] !== 0 && list[at + 2] !== 1) return 'must say 0 or 1 of each record'
    }
  }
  return undefined
}

function positions(value: unknown): string | undefined {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every(Number.isSafeInteger)
  return isObject(value) && Object.values(value).every(isPair)
    ? undefined
    : 'must hold two positions for each partition'
}

function modes(value: unknown): string | undefined {
  if (!isObject(value)) return 'must be an object'
  const wrong = Object.keys(value).find(
    (name) => !Object.hasOwn(defaultMode, name) || typeof value[name] !== typeof defaultMode[name as 'acks'],
  )
  return wrong === undefined ? undefined : `does not know ${wrong} or wants another value`
}

function allowance(value: unknown): string | undefined {
  return Array.isArray(value) && value.every((code) => codes.includes(code)) ? undefined : 'must list codes'
}
