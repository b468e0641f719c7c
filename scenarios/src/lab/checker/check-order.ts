import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { OK } from './writes.ts'

/** O: the order of a partition is the order in which a producer sent, and agrees with time. */
export function checkOrder({ index }: Evidence, found: Findings): void {
  const seen = new Uint8Array(index.writes.length)
  for (let partition = 0; partition < index.logs.length; partition++) {
    const rows = firstPlaces(index, partition, seen)
    checkProducers(index, partition, rows, found)
    checkTime(index, partition, rows, found)
  }
}

interface Places {
  rows: Int32Array
  offsets: Float64Array
  length: number
}

/** The values that were sent to a partition, as it holds them; of a duplicate the first. */
function firstPlaces({ logs, writes }: HistoryIndex, partition: number, seen: Uint8Array): Places {
  const log = logs[partition] as (typeof logs)[number]
  const rows = new Int32Array(log.length)
  const offsets = new Float64Array(log.length)
  let length = 0
  for (let rank = 0; rank < log.length; rank++) {
    const row = log.ids[rank] as number
    if (seen[row] || writes.partition.at(row) !== partition) continue
    seen[row] = 1
    offsets[length] = log.offsets[rank] as number
    rows[length++] = row
  }
  return { rows, offsets, length }
}

/** O1 and O2: of two records of one producer the one that was sent first lies first. */
function checkProducers(
  index: HistoryIndex,
  partition: number,
  { rows, offsets, length }: Places,
  found: Findings,
): void {
  const { writes, mode } = index
  /** By incarnation: of what lies before, what was sent last, and where it is. */
  const latest = new Map<number, number>()
  for (let at = 0; at < length; at++) {
    const row = rows[at] as number
    const incarnation = writes.incarnation.at(row)
    const place = latest.get(incarnation)
    const before = place === undefined ? -1 : (rows[place] as number)
    if (place === undefined || isSentBefore(writes, before, row)) {
      latest.set(incarnation, at)
      continue
    }
    const isSuccessive = writes.end.at(row) < writes.begin.at(before)
    // Without idempotence a request that nobody waits for any more may come last, even with one in flight.
    const isExcused = !mode.idempotent && writes.outcome.at(row) !== OK
    if (isExcused) continue
    const where = { tp: index.tp(partition), offsets: [offsets[place] as number, offsets[at] as number] }
    found.add(isSuccessive ? 'O2' : 'O1', where, () => {
      const pair = `${writes.value(before)}, sent after ${writes.value(row)}, is stored before it`
      return `${pair} (${index.inc(incarnation)})`
    })
  }
}

/** Sends of one incarnation, whose lines stand in the order in which they were made. */
function isSentBefore(writes: HistoryIndex['writes'], a: number, b: number): boolean {
  const difference = writes.begin.at(a) - writes.begin.at(b)
  return difference === 0 ? a < b : difference < 0
}

/** O3: downwards through the offsets, keeping the earliest acknowledgement of what lies above. */
function checkTime(
  index: HistoryIndex,
  partition: number,
  { rows, offsets, length }: Places,
  found: Findings,
): void {
  const { writes } = index
  let earliest = Number.POSITIVE_INFINITY
  let acked = -1
  for (let at = length - 1; at >= 0; at--) {
    const row = rows[at] as number
    if (earliest < writes.begin.at(row)) {
      const above = acked
      const where = { tp: index.tp(partition), offsets: [offsets[at] as number, offsets[above] as number] }
      found.add('O3', where, () => {
        const pair = `${writes.value(row)} is stored before ${writes.value(rows[above] as number)}`
        return `${pair}, which was acknowledged before it was sent`
      })
    }
    if (writes.outcome.at(row) === OK && writes.end.at(row) < earliest) {
      earliest = writes.end.at(row)
      acked = at
    }
  }
}
