import assert from 'node:assert/strict'
import test from 'node:test'
import { explainRecords } from '../explain/index.ts'
import { testlines } from '../testdata.test-support.ts'
import { readBatches } from './batch-reader.ts'
import type { RecordView } from './record.ts'

/**
 * Batches made by hand as no broker and few producers make them, and what Kafka's own classes read of them
 * (`MemoryRecords` of kafka-clients 4.3.1, each record checked by `ensureValid`).
 */
interface Odd {
  name: string
  hex: string
  batches: { maxTimestamp: string; type: string }[]
  /** offset, timestamp, key, value; the first two as text, the others in hex. */
  records: [string, string, string | null, string | null][]
}

const odds = testlines<Odd>('odd-batches.jsonl')

function shown(record: RecordView): Odd['records'][number] {
  const { offset, timestamp, timestampBigInt, key, value } = record
  assert.deepEqual(record.headers.length > 0 ? record.headers[0]?.value : null, null)
  const isSafe = Number.isSafeInteger(Number(timestampBigInt))
  assert.equal(timestamp, isSafe ? Number(timestampBigInt) : -1)
  return [
    String(offset),
    String(timestampBigInt),
    key?.toString('hex') ?? null,
    value?.toString('hex') ?? null,
  ]
}

for (const { name, hex, batches, records } of odds) {
  test(`${name} is read as Kafka reads it`, () => {
    const bytes = Buffer.from(hex, 'hex')
    const listed: Odd['records'] = []
    const walked: Odd['records'] = []
    const heads: Odd['batches'] = []
    for (const batch of readBatches(bytes)) {
      batch.checkCrc()
      heads.push({ maxTimestamp: String(batch.maxTimestampBigInt), type: batch.timestampType })
      const max = Number(batch.maxTimestampBigInt)
      assert.equal(batch.maxTimestamp, Number.isSafeInteger(max) ? max : -1)
      listed.push(...batch.records().map(shown))
      for (const cursor = batch.cursor(); cursor.next(); ) walked.push(shown(cursor))
    }
    assert.deepEqual(heads, batches)
    assert.deepEqual(listed, records)
    assert.deepEqual(walked, records)
    assert.equal(explainRecords(bytes).error, undefined)
  })
}

test('times beyond 2^53, absurd ones of stamped batches, and both sides of the wrap are among them', () => {
  const times = odds.flatMap(({ records }) => records.map(([, timestamp]) => BigInt(timestamp)))
  assert.ok(times.some((time) => time === 1733000000123456789n))
  assert.ok(times.some((time) => time === 2n ** 63n - 1n) && times.some((time) => time === -(2n ** 63n)))
  assert.equal(odds.length, 48)
})
