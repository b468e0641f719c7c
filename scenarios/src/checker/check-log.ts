import type { Finding } from './anomalies.ts'
import type { HistoryIndex } from './history-index.ts'
import { FAIL, OK } from './history-index.ts'
import { append } from './lists.ts'
import { wasRead } from './visibility.ts'

/** S: what a partition is, seen from all sides. */
export function checkStorage(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  index.logs.forEach((log, partition) => {
    const tp = index.partitions.all[partition] as string
    for (const { offset, values } of log.conflicts) {
      found.push({ code: 'S1', tp, text: `offset ${offset} holds ${values[0]} and ${values[1]}` })
    }
    const first = new Map<number, number>()
    for (let rank = 0; rank < log.length; rank++) {
      const value = log.values[rank] as number
      const offset = log.offsets[rank] as number
      const row = index.writes.of(value)
      if (row < 0) found.push({ code: 'S3', tp, text: `offset ${offset} holds ${value}, which nobody sent` })
      else if (index.writes.partition.at(row) !== partition) {
        const meant = index.partitions.all[index.writes.partition.at(row)]
        found.push({ code: 'S5', tp, text: `offset ${offset} holds ${value}, which was sent to ${meant}` })
      }
      const before = first.get(value)
      if (before === undefined) first.set(value, offset)
      else found.push({ code: 'S2', tp, text: `${value} is at offsets ${before} and ${offset}` })
    }
  })
  const { reads } = index
  for (let row = 0; row < reads.length; row++) {
    if (reads.isIntact.at(row) === 1) continue
    const tp = index.partitions.all[reads.partition.at(row)] as string
    found.push({
      code: 'S4',
      tp,
      text: `the record at offset ${reads.offset.at(row)} does not match its checksum`,
    })
  }
  return found.concat(checkEnds(index))
}

/** S6: an end that is asked for after something was known to be stored lies behind it. */
function checkEnds(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const asked = new Map<number, number>()
  /** By partition and isolation: what was known when, rising in time. */
  const known = new Map<string, { t: number; end: number }[]>()
  const truncated = new Map<string, number>()
  const learn = (key: string, t: number, end: number) => append(known, key, { t, end })
  const { writes } = index
  for (let row = 0; row < writes.length; row++) {
    if (writes.outcome.at(row) !== OK || writes.offset.at(row) < 0) continue
    const tp = index.partitions.all[writes.partition.at(row)] as string
    learn(`${tp} read_uncommitted`, writes.end.at(row), writes.offset.at(row) + 1)
  }
  const answers: { tp: string; iso: string; begin: number; end: number; offset: number }[] = []
  const isolation = new Map<number, string>()
  for (const event of index.events) {
    if (event.f === 'reset' && event.why === 'truncated') truncated.set(event.tp, event.t)
    if (event.f !== 'ends') continue
    if (event.ph === 'b') {
      asked.set(event.op, event.t)
      isolation.set(event.op, event.iso)
      continue
    }
    const begin = asked.get(event.op)
    if (event.r !== 'ok' || begin === undefined) continue
    const iso = isolation.get(event.op) as string
    for (const [tp, offset] of Object.entries(event.offs)) {
      answers.push({ tp, iso, begin, end: event.t, offset })
      learn(`${tp} ${iso}`, event.t, offset)
    }
  }
  for (const list of known.values()) {
    list.sort((a, b) => a.t - b.t)
    for (let at = 1; at < list.length; at++) {
      const entry = list[at] as { end: number }
      entry.end = Math.max(entry.end, (list[at - 1] as { end: number }).end)
    }
  }
  for (const { tp, iso, begin, end, offset } of answers) {
    const before = lastBefore(known.get(`${tp} ${iso}`) ?? [], begin)
    const cut = truncated.get(tp)
    if (before === undefined || offset >= before || (cut !== undefined && cut < end)) continue
    found.push({ code: 'S6', tp, text: `the end (${iso}) is ${offset} after it had been at least ${before}` })
  }
  return found
}

function lastBefore(list: readonly { t: number; end: number }[], t: number): number | undefined {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as { t: number }).t < t) low = middle + 1
    else high = middle
  }
  return list[low - 1]?.end
}

/** L: what was acknowledged is there, what was refused is not. */
export function checkLoss(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const { writes, reads } = index
  const read = wasRead(index)
  const furthest = new Float64Array(index.partitions.all.length).fill(-1)
  for (let row = 0; row < reads.length; row++) {
    const partition = reads.partition.at(row)
    furthest[partition] = Math.max(furthest[partition] as number, reads.offset.at(row))
  }
  const drained = new Set(
    index.events.flatMap((event) => (event.f === 'drain' ? Object.keys(event.offs) : [])),
  )
  for (let row = 0; row < writes.length; row++) {
    const partition = writes.partition.at(row)
    const tp = index.partitions.all[partition] as string
    const value = writes.value.at(row)
    const outcome = writes.outcome.at(row)
    const offset = writes.offset.at(row)
    const transaction = index.transactions[writes.transaction.at(row)]
    const isHidden =
      transaction !== undefined && !(transaction.step === 'commit' && transaction.outcome === OK)
    if (outcome === OK && !read[row] && !isHidden) {
      const isPassed = offset >= 0 && offset < (furthest[partition] as number)
      if (isPassed)
        found.push({ code: 'L1', tp, text: `${value}, acknowledged at offset ${offset}, was read by nobody` })
      else if (drained.has(tp))
        found.push({ code: 'L2', tp, text: `${value}, acknowledged, is missing from the drain` })
    }
    if (outcome === FAIL && read[row])
      found.push({ code: 'L3', tp, text: `${value}, refused for good, was read` })
  }
  for (let row = 0; row < reads.length; row++) {
    const poll = index.polls[reads.poll.at(row)]
    const write = writes.of(reads.value.at(row))
    const transaction = write < 0 ? undefined : index.transactions[writes.transaction.at(write)]
    if (poll?.iso !== 'read_committed' || transaction?.step !== 'abort' || transaction.outcome !== OK)
      continue
    const tp = index.partitions.all[reads.partition.at(row)] as string
    found.push({
      code: 'L3',
      tp,
      text: `${reads.value.at(row)} of the aborted ${transaction.txn} was read by ${poll.who}`,
    })
  }
  return found
}

/** O: the order of a partition is the order in which a producer sent, and agrees with time. */
export function checkOrder(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const { writes } = index
  index.logs.forEach((log, partition) => {
    const tp = index.partitions.all[partition] as string
    const last = new Map<number, number>()
    const seen = new Set<number>()
    const rows: number[] = []
    for (let rank = 0; rank < log.length; rank++) {
      const row = writes.of(log.values[rank] as number)
      if (row < 0 || seen.has(row) || writes.partition.at(row) !== partition) continue
      seen.add(row)
      rows.push(row)
      const incarnation = writes.incarnation.at(row)
      const before = last.get(incarnation)
      // Rows are numbered in the order in which sends began.
      if (before !== undefined && row < before) {
        const code = writes.end.at(row) < writes.begin.at(before) ? 'O2' : 'O1'
        const pair = `${writes.value.at(before)}, sent after ${writes.value.at(row)}, is stored before it`
        found.push({ code, tp, text: `${pair} (${index.incarnations.all[incarnation]})` })
      } else last.set(incarnation, row)
    }
    let leastAck = Number.POSITIVE_INFINITY
    let acked = -1
    for (let at = rows.length - 1; at >= 0; at--) {
      const row = rows[at] as number
      if (leastAck < writes.begin.at(row)) {
        const values = `${writes.value.at(row)} is stored before ${writes.value.at(acked)}`
        found.push({ code: 'O3', tp, text: `${values}, which was acknowledged before it was sent` })
      }
      if (writes.outcome.at(row) === OK && writes.end.at(row) < leastAck) {
        leastAck = writes.end.at(row)
        acked = row
      }
    }
  })
  return found
}
