import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { ensure } from './lists.ts'

/**
 * C10 and C11: where members only come and leave in order, a handler's work is awaited and its commit taken, so that
 * nothing is handed over twice. Asked only of runs in which nobody dies, stalls or is sent elsewhere.
 */
export function checkOrderly({ index }: Evidence, found: Findings): void {
  if (!index.mode.orderly) return
  checkHandedTwice(index, found)
  for (const event of index.events) {
    if (event.f !== 'commit' || event.ph !== 'e' || event.r === 'ok') continue
    const { inc, code = 'nothing is told' } = event
    found.add('C11', {}, () => `a commit of ${inc} did not succeed: ${code}`)
  }
}

function checkHandedTwice(index: HistoryIndex, found: Findings): void {
  const { handed } = index.commits
  /** By group, partition and offset: who had it first. */
  const groups = new Map<string, Map<number, Map<number, number>>>()
  for (let row = 0; row < handed.begin.length; row++) {
    const incarnation = handed.incarnation.at(row)
    const partition = handed.partition.at(row)
    const offset = handed.offset.at(row)
    const byPartition = ensure(
      groups,
      index.incarnations.at(incarnation).group ?? '',
      () => new Map<number, Map<number, number>>(),
    )
    const owners = ensure(byPartition, partition, () => new Map<number, number>())
    const first = owners.get(offset)
    if (first === undefined) owners.set(offset, incarnation)
    else {
      const text = () =>
        `offset ${offset} was handed to ${index.inc(first)}, and then to ${index.inc(incarnation)}`
      found.add('C10', { tp: index.tp(partition), offsets: [offset] }, text)
    }
  }
}
