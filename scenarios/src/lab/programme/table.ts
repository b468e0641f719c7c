import type { LedgerEntry } from './ledger.ts'
import type { Row } from './row.ts'

interface Cell {
  runs: number
  minutes: number
  ok: number
  inconclusive: number
  readonly anomalies: Map<string, number>
}

type KnownRow = Pick<Row, 'id' | 'mustFind'>

/**
 * The side-by-side tables, in Markdown: one for each cluster, with a line for each row of the programme and a column for
 * each client; then the controls. A cell sums up all recorded runs: anomalies, with the calls that worked as the
 * denominator, and how long faults were made.
 * @param rows the programme's, in the order of the table
 */
export function tableOf(entries: readonly LedgerEntry[], rows: readonly KnownRow[]): string {
  const controls = new Map(
    rows.flatMap(({ id, mustFind }) => (mustFind ? [[id, mustFind.join(' or ')]] : [])),
  )
  const usual = entries.filter(({ row }) => !controls.has(row))
  const clusters = [...new Set(usual.map(({ cluster }) => cluster))].sort()
  const order = rows.map(({ id }) => id)
  const tables = clusters.map((cluster) => {
    const own = usual.filter((entry) => entry.cluster === cluster)
    const name = cluster === 'samsa' ? "samsa's broker" : cluster
    return `### On ${name}\n\n${clusterTable(own, order)}`
  })
  const run = entries.filter(({ row }) => controls.has(row))
  if (run.length === 0) return tables.join('\n\n')
  const lines = [...new Set(run.map(({ row }) => row))].sort((one, other) => byOrder(one, other, order))
  const table = [
    line(['', 'has to find', 'found']),
    line(['---', '---', '---']),
    ...lines.map((id) => {
      const cell = cellOf(run.filter(({ row }) => row === id))
      return line([id, controls.get(id) as string, textOf(cell)])
    }),
  ]
  return [...tables, `### Controls\n\n${table.join('\n')}`].join('\n\n')
}

function clusterTable(entries: readonly LedgerEntry[], order: readonly string[]): string {
  const columns = [...new Set(entries.map(columnOf))].sort()
  const rows = [...new Set(entries.map(({ row }) => row))].sort((one, other) => byOrder(one, other, order))
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map((id) => {
      const ofRow = entries.filter(({ row }) => row === id)
      const cells = columns.map((column) => ofRow.filter((entry) => columnOf(entry) === column))
      return line([id, ...cells.map((cell) => (cell.length > 0 ? textOf(cellOf(cell)) : '-'))])
    }),
  ].join('\n')
}

function line(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`
}

function columnOf({ client, version }: LedgerEntry): string {
  return `${client} ${version}`
}

function byOrder(one: string, other: string, order: readonly string[]): number {
  const place = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length)
  return place(one) - place(other)
}

function cellOf(entries: readonly LedgerEntry[]): Cell {
  const cell: Cell = { runs: 0, minutes: 0, ok: 0, inconclusive: 0, anomalies: new Map() }
  for (const { minutes, ok, result, anomalies } of entries) {
    cell.runs++
    cell.minutes += minutes
    cell.ok += ok
    if (result === 'inconclusive') cell.inconclusive++
    for (const [code, count] of Object.entries(anomalies))
      cell.anomalies.set(code, (cell.anomalies.get(code) ?? 0) + count)
  }
  return cell
}

function textOf({ runs, minutes, ok, inconclusive, anomalies }: Cell): string {
  const found = [...anomalies].sort().map(([code, count]) => `${code}: ${count}`)
  const what = found.length > 0 ? found.join(', ') : '0'
  const doubt = inconclusive > 0 ? `, ${inconclusive} inconclusive` : ''
  return `${what} of ${ok.toLocaleString('en')} (${runs} × ${Number((minutes / runs).toFixed(1))} min${doubt})`
}
