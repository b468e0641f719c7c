import type { Finding } from './anomalies.ts'
import { shortestCycle } from './cycles.ts'
import type { HistoryIndex } from './history-index.ts'
import { OK } from './history-index.ts'
import { wasReadCommitted } from './visibility.ts'

/**
 * T6: a transaction that read another's write came after it; so did one that began after the other had ended. Around a
 * cycle somebody read the future. T7: the same with the order in which partitions hold their writes.
 */
export function checkCycles(index: HistoryIndex): Finding[] {
  if (index.transactions.length === 0) return []
  const found: Finding[] = []
  const graph = new Graph(index.transactions.length)
  addReads(index, graph)
  if (graph.size > 0) {
    addTime(index, graph)
    report(index, graph, 'T6', found)
  }
  const writes = new Graph(index.transactions.length)
  addWrites(index, writes)
  report(index, writes, 'T7', found)
  return found
}

/** Edges from what came before to what came after; nodes beyond the transactions are points in time. */
class Graph {
  readonly edges: number[][]
  size = 0

  constructor(nodes: number) {
    this.edges = Array.from({ length: nodes }, () => [])
  }

  add(from: number, to: number): void {
    if (from === to) return
    this.edges[from]?.push(to)
    this.size++
  }

  node(): number {
    return this.edges.push([]) - 1
  }
}

function addReads(index: HistoryIndex, graph: Graph): void {
  for (let row = 0; row < index.reads.length; row++) {
    const poll = index.polls[index.reads.poll.at(row)]
    const reader = index.transaction(poll?.txn)
    const write = index.writes.of(index.reads.value.at(row))
    if (!reader || write < 0) continue
    const writer = index.writes.transaction.at(write)
    if (writer >= 0) graph.add(writer, reader.number)
  }
}

/** Real time, with a point for every end so that the edges stay few: each begin hangs on the last end before it. */
function addTime(index: HistoryIndex, graph: Graph): void {
  const moments = index.transactions.flatMap(({ number, begin, finishEnd, outcome }) => [
    { t: begin, number, isEnd: false },
    ...(outcome === OK ? [{ t: finishEnd, number, isEnd: true }] : []),
  ])
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

function addWrites(index: HistoryIndex, graph: Graph): void {
  const seen = wasReadCommitted(index)
  for (const log of index.logs) {
    let before = -1
    for (const value of log.values) {
      const row = index.writes.of(value)
      if (row < 0 || !seen[row]) continue
      const transaction = index.writes.transaction.at(row)
      if (transaction < 0) continue
      if (before >= 0) graph.add(before, transaction)
      before = transaction
    }
  }
}

function report(index: HistoryIndex, graph: Graph, code: 'T6' | 'T7', found: Finding[]): void {
  const cycle = shortestCycle(graph.edges)
  if (!cycle) return
  const names = cycle.flatMap((node) => index.transactions[node]?.txn ?? [])
  found.push({ code, text: `each came before the next, and the last before the first: ${names.join(', ')}` })
}
