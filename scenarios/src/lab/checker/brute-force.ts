import type { Code } from './anomalies.ts'
import type { SmallHistory, SmallSend } from './small-history.ts'
import { linesOf } from './small-history.ts'
import { check } from './verdict.ts'

/** Codes that are compared. */
export const compared: ReadonlySet<Code> = new Set([
  ...(['S1', 'S2', 'S3', 'S5', 'L1', 'L2', 'L3'] as const),
  ...(['O1', 'O2', 'O3', 'C2', 'C4'] as const),
])

/** These are not defined where one offset has two values. */
const needingOneLog: readonly Code[] = ['O1', 'O2', 'O3', 'C2']

/** What the checker and the naive definitions say differently of a history; undefined when they agree. */
export function disagreement(history: SmallHistory): string | undefined {
  const { findings, allowed } = check(linesOf(history))
  const expected = naive(history)
  const ignored = expected.has('S1') ? needingOneLog : []
  const wanted = [...expected].filter((code) => !ignored.includes(code)).sort()
  const found = new Set([...findings, ...allowed].map(({ code }) => code))
  const got = [...found].filter((code) => compared.has(code) && !ignored.includes(code)).sort()
  if (wanted.join() === got.join()) return undefined
  return `expected ${wanted.join() || 'nothing'}, found ${got.join() || 'nothing'} in ${JSON.stringify(history)}`
}

interface Timed extends SmallSend {
  value: number
  begin: number
  end: number
}

/** A value that somebody saw at an offset. */
interface Place {
  partition: number
  offset: number
  value: number
}

/** The anomalies of a small history by their definitions, each looked for in every pair of records. */
export function naive({ sends, reads, isDrained }: SmallHistory): Set<Code> {
  const found = new Set<Code>()
  const timed = sends.map((send, value): Timed => {
    // Three moments a send: it overlaps the one before by beginning before that one's end.
    const begin = send.overlaps ? 3 * value - 2 : 3 * value
    return { ...send, value, begin, end: 3 * value + 2 }
  })
  const acked = timed.filter(({ outcome }) => outcome === 'ok')
  const seen: Place[] = [...acked, ...reads]
  for (const a of seen) {
    const sent = timed[a.value]
    if (!sent) found.add('S3')
    else if (sent.partition !== a.partition) found.add('S5')
    for (const b of seen) {
      if (a.partition !== b.partition) continue
      if (a.offset === b.offset && a.value !== b.value) found.add('S1')
      if (a.value === b.value && a.offset !== b.offset && sent?.partition === a.partition) found.add('S2')
    }
  }
  addLoss(found, timed, reads, isDrained)
  addOrder(found, timed, seen)
  addReading(found, reads)
  return found
}

function addLoss(
  found: Set<Code>,
  sends: readonly Timed[],
  reads: readonly Place[],
  isDrained: boolean,
): void {
  for (const { outcome, value, partition, offset } of sends) {
    const isRead = reads.some((read) => read.value === value)
    if (outcome === 'fail' && isRead) found.add('L3')
    if (outcome !== 'ok' || isRead) continue
    const there = reads.filter((read) => read.partition === partition)
    const isBehind = there.some((read) => read.offset > offset)
    const isAfter = isDrained || there.some((read) => read.offset < offset)
    if (isBehind && isAfter) found.add('L1')
    else if (isDrained) found.add('L2')
  }
}

function addOrder(found: Set<Code>, sends: readonly Timed[], seen: readonly Place[]): void {
  const place = ({ value, partition }: Timed) =>
    Math.min(
      ...seen
        .filter((each) => each.value === value && each.partition === partition)
        .map(({ offset }) => offset),
    )
  const stored = sends.filter((send) => place(send) < Number.POSITIVE_INFINITY)
  for (const a of stored) {
    const overtakers = stored.filter(
      (b) =>
        a.producer === b.producer && a.partition === b.partition && a.value < b.value && place(b) < place(a),
    )
    if (overtakers.some((b) => a.end < b.begin)) found.add('O2')
    else if (overtakers.length > 0) found.add('O1')
    for (const b of stored) {
      const isLower = a.partition === b.partition && place(a) < place(b)
      if (isLower && b.outcome === 'ok' && b.end < a.begin) found.add('O3')
    }
  }
}

function addReading(found: Set<Code>, reads: readonly Place[]): void {
  reads.forEach((read, at) => {
    const before = reads.slice(0, at).findLast(({ partition }) => partition === read.partition)
    if (!before) return
    if (read.offset <= before.offset) found.add('C4')
    const isBetween = (other: Place) =>
      other.partition === read.partition && other.offset > before.offset && other.offset < read.offset
    if (reads.some(isBetween)) found.add('C2')
  })
}
