import assert from 'node:assert/strict'
import test from 'node:test'
import { copyLiterals, copyMatch, Words } from './copy.ts'

const SIZE = 600
const content = Buffer.from(Array.from({ length: SIZE }, (_, at) => (at * 7 + (at >> 5)) & 0xff))
const lengths = [0, 1, 2, 3, 4, 5, 15, 16, 17, 127, 128, 129, 200]

/** What is beyond the end by more than three bytes, or before the beginning, must stay as it was. */
function expectOnly(memory: Buffer, out: number, expected: Buffer, before: Buffer, what: string): void {
  const end = out + expected.length
  assert.ok(memory.subarray(out, end).equals(expected), what)
  assert.ok(memory.subarray(0, out).equals(before.subarray(0, out)), what)
  assert.ok(memory.subarray(end + 3).equals(before.subarray(end + 3)), what)
}

test('a match is copied byte by byte in effect, at every distance and up to the last byte of the memory', () => {
  for (const length of lengths) {
    for (const distance of [1, 2, 3, 4, 5, 7, 8, 127, 128, 129, 200, 250]) {
      for (const out of [300, SIZE - length - 4, SIZE - length - 3, SIZE - length - 1, SIZE - length]) {
        const memory = Buffer.from(content)
        const expected = Buffer.from(content)
        for (let at = out; at < out + length; at++) expected[at] = expected[at - distance] as number
        assert.equal(copyMatch(new Words(memory), out, distance, length), out + length)
        const copied = expected.subarray(out, out + length)
        expectOnly(memory, out, copied, content, `${length} from ${distance} before ${out}`)
      }
    }
  }
})

test('literals are copied up to the last byte of either memory, wherever it begins in its own', () => {
  const source = Buffer.concat([Buffer.alloc(1), content]).subarray(1)
  for (const length of lengths) {
    for (const at of [0, 3, SIZE - length - 3, SIZE - length - 2, SIZE - length]) {
      for (const out of [0, 5, SIZE - length - 3, SIZE - length - 2, SIZE - length]) {
        const before = Buffer.alloc(SIZE, 0xee)
        const memory = Buffer.from(before)
        assert.equal(copyLiterals(new Words(source), at, new Words(memory), out, length), out + length)
        expectOnly(memory, out, content.subarray(at, at + length), before, `${length} from ${at} to ${out}`)
      }
    }
  }
})
