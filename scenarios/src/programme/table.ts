import type { LedgerEntry } from './ledger.ts'

interface Cell {
  runs: number
  minutes: number
  ok: number
  inconclusive: number
  readonly anomalies: Map<string, number>
}

/**
 * The side-by-side table, in Markdown: a line for each row of the programme, a column for each client. A cell sums up all
 * recorded runs: anomalies, with the calls that worked as the denominator, and how long faults were made.
 */
export function tableOf(entries: readonly LedgerEntry[], order: readonly string[]): string {
  const columns = [...new Set(entries.map(columnOf))].sort()
  const rows = [...new Set(entries.map(({ row }) => row))].sort(
    (one, other) => place(one, order) - place(other, order),
  )
  const cells = new Map<string, Cell>()
  for (const entry of entries) {
    const key = `${entry.row} ${columnOf(entry)}`
    const cell = cells.get(key) ?? { runs: 0, minutes: 0, ok: 0, inconclusive: 0, anomalies: new Map() }
    cells.set(key, cell)
    cell.runs++
    cell.minutes += entry.minutes
    cell.ok += entry.ok
    if (entry.result === 'inconclusive') cell.inconclusive++
    for (const [code, count] of Object.entries(entry.anomalies))
      cell.anomalies.set(code, (cell.anomalies.get(code) ?? 0) + count)
  }
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map((row) => line([row, ...columns.map((column) => textOf(cells.get(`${row} ${column}`)))])),
  ].join('\n')
}

function columnOf({ client, version, cluster }: LedgerEntry): string {
  return `${client} ${version} on ${cluster}`
}

function place(row: string, order: readonly string[]): number {
  const at = order.indexOf(row)
  return at < 0 ? order.length : at
}

function textOf(cell: Cell | undefined): string {
  if (!cell) return '-'
  const { runs, minutes, ok, inconclusive, anomalies } = cell
  const found = [...anomalies].sort().map(([code, count]) => `${code}: ${count}`)
  const what = found.length > 0 ? found.join(', ') : '0'
  const doubt = inconclusive > 0 ? `, ${inconclusive} inconclusive` : ''
  return `${what} of ${ok.toLocaleString('en')} (${runs} × ${Number((minutes / runs).toFixed(1))} min${doubt})`
}
