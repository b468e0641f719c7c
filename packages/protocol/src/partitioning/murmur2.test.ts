import assert from 'node:assert/strict'
import test from 'node:test'
import { crc32 } from '../records/crc32.ts'
import { testlines } from '../testdata.test-support.ts'
import { murmur2, partitionOfKey } from './murmur2.ts'

interface Line {
  key: string
  murmur2: number
  partition: Record<string, number>
  crc32: number
}

test('keys go where Kafka puts them', () => {
  const lines = testlines<Line>('partitioner.jsonl')
  assert.ok(lines.length > 300)
  for (const line of lines) {
    const key = Buffer.from(line.key, 'hex')
    assert.equal(murmur2(key), line.murmur2)
    assert.equal(crc32(key), line.crc32)
    for (const [count, partition] of Object.entries(line.partition)) {
      assert.equal(partitionOfKey(key, Number(count)), partition)
    }
  }
})
