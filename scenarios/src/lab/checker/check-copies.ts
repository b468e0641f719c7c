import { allCommits } from './check-commits.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { isVanished } from './incarnations.ts'
import { append, ensure } from './lists.ts'
import type { Transaction } from './transactions.ts'
import { READ_COMMITTED } from './visibility.ts'

/** What a group of copiers made of the records of one partition. */
interface Copies {
  group: string
  partition: number
  /** By offset of the input: rows of the visible outputs. */
  outputs: Map<number, number[]>
  /** Offset of the first input that was tried. */
  first: number
  /** Partitions that outputs go to. */
  targets: Set<number>
}

/** T8: each input that was consumed has one visible output, and an input with a visible output was consumed. */
export function checkCopies(evidence: Evidence, found: Findings): void {
  const { index } = evidence
  if (index.sources.length === 0) return
  const commits = allCommits(index)
  for (const copies of copiesOf(evidence)) {
    const { group, partition, outputs } = copies
    const tp = index.tp(partition)
    const list = commits.get(group)?.get(partition) ?? []
    const consumed = Math.max(0, ...list.filter(({ isOk }) => isOk).map(({ offset }) => offset))
    const possible = Math.max(0, ...list.filter(({ isFailed }) => !isFailed).map(({ offset }) => offset))
    for (const [offset, rows] of outputs) {
      const values = rows.map((row) => index.writes.value(row)).join(', ')
      const where = { tp, offsets: [offset] }
      if (rows.length > 1) found.add('T8', where, () => `input ${tp}@${offset} has the outputs ${values}`)
      const isKnown = group !== '' && !rows.some((row) => isOfVanished(index, row))
      if (offset >= possible && isKnown) {
        found.add(
          'T8',
          where,
          () => `input ${tp}@${offset} has the output ${values} and was not consumed by ${group}`,
        )
      }
    }
    if (![...copies.targets].every((target) => evidence.drainsCommitted.has(target))) continue
    checkInputs(evidence, copies, consumed, found)
  }
}

function checkInputs({ index, ranks }: Evidence, copies: Copies, consumed: number, found: Findings): void {
  const { partition, outputs, first, group } = copies
  const tp = index.tp(partition)
  let from = first
  for (;;) {
    const offset = ranks.firstBetween(partition, from, consumed, true)
    if (offset < 0) return
    if (!outputs.has(offset)) {
      const where = { tp, offsets: [offset] }
      found.add('T8', where, () => `input ${tp}@${offset} was consumed by ${group} and has no output`)
    }
    from = offset + 1
  }
}

function copiesOf({ index, seen }: Evidence): Iterable<Copies> {
  const all = new Map<string, Copies>()
  for (const { row, partition, offset } of index.sources) {
    const group = groupOf(index, row)
    const copies = ensure(all, `${partition} ${group}`, () => {
      return {
        group,
        partition,
        outputs: new Map<number, number[]>(),
        first: offset,
        targets: new Set<number>(),
      }
    })
    copies.first = Math.min(copies.first, offset)
    copies.targets.add(index.writes.partition.at(row))
    if ((seen[row] as number) & READ_COMMITTED) append(copies.outputs, offset, row)
  }
  return all.values()
}

/** The group whose offsets go with the transaction of an output: its own, or that of its reader. */
function groupOf(index: HistoryIndex, row: number): string {
  const transaction = transactionOf(index, row)
  const incarnation = index.incarnations.at(index.writes.incarnation.at(row))
  return transaction?.offsets[0]?.group ?? incarnation.group ?? ''
}

function transactionOf(index: HistoryIndex, row: number): Transaction | undefined {
  return index.transactions.all[index.writes.transaction.at(row)]
}

/** Whether a writer was killed, so that what it did last nobody tells. */
function isOfVanished(index: HistoryIndex, row: number): boolean {
  return isVanished(index.incarnations.at(index.writes.incarnation.at(row)))
}
