import assert from 'node:assert/strict'
import test from 'node:test'
import { prepareCodec } from '../compression/codec.ts'
import { testlines } from '../testdata.test-support.ts'
import { BatchHeader } from './batch-header.ts'
import { readBatches } from './batch-reader.ts'
import { BatchWriter, controlType, splitBatch } from './batch-writer.ts'
import { CorruptRecordError } from './errors.ts'
import type { RecordView } from './record.ts'

interface GoldenRecord {
  offset: number
  timestamp: number
  key: string | null
  value: string | null
  headers?: [string, string | null][]
}

interface Golden {
  name: string
  magic: number
  codec: string
  valid: boolean
  hex: string
  unsafe?: boolean
  batches?: { baseOffset: number; lastOffset: number; sizeInBytes: number; records: number; count?: number }[]
  records?: GoldenRecord[]
  recordsSameAs?: string
  recordCount?: number
}

const goldens = testlines<Golden>('batches.jsonl')
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

function base64(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('base64')
}

function shown(record: RecordView): GoldenRecord {
  const headers = record.headers.map(({ key, value }): [string, string | null] => [key, base64(value)])
  const { offset, timestamp } = record
  const plain = { offset, timestamp, key: base64(record.key), value: base64(record.value) }
  return headers.length > 0 ? { ...plain, headers } : plain
}

function readAll(bytes: Uint8Array): GoldenRecord[] {
  const records: GoldenRecord[] = []
  for (const batch of readBatches(bytes)) {
    batch.checkCrc()
    for (const record of batch.records()) records.push(shown(record))
  }
  return records
}

function isUnsafe(golden: Golden): boolean {
  return (
    golden.unsafe === true ||
    /"(offset|baseOffset|lastOffset|timestamp|baseTimestamp|maxTimestamp)":"/.test(JSON.stringify(golden))
  )
}

test('every valid batch of Kafka is read as Kafka reads it', () => {
  let count = 0
  for (const golden of goldens.filter(({ valid }) => valid)) {
    const bytes = Buffer.from(golden.hex, 'hex')
    if (isUnsafe(golden)) {
      assert.throws(() => readAll(bytes), CorruptRecordError, golden.name)
      continue
    }
    const read = readAll(bytes)
    const same = goldens.find(({ name }) => name === golden.recordsSameAs)
    const expected = golden.records ?? same?.records
    if (expected) {
      const wanted = expected.map(({ offset, timestamp, key, value, headers }) =>
        headers ? { offset, timestamp, key, value, headers } : { offset, timestamp, key, value },
      )
      assert.deepEqual(read, wanted, golden.name)
    } else assert.equal(read.length, golden.recordCount, golden.name)
    const heads = [...readBatches(bytes)].map(({ baseOffset, lastOffset, sizeInBytes }) => ({
      baseOffset,
      lastOffset,
      sizeInBytes,
    }))
    const wantedHeads = golden.batches?.map(({ baseOffset, lastOffset, sizeInBytes }) => ({
      baseOffset,
      lastOffset,
      sizeInBytes,
    }))
    if (wantedHeads) assert.deepEqual(heads, wantedHeads, golden.name)
    count++
  }
  assert.ok(count > 150)
})

test('every broken batch is refused with an error that says where', () => {
  for (const golden of goldens.filter(({ valid }) => !valid)) {
    // Where a codec has no checksum of its own, a flipped byte that keeps the framing shows only in other bytes.
    if (golden.name.startsWith('compressed-flipped')) continue
    assert.throws(() => readAll(Buffer.from(golden.hex, 'hex')), CorruptRecordError, golden.name)
  }
})

test('what comes before a broken batch is given out first', () => {
  const golden = goldens.find(({ name }) => name === 'good-then-bad') as Golden
  const batches = readBatches(Buffer.from(golden.hex, 'hex'))
  const first = batches.next().value
  assert.ok(first)
  first.checkCrc()
  assert.equal(first.records().length, 7)
  const second = batches.next().value
  assert.ok(second)
  assert.throws(() => second.checkCrc(), /do not match its CRC-32C/)
})

test('an uncompressed batch is written to the very bytes that Kafka writes', () => {
  const names = [
    'plain-v2-none',
    'idempotent',
    'transactional',
    'many-headers',
    'value-of-63',
    'value-of-8192',
    'leader-epoch',
  ]
  for (const name of names) {
    const golden = goldens.find((line) => line.name === name) as Golden
    const bytes = Buffer.from(golden.hex, 'hex')
    const header = new BatchHeader(bytes)
    const writer = new BatchWriter(64)
    for (const record of golden.records as GoldenRecord[]) {
      const headers = record.headers?.map(([key, value]) => ({
        key,
        value: value === null ? null : Buffer.from(value, 'base64'),
      }))
      writer.append(record.timestamp, decoded(record.key), decoded(record.value), headers)
    }
    const { producerId, producerEpoch, baseSequence, isTransactional, baseOffset, leaderEpoch } = header
    const made = writer.finish({
      producerId,
      producerEpoch,
      baseSequence,
      isTransactional,
      baseOffset,
      leaderEpoch,
    })
    assert.equal(Buffer.from(made).toString('hex'), golden.hex, name)
  }
})

test('what is written with any codec is read back', async () => {
  await prepareCodec('zstd')
  const texts = [
    '',
    'a',
    'é',
    '日本語',
    '🙂'.repeat(50),
    'x'.repeat(63),
    'y'.repeat(64),
    'ß'.repeat(63),
    'z'.repeat(20_000),
  ]
  for (const codec of codecs) {
    const writer = new BatchWriter(256)
    for (const [index, text] of texts.entries()) {
      writer.append(1_700_000_000_000 - index * 1000, index % 2 ? text : null, text, [
        { key: text, value: text },
      ])
    }
    writer.append(5, null, null, undefined)
    const [batch] = [
      ...readBatches(writer.finish({ codec, producerId: 2n ** 40n, producerEpoch: 3, baseSequence: 9 })),
    ]
    assert.ok(batch)
    batch.checkCrc()
    assert.equal(batch.codec, codecs.indexOf(codec))
    assert.equal(batch.producerId, 2n ** 40n)
    const records = batch.records()
    assert.deepEqual(
      records.slice(0, -1).map((record) => record.valueText),
      texts,
    )
    assert.deepEqual(
      records.slice(0, -1).map((record) => record.headers[0]?.value?.toString()),
      texts,
    )
    assert.deepEqual(
      records.map(({ offset }) => offset),
      [...texts.keys(), texts.length],
    )
    assert.equal(records.at(-1)?.timestamp, 5)
    assert.equal(records.at(-1)?.value, null)
    assert.equal(batch.maxTimestamp, 1_700_000_000_000)
  }
})

test('a batch that compression would make larger stays plain', () => {
  const writer = new BatchWriter()
  writer.append(1, null, 'x', undefined)
  const [batch] = [...readBatches(writer.finish({ codec: 'gzip' }))]
  assert.equal(batch?.codec, 0)
})

test('a batch splits into smaller ones with the same records', () => {
  const writer = new BatchWriter()
  for (let index = 0; index < 100; index++)
    writer.append(1000 + index, `key-${index}`, 'v'.repeat(100), undefined)
  const parts = splitBatch(writer.finish({ codec: 'lz4' }), 1000)
  assert.ok(parts.length > 10)
  for (const part of parts) assert.ok(part.sizeInBytes <= 1000)
  const keys = parts.flatMap((part) =>
    [...readBatches(part.finish())].flatMap((batch) => batch.records().map((record) => record.keyText)),
  )
  assert.deepEqual(
    keys,
    Array.from({ length: 100 }, (_, index) => `key-${index}`),
  )
})

test('a bomb is stopped by the limit while it unpacks', () => {
  for (const golden of goldens.filter(({ name }) => name.startsWith('bomb-'))) {
    const [batch] = [...readBatches(Buffer.from(golden.hex, 'hex'), { maxDecompressedBytes: 100_000 })]
    assert.throws(() => batch?.records(), /larger than the limit of 100000 bytes/, golden.name)
  }
})

test('control records say what they are', () => {
  const types = { 'marker-abort': 0, 'marker-commit': 1, 'leader-change': 2 }
  for (const [name, type] of Object.entries(types)) {
    const golden = goldens.find((line) => line.name === name) as Golden
    const [batch] = [...readBatches(Buffer.from(golden.hex, 'hex'))]
    assert.equal(batch?.isControl, true)
    assert.equal(controlType(batch?.records()[0]?.key ?? null), type)
  }
})

test('no prefix and no flipped bit of a batch gives anything but its records or a typed error', () => {
  const names = [
    'plain-v2-none',
    'plain-v2-gzip',
    'plain-v2-snappy',
    'plain-v2-lz4',
    'plain-v2-zstd',
    'plain-v1-lz4',
    'plain-v0-snappy',
  ]
  for (const name of names) {
    const bytes = Buffer.from((goldens.find((line) => line.name === name) as Golden).hex, 'hex')
    for (let length = 0; length < bytes.length; length++)
      assert.deepEqual(attempt(bytes.subarray(0, length)), [], `${name} ${length}`)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7))
      attempt(flipped)
    }
  }
})

/** Reads without looking at the checksum, so that the deeper checks are reached; only typed errors may come. */
function attempt(bytes: Uint8Array): unknown[] {
  const records: unknown[] = []
  try {
    for (const batch of readBatches(bytes, { maxDecompressedBytes: 1_000_000 })) {
      for (const record of batch.records()) records.push(shown(record))
    }
  } catch (error) {
    assert.ok(error instanceof CorruptRecordError, String((error as Error).stack))
  }
  return records
}

function decoded(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64')
}
