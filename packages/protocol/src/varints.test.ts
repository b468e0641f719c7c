import assert from 'node:assert/strict'
import test from 'node:test'
import type { Place } from './records/varint.ts'
import {
  readVarint,
  readVarlong,
  readVarlongExactly,
  varintSize,
  varlongSize,
  writeSize,
  writeVarint,
  writeVarlong,
} from './records/varint.ts'
import { Reader } from './schema/reader.ts'
import { Writer } from './schema/writer.ts'
import { testlines } from './testdata.test-support.ts'

interface Line {
  /** Text where it is no safe integer. */
  value: number | string
  varlong: string
  /** Absent where 32 bits do not hold it. */
  varint?: string
  unsignedVarint?: string
}

type Write = (bytes: Uint8Array, at: number, value: number) => number
type Read = (bytes: Uint8Array, place: Place, end: number) => number | undefined

/** Writes behind another byte, so that a wrong place is noticed. */
function written(write: Write, value: number): string {
  const bytes = Buffer.alloc(16)
  return bytes.subarray(1, write(bytes, 1, value)).toString('hex')
}

/** Reads with another byte before and behind; `undefined` unless it ends where it should. */
function read(readOne: Read, hex: string): number | undefined {
  const bytes = Buffer.from(`ff${hex}00`, 'hex')
  const place = { at: 1 }
  const value = readOne(bytes, place, bytes.length)
  if (value !== undefined) assert.equal(place.at, bytes.length - 1, hex)
  return value
}

test('numbers of records are written to the bytes that Kafka writes, and read from them', () => {
  const seen = { short: 0, long: 0, unsafe: 0 }
  for (const { value, varlong, varint } of testlines<Line>('varints.jsonl')) {
    if (typeof value === 'string') {
      assert.equal(read(readVarlong, varlong), undefined, value)
      assert.equal(
        readVarlongExactly(Buffer.from(varlong, 'hex'), { at: 0 }, varlong.length / 2),
        BigInt(value),
      )
      seen.unsafe++
      continue
    }
    assert.equal(written(writeVarlong, value), varlong)
    assert.equal(read(readVarlong, varlong), value)
    assert.equal(varlongSize(value), varlong.length / 2, String(value))
    seen.long++
    if (varint === undefined) continue
    assert.equal(written(writeVarint, value), varint)
    assert.equal(read(readVarint, varint), value)
    if (value >= 0) {
      assert.equal(written(writeSize, value), varint)
      assert.equal(varintSize(value), varint.length / 2, String(value))
    }
    seen.short++
  }
  assert.equal(seen.long + seen.unsafe, 470)
  assert.ok(seen.short > 200 && seen.unsafe > 50, JSON.stringify(seen))
})

test('sizes of flexible versions are written to the bytes that Kafka writes, and read from them', () => {
  let count = 0
  for (const { value, unsignedVarint: hex } of testlines<Line>('varints.jsonl')) {
    if (hex === undefined) continue
    const unsigned = Number(value) >>> 0
    const writer = new Writer(8)
    writer.uvarint(unsigned)
    assert.equal(Buffer.from(writer.finishContiguous()).toString('hex'), hex)
    const reader = new Reader(Buffer.from(hex, 'hex'))
    assert.equal(reader.uvarint(), unsigned)
    assert.equal(reader.remaining, 0)
    count++
  }
  assert.ok(count > 200, String(count))
})

test('a number that is cut off or too long is none', () => {
  for (const { varlong, varint } of testlines<Line>('varints.jsonl')) {
    for (let length = 0; length < varlong.length / 2; length++)
      assert.equal(readVarlong(Buffer.from(varlong, 'hex'), { at: 0 }, length), undefined, varlong)
    for (let length = 0; length < (varint?.length ?? 0) / 2; length++)
      assert.equal(readVarint(Buffer.from(varint as string, 'hex'), { at: 0 }, length), undefined, varint)
  }
  assert.equal(
    read(readVarint, 'ffffffff1f'),
    read(readVarint, 'ffffffff0f'),
    'Kafka drops what is beyond 32 bits',
  )
  assert.equal(read(readVarint, '808080808000'), undefined, 'six bytes')
  assert.equal(read(readVarlong, '82808080808080808002'), 1, 'Kafka drops what is beyond 64 bits')
  assert.equal(read(readVarlong, '8080808080808080808000'), undefined, 'eleven bytes')
})
