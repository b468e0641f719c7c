import { randomBytes } from 'node:crypto'

/** The middle of the figures; of an even number the mean of the two in the middle. NaN when there are none. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** A table in Markdown; columns but the first are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    `| ${widths
      .map((width, column) =>
        column === 0 ? (row[0] ?? '').padEnd(width) : (row[column] ?? '').padStart(width),
      )
      .join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** Values like JSON, all different, each of the exact size. */
export function differentValues(count: number, size: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const id = randomBytes(12).toString('hex')
    const text = `{"id":"${id}","number":${index},"state":"active","amount":${(index * 37) % 9973},"note":"`
    return Buffer.from(`${text.padEnd(size - 2, 'lorem ipsum ')}"}`)
  })
}
