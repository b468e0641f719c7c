import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { isMangled } from './reads.ts'

/** S1 to S5: what a partition holds, seen from all sides. */
export function checkStorage({ index }: Evidence, found: Findings): void {
  const { writes } = index
  const first = new Float64Array(writes.length).fill(-1)
  index.logs.forEach((log, partition) => {
    const tp = index.tp(partition)
    for (const { offset, ids } of log.conflicts) {
      const [a, b] = ids.map((id) => writes.value(id))
      found.add('S1', { tp, offsets: [offset] }, () => `offset ${offset} holds ${a} and ${b}`)
    }
    const examine = (row: number, offset: number) => {
      if (!writes.wasSent(row)) {
        found.add('S3', { tp, offsets: [offset] }, () => {
          return `offset ${offset} holds ${writes.value(row)}, which nobody sent`
        })
        return
      }
      if (writes.partition.at(row) !== partition) {
        const meant = index.tp(writes.partition.at(row))
        found.add('S5', { tp, offsets: [offset] }, () => {
          return `offset ${offset} holds ${writes.value(row)}, which was sent to ${meant}`
        })
        return
      }
      const before = first[row] as number
      first[row] = offset
      if (before < 0 || before === offset) return
      // A transaction promises that its records are there once, whatever the producer was told.
      const isNeverAllowed = writes.transaction.at(row) >= 0
      found.add('S2', { tp, offsets: [before, offset], isNeverAllowed }, () => {
        return `${writes.value(row)} is at offsets ${before} and ${offset}`
      })
    }
    for (let rank = 0; rank < log.length; rank++) {
      examine(log.ids[rank] as number, log.offsets[rank] as number)
    }
    // A value that is at odds with another one at its offset may have been somewhere else already.
    for (const { offset, ids } of log.conflicts) examine(ids[1], offset)
  })
  checkWhole(index, found)
}

function checkWhole(index: HistoryIndex, found: Findings): void {
  for (const run of index.reads.runs()) {
    if (!isMangled(run)) continue
    const { first: offset, partition, poll } = run
    const who = index.inc(index.polls.incarnation.at(poll))
    found.add('S4', { tp: index.tp(partition), offsets: [offset] }, () => {
      return `the record at offset ${offset}, as ${who} read it, does not match its checksum`
    })
  }
}
