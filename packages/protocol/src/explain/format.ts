import type { Explained, ExplainedBytes, Piece } from './piece.ts'
import type { Exchange, Unreadable } from './stream.ts'

/** How an explanation is printed. */
export interface FormatOptions {
  /** Characters in a line, 60 at least. Default 120. */
  readonly width?: number
  /** Lines for pieces; what is beyond is counted in one line. Default 1000. */
  readonly maxRows?: number
}

const DEFAULT_WIDTH = 120
const MIN_WIDTH = 60
const DEFAULT_MAX_ROWS = 1000
/** Bytes of a piece that are shown. */
const BYTES_SHOWN = 8
const OFFSET_WIDTH = 7
const HEX_WIDTH = BYTES_SHOWN * 3 - 1
/** Of a text no more is looked at; what is beyond is cut off in any case. */
const TEXT_SHOWN = 500

/**
 * A table for people: where, the bytes, the field, its value and what it means, a line for each piece. What a batch
 * unpacks to follows it with `>` before the offsets. Control characters are shown as escapes, so that what came from
 * outside cannot drive a terminal.
 * @returns lines, the last one ended
 */
export function format(
  explained: ExplainedBytes | Explained | Exchange | Unreadable,
  options: FormatOptions = {},
): string {
  if (!('kind' in explained)) return table(explained, options)
  switch (explained.kind) {
    case 'exchange':
      return exchange(explained, options)
    case 'unreadable':
      return unreadable(explained, options)
    default:
      return `${cut(title(explained), widthOf(options))}\n${table(explained, options)}`
  }
}

function exchange(
  { request, response, requestAt, responseAt, note }: Exchange,
  options: FormatOptions,
): string {
  const width = widthOf(options)
  const part = (explained: Explained | undefined, side: string, at: number | undefined) =>
    explained ? `${cut(`${side} byte ${at}: ${title(explained)}`, width)}\n${table(explained, options)}` : ''
  const remark = note === '' ? '' : `${cut(`note: ${note}`, width)}\n`
  return part(request, 'client', requestAt) + part(response, 'server', responseAt) + remark
}

function unreadable({ from, start, end, bytes, note }: Unreadable, options: FormatOptions): string {
  const what = `${from} byte ${start}: ${end - start} unreadable bytes: ${note}`
  const shown = `  ${hex(bytes, 16)}  ${quoted(Buffer.from(bytes.subarray(0, 16)).toString('latin1'))}`
  return `${cut(what, widthOf(options))}\n${cut(shown, widthOf(options))}\n`
}

function title({ api, version, kind, correlationId, bytes }: Explained): string {
  const name = api ? `${api.name}${version === undefined ? '' : ` v${version}`} ` : ''
  const id = correlationId === undefined ? '' : `, correlation id ${correlationId}`
  return `${name}${kind}${id}, ${byteCount(bytes.length)}`
}

interface Row {
  readonly offset: string
  readonly bytes: string
  readonly path: string
  readonly value: string
}

function table(explained: ExplainedBytes, options: FormatOptions): string {
  const width = widthOf(options)
  const maxRows = options.maxRows ?? DEFAULT_MAX_ROWS
  const rows: Row[] = []
  const left = addRows(rows, explained, 0, maxRows)
  const longest = rows.reduce((most, { path }) => Math.max(most, path.length), 'field'.length)
  const pathWidth = Math.min(longest, Math.floor((width - OFFSET_WIDTH - HEX_WIDTH - 6) * 0.6))
  const head = { offset: 'offset', bytes: 'bytes', path: 'field', value: 'value' }
  const lines = [head, ...rows].map(({ offset, bytes, path, value }) => {
    const columns = [
      offset.padStart(OFFSET_WIDTH),
      bytes.padEnd(HEX_WIDTH),
      cutLeft(path, pathWidth).padEnd(pathWidth),
    ]
    return cut(`${columns.join('  ')}  ${value}`.trimEnd(), width)
  })
  if (left > 0) lines.push(`(${left} more)`)
  if (explained.error) lines.push(cut(`broken: ${printable(explained.error.message)}`, width))
  return `${lines.join('\n')}\n`
}

/** Adds a row for each piece up to the limit; returns how many pieces were left out. */
function addRows(rows: Row[], explained: ExplainedBytes, depth: number, maxRows: number): number {
  let left = 0
  for (const piece of explained.pieces) {
    if (rows.length >= maxRows) left++
    else rows.push(rowOf(piece, explained, depth))
    if (piece.unpacked) left += addRows(rows, piece.unpacked, depth + 1, maxRows)
  }
  return left
}

function rowOf(piece: Piece, { bytes, error }: ExplainedBytes, depth: number): Row {
  const { start, end, path } = piece
  // The first error stands below the table in full.
  const note = piece.role === 'rest' && piece.note === error?.message ? 'cannot be read' : piece.note
  const shown = [valueText(piece), printable(note)].filter((part) => part !== '').join('  ')
  return {
    offset: `${'>'.repeat(depth)}${start}`,
    bytes: hex(bytes.subarray(start, end), BYTES_SHOWN),
    path: printable(path),
    value: shown,
  }
}

function valueText({ value, role }: Piece): string {
  if (value === null) return ''
  if (typeof value === 'string') return quoted(value)
  if (!(value instanceof Uint8Array)) return String(value)
  const text = Buffer.from(value.subarray(0, TEXT_SHOWN)).toString('utf8')
  const isText = role === 'field' && value.length > 0 && !/[\p{C}\ufffd]/u.test(text)
  return isText ? quoted(text) : byteCount(value.length)
}

function hex(bytes: Uint8Array, most: number): string {
  const all = bytes.length <= most
  const shown = [...bytes.subarray(0, all ? most : most - 1)].map((byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return `${shown.join(' ')}${all ? '' : ' ..'}`
}

function byteCount(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`
}

function quoted(text: string): string {
  return printable(JSON.stringify(text.slice(0, TEXT_SHOWN)))
}

/** What is no visible character, as an escape. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

function widthOf({ width = DEFAULT_WIDTH }: FormatOptions): number {
  return Math.max(width, MIN_WIDTH)
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/** The end of a path says most. */
function cutLeft(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`
}
