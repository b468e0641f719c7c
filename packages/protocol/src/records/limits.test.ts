import assert from 'node:assert/strict'
import test from 'node:test'
import { compress, prepareCodec } from '../compression/codec.ts'
import { DecompressedTooLargeError } from '../compression/too-large.ts'
import { EncodeError } from '../errors/kafka-error.ts'
import { testlines } from '../testdata.test-support.ts'
import { readBatches } from './batch-reader.ts'
import { BatchWriter, controlBatch, headerOf } from './batch-writer.ts'
import { crc32 } from './crc32.ts'
import { CorruptRecordError } from './errors.ts'
import type { ReadOptions } from './limits.ts'
import type { RecordView } from './record.ts'
import type { RecordBatch } from './record-batch.ts'

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
    const lastOffset = batch?.lastOffset
    assert.throws(
      () => batch?.records(),
      (error) => {
        assert.ok(error instanceof CorruptRecordError && error.cause instanceof DecompressedTooLargeError)
        assert.match(error.message, /larger than the limit of 100000 bytes/, golden.name)
        assert.deepEqual([error.lastOffset, error.cause.limit], [lastOffset, 100_000], golden.name)
        return true
      },
    )
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
  const atMost = { maxBatchBytes: bytes.length, maxRecords: 20, maxHeaders: 5, maxDecompressedBytes: 6000 }
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

test('records that would take more memory as objects than the limit are refused, and can be gone through', () => {
  const writer = new BatchWriter()
  for (let index = 0; index < 10_000; index++) writer.append(1, null, null, undefined)
  for (const codec of codecs) {
    const bytes = Uint8Array.from(writer.finish({ codec }))
    const [batch] = readBatches(bytes, { maxDecompressedBytes: 100_000 })
    assert.throws(
      () => batch?.records(),
      /10000 records would take about 1\d+ bytes of memory, more than \d+: go through them by cursor\(\), or raise max/,
      codec,
    )
    let count = 0
    for (const cursor = batch?.cursor(); cursor?.next(); ) count++
    assert.equal(count, 10_000)
    assert.equal([...readBatches(bytes)][0]?.records().length, 10_000)
  }
})

test('what cannot be written is refused by name, and the batch stays as it was', () => {
  const writer = new BatchWriter()
  writer.append(5, 'k', 'v', undefined)
  const size = writer.sizeInBytes
  for (const timestamp of [Number.NaN, 1.5, 2 ** 53])
    assert.throws(() => writer.append(timestamp, null, null, undefined), EncodeError)
  assert.throws(
    () => writer.append(5, undefined as never, null, undefined),
    /the key of a record is undefined; null is none/,
  )
  assert.throws(() => writer.append(5, null, undefined as never, undefined), /the value of a record/)
  assert.equal(writer.sizeInBytes, size)
  assert.throws(() => writer.finish({ producerEpoch: 99_999 }), EncodeError)
  assert.throws(() => writer.finish({ producerId: 5 as never }), EncodeError)
  assert.throws(() => controlBatch('gone' as never, 1n, 0, 0, 0), /a marker is 'abort' or 'commit', not gone/)
  assert.throws(() => controlBatch('abort', 1n, 0, 0, 2 ** 31), /coordinator epoch 2147483648 is no int32/)
  assert.throws(() => headerOf(new Uint8Array(60)), /a batch begins with 61 bytes, here are 60/)
  assert.equal([...readBatches(writer.finish())][0]?.records()[0]?.valueText, 'v')
})

/** A message of magic 1 with its checksum. */
function message1(offset: number, attributes: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(34 + value.length)
  bytes.writeBigInt64BE(BigInt(offset), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt8(1, 16)
  bytes.writeInt8(attributes, 17)
  bytes.writeBigInt64BE(7n, 18)
  bytes.writeInt32BE(-1, 26)
  bytes.writeInt32BE(value.length, 30)
  bytes.set(value, 34)
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12)
  return bytes
}

const GZIP = 1

function wrapped(wrapperOffset: number, inner: readonly Buffer[]): RecordBatch {
  const [batch] = readBatches(message1(wrapperOffset, GZIP, compress('gzip', Buffer.concat(inner))))
  return batch as RecordBatch
}

test('offsets inside a message of magic 1 count as Kafka counts them', () => {
  const inner = [0, 1, 2].map((offset) => message1(offset, 0, Buffer.from(`${offset}`)))
  const offsets = (wrapper: number) =>
    wrapped(wrapper, inner)
      .records()
      .map(({ offset }) => offset)
  assert.deepEqual(offsets(12), [10, 11, 12])
  assert.deepEqual(offsets(2), [0, 1, 2])
  assert.deepEqual(offsets(0), [0, 1, 2], 'as some versions of librdkafka produced them')
  assert.throws(() => offsets(1), /offset 1 is below that of its last message, 2/)
})

test('a message inside whose checksum does not fit is found by checking', () => {
  const inner = [0, 1].map((offset) => message1(offset, 0, Buffer.from('value')))
  const whole = wrapped(1, inner)
  whole.checkCrc()
  assert.equal(whole.records().length, 2)
  const second = inner[1] as Buffer
  second[36] = (second[36] as number) ^ 1
  const damage = /the message at byte 39 of its content does not match its CRC-32/
  const [first, read] = [wrapped(1, inner), wrapped(1, inner)]
  first.checkCrc()
  assert.throws(() => first.records(), damage)
  assert.equal(read.records().length, 2)
  assert.throws(() => read.checkCrc(), damage)
})

test('messages inside that would take more memory than the limit are refused', () => {
  const inner = Array.from({ length: 1000 }, (_, offset) => message1(offset, 0, new Uint8Array(0)))
  const bytes = message1(999, GZIP, compress('gzip', Buffer.concat(inner)))
  assert.equal([...readBatches(bytes)][0]?.records().length, 1000)
  assert.throws(
    () => [...readBatches(bytes, { maxDecompressedBytes: 100_000 })][0]?.records(),
    /its messages would take about \d+ bytes of memory/,
  )
})
