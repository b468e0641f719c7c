import assert from 'node:assert/strict'
import test from 'node:test'
import { prepareCodec } from '../compression/codec.ts'
import { testlines } from '../testdata.test-support.ts'
import { BatchHeader, batchField } from './batch-header.ts'
import { readBatches } from './batch-reader.ts'
import { BatchWriter, controlType, splitBatch } from './batch-writer.ts'
import { CorruptRecordError } from './errors.ts'
import type { RecordView } from './record.ts'
import type { RecordBatch } from './record-batch.ts'

interface GoldenRecord {
  offset: number
  timestamp: number | string
  key: string | null
  value: string | null
  headers?: [string, string | null][]
}

type GoldenHead = Record<string, unknown>

interface Golden {
  name: string
  magic: number
  codec: string
  valid: boolean
  hex: string
  unsafe?: boolean
  why?: string
  stage?: string
  trailingBytes?: number
  batches?: GoldenHead[]
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
  const { offset } = record
  const plain = {
    offset,
    timestamp: exact(record.timestamp, record.timestampBigInt),
    key: base64(record.key),
    value: base64(record.value),
  }
  return headers.length > 0 ? { ...plain, headers } : plain
}

/** As the file has it: text where it is no safe integer. */
function exact(timestamp: number, timestampBigInt: bigint): number | string {
  const isSafe = Number.isSafeInteger(Number(timestampBigInt))
  assert.equal(timestamp, isSafe ? Number(timestampBigInt) : -1)
  return isSafe ? timestamp : String(timestampBigInt)
}

function readAll(bytes: Uint8Array): GoldenRecord[] {
  const records: GoldenRecord[] = []
  for (const batch of readBatches(bytes)) {
    batch.checkCrc()
    for (const record of batch.records()) records.push(shown(record))
  }
  return records
}

/** Kafka's numbers are those of Java; an offset that is no safe integer is text in the file, and refused here. */
function isUnsafe(golden: Golden): boolean {
  return /"(offset|baseOffset|lastOffset)":"/.test(JSON.stringify(golden))
}

/** What Kafka read of a batch's header, as far as the format has it. */
function head(batch: RecordBatch, bytes: Buffer, at: number): GoldenHead {
  const { baseOffset, lastOffset, sizeInBytes, magic, isTransactional } = batch
  const maxTimestamp = exact(batch.maxTimestamp, batch.maxTimestampBigInt)
  const common = { baseOffset, lastOffset, sizeInBytes, magic, maxTimestamp, isTransactional }
  const shared = {
    ...common,
    codec: codecs[batch.codec] as string,
    timestampType: batch.timestampType,
    partitionLeaderEpoch: batch.leaderEpoch,
    isControlBatch: batch.isControl,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    records: batch.records().length,
  }
  if (magic < 2) return { ...shared, crc: bytes.readUInt32BE(at + 12) }
  const { lastSequence, count, crc, hasDeleteHorizon } = new BatchHeader(bytes, at)
  const baseTimestamp = bytes.readBigInt64BE(at + batchField.baseTimestamp)
  const horizon = hasDeleteHorizon ? { deleteHorizonMs: baseTimestamp } : {}
  return { ...shared, baseTimestamp, lastSequence, count, crc, ...horizon }
}

test('every valid batch of Kafka is read as Kafka reads it: 201 lines, headers and records', () => {
  const seen = { read: 0, unsafe: 0, heads: 0, records: 0 }
  for (const golden of goldens.filter(({ valid }) => valid)) {
    const bytes = Buffer.from(golden.hex, 'hex')
    if (isUnsafe(golden)) {
      assert.throws(() => readAll(bytes), CorruptRecordError, golden.name)
      seen.unsafe++
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
    assert.deepEqual(walked(bytes), read, golden.name)
    let at = 0
    for (const [index, batch] of [...readBatches(bytes)].entries()) {
      const wanted = golden.batches?.[index] as GoldenHead
      const got = head(batch, bytes, at)
      for (const [name, value] of Object.entries(wanted)) {
        assert.equal(String(got[name]), String(value), `${golden.name}: ${name}`)
      }
      at += batch.sizeInBytes
      seen.heads++
    }
    assert.equal(bytes.length - at, golden.trailingBytes ?? 0, golden.name)
    seen.records += read.length
    seen.read++
  }
  assert.equal(seen.read + seen.unsafe, 201)
  assert.equal(seen.unsafe, 2, JSON.stringify(seen))
})

function walked(bytes: Buffer): GoldenRecord[] {
  const records: GoldenRecord[] = []
  for (const batch of readBatches(bytes)) {
    for (const cursor = batch.cursor(); cursor.next(); ) records.push(shown(cursor))
  }
  return records
}

/**
 * Where reading notices other than Kafka does: a batch shorter than its own header is not given out at all, nor a
 * message of the old formats whose parts do not fit; and a codec is looked up when the records are asked for.
 */
const elsewhere: Record<string, string> = {
  'length-48': 'framing',
  'legacy-v1-key-length-too-large': 'framing',
  'codec-5': 'records',
  'codec-6': 'records',
  'codec-7': 'records',
  'legacy-v1-unknown-codec': 'records',
  'legacy-v1-zstd': 'records',
  'legacy-v1-lz4-wrong-checksum': 'records',
  'legacy-v1-gzip-cut': 'records',
}

test('every broken batch is refused at the stage where Kafka refuses it: 63 lines', () => {
  const broken = goldens.filter(({ valid }) => !valid)
  assert.equal(broken.length, 63)
  const wrong: string[] = []
  for (const golden of broken) {
    const bytes = Buffer.from(golden.hex, 'hex')
    const stage = elsewhere[golden.name] ?? golden.stage
    if (stageOf(bytes) !== stage)
      wrong.push(`${golden.name} (${golden.why}): ${stageOf(bytes)}, not ${stage}`)
  }
  assert.deepEqual(wrong, [])
})

/** The first of framing, checksum and records at which a batch of these bytes is refused. */
function stageOf(bytes: Buffer): string {
  let stage = 'framing'
  try {
    for (const batch of readBatches(bytes)) {
      stage = 'checksum'
      batch.checkCrc()
      stage = 'records'
      for (const record of batch.records()) shown(record)
      stage = 'framing'
    }
    return 'none'
  } catch (error) {
    assert.ok(error instanceof CorruptRecordError, String(error))
    return stage
  }
}

test('decompressed beforehand, in whatever format, the records are the same, and their memory is told', async () => {
  await prepareCodec('zstd')
  let compressed = 0
  for (const golden of goldens.filter((each) => each.valid && !isUnsafe(each))) {
    const bytes = Buffer.from(golden.hex, 'hex')
    const expected = [...readBatches(bytes)].map((batch) => batch.records().map(shown))
    for (const syncBelow of [0, Number.POSITIVE_INFINITY]) {
      for (const [index, batch] of [...readBatches(bytes)].entries()) {
        assert.equal(batch.decompressedBytes, 0, golden.name)
        await batch.decompressAsync({ syncBelow })
        const { decompressedBytes } = batch
        assert.equal(decompressedBytes > 0, batch.codec !== 0 && batch.records().length > 0, golden.name)
        assert.deepEqual(batch.records().map(shown), expected[index], golden.name)
        assert.equal(batch.decompressedBytes, decompressedBytes, golden.name)
        if (batch.codec !== 0) compressed++
      }
    }
  }
  assert.ok(compressed > 100, String(compressed))
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
      writer.append(Number(record.timestamp), decoded(record.key), decoded(record.value), headers)
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
