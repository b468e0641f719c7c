import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from '../testdata.test-support.ts'
import { crc32 } from './crc32.ts'
import { crc32c } from './crc32c.ts'

test('checksums are those of Kafka, at every alignment and in pieces', () => {
  const lines = testlines<{ hex: string; crc32c: number; crc32: number }>('crc32c.jsonl')
  assert.ok(lines.length > 50)
  for (const line of lines) {
    const bytes = Buffer.from(line.hex, 'hex')
    assert.equal(crc32(bytes), line.crc32)
    for (let shift = 0; shift < 5; shift++) {
      const moved = new Uint8Array(bytes.length + shift)
      moved.set(bytes, shift)
      assert.equal(crc32c(moved, shift), line.crc32c)
    }
    const half = bytes.length >> 1
    assert.equal(crc32c(bytes, half, bytes.length, crc32c(bytes, 0, half)), line.crc32c)
  }
})
