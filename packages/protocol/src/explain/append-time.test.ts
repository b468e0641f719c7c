import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { BatchHeader, BatchWriter } from '../records/index.ts'
import { explainRecords } from './records.ts'

const APPENDED = Date.UTC(2026, 0, 2)

function timeNotes(bytes: Uint8Array): string[] {
  const { pieces, error } = explainRecords(bytes)
  assert.equal(error, undefined)
  return pieces
    .flatMap((piece) => piece.unpacked?.pieces ?? [piece])
    .filter(({ path }) => /records\[\d+\]\.timestampDelta$|\.timestamp$/.test(path))
    .map(({ note }) => note)
}

test('records that the broker stamped are shown with that time, those of producers with their own', () => {
  const writer = new BatchWriter()
  for (const time of [1000, 3000]) writer.append(time, null, 'v', undefined)
  for (const codec of ['none', 'gzip'] as const) {
    const header = new BatchHeader(Buffer.from(writer.finish({ codec })))
    assert.deepEqual(timeNotes(header.bytes), ['1970-01-01T00:00:01.000Z', '1970-01-01T00:00:03.000Z'])
    header.stampLogAppendTime(APPENDED)
    const note = 'appended 2026-01-02T00:00:00.000Z'
    assert.deepEqual(timeNotes(header.bytes), [note, note])
  }
})

/** A message of magic 1 without a key. */
function message(attributes: number, time: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(34 + value.length)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt8(1, 16)
  bytes.writeInt8(attributes, 17)
  bytes.writeBigInt64BE(BigInt(time), 18)
  bytes.writeInt32BE(-1, 26)
  bytes.writeInt32BE(value.length, 30)
  bytes.set(value, 34)
  return bytes
}

test('so are messages inside a compressed one of the format before', () => {
  const inner = message(0, 1000, Buffer.from('v'))
  assert.equal(timeNotes(message(1, 7, gzipSync(inner))).at(-1), '1970-01-01T00:00:01.000Z')
  const stamped = timeNotes(message(9, APPENDED, gzipSync(inner)))
  assert.equal(stamped.at(-1), 'appended 2026-01-02T00:00:00.000Z')
})
