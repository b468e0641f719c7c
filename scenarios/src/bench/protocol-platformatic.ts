import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { driveProtocol } from './protocol-driver.ts'
import type { Fixtures, Tasks } from './protocol-rows.ts'
import { BASE_TIMESTAMP } from './protocol-rows.ts'

interface Message {
  key?: Buffer
  value: Buffer
  timestamp: bigint
  headers?: Map<Buffer, Buffer>
}
type Bytes = { readonly buffer: Buffer }
interface Records {
  createRecordsBatch(messages: Message[], options: object): Bytes
  readRecordsBatches(reader: unknown): { records: { value: Buffer }[] }[]
}
interface Readers {
  Reader: { from(bytes: Buffer): unknown }
}
interface Checksums {
  loadNativeCRC32C(): ((bytes: Buffer) => number) | null
}
type Wasm = { crc32c(bytes: Buffer): number }
interface MetadataApi {
  parseResponse(correlation: number, key: number, version: number, reader: unknown): MetadataBody
}
type MetadataBody = { topics: { partitions: unknown[] }[] }

const BEFORE_CHECKSUM = 21
const METADATA = 3

await driveProtocol(async (fixtures, { home }) => {
  const require = createRequire(join(home, 'package.json'))
  const entry = require.resolve('@platformatic/kafka')
  const part = (name: string) => import(pathToFileURL(join(dirname(entry), name)).href)
  const { createRecordsBatch, readRecordsBatches } = (await part('protocol/records.js')) as Records
  const { Reader } = (await part('protocol/reader.js')) as Readers
  const { loadNativeCRC32C } = (await part('protocol/crc32c.js')) as Checksums
  const { crc32c } = require('@platformatic/wasm-utils') as Wasm
  const native = loadNativeCRC32C()
  const plain = fixtures.batch('none')
  const covered = plain.subarray(BEFORE_CHECKSUM)
  const { values, keyed } = messagesOf(fixtures)
  const write = (messages: Message[], compression = 'none') =>
    asBuffer(createRecordsBatch(messages, { compression }))
  const read = (bytes: Buffer) => readRecordsBatches(Reader.from(bytes))[0]?.records ?? []
  const count = () => read(plain).length
  const metadataOf = (version: 6 | 12) => metadata(fixtures, part, Reader, version)
  return {
    'write a batch of values': () => write(values),
    'write a batch with keys and headers': () => write(keyed),
    // Every record is decoded, asked for or not.
    'read a batch, fields untouched': count,
    'read a batch, record objects': count,
    'read a batch, record objects, each value': () => {
      let bytes = 0
      for (const { value } of read(plain)) bytes += value.length
      return bytes / 100
    },
    'read a batch with keys and headers, each field': () => read(fixtures.keyed).length,
    'CRC-32C': () => crc32c(covered),
    ...(native && { 'CRC-32C, native': () => native(covered) }),
    ...(await metadataOf(6)),
    ...(await metadataOf(12)),
    ...compressed(fixtures, (codec) => write(values, codec), read),
  }
})

async function metadata(
  fixtures: Fixtures,
  part: (name: string) => Promise<unknown>,
  Reader: Readers['Reader'],
  version: 6 | 12,
): Promise<Tasks> {
  const { parseResponse } = (await part(`apis/metadata/metadata-v${version}.js`)) as MetadataApi
  const bytes = fixtures.metadata(version)
  return {
    [`Metadata v${version} response of 1,000 partitions`]: () =>
      parseResponse(1, METADATA, version, Reader.from(bytes)).topics[0]?.partitions.length,
  }
}

function compressed(
  fixtures: Fixtures,
  write: (codec: string) => Buffer,
  read: (bytes: Buffer) => unknown[],
) {
  const tasks: Tasks = {}
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const bytes = fixtures.batch(codec)
    tasks[`write a batch, ${codec}`] = () => write(codec)
    tasks[`read a batch, ${codec}`] = () => read(bytes).length
  }
  return tasks
}

/** Its writers are lists of pieces, which become one when the bytes are asked for. */
function asBuffer(writer: Bytes): Buffer {
  return writer.buffer
}

function messagesOf(fixtures: Fixtures): { values: Message[]; keyed: Message[] } {
  const headers = new Map([
    [Buffer.from('trace'), Buffer.from('0123456789abcdef')],
    [Buffer.from('source'), Buffer.from('bench')],
  ])
  const timestamp = (at: number) => BigInt(BASE_TIMESTAMP + at)
  return {
    values: fixtures.values.map((value, at) => ({ value, timestamp: timestamp(at) })),
    keyed: fixtures.values.map((value, at) => ({
      key: Buffer.from(`key-${at}`.padEnd(16)),
      value,
      timestamp: timestamp(at),
      headers,
    })),
  }
}
