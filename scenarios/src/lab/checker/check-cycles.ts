import { shortestCycle } from './cycles.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { eachValue } from './reads.ts'
import { isAborted, isCommitted } from './transactions.ts'
import { READ_COMMITTED } from './visibility.ts'

/**
 * T6: a transaction that read another's write came after it; so did one that began after the other had ended, and the
 * next one of the same client. Around a cycle somebody read the future. T7: the same with the order in which partitions
 * hold their writes.
 */
export function checkCycles(evidence: Evidence, found: Findings): void {
  const { index } = evidence
  const { length } = index.transactions.all
  if (length === 0) return
  const reads = new Graph(length)
  addReads(index, reads)
  if (reads.size > 0) {
    addProcesses(index, reads)
    addTime(index, reads)
    report(index, reads, 'T6', found)
  }
  const writes = new Graph(length)
  addWrites(evidence, writes)
  report(index, writes, 'T7', found)
}

/** Edges from what came before to what came after; nodes beyond the transactions are points in time. */
class Graph {
  readonly edges: number[][]
  size = 0

  constructor(nodes: number) {
    this.edges = Array.from({ length: nodes }, () => [])
  }

  add(from: number, to: number): void {
    const list = this.edges[from]
    if (!list || from === to || list.at(-1) === to) return
    list.push(to)
    this.size++
  }

  node(): number {
    return this.edges.push([]) - 1
  }
}

function addReads(index: HistoryIndex, graph: Graph): void {
  for (const run of index.reads.runs()) {
    const reader = index.polls.transaction.at(run.poll)
    const log = index.logs[run.partition]
    // Who reads what is not committed is promised nothing.
    if (reader < 0 || !log || !index.isHeldToCommitted(run.poll)) continue
    eachValue(run, log, (row) => graph.add(index.writes.transaction.at(row), reader))
  }
}

function addProcesses(index: HistoryIndex, graph: Graph): void {
  const last = new Map<number, number>()
  for (const { number, incarnation } of index.transactions.all) {
    const before = last.get(incarnation)
    if (before !== undefined) graph.add(before, number)
    last.set(incarnation, number)
  }
}

/** Real time, with a point for every end so that the edges stay few: each begin hangs on the last end before it. */
function addTime(index: HistoryIndex, graph: Graph): void {
  const moments = index.transactions.all.flatMap((transaction) => {
    const { number, begin, committed, aborted } = transaction
    const isEnded = isCommitted(transaction) || isAborted(transaction)
    const t = Math.min(committed, aborted)
    return [{ t: begin, number, isEnd: false }, ...(isEnded ? [{ t, number, isEnd: true }] : [])]
  })
  moments.sort((a, b) => a.t - b.t || Number(a.isEnd) - Number(b.isEnd))
  let point = -1
  for (const { number, isEnd } of moments) {
    if (isEnd) {
      const next = graph.node()
      if (point >= 0) graph.add(point, next)
      graph.add(number, next)
      point = next
    } else if (point >= 0) graph.add(point, number)
  }
}

function addWrites({ index, seen }: Evidence, graph: Graph): void {
  for (const log of index.logs) {
    let before = -1
    for (const row of log.ids) {
      const transaction = index.writes.transaction.at(row)
      if (transaction < 0 || !((seen[row] as number) & READ_COMMITTED)) continue
      if (before >= 0) graph.add(before, transaction)
      before = transaction
    }
  }
}

function report(index: HistoryIndex, graph: Graph, code: 'T6' | 'T7', found: Findings): void {
  const cycle = shortestCycle(graph.edges)
  if (!cycle) return
  const names = cycle.flatMap((node) => index.transactions.all[node]?.txn ?? [])
  found.add(code, {}, () => `each came before the next, and the last before the first: ${names.join(', ')}`)
}
