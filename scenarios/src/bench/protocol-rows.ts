import type { CodecName } from '@samsa/protocol'

/** Records of each measured batch, the bytes of a value, and the partitions of the measured Metadata response. */
export const RECORDS = 1000
export const VALUE_BYTES = 100
export const PARTITIONS = 1000
export const BASE_TIMESTAMP = 1_700_000_000_000

/** Something that is measured, in the same way for whoever can do it. */
export interface Row {
  readonly name: string
  readonly unit: 'ns a record' | 'µs' | 'GB/s'
  /** What samsa is to reach; more is worse, except for GB/s. */
  readonly goal?: number
  /** How many times samsa's cost every other one is to have at least. */
  readonly ratio?: number
  /** Units in a call: records, calls, or bytes. */
  readonly each: number
}

const perRecord = { unit: 'ns a record', each: RECORDS } as const
const codecs: readonly Exclude<CodecName, 'none'>[] = ['gzip', 'snappy', 'lz4', 'zstd']

export const rows: readonly Row[] = [
  { name: 'append a value to a batch', ...perRecord, goal: 45 },
  { name: 'write a batch of values', ...perRecord, ratio: 5 },
  { name: 'write a batch with keys and headers', ...perRecord, ratio: 5 },
  { name: 'read a batch, fields untouched', ...perRecord, goal: 40, ratio: 5 },
  { name: 'read a batch, record objects', ...perRecord, ratio: 5 },
  { name: 'read a batch, record objects, each value', ...perRecord, ratio: 5 },
  { name: 'read a batch with keys and headers, each field', ...perRecord, ratio: 5 },
  { name: 'CRC-32C', unit: 'GB/s', each: 0, goal: 1.4, ratio: 1 },
  { name: 'CRC-32C, native', unit: 'GB/s', each: 0, ratio: 1 },
  { name: 'Metadata v6 response of 1,000 partitions', unit: 'µs', each: 1, goal: 350, ratio: 1 },
  { name: 'Metadata v12 response of 1,000 partitions', unit: 'µs', each: 1, goal: 350, ratio: 1 },
  ...codecs.flatMap((codec) => [
    { name: `write a batch, ${codec}`, ...perRecord, ratio: 1 },
    { name: `read a batch, ${codec}`, ...perRecord, ratio: 1 },
  ]),
]

/** The bytes that everybody reads, by the name of their file. */
export interface Fixtures {
  readonly values: readonly Buffer[]
  /** Batches of the values, by codec. */
  batch(codec: CodecName): Buffer
  /** With a key of 16 bytes and two headers for each. */
  readonly keyed: Buffer
  /** Bodies of Metadata responses, by version. */
  metadata(version: 6 | 12): Buffer
}

/**
 * What a codec can do, by the names of the rows. Each gives something that shows that it was done: the bytes of a
 * batch, the number of records or partitions that it met, or a checksum. What it cannot do it leaves out.
 */
export type Tasks = Record<string, () => unknown>

/** What a run of one codec found, in the rows' units; a text says why there is no figure. */
export type Figures = Record<string, number | string>
