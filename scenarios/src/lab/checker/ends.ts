import type { HistoryIndex } from './history-index.ts'
import { OK } from './writes.ts'

/** An answer to the question where a partition ends. */
export interface EndAnswer {
  isCommittedOnly: boolean
  begin: number
  /** When it came. */
  end: number
  offset: number
}

/** By partition, in the order in which they were asked for. */
export function endAnswers(index: HistoryIndex): Map<number, EndAnswer[]> {
  const asked = new Map<number, { t: number; isCommittedOnly: boolean }>()
  const answers = new Map<number, EndAnswer[]>()
  for (const event of index.events) {
    if (event.f !== 'ends') continue
    if (event.ph === 'b') {
      asked.set(event.op, { t: event.t, isCommittedOnly: event.iso === 'read_committed' })
      continue
    }
    const question = asked.get(event.op)
    asked.delete(event.op)
    // That an end is not known for the moment is a good answer.
    if (event.r !== 'ok' || !question) continue
    const { t: begin, isCommittedOnly } = question
    for (const [tp, offset] of Object.entries(event.offs)) {
      const partition = index.partitions.of(tp)
      const list = answers.get(partition) ?? []
      list.push({ isCommittedOnly, begin, end: event.t, offset })
      answers.set(partition, list)
    }
  }
  for (const list of answers.values()) list.sort((a, b) => a.begin - b.begin)
  return answers
}

/** By partition, for each of some rising moments, the least end that follows from acknowledgements before it. */
export function acknowledgedEnds(
  index: HistoryIndex,
  moments: ReadonlyMap<number, readonly number[]>,
): Map<number, Float64Array> {
  const least = new Map([...moments].map(([partition, { length }]) => [partition, new Float64Array(length)]))
  const { writes } = index
  if (moments.size === 0) return least
  for (let row = 0; row < writes.length; row++) {
    if (writes.outcome.at(row) !== OK) continue
    const ends = least.get(writes.partition.at(row))
    if (!ends) continue
    const at = firstAfter(moments.get(writes.partition.at(row)) ?? [], writes.end.at(row))
    if (at < ends.length) ends[at] = Math.max(ends[at] as number, writes.offset.at(row) + 1)
  }
  for (const ends of least.values()) {
    for (let at = 1; at < ends.length; at++) ends[at] = Math.max(ends[at] as number, ends[at - 1] as number)
  }
  return least
}

/** The place of the first of rising moments that lies after a time. */
function firstAfter(moments: readonly number[], t: number): number {
  let low = 0
  let high = moments.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((moments[middle] as number) <= t) low = middle + 1
    else high = middle
  }
  return low
}
