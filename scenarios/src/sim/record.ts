import { crc32 } from 'node:zlib'

/** What a record says of itself, so that nothing about it needs to be kept elsewhere. */
export interface RecordName {
  readonly run: string
  /** Incarnation of the producer. */
  readonly inc: string
  /** Counts the records of an incarnation for a partition, from 0. */
  readonly seq: number
  /** Where it was sent: `topic-0`. */
  readonly tp: string
  /** A number that no other record of the run has. */
  readonly v: number
}

const PARTS = 8

/** The value of a record: `run|inc|seq|txn|topic-partition|v|crc|padding`. */
export function recordValue({ run, inc, seq, tp, v }: RecordName, padding: number): string {
  const named = `${run}|${inc}|${seq}||${tp}|${v}`
  return `${named}|${checksum(named)}|${'.'.repeat(padding)}`
}

/** What a value says; undefined where it is not what `recordValue` gave. */
export function nameIn(value: string | null): RecordName | undefined {
  const parts = value?.split('|') ?? []
  const [run = '', inc = '', seq, , tp = '', v, crc, padding = ''] = parts
  const named = parts.slice(0, PARTS - 2).join('|')
  if (parts.length !== PARTS || crc !== checksum(named) || !/^\.*$/.test(padding)) return undefined
  return { run, inc, seq: Number(seq), tp, v: Number(v) }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
