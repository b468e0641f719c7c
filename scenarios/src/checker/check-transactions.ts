import type { Finding } from './anomalies.ts'
import type { HistoryIndex, Poll, Transaction } from './history-index.ts'
import { FAIL, OK } from './history-index.ts'
import { append } from './lists.ts'
import { wasReadCommitted } from './visibility.ts'

/** T1 to T5, T8 and T9: a transaction is seen as a whole, after its commit, and only if its writer was not fenced. */
export function checkTransactions(index: HistoryIndex): Finding[] {
  return [
    ...dirtyReads(index),
    ...torn(index),
    ...zombies(index),
    ...exactlyOnce(index),
    ...afterAbort(index),
    ...hanging(index),
  ]
}

function committedReads(index: HistoryIndex): { row: number; poll: Poll; write: number }[] {
  const found = []
  for (let row = 0; row < index.reads.length; row++) {
    const poll = index.polls[index.reads.poll.at(row)] as Poll
    if (poll.iso !== 'read_committed') continue
    const write = index.writes.of(index.reads.value.at(row))
    if (write >= 0 && index.writes.transaction.at(write) >= 0) found.push({ row, poll, write })
  }
  return found
}

function dirtyReads(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  for (const { row, poll, write } of committedReads(index)) {
    const transaction = index.transactions[index.writes.transaction.at(write)] as Transaction
    if (poll.end >= transaction.finishBegin && transaction.step === 'commit') continue
    if (transaction.step === 'abort') continue
    const tp = index.partitions.all[index.reads.partition.at(row)] as string
    const value = index.writes.value.at(write)
    const code = poll.who === transaction.who ? 'T1' : 'T2'
    found.push({ code, tp, text: `${poll.who} read ${value} of ${transaction.txn} before its commit began` })
  }
  return found
}

function torn(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const drained = new Set(
    index.events.flatMap((event) =>
      event.f === 'drain' && event.iso === 'read_committed' ? Object.keys(event.offs) : [],
    ),
  )
  const seen = wasReadCommitted(index)
  const { writes } = index
  const lastAnswers = new Map<string, number>()
  const groupOf = new Map<number, string>()
  for (const event of index.events) {
    if (event.f !== 'committed') continue
    if (event.ph === 'b') groupOf.set(event.op, event.group)
    else if (event.r === 'ok') {
      for (const [tp, offset] of Object.entries(event.offs))
        lastAnswers.set(`${groupOf.get(event.op)} ${tp}`, offset)
    }
  }
  for (const transaction of index.transactions) {
    const rows = transaction.writes.filter(
      (row) =>
        writes.outcome.at(row) === OK &&
        drained.has(index.partitions.all[writes.partition.at(row)] as string),
    )
    const visible = rows.filter((row) => seen[row])
    const missing = rows.filter((row) => !seen[row])
    const name = `${transaction.txn} of ${transaction.inc}`
    if (visible.length > 0 && missing.length > 0) {
      const values = missing.slice(0, 5).map((row) => writes.value.at(row))
      found.push({
        code: 'T3',
        text: `${name}: ${visible.length} writes are visible, missing are ${values.join(', ')}`,
      })
    }
    if (transaction.step !== 'commit' || transaction.outcome !== OK) continue
    if (missing.length > 0)
      found.push({ code: 'T4', text: `${name} is committed, ${missing.length} writes are not visible` })
    for (const { group, offs } of transaction.offsets) {
      for (const [tp, offset] of Object.entries(offs)) {
        const answer = lastAnswers.get(`${group} ${tp}`)
        if (answer === undefined || answer >= offset) continue
        found.push({
          code: 'T4',
          tp,
          text: `${name} committed offset ${offset} of ${group}, which answers ${answer}`,
        })
      }
    }
  }
  return found
}

function zombies(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const inits = new Map<string, { inc: string; t: number }[]>()
  for (const event of index.events) {
    if (event.f === 'txn' && event.step === 'init' && event.ph === 'e' && event.r === 'ok') {
      append(inits, event.tid, { inc: event.inc, t: event.t })
    }
  }
  const seen = wasReadCommitted(index)
  for (const { tid, inc, writes: rows, txn, step, finishBegin } of index.transactions) {
    const list = inits.get(tid) ?? []
    const own = list.findIndex((each) => each.inc === inc)
    const fencedAt = list[own + 1]?.t
    if (own < 0 || fencedAt === undefined) continue
    for (const row of rows) {
      const isLate = index.writes.begin.at(row) > fencedAt || (step === 'commit' && finishBegin > fencedAt)
      if (!seen[row] || !isLate) continue
      const tp = index.partitions.all[index.writes.partition.at(row)] as string
      const value = index.writes.value.at(row)
      found.push({
        code: 'T5',
        tp,
        text: `${value} of ${txn}, by ${inc}, is visible although another instance had taken over ${tid}`,
      })
    }
  }
  return found
}

/** T8: outputs name their input; each input has one visible output. */
function exactlyOnce(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  if (index.sources.size === 0) return found
  const seen = wasReadCommitted(index)
  const outputs = new Map<string, number[]>()
  const tried = new Set<string>()
  for (const [value, source] of index.sources) {
    tried.add(source)
    const row = index.writes.of(value)
    if (row >= 0 && seen[row] && index.writes.outcome.at(row) !== FAIL) append(outputs, source, value)
  }
  const committed = new Map<string, number>()
  for (const { step, outcome, offsets } of index.transactions) {
    if (step !== 'commit' || outcome !== OK) continue
    for (const { offs } of offsets) {
      for (const [tp, offset] of Object.entries(offs))
        committed.set(tp, Math.max(offset, committed.get(tp) ?? 0))
    }
  }
  for (const source of tried) {
    const at = source.lastIndexOf('@')
    const tp = source.slice(0, at)
    const values = outputs.get(source) ?? []
    if (values.length > 1)
      found.push({ code: 'T8', tp, text: `input ${source} has the outputs ${values.join(', ')}` })
    const isConsumed = Number(source.slice(at + 1)) < (committed.get(tp) ?? 0)
    if (values.length === 0 && isConsumed)
      found.push({ code: 'T8', tp, text: `input ${source} is consumed and has no output` })
  }
  return found
}

/** T9: what an aborted transaction had read is read again. */
function afterAbort(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const { reads } = index
  for (const transaction of index.transactions) {
    if (transaction.step !== 'abort' || transaction.outcome !== OK) continue
    const first = new Map<number, number>()
    const next = new Map<number, number>()
    for (const poll of index.polls) {
      if (poll.inc !== transaction.inc) continue
      const isInside = poll.txn === transaction.txn
      const isAfter = poll.begin > transaction.finishEnd
      if (!isInside && !isAfter) continue
      for (let row = poll.from; row < poll.to; row++) {
        const partition = reads.partition.at(row)
        const offset = reads.offset.at(row)
        const map = isInside ? first : next
        if (!map.has(partition)) map.set(partition, offset)
      }
    }
    for (const [partition, offset] of first) {
      const again = next.get(partition)
      if (again === undefined || again === offset) continue
      const tp = index.partitions.all[partition] as string
      if (wasTakenAway(index, transaction, tp)) continue
      found.push({
        code: 'T9',
        tp,
        text: `after the abort of ${transaction.txn} reading went on at ${again}, not at ${offset}`,
      })
    }
  }
  return found
}

function wasTakenAway(index: HistoryIndex, { inc, begin }: Transaction, tp: string): boolean {
  return index.events.some(
    (event) => event.f === 'reb' && event.inc === inc && event.t > begin && event.tps.includes(tp),
  )
}

/** T10: at the end nothing holds back what readers of committed records may see. */
function hanging(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const last = new Map<string, { committed?: number; all?: number }>()
  const isolation = new Map<number, string>()
  const healed = index.events.findLast((event) => event.f === 'heal')?.t
  for (const event of index.events) {
    if (event.f !== 'ends') continue
    if (event.ph === 'b') isolation.set(event.op, event.iso)
    else if (event.r === 'ok' && event.t > (healed ?? -1)) {
      for (const [tp, offset] of Object.entries(event.offs)) {
        const entry = last.get(tp) ?? {}
        if (isolation.get(event.op) === 'read_committed') entry.committed = offset
        else entry.all = offset
        last.set(tp, entry)
      }
    }
  }
  for (const [tp, { committed, all }] of last) {
    if (committed === undefined || all === undefined || committed >= all) continue
    found.push({ code: 'T10', tp, text: `the last stable offset is ${committed}, the end ${all}` })
  }
  return found
}
