import { crc32 } from 'node:zlib'

/** What a record says about itself; see `recordText`. */
export interface RecordName {
  run: string
  inc: string
  /** Counts per incarnation and partition from 0. */
  seq: number
  /** Empty when there is none. */
  txn: string
  /** Where it was meant to go, `topic-0`. */
  tp: string
  /** The whole number that no other record of the run has. */
  v: number
}

/**
 * The value of a record: `run|inc|seq|txn|topic-partition|v|crc|padding`, where crc is the CRC-32 of everything before it
 * without the `|` between, in eight lower-case hex digits, and the padding is dots up to `bytes` in all.
 */
export function recordText(record: RecordName, bytes: number): string {
  const named = `${record.run}|${record.inc}|${record.seq}|${record.txn}|${record.tp}|${record.v}`
  const text = `${named}|${hex(crc32(named))}|`
  return text.padEnd(bytes, '.')
}

const WHOLE = /^(0|[1-9][0-9]*)$/
const PARTITION = /^[a-zA-Z0-9._-]+-[0-9]+$/

/**
 * The number of a record and whether it is whole: 1 when its parts, their form and the checksum hold, else 0. A number
 * that cannot be read is -1.
 */
export function readRecordText(value: Uint8Array | null): [v: number, crcOk: 0 | 1] {
  const text =
    value === null ? '' : Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
  const parts = text.split('|')
  return [numberIn(parts), nameOf(parts) ? 1 : 0]
}

/** What a record says about itself; undefined where its parts, their form or the checksum do not hold. */
export function recordNameIn(text: string): RecordName | undefined {
  return nameOf(text.split('|'))
}

function numberIn([, , , , , v = '']: readonly string[]): number {
  return WHOLE.test(v) ? Number(v) : -1
}

function nameOf(parts: readonly string[]): RecordName | undefined {
  const [run = '', inc = '', seq = '', txn = '', tp = '', , crc, padding = ''] = parts
  const v = numberIn(parts)
  const isFormed = parts.length === 8 && run !== '' && inc !== '' && WHOLE.test(seq) && PARTITION.test(tp)
  if (!isFormed || v < 0 || !/^\.*$/.test(padding)) return undefined
  if (crc !== hex(crc32(parts.slice(0, 6).join('|')))) return undefined
  return { run, inc, seq: Number(seq), txn, tp, v }
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0')
}
