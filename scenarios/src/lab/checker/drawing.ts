import { anomalies } from './anomalies.ts'
import type { Finding } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { OK } from './writes.ts'

const WIDTH = 1100
const HEIGHT = 640
const MARGIN = 60
/** Offsets that are drawn around the anomalies, and at most. */
const AROUND = 15
const SPAN_MAX = 120
/** Marks that are drawn at most. */
const MARKS_MAX = 5000
const LEGEND =
  'line: a send from its begin to its acknowledgement · square: acknowledged · cross: end unknown or refused · dot: read, a colour a reader · ring: anomaly'

interface Mark {
  kind: 'send' | 'read'
  offset: number
  /** Begin and end of a send; a read has one time. */
  from: number
  to: number
  isAcked: boolean
  reader: number
  title: string
}

/**
 * One partition as offset by time: sends with their acknowledgements, reads, and the anomalies marked. Only the
 * neighbourhood of the first anomalies is drawn.
 */
function drawPartition(index: HistoryIndex, tp: string, findings: readonly Finding[]): string {
  const partition = index.partitions.find(tp)
  const span = spanOf(index, partition, findings)
  const marks = marksOf(index, partition, span)
  const times = marks.flatMap(({ from, to }) => [from, to])
  const first = times.reduce((least, t) => Math.min(least, t), Number.POSITIVE_INFINITY)
  const last = times.reduce((most, t) => Math.max(most, t), Number.NEGATIVE_INFINITY)
  const length = Math.max(1, last - first)
  const x = (t: number) => MARGIN + ((t - first) / length) * (WIDTH - 2 * MARGIN)
  const y = (offset: number) =>
    HEIGHT - MARGIN - ((offset - span.from) / Math.max(1, span.to - span.from)) * (HEIGHT - 2.5 * MARGIN)
  const titles = [...new Set(findings.map(({ code }) => code))].map((code) => `${code} ${anomalies[code]}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${MARGIN}" y="22" font-size="16">${escaped(`${tp}: ${titles.join('; ')}`)}</text>`,
    `<text x="${MARGIN}" y="42" fill="gray">${escaped(LEGEND)}</text>`,
    ...axes(span, length, y),
    ...marks.map((mark) => drawn(mark, x, y)),
    ...rings(findings, marks, span, x, y),
    '</svg>\n',
  ].join('\n')
}

interface Span {
  from: number
  to: number
}

function spanOf(index: HistoryIndex, partition: number, findings: readonly Finding[]): Span {
  const offsets = findings.flatMap((finding) => finding.offsets ?? [])
  const log = index.logs[partition]
  const end = log && log.length > 0 ? (log.offsets[log.length - 1] as number) : 0
  const least = offsets.length > 0 ? Math.min(...offsets.slice(0, 50)) : 0
  const from = Math.max(0, least - AROUND)
  const most = Math.max(from, ...offsets.filter((offset) => offset <= from + SPAN_MAX))
  return {
    from,
    to: Math.min(from + SPAN_MAX, Math.max(most + AROUND, from + 2 * AROUND), Math.max(end, most)),
  }
}

function marksOf(index: HistoryIndex, partition: number, span: Span): Mark[] {
  const marks: Mark[] = []
  const { writes, polls } = index
  const log = index.logs[partition]
  const isInside = (offset: number) => offset >= span.from && offset <= span.to
  const place = (row: number, known: number) => {
    if (known >= 0) return known
    const rank = log?.ids.indexOf(row) ?? -1
    return rank < 0 ? -1 : (log?.offsets[rank] as number)
  }
  for (let row = 0; row < writes.length && marks.length < MARKS_MAX; row++) {
    if (writes.partition.at(row) !== partition) continue
    const isAcked = writes.outcome.at(row) === OK
    const offset = place(row, writes.offset.at(row))
    if (!isInside(offset)) continue
    const from = writes.begin.at(row)
    const to = Math.min(writes.end.at(row), index.last)
    const title = `${writes.value(row)} by ${index.inc(writes.incarnation.at(row))}, offset ${offset}`
    marks.push({ kind: 'send', offset, from, to, isAcked, reader: -1, title })
  }
  for (const run of index.reads.runs()) {
    if (run.partition !== partition || run.last < span.from || run.first > span.to) continue
    const reader = polls.incarnation.at(run.poll)
    const t = polls.end.at(run.poll)
    for (let offset = Math.max(run.first, span.from); offset <= Math.min(run.last, span.to); offset++) {
      if (marks.length >= MARKS_MAX) return marks
      const id = run.id >= 0 ? run.id : (log?.idAt(offset) ?? -1)
      const title = `${id >= 0 ? writes.value(id) : 'damaged'} read by ${index.inc(reader)}, offset ${offset}`
      marks.push({ kind: 'read', offset, from: t, to: t, isAcked: false, reader, title })
    }
  }
  return marks
}

type Scale = (value: number) => number

function axes(span: Span, lengthNs: number, y: Scale): string[] {
  const lines: string[] = []
  const step = Math.max(1, Math.round((span.to - span.from) / 12))
  for (let offset = span.from; offset <= span.to; offset += step) {
    const at = y(offset).toFixed(1)
    lines.push(`<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${at}" y2="${at}" stroke="#eee"/>`)
    lines.push(`<text x="${MARGIN - 8}" y="${at}" text-anchor="end" fill="gray">${offset}</text>`)
  }
  const middle = WIDTH / 2
  const time = `time, ${(lengthNs / 1e6).toFixed(1)} ms`
  return [...lines, `<text x="${middle}" y="${HEIGHT - 20}" text-anchor="middle" fill="gray">${time}</text>`]
}

function drawn({ kind, offset, from, to, isAcked, reader, title }: Mark, x: Scale, y: Scale): string {
  const at = y(offset).toFixed(1)
  const end = x(to).toFixed(1)
  const name = `<title>${escaped(title)}</title>`
  if (kind === 'read') {
    const colour = `hsl(${(reader * 137) % 360} 70% 45%)`
    return `<circle cx="${end}" cy="${at}" r="3" fill="${colour}">${name}</circle>`
  }
  const line = `<line x1="${x(from).toFixed(1)}" x2="${end}" y1="${at}" y2="${at}" stroke="#888" stroke-width="1.5"/>`
  const [left, top] = [(x(to) - 3).toFixed(1), (y(offset) - 3).toFixed(1)]
  const sign = isAcked
    ? `<rect x="${left}" y="${top}" width="6" height="6" fill="#333">${name}</rect>`
    : `<path d="M${left} ${top}l6 6m0 -6l-6 6" stroke="#b60">${name}</path>`
  return line + sign
}

/** Around what is at an anomaly's offsets: what was read there, or else what was sent. */
function rings(
  findings: readonly Finding[],
  marks: readonly Mark[],
  span: Span,
  x: Scale,
  y: Scale,
): string[] {
  return findings.slice(0, 50).flatMap(({ code, offsets = [], text }) =>
    offsets
      .filter((offset) => offset >= span.from && offset <= span.to)
      .map((offset) => {
        const there = marks.filter((mark) => mark.offset === offset)
        const mark = there.find(({ kind }) => kind === 'read') ?? there[0]
        const at = mark ? x(mark.to).toFixed(1) : MARGIN
        const circle = `<circle cx="${at}" cy="${y(offset).toFixed(1)}" r="8" fill="none" stroke="red" stroke-width="2">`
        const label = `<text x="${at}" y="${(y(offset) - 10).toFixed(1)}" fill="red" text-anchor="middle">${code}</text>`
        return `${circle}<title>${escaped(text)}</title></circle>${label}`
      }),
  )
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

/** By partition that has findings, its drawing. */
export function drawings(index: HistoryIndex, findings: readonly Finding[]): Map<string, string> {
  const partitions = new Set(findings.flatMap(({ tp }) => (tp === undefined ? [] : [tp])))
  return new Map(
    [...partitions].map((tp) => [
      tp,
      drawPartition(
        index,
        tp,
        findings.filter((each) => each.tp === tp),
      ),
    ]),
  )
}
