import assert from 'node:assert/strict'
import test from 'node:test'
import { EncodeError, MalformedError } from '../errors/kafka-error.ts'
import { compress, compressAsync, decompress, decompressAsync, prepareCodec } from './codec.ts'
import type { CodecName } from './codec-name.ts'
import { codecNames, codecNumber } from './codec-name.ts'
import { DecompressedTooLargeError } from './too-large.ts'

const names = codecNames.filter((name) => name !== 'none')
/** Half of it compresses well, half of it does not; several blocks of every codec. */
const sample = Buffer.concat(
  Array.from({ length: 6000 }, (_, index) => {
    const noise = Array.from({ length: 40 }, (_, at) => Math.imul(index * 41 + at, 0x9e3779b1) >>> 24)
    return Buffer.concat([
      Buffer.from(`{"index":${index},"state":"active","note":"lorem ipsum"}`),
      Buffer.from(noise),
    ])
  }),
)

async function everyLevel(): Promise<[CodecName, number | undefined][]> {
  await prepareCodec('zstd')
  const lists: Record<(typeof names)[number], (number | undefined)[]> = {
    gzip: [undefined, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    snappy: [undefined],
    lz4: [undefined, ...Array.from({ length: 17 }, (_, level) => level + 1)],
    zstd: [undefined, -131072, -7, -1, 0, 1, 3, 12, 19, 22],
  }
  return names.flatMap((name) => lists[name].map((level): [CodecName, number | undefined] => [name, level]))
}

test('at every level of Kafka the same bytes come back', async () => {
  for (const [name, level] of await everyLevel()) {
    for (const bytes of [Buffer.from('x'), sample.subarray(0, 65_536), sample]) {
      const packed = compress(name, bytes, level)
      assert.ok(decompress(codecNumber(name), packed, bytes.length).equals(bytes), `${name} ${level}`)
    }
  }
})

test('more effort makes less of it', () => {
  const sizes = [9, 1, 4, 12].map((level) => compress('lz4', sample, level).length)
  const [fast = 0, first = 0, fourth = 0, twelfth = 0] = sizes
  assert.ok(twelfth <= fourth && fourth < first, String(sizes))
  assert.ok(fourth < fast, String(sizes))
  assert.ok(compress('gzip', sample, 9).length < compress('gzip', sample, 1).length)
})

test('a level that the codec does not have is refused by name, and passed over where there are none', async () => {
  const wrong: [CodecName, number][] = [
    ['gzip', 0],
    ['gzip', 10],
    ['gzip', 1.5],
    ['lz4', 0],
    ['lz4', 18],
    ['zstd', 23],
    ['zstd', -131_073],
    ['zstd', Number.NaN],
  ]
  for (const [name, level] of wrong) {
    const isRefused = (error: Error) =>
      error instanceof EncodeError && error.message.startsWith(`${name} has no compression level ${level}`)
    assert.throws(() => compress(name, sample, level), isRefused)
    await assert.rejects(compressAsync(name, sample, level), isRefused)
  }
  assert.deepEqual(compress('snappy', sample, 99), compress('snappy', sample))
})

test('done elsewhere or in turns the bytes are the same as at once, many at a time', async () => {
  await prepareCodec('zstd')
  let turns = 0
  const turn = async () => {
    turns++
    // Somebody else compresses meanwhile.
    compress('lz4', sample.subarray(0, 1000))
    compress('snappy', sample.subarray(0, 1000))
  }
  for (const name of names) {
    const expected = compress(name, sample)
    const options = [{}, { turn }, { syncBelow: 0 }, { syncBelow: Number.POSITIVE_INFINITY }]
    const packed = await Promise.all(
      [...options, ...options, ...options].map((how) => compressAsync(name, sample, undefined, how)),
    )
    for (const bytes of packed) assert.ok(Buffer.from(bytes).equals(expected), name)
    const unpacked = await Promise.all(
      [...options, ...options].map((how) =>
        decompressAsync(codecNumber(name), expected, sample.length, { syncBelow: 0, ...how }),
      ),
    )
    for (const bytes of unpacked) assert.ok(bytes.equals(sample), name)
  }
  assert.ok(turns >= 6)
})

test('a bomb is stopped by the limit while it unpacks, wherever that is done', async () => {
  await prepareCodec('zstd')
  const zeros = Buffer.alloc(8 * 1024 * 1024)
  const tooLarge = /larger than the limit of 100000 bytes/
  for (const name of names) {
    const bomb = compress(name, zeros)
    assert.throws(() => decompress(codecNumber(name), bomb, 100_000), tooLarge, name)
    const elsewhere = decompressAsync(codecNumber(name), bomb, 100_000, { syncBelow: 0 })
    await assert.rejects(elsewhere, tooLarge, name)
    assert.throws(
      () => decompress(codecNumber(name), compress(name, Buffer.from('xx')), 1),
      /limit of 1 bytes/,
    )
  }
})

test('a bomb is named with its limit and with the size that its bytes tell, where they tell one', async () => {
  await prepareCodec('zstd')
  const zeros = Buffer.alloc(8 * 1024 * 1024)
  // Our lz4 frames, as Java's, do not state their size.
  const told = { gzip: zeros.length, snappy: zeros.length, lz4: undefined, zstd: zeros.length }
  for (const name of names) {
    const bomb = compress(name, zeros)
    const isNamed = (error: Error) => {
      assert.ok(error instanceof DecompressedTooLargeError, name)
      assert.deepEqual([error.limit, error.claimed], [100_000, told[name]], name)
      const says = told[name] ? `, and says that it has ${told[name]}` : ''
      assert.equal(error.message, `it is larger than the limit of 100000 bytes${says}`)
      return true
    }
    assert.throws(() => decompress(codecNumber(name), bomb, 100_000), isNamed)
    await assert.rejects(decompressAsync(codecNumber(name), bomb, 100_000), isNamed)
    const whole = await decompressAsync(codecNumber(name), bomb, zeros.length)
    assert.ok(whole.equals(zeros), name)
  }
})

test('what is small and becomes large does not hold up the thread', async () => {
  await prepareCodec('zstd')
  const zeros = Buffer.alloc(8 * 1024 * 1024)
  for (const name of names) {
    const bomb = compress(name, zeros)
    const isSmall = bomb.length < 131_072
    let turns = 0
    let isDone = false
    const turn = async () => void turns++
    const work = decompressAsync(codecNumber(name), bomb, zeros.length, { turn }).then(() => {
      isDone = true
    })
    // Done at once, it would be finished after the microtasks that are due.
    if (name === 'snappy' || name === 'lz4') await work
    else await new Promise((resolve) => queueMicrotask(() => resolve(undefined)))
    if (name === 'snappy' || name === 'lz4') assert.ok(turns >= 16, `${name} ${turns}`)
    else assert.ok(!isDone && isSmall, name)
    await work
  }
})

test('what is no compressed content is refused with the type of errors that all bytes have', async () => {
  await prepareCodec('zstd')
  for (const name of names) {
    const codec = codecNumber(name)
    for (const bytes of [Buffer.from('nonsense'), Buffer.alloc(0), Buffer.alloc(300_000, 0xa5)]) {
      assert.throws(() => decompress(codec, bytes, 1000), MalformedError, name)
      await assert.rejects(decompressAsync(codec, bytes, 1000, { syncBelow: 0 }), MalformedError, name)
    }
    assert.throws(() => decompress(codec, compress(name, sample), 1000), MalformedError, name)
  }
  assert.throws(() => decompress(7, sample, 1000), /codec 7 is not known/)
  assert.throws(() => decompress(7, sample, 1000), MalformedError)
  await assert.rejects(decompressAsync(7, sample, 1000, { syncBelow: 0 }), MalformedError)
})

test('a codec that does not exist is refused by name, and not taken for another', async () => {
  const wrong = 'lz5' as CodecName
  const isRefused = (error: Error) =>
    error instanceof EncodeError &&
    /^there is no codec lz5: none, gzip, snappy, lz4, zstd are/.test(error.message)
  assert.throws(() => codecNumber(wrong), isRefused)
  assert.throws(() => compress(wrong, sample), isRefused)
  await assert.rejects(compressAsync(wrong, sample), isRefused)
})

test('an lz4 frame is what Java takes: version 1, independent blocks of the smallest class, each checked', () => {
  const frame = Buffer.from(compress('lz4', sample))
  assert.equal(frame.subarray(0, 7).toString('hex'), '04224d18604082')
  assert.equal(frame.readUInt32LE(frame.length - 4), 0)
})
