import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { CodecName, Header, RecordBatch } from '@samsa/protocol'
import {
  BatchWriter,
  codec,
  codecNames,
  crc32c,
  Metadata,
  nativePackages,
  prepareCodec,
  Reader,
  readBatches,
  useNative,
} from '@samsa/protocol'
import { driveProtocol } from './protocol-driver.ts'
import type { Fixtures, Tasks } from './protocol-rows.ts'
import { BASE_TIMESTAMP } from './protocol-rows.ts'

const BEFORE_CHECKSUM = 21
/** So much is taken at once, as the producer does for a batch of its size. */
const CAPACITY = 160 * 1024

await driveProtocol(async (fixtures, { native }) => {
  if (native !== undefined) await takeNative(native)
  await prepareCodec('zstd')
  const plain = fixtures.batch('none')
  const headers: Header[] = [
    { key: 'trace', value: Buffer.from('0123456789abcdef') },
    { key: 'source', value: Buffer.from('bench') },
  ]
  const keys = fixtures.values.map((_, at) => Buffer.from(`key-${at}`.padEnd(16)))
  return {
    'append a value to a batch': appending(fixtures),
    'write a batch of values': writing(fixtures, 'none'),
    'write a batch with keys and headers': () => {
      const writer = new BatchWriter(CAPACITY)
      for (let at = 0; at < keys.length; at++) {
        writer.append(BASE_TIMESTAMP + at, keys[at] as Buffer, fixtures.values[at] as Buffer, headers)
      }
      return writer.finish()
    },
    'read a batch, fields untouched': () => {
      let count = 0
      for (const batch of readBatches(plain)) for (const cursor = batch.cursor(); cursor.next(); ) count++
      return count
    },
    'read a batch, record objects': () => first(plain).records().length,
    'read a batch, record objects, each value': () => {
      let bytes = 0
      for (const record of first(plain).records()) bytes += record.value?.length ?? 0
      return bytes / 100
    },
    'read a batch with keys and headers, each field': () => {
      let count = 0
      for (const record of first(fixtures.keyed).records()) {
        if (record.key && record.value && record.headers.length === 2 && record.timestamp > 0) count++
      }
      return count
    },
    [native === undefined ? 'CRC-32C' : 'CRC-32C, native']: () => crc32c(plain, BEFORE_CHECKSUM),
    ...metadata(fixtures),
    ...compressed(fixtures),
  }
})

async function takeNative(home: string): Promise<void> {
  const require = createRequire(join(home, 'package.json'))
  const used = await useNative(nativePackages, async (name) => require(name))
  if (used.length !== nativePackages.length) throw new Error(`only ${used} can be used natively`)
}

function first(bytes: Buffer): RecordBatch {
  return readBatches(bytes).next().value as RecordBatch
}

/** What a record costs by itself: the memory is kept, and there is no checksum. */
function appending({ values }: Fixtures): () => unknown {
  const memory = Buffer.allocUnsafeSlow(CAPACITY)
  return () => {
    const writer = new BatchWriter(memory)
    for (let at = 0; at < values.length; at++) {
      writer.append(BASE_TIMESTAMP + at, null, values[at] as Buffer, undefined)
    }
    return writer.count
  }
}

function writing({ values }: Fixtures, codec: CodecName): () => unknown {
  return () => {
    const writer = new BatchWriter(CAPACITY)
    for (let at = 0; at < values.length; at++) {
      writer.append(BASE_TIMESTAMP + at, null, values[at] as Buffer, undefined)
    }
    return writer.finish({ codec })
  }
}

function metadata(fixtures: Fixtures): Tasks {
  const tasks: Tasks = {}
  for (const version of [6, 12] as const) {
    const bytes = fixtures.metadata(version)
    tasks[`Metadata v${version} response of 1,000 partitions`] = () =>
      codec(Metadata.response, version).decode(new Reader(bytes)).topics[0]?.partitions.length
  }
  return tasks
}

function compressed(fixtures: Fixtures): Tasks {
  const tasks: Tasks = {}
  for (const name of codecNames.filter((name) => name !== 'none')) {
    const bytes = fixtures.batch(name)
    tasks[`write a batch, ${name}`] = writing(fixtures, name)
    tasks[`read a batch, ${name}`] = () => first(bytes).records().length
  }
  return tasks
}
