import type { EventOf, HistoryEvent } from './history.ts'
import type { Outcome } from './outcome.ts'

/** A send of a small history. Its value is its place among the sends. */
export interface SmallSend {
  producer: number
  partition: number
  outcome: Outcome
  /** As acknowledged, if it was. */
  offset: number
  /** It began before the one before it had ended. */
  overlaps: boolean
}

/** A poll that gave one record. */
export interface SmallRead {
  partition: number
  offset: number
  value: number
}

/** Sends, then polls of one reader, which may be the final drain. */
export interface SmallHistory {
  sends: readonly SmallSend[]
  reads: readonly SmallRead[]
  isDrained: boolean
}

/** How far histories go. */
export interface Size {
  sends: number
  reads: number
  offsets: number
  partitions: number
}

/** Every history of one size, but for those that only the names of the producers tell apart. */
export function* smallHistories(size: Size): Generator<SmallHistory, void> {
  for (const sends of sequences(size.sends, (at) => allSends(size, at))) {
    for (const reads of sequences(size.reads, () => allReads(size))) {
      yield { sends, reads, isDrained: true }
      // Of a log that hardly anybody reads little more is known.
      if (size.reads > 0 && size.sends < 5) yield { sends, reads, isDrained: false }
    }
  }
}

function allSends({ offsets, partitions }: Size, at: number): SmallSend[] {
  const results = [
    ...range(offsets).map((offset) => ({ outcome: 'ok' as const, offset })),
    ...(['fail', 'unk'] as const).map((outcome) => ({ outcome, offset: -1 })),
  ]
  return range(at === 0 ? 1 : 2).flatMap((producer) =>
    range(partitions).flatMap((partition) =>
      results.flatMap((result) =>
        (at === 0 ? [false] : [false, true]).map((overlaps) => ({
          producer,
          partition,
          ...result,
          overlaps,
        })),
      ),
    ),
  )
}

/** The value after the last sent one is a phantom. */
function allReads({ offsets, partitions, sends }: Size): SmallRead[] {
  return range(partitions).flatMap((partition) =>
    range(offsets).flatMap((offset) => range(sends + 1).map((value) => ({ partition, offset, value }))),
  )
}

function* sequences<T>(length: number, choices: (at: number) => readonly T[]): Generator<readonly T[], void> {
  if (length === 0) {
    yield []
    return
  }
  for (const before of sequences(length - 1, choices)) {
    for (const choice of choices(length - 1)) yield [...before, choice]
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at)
}

const READER = { who: 'reader', inc: 'reader' }

/** The lines of a small history. */
export function linesOf({ sends, reads, isDrained }: SmallHistory): HistoryEvent[] {
  const events: HistoryEvent[] = []
  let t = 0
  const push = (event: object) => events.push({ t: ++t, ...event } as HistoryEvent)
  push({ ph: 'b', op: 1000, who: 'judge', inc: 'judge', f: 'mode', mode: { expectedFaults: 0 } })
  const end = (op: number) => {
    const { producer, outcome: r, offset } = sends[op] as SmallSend
    const more = r === 'ok' ? { off: offset } : r === 'fail' ? { attempts: ['MESSAGE_TOO_LARGE'] } : {}
    push({ ph: 'e', op, who: `p${producer}`, inc: `p${producer}`, f: 'send', r, ...more })
  }
  sends.forEach(({ producer, partition, overlaps }, op) => {
    if (op > 0 && !overlaps) end(op - 1)
    const begin: Omit<EventOf<'send', 'b'>, 't'> = {
      ...{ ph: 'b', op, who: `p${producer}`, inc: `p${producer}`, f: 'send' },
      ...{ tp: `t-${partition}`, v: op },
    }
    push(begin)
    if (op > 0 && overlaps) end(op - 1)
  })
  if (sends.length > 0) end(sends.length - 1)
  push({ ph: 'b', op: 1001, ...READER, f: 'open' })
  reads.forEach(({ partition, offset, value }, at) => {
    const op = 2000 + at
    const drain = isDrained ? { drain: true } : {}
    push({ ph: 'b', op, ...READER, f: 'poll', iso: 'read_uncommitted', ...drain })
    push({ ph: 'e', op, ...READER, f: 'poll', recs: { [`t-${partition}`]: [offset, value, 1] } })
  })
  const offs = { 't-0': 9, 't-1': 9 }
  if (isDrained) push({ ph: 'b', op: 1002, ...READER, f: 'drain', iso: 'read_uncommitted', offs })
  return events
}
