import assert from 'node:assert/strict'
import test from 'node:test'
import { EncodeError } from './errors/kafka-error.ts'
import { testlines } from './testdata.test-support.ts'
import { formatUuid, parseUuid } from './uuid.ts'

interface Line {
  text: string
  hex?: string
  valid: boolean
}

test('ids are read and printed as Kafka does it, and what Kafka refuses is refused', () => {
  const lines = testlines<Line>('uuid.jsonl')
  const seen = { read: 0, refused: 0 }
  for (const { text, hex, valid } of lines) {
    if (!valid) {
      assert.throws(() => parseUuid(text), EncodeError, text)
      seen.refused++
      continue
    }
    const bytes = parseUuid(text)
    assert.equal(Buffer.from(bytes).toString('hex'), hex, text)
    assert.equal(formatUuid(bytes), text.replace(/=+$/, ''), 'printed without padding')
    seen.read++
  }
  assert.deepEqual(seen, { read: 86, refused: 12 })
})

test('an id is printed from and written to the middle of other bytes', () => {
  const bytes = new Uint8Array(20).fill(0xff)
  assert.equal(parseUuid('AAECAwQFBgcICQoLDA0ODw', bytes, 2), bytes)
  assert.equal(Buffer.from(bytes).toString('hex'), 'ffff000102030405060708090a0b0c0d0e0fffff')
  assert.equal(formatUuid(bytes, 2), 'AAECAwQFBgcICQoLDA0ODw')
})
