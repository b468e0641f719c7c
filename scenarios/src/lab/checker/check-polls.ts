import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'

/** Where a reader was last in a partition. */
interface Place {
  offset: number
  poll: number
}

/** C1 to C4: within a poll and from one to the next, records follow each other without a gap and never go back. */
export function checkPolls({ index, ranks }: Evidence, found: Findings): void {
  const places = new Map<number, Place>()
  const { polls } = index
  for (const { poll, partition, first, last } of index.reads.runs()) {
    const incarnation = polls.incarnation.at(poll)
    const key = incarnation * 2 ** 26 + partition
    const before = places.get(key)
    if (!before) {
      places.set(key, { offset: last, poll })
      continue
    }
    const isWithin = before.poll === poll
    const step = {
      from: before.offset,
      to: first,
      since: polls.begin.at(before.poll),
      until: polls.end.at(poll),
    }
    const tp = index.tp(partition)
    const text = () => `${index.inc(incarnation)} got offset ${step.to} after ${step.from}`
    if (step.to <= step.from) {
      const isExcused =
        !isWithin && (isMoved(index, incarnation, partition, step) || wasAborted(index, incarnation, step))
      if (!isExcused) found.add(isWithin ? 'C3' : 'C4', { tp, offsets: [step.from, step.to] }, text)
    } else if (step.to > step.from + 1) {
      const isCommittedOnly = index.isHeldToCommitted(poll)
      const skipped = ranks.firstBetween(partition, step.from + 1, step.to, isCommittedOnly)
      const isExcused = !isWithin && isMoved(index, incarnation, partition, step)
      if (skipped >= 0 && !isExcused) {
        found.add(isWithin ? 'C1' : 'C2', { tp, offsets: [step.from, skipped, step.to] }, () => {
          return `${text()}; the record at ${skipped} lies between`
        })
      }
    }
    before.offset = last
    before.poll = poll
  }
}

interface Time {
  since: number
  until: number
}

/** Whether a reader was sent elsewhere in a partition, or told that it must go, within a time. */
function isMoved(
  index: HistoryIndex,
  incarnation: number,
  partition: number,
  { since, until }: Time,
): boolean {
  const moves = index.moves.get(partition) ?? []
  return moves.some((move) => move.incarnation === incarnation && move.t >= since && move.t <= until)
}

/** Whether a transaction of a reader was aborted within a time, so that it reads again what it had read. */
function wasAborted(index: HistoryIndex, incarnation: number, { since, until }: Time): boolean {
  return (index.aborts.get(incarnation) ?? []).some((t) => t >= since && t <= until)
}
