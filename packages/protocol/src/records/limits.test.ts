import assert from 'node:assert/strict'
import test from 'node:test'
import { prepareCodec } from '../compression/codec.ts'
import { testlines } from '../testdata.test-support.ts'
import type { ReadOptions } from './batch-reader.ts'
import { readBatches } from './batch-reader.ts'
import { BatchWriter } from './batch-writer.ts'
import { CorruptRecordError } from './errors.ts'
import type { RecordView } from './record.ts'

interface Golden {
  name: string
  hex: string
}

const goldens = testlines<Golden>('batches.jsonl')
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Touches everything that a record has. */
function shown({ key, value, headers, timestamp }: RecordView): unknown {
  return [key, value, headers, timestamp]
}

test('a batch is finished and opened elsewhere with the same result', async () => {
  await prepareCodec('zstd')
  const written = () => {
    const writer = new BatchWriter()
    for (let index = 0; index < 3000; index++)
      writer.append(index, `key ${index}`, 'value '.repeat(20), undefined)
    return writer
  }
  for (const codec of codecs) {
    const bytes = await written().finishAsync({ codec })
    assert.deepEqual(bytes, written().finish({ codec }), codec)
    const [batch] = readBatches(bytes)
    await batch?.decompressAsync({ syncBelow: 0 })
    assert.equal(batch?.records()[2999]?.keyText, 'key 2999')
    const [small] = readBatches(bytes, { maxDecompressedBytes: 1000 })
    if (codec !== 'none')
      await assert.rejects(small?.decompressAsync({ syncBelow: 0 }) ?? Promise.resolve(), /limit/)
  }
})

test('a bomb is stopped by the limit while it unpacks', () => {
  for (const golden of goldens.filter(({ name }) => name.startsWith('bomb-'))) {
    const [batch] = [...readBatches(Buffer.from(golden.hex, 'hex'), { maxDecompressedBytes: 100_000 })]
    assert.throws(() => batch?.records(), /larger than the limit of 100000 bytes/, golden.name)
  }
})

test('a batch beyond any of the limits is refused, by its header where that can be', () => {
  const writer = new BatchWriter()
  for (let index = 0; index < 20; index++) {
    const headers = Array.from({ length: 5 }, () => ({ key: 'h', value: null }))
    writer.append(1, null, 'x'.repeat(100), headers)
  }
  const bytes = writer.finish({ codec: 'gzip' })
  const read = (options: ReadOptions) => () => {
    for (const batch of readBatches(bytes, options)) for (const record of batch.records()) shown(record)
  }
  const walk = (options: ReadOptions) => () => {
    for (const batch of readBatches(bytes, options)) {
      for (const cursor = batch.cursor(); cursor.next(); ) shown(cursor)
    }
  }
  const atMost = { maxBatchBytes: bytes.length, maxRecords: 20, maxHeaders: 5, maxDecompressedBytes: 3000 }
  read(atMost)()
  walk(atMost)()
  const beyond = [
    [{ maxBatchBytes: bytes.length - 1 }, /\(maxBatchBytes\)/],
    [{ maxRecords: 19 }, /\(maxRecords\)/],
    [{ maxHeaders: 4 }, /\(maxHeaders\)/],
    [{ maxDecompressedBytes: 1000 }, /larger than the limit of 1000 bytes/],
  ] as const
  for (const [options, message] of beyond) {
    for (const attempt of [read(options), walk(options)]) {
      assert.throws(
        attempt,
        (error: Error) => error instanceof CorruptRecordError && message.test(error.message),
      )
    }
  }
  const old = Buffer.from((goldens.find(({ name }) => name === 'plain-v1-lz4') as Golden).hex, 'hex')
  assert.throws(() => [...readBatches(old, { maxRecords: 1 })][0]?.records(), /\(maxRecords\)/)
})
