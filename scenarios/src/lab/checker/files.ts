import { closeSync, openSync, readSync } from 'node:fs'
import type { HistoryEvent } from './history.ts'
import { HistoryError } from './history.ts'
import { parseLine } from './line.ts'

const CHUNK = 1 << 20
const LINE_MAX = 1 << 28
const NEWLINE = 10
/**
 * Threads of a process take the time and then wait for their turn to write, so that lines come out of order; an event
 * waits until so many lines, or records in polls, of its file have come after it.
 */
const WINDOW = 16_384

/** What was passed over: the last line of a process that was killed while it wrote. */
export interface Torn {
  file: string
  line: number
}

/** The events of several files, as one history in the order of time. A line that makes no sense is a HistoryError. */
export function mergeHistories(
  paths: readonly string[],
  onTorn: (torn: Torn) => void = () => {},
): Iterable<HistoryEvent> {
  return merged(paths.map((path) => inOrder(parseHistory(chunksOf(path), path, onTorn), path)))
}

/** Splits pieces of a file into lines and reads each; empty lines are passed over. */
export function* parseHistory(
  chunks: Iterable<Uint8Array>,
  file: string,
  onTorn: (torn: Torn) => void = () => {},
): Generator<HistoryEvent, void> {
  const decoder = new TextDecoder()
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  for (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE)
    if (end < 0) {
      if (rest.length + chunk.length > LINE_MAX)
        throw new HistoryError(file, number + 1, `longer than ${LINE_MAX} bytes`)
      rest = Buffer.concat([rest, chunk])
      continue
    }
    // Whole lines only are decoded, so that no character is cut in two.
    const first = rest.length > 0 ? chunk.indexOf(NEWLINE) : -1
    if (first >= 0) {
      number++
      yield parseLine(Buffer.concat([rest, chunk.subarray(0, first)]).toString(), file, number)
    }
    const text = first === end ? '' : decoder.decode(chunk.subarray(first + 1, end))
    rest = Buffer.from(chunk.subarray(end + 1))
    if (first === end) continue
    let from = 0
    while (from <= text.length) {
      const next = text.indexOf('\n', from)
      const to = next < 0 ? text.length : next
      number++
      if (to > from) yield parseLine(text.slice(from, to), file, number)
      from = to + 1
    }
  }
  if (rest.length === 0) return
  const last = rest.toString()
  if (isJson(last)) yield parseLine(last, file, number + 1)
  else onTorn({ file, line: number + 1 })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function* chunksOf(path: string): Generator<Uint8Array, void> {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK)
    for (;;) {
      const length = readSync(file, chunk, 0, CHUNK, null)
      if (length === 0) return
      yield chunk.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}

/** Puts events that are a little out of order right; those of one time stay in the order of their lines. */
export function* inOrder(
  events: Iterable<HistoryEvent>,
  file: string,
  window: number = WINDOW,
): Generator<HistoryEvent, void> {
  let waiting: HistoryEvent[] = []
  let head = 0
  let weight = 0
  let told = Number.NEGATIVE_INFINITY
  for (const event of events) {
    if (event.t < told) {
      const late = Math.round((told - event.t) / 1e6)
      throw new HistoryError(file, 0, `the ${event.f} with op ${event.op} stands ${late} ms too late`)
    }
    let at = waiting.length
    while (at > head && (waiting[at - 1] as HistoryEvent).t > event.t) at--
    if (at === waiting.length) waiting.push(event)
    else waiting.splice(at, 0, event)
    weight += weightOf(event)
    while (weight > window) {
      const first = waiting[head++] as HistoryEvent
      weight -= weightOf(first)
      told = first.t
      yield first
    }
    if (head > 1024 && head * 2 > waiting.length) {
      waiting = waiting.slice(head)
      head = 0
    }
  }
  for (; head < waiting.length; head++) yield waiting[head] as HistoryEvent
}

/** How much memory an event keeps, in lines. */
function weightOf(event: HistoryEvent): number {
  if (event.f !== 'poll' || event.ph !== 'e') return 1
  let numbers = 0
  for (const tp in event.recs) numbers += (event.recs[tp] as readonly number[]).length
  return 1 + numbers / 12
}

/** Of events of one time those of the earlier source come first, as if one had written them all. */
export function merged(sources: readonly Iterable<HistoryEvent>[]): Iterable<HistoryEvent> {
  const [only] = sources
  return only && sources.length === 1 ? only : mergedOfMany(sources)
}

function* mergedOfMany(sources: readonly Iterable<HistoryEvent>[]): Generator<HistoryEvent, void> {
  const open = sources.map((source) => source[Symbol.iterator]())
  try {
    let heads = open.flatMap((source) => {
      const { value, done } = source.next()
      return done ? [] : [{ source, event: value as HistoryEvent }]
    })
    while (heads.length > 0) {
      let first = heads[0] as (typeof heads)[number]
      for (const head of heads) if (head.event.t < first.event.t) first = head
      yield first.event
      const { value, done } = first.source.next()
      if (done) heads = heads.filter((head) => head !== first)
      else first.event = value as HistoryEvent
    }
  } finally {
    for (const source of open) source.return?.()
  }
}
