import { createRequire } from 'node:module'
import { join } from 'node:path'
import { driveProtocol } from './protocol-driver.ts'
import type { Fixtures, Tasks } from './protocol-rows.ts'
import { BASE_TIMESTAMP } from './protocol-rows.ts'

interface Encoder {
  readonly buffer: Buffer
}
interface KafkaJsRecord {
  value: Buffer
  headers: object
}
type MakeRecord = (record: object) => Encoder
interface RecordBatchModule {
  RecordBatch(batch: object): Promise<Encoder>
}
type DecodeBatch = (decoder: object) => Promise<{ records: KafkaJsRecord[] }>
interface MetadataResponse {
  decode(bytes: Buffer): Promise<{ topicMetadata: { partitionMetadata: unknown[] }[] }>
}

const GZIP = 1
const BEFORE_CHECKSUM = 21

await driveProtocol((fixtures, { home }) => {
  const require = createRequire(join(home, 'package.json'))
  const part = (name: string): unknown => require(`kafkajs/src/protocol/${name}`)
  const Record = part('recordBatch/record/v0') as MakeRecord
  const { RecordBatch } = part('recordBatch/v0') as RecordBatchModule
  const decodeBatch = part('recordBatch/v0/decoder') as DecodeBatch
  const Decoder = part('decoder') as new (bytes: Buffer) => object
  const crc32c = part('recordBatch/crc32C') as (bytes: Buffer) => number
  const { decode: decodeMetadata } = part('requests/metadata/v6/response') as MetadataResponse
  const plain = fixtures.batch('none')
  const covered = plain.subarray(BEFORE_CHECKSUM)

  const write = async (messages: readonly object[], compression = 0) => {
    const records = messages.map((message, at) => Record({ ...message, offsetDelta: at, timestampDelta: at }))
    const batch = await RecordBatch({
      compression,
      records,
      firstTimestamp: BASE_TIMESTAMP,
      maxTimestamp: BASE_TIMESTAMP + records.length - 1,
      lastOffsetDelta: records.length - 1,
    })
    return batch.buffer
  }
  const read = async (bytes: Buffer) => (await decodeBatch(new Decoder(bytes))).records
  const { values, keyed } = messagesOf(fixtures)
  return {
    'write a batch of values': () => write(values),
    'write a batch with keys and headers': () => write(keyed),
    ...readings(fixtures, read),
    'CRC-32C': () => crc32c(covered),
    'Metadata v6 response of 1,000 partitions': async () =>
      (await decodeMetadata(fixtures.metadata(6))).topicMetadata[0]?.partitionMetadata.length,
    'write a batch, gzip': () => write(values, GZIP),
    'read a batch, gzip': async () => (await read(fixtures.batch('gzip'))).length,
  }
})

function readings(fixtures: Fixtures, read: (bytes: Buffer) => Promise<KafkaJsRecord[]>): Tasks {
  const plain = fixtures.batch('none')
  const count = async () => (await read(plain)).length
  return {
    // Every record is decoded, asked for or not.
    'read a batch, fields untouched': count,
    'read a batch, record objects': count,
    'read a batch, record objects, each value': async () => {
      let bytes = 0
      for (const { value } of await read(plain)) bytes += value.length
      return bytes / 100
    },
    'read a batch with keys and headers, each field': async () => (await read(fixtures.keyed)).length,
  }
}

function messagesOf(fixtures: Fixtures): { values: object[]; keyed: object[] } {
  const headers = { trace: Buffer.from('0123456789abcdef'), source: Buffer.from('bench') }
  return {
    values: fixtures.values.map((value) => ({ key: null, value })),
    keyed: fixtures.values.map((value, at) => ({
      key: Buffer.from(`key-${at}`.padEnd(16)),
      value,
      headers,
    })),
  }
}
