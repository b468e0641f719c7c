import assert from 'node:assert/strict'
import test from 'node:test'
import { MalformedError } from '../errors/kafka-error.ts'
import { testlines } from '../testdata.test-support.ts'
import { compress, decompress, prepareCodec } from './codec.ts'

const ZSTD = 4
const MOST = 1024 * 1024

interface GoldenBatch {
  name: string
  codec?: string
  magic?: number
  valid?: boolean
  hex: string
}

test('many frames are read one after the other, in script on every platform', async () => {
  await prepareCodec('zstd')
  const line = 'a record of a batch, and another record of a batch, '
  const contents = [
    Buffer.alloc(0),
    Buffer.from([1]),
    Buffer.from(line.repeat(100)),
    Buffer.alloc(200_000, 7),
    Buffer.from(Array.from({ length: 30_000 }, (_, index) => (Math.imul(index, 0x9e3779b1) >>> 24) % 23)),
    Buffer.from(
      Array.from({ length: 5_000 }, (_, index) => `{"id":${index},"user":"u${index % 97}"}`).join(),
    ),
  ]
  for (const level of [-5, 1, 3, 9, 19]) {
    for (const content of contents) {
      const frames = Buffer.concat(Array(17).fill(compress('zstd', content, level)))
      const expected = Buffer.concat(Array(17).fill(content))
      assert.ok(decompress(ZSTD, frames, 17 * 200_000).equals(expected), `${level} ${content.length}`)
    }
  }
})

test('script reads what Kafka has written as the platform does', () => {
  const golden = testlines<GoldenBatch>('batches.jsonl').filter(
    ({ codec, magic, valid }) => codec === 'zstd' && magic === 2 && valid,
  )
  assert.ok(golden.length > 10)
  for (const { hex, name } of golden) {
    const once = Buffer.from(hex, 'hex').subarray(61)
    if (once.length === 0 || once.length > 20_000) continue
    const content = decompress(ZSTD, once, 64 * MOST)
    const often = decompress(ZSTD, Buffer.concat(Array(20).fill(once)), 1024 * MOST)
    assert.ok(often.equals(Buffer.concat(Array(20).fill(content))), name)
  }
})

// 88 bytes on which the package that was used before worked for minutes.
test('a block that says tens of thousands of times 128 KiB is refused at its first', () => {
  // No literals; 0xffff + 0x7f00 sequences, whose three codes are constants: 0, 2 and 52, the longest match.
  const block = Buffer.concat([
    Buffer.from('08' + '41' + 'ffffff' + '54' + '000034', 'hex'),
    Buffer.alloc(64, 0xff),
  ])
  // The platform's own zstd refuses it in words of its own.
  assert.throws(() => decompress(ZSTD, framed(block), 0x7fff_ffff), /zstd: |corruption/)
})

test('frames of nothing, frames that say more than they hold, and dictionaries', () => {
  const empty = Buffer.from('28b52ffd0038010000', 'hex')
  assert.equal(decompress(ZSTD, Buffer.concat(Array(20_000).fill(empty)), MOST).length, 0)
  // A size of 0 in front of a block of 128 KiB made a RangeError of the package that was used before.
  const lies = Buffer.from('28b52ffd' + 'a000000000' + '03001000', 'hex')
  assert.throws(
    () => decompress(ZSTD, lies, MOST),
    /^MalformedError: (zstd: 131072 bytes where the frame says 0|.)/,
  )
  const dictionary = Buffer.from('28b52ffd' + '013807' + '010000', 'hex')
  assert.throws(() => decompress(ZSTD, dictionary, MOST), /with a dictionary/)
})

test('no prefix and no flipped bit makes anything but an error that says what is wrong, or a value', async () => {
  await prepareCodec('zstd')
  const text = Buffer.from('to be or not to be, that is the question. '.repeat(8))
  const frame = Buffer.from(compress('zstd', text))
  // So many frames are read in script on every platform.
  const many = (last: Buffer) => Buffer.concat([...Array(17).fill(frame), last])
  const tried: Buffer[] = []
  for (let length = 0; length < frame.length; length++) tried.push(frame.subarray(0, length))
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const flipped = Buffer.from(frame)
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
    tried.push(flipped)
  }
  for (const last of tried) {
    try {
      assert.ok(decompress(ZSTD, many(last), MOST).length <= MOST)
    } catch (error) {
      assert.match((error as Error).message, /^(zstd: |it is larger than the limit)/)
      assert.ok(error instanceof MalformedError)
    }
  }
})

/** A frame of one compressed block. */
function framed(block: Buffer): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((block.length << 3) | (2 << 1) | 1, 0, 3)
  return Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), header, block])
}
