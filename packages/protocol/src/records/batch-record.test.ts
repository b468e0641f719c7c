import assert from 'node:assert/strict'
import test from 'node:test'
import { RecordContext, readRecords } from './batch-record.ts'
import { BatchWriter, headerOf } from './batch-writer.ts'
import { CorruptRecordError } from './errors.ts'
import type { RecordView } from './record.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** What is read of records, or why they cannot be read. */
function read(
  bytes: Buffer,
  count: number,
  isQuick: boolean,
  baseOffset = 5,
  baseTimestamp: number | bigint = 7,
): unknown {
  const context = new RecordContext({
    bytes,
    baseOffset,
    baseTimestamp,
    isStamped: false,
    timestampType: 'CreateTime',
    maxHeaders: 100,
    corrupt: (what) => new CorruptRecordError(what, 0),
  })
  if (!isQuick) Object.assign(context, { isQuick })
  try {
    return readRecords(context, count).map((record) => {
      const { offset, timestamp, timestampBigInt, key, value, keySize, valueSize, headersSize, headers } =
        record
      return { offset, timestamp, timestampBigInt, key, value, keySize, valueSize, headersSize, headers }
    })
  } catch (error) {
    assert.ok(error instanceof CorruptRecordError)
    return error.message
  }
}

function recordsOf(writer: BatchWriter): { bytes: Buffer; count: number } {
  const batch = Buffer.from(writer.finish())
  return { bytes: batch.subarray(61), count: headerOf(batch).count }
}

test('records are read quickly as they are read exactly, at every size where a number takes one byte more', () => {
  for (const size of [-1, 0, 1, 63, 64, 8191, 8192]) {
    for (const delta of [0, 63, 64, 8191, 8192, -1, 2 ** 31]) {
      const content = size < 0 ? null : Buffer.alloc(size, 'x')
      const writer = new BatchWriter()
      writer.append(1000, content, null, undefined)
      writer.append(1000 + delta, null, content, undefined)
      writer.append(1000, content, content, [{ key: 'k', value: null }])
      const { bytes, count } = recordsOf(writer)
      const exactly = read(bytes, count, false)
      assert.equal((exactly as unknown[]).length, 3)
      assert.deepEqual(read(bytes, count, true), exactly)
    }
  }
})

test('broken records are read quickly as they are read exactly: every prefix, and every two bytes changed', () => {
  const writer = new BatchWriter()
  writer.append(1000, Buffer.from('key'), Buffer.alloc(70, 'x'), [{ key: 'name', value: 'v' }])
  writer.append(1100, null, null, undefined)
  writer.append(1001, Buffer.alloc(65, 'k'), Buffer.from('v'), undefined)
  writer.append(1002, null, Buffer.alloc(9), [{ key: '', value: Buffer.alloc(30) }])
  const { bytes, count } = recordsOf(writer)
  for (let end = 0; end < bytes.length; end++) {
    assert.deepEqual(read(bytes.subarray(0, end), count, true), read(bytes.subarray(0, end), count, false))
  }
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0, 1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xff, (bytes[at] as number) ^ 1]) {
      // A number may take more bytes than it needs.
      for (const next of [bytes[at + 1] ?? 0, 0, 0x80, 0xff]) {
        const changed = Buffer.from(bytes)
        changed[at] = byte
        if (at + 1 < changed.length) changed[at + 1] = next
        assert.deepEqual(read(changed, count, true), read(changed, count, false), `${byte} ${next} at ${at}`)
      }
    }
  }
})

test('an offset beyond the safe integers is refused, however small what leads there; a timestamp is told exactly', () => {
  const writer = new BatchWriter()
  for (let at = 0; at < 3; at++) writer.append(1000 + at, null, Buffer.alloc(20), undefined)
  const { bytes, count } = recordsOf(writer)
  assert.equal((read(bytes, count, true, MAX - 2, MAX - 2) as unknown[]).length, 3)
  assert.match(String(read(bytes, count, true, MAX - 1, 0)), /record 2 has an offset beyond/)
  const timesFrom = (baseTimestamp: number | bigint) =>
    (read(bytes, count, true, 0, baseTimestamp) as RecordView[]).map((record) => [
      record.timestamp,
      record.timestampBigInt,
    ])
  const max = BigInt(MAX)
  assert.deepEqual(timesFrom(MAX - 1), [
    [MAX - 1, max - 1n],
    [MAX, max],
    [-1, max + 1n],
  ])
  assert.deepEqual(timesFrom(2n ** 63n - 2n), [
    [-1, 2n ** 63n - 2n],
    [-1, 2n ** 63n - 1n],
    [-1, -(2n ** 63n)],
  ])
  assert.deepEqual(timesFrom(-max - 2n), [
    [-1, -max - 2n],
    [-1, -max - 1n],
    [-MAX, -max],
  ])
})
