import assert from 'node:assert/strict'
import test from 'node:test'
import { crc32 } from '../records/crc32.ts'
import { testlines } from '../testdata.test-support.ts'
import { fnv1a } from './fnv1a.ts'
import { keyPartitioners } from './key-partitioner.ts'
import { murmur2 } from './murmur2.ts'

interface Line {
  key: string
  murmur2: number
  partition: Record<string, number>
  crc32: number
  partitionCrc32: Record<string, number>
}

test('keys go where Kafka and librdkafka put them', () => {
  const lines = testlines<Line>('partitioner.jsonl')
  assert.equal(lines.length, 316)
  for (const line of lines) {
    const key = Buffer.from(line.key, 'hex')
    assert.equal(murmur2(key), line.murmur2)
    assert.equal(crc32(key), line.crc32)
    for (const [count, partition] of Object.entries(line.partition)) {
      assert.equal(keyPartitioners.murmur2(key, Number(count)), partition)
    }
    for (const [count, partition] of Object.entries(line.partitionCrc32)) {
      assert.equal(keyPartitioners.consistent(key, Number(count)), partition)
    }
  }
})

/** From the definition's published test values (offset basis, `a`, `foobar`), without their sign. */
test('fnv1a gives the published values, made positive as librdkafka does', () => {
  const published: [string, number][] = [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foo', 0xa9f37ed7],
    ['foob', 0x3f5076ef],
    ['fooba', 0x39aaa18a],
    ['foobar', 0xbf9cf968],
  ]
  for (const [key, hash] of published) assert.equal(fnv1a(Buffer.from(key)), Math.abs(hash | 0), key)
})

test('a byte above 127 counts as itself, not as a negative number', () => {
  const wanted = Math.imul((0x811c9dc5 | 0) ^ 0xff, 0x01000193)
  assert.equal(fnv1a(Uint8Array.of(0xff)), Math.abs(wanted))
})
