import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import type { CodecName } from '@samsa/protocol'
import { BatchHeader, batchField, codecNames, prepareCodec, readBatches } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import type { BatchRules } from './batch-validator.ts'
import { admitBatch } from './batch-validator.ts'

const rules: BatchRules = {
  maxMessageBytes: 1_000,
  segmentBytes: 10_000,
  isLogAppendTime: false,
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  compressionType: 'producer',
}
const NOW = 5_000_000

before(() => prepareCodec('zstd'))

/** The name of what is wrong; NONE when the batch is taken. */
function verdict(bytes: Uint8Array, given: Partial<BatchRules> = {}): string {
  const admitted = admitBatch(bytes, { ...rules, ...given }, NOW)
  return 'error' in admitted ? admitted.error : 'NONE'
}

function taken(bytes: Uint8Array, given: Partial<BatchRules> = {}): BatchHeader {
  const admitted = admitBatch(bytes, { ...rules, ...given }, NOW)
  assert.ok(!('error' in admitted), JSON.stringify(admitted))
  assert.ok(admitted.isIntact(), 'its checksum fits')
  return admitted
}

/** The same batch with some of its bytes changed and a checksum that fits again. */
function forged(bytes: Uint8Array, change: (view: Buffer) => void): Uint8Array {
  const copy = Buffer.from(bytes)
  change(copy)
  new BatchHeader(copy).sealChecksum()
  return copy
}

const good = batchOf(['a', 'b'])

test('a batch is taken as a copy: what was received may be written over', () => {
  const sent = Buffer.from(good)
  const header = taken(sent)
  sent.fill(0)
  assert.ok(header.isIntact())
})

test('what is no whole batch is refused', () => {
  assert.equal(verdict(new Uint8Array(0)), 'INVALID_RECORD')
  assert.equal(verdict(good.subarray(0, 60)), 'INVALID_RECORD')
  assert.equal(verdict(good.subarray(0, good.length - 1)), 'CORRUPT_MESSAGE')
  assert.equal(verdict(Buffer.concat([good, good])), 'INVALID_RECORD')
  for (const magic of [0, 1, 3]) {
    const old = Buffer.from(good)
    old.writeInt8(magic, batchField.magic)
    assert.equal(verdict(old), 'INVALID_RECORD', `magic ${magic}`)
  }
  for (const size of [-1, 0, 48, 0x7fff_ffff]) {
    const lying = Buffer.from(good)
    lying.writeInt32BE(size, batchField.length)
    assert.equal(verdict(lying), 'CORRUPT_MESSAGE', `length ${size}`)
  }
})

test('every flipped bit that the checksum covers is found', () => {
  for (let at = batchField.crc; at < good.length; at++) {
    const flipped = Buffer.from(good)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 0x10, at)
    assert.equal(verdict(flipped), 'CORRUPT_MESSAGE', `byte ${at}`)
  }
})

test('sizes: the batch, then the segment', () => {
  const large = batchOf(['x'.repeat(2_000)])
  assert.equal(verdict(large), 'MESSAGE_TOO_LARGE')
  assert.equal(verdict(large, { maxMessageBytes: 100_000 }), 'NONE')
  assert.equal(verdict(large, { maxMessageBytes: 100_000, segmentBytes: 1_500 }), 'RECORD_LIST_TOO_LARGE')
})

test('header fields that cannot be are refused, though the checksum fits', () => {
  const refused = {
    'a base offset': (bytes: Buffer) => bytes.writeBigInt64BE(1n, batchField.baseOffset),
    'no records': (bytes: Buffer) => bytes.writeInt32BE(0, batchField.count),
    'a negative count': (bytes: Buffer) => bytes.writeInt32BE(-1, batchField.count),
    'more records than there are': (bytes: Buffer) => {
      bytes.writeInt32BE(3, batchField.count)
      bytes.writeInt32BE(2, batchField.lastOffsetDelta)
    },
    'a count beyond all memory': (bytes: Buffer) => {
      bytes.writeInt32BE(0x7fff_ffff, batchField.count)
      bytes.writeInt32BE(0x7fff_fffe, batchField.lastOffsetDelta)
    },
    'another last offset': (bytes: Buffer) => bytes.writeInt32BE(7, batchField.lastOffsetDelta),
    'the control bit': (bytes: Buffer) => bytes.writeInt16BE(0x20, batchField.attributes),
    'a producer id without a sequence': (bytes: Buffer) => bytes.writeBigInt64BE(4n, batchField.producerId),
  }
  for (const [what, change] of Object.entries(refused))
    assert.equal(verdict(forged(good, change)), 'INVALID_RECORD', what)
  const unknown = forged(good, (bytes) => bytes.writeInt16BE(5, batchField.attributes))
  assert.equal(verdict(unknown), 'UNSUPPORTED_COMPRESSION_TYPE')
  assert.equal(verdict(batchOf(['a'], { isTransactional: true })), 'INVALID_TXN_STATE')
})

test('records that cannot be read are refused in every codec', () => {
  for (const codec of codecNames) {
    const batch = batchOf(['x'.repeat(300), 'y'.repeat(300)], { codec })
    assert.equal(verdict(batch), 'NONE', codec)
    const broken = forged(batch, (bytes) => bytes.fill(0xff, batch.length - 20))
    assert.equal(verdict(broken), 'INVALID_RECORD', codec)
  }
})

test('records whose offsets do not follow one another are refused', () => {
  const batch = forged(good, (bytes) => {
    // length, attributes, timestamp delta, offset delta of the second record: zigzag of 1.
    const second = 61 + 1 + (bytes.readInt8(61) >> 1)
    assert.equal(bytes.readInt8(second + 3), 2)
    bytes.writeInt8(4, second + 3)
  })
  assert.equal(verdict(batch), 'INVALID_RECORD')
})

test('a compacted topic takes no record without a key', () => {
  const mixed = batchOf([{ key: 'k' }, { value: 'v' }, { key: 'k' }, { value: 'w' }])
  const refused = admitBatch(mixed, { ...rules, isCompacted: true }, NOW)
  assert.ok('error' in refused)
  assert.deepEqual([refused.error, refused.records], ['INVALID_RECORD', [1, 3]])
  assert.equal(verdict(batchOf([{ key: 'k', value: null }]), { isCompacted: true }), 'NONE')
})

test('timestamps too far from now are refused, unless the broker stamps', () => {
  const at = (timestamp: number) => batchOf([{ value: 'v', timestamp }])
  assert.equal(verdict(at(NOW + 3_600_000)), 'NONE')
  const late = admitBatch(batchOf([{ timestamp: 1 }, { timestamp: NOW + 3_600_001 }]), rules, NOW)
  assert.ok('error' in late)
  assert.deepEqual([late.error, late.records], ['INVALID_TIMESTAMP', [1]])
  assert.equal(verdict(at(NOW + 3_600_001), { isLogAppendTime: true }), 'NONE')
  assert.equal(verdict(at(0)), 'NONE')
  // A producer that writes nanoseconds: -1 to a number, but not without a time.
  const far = new BatchHeader(Buffer.from(at(0)))
  far.bytes.writeBigInt64BE(1_733_000_000_123_456_789n, batchField.baseTimestamp)
  far.stampCreateTime(2n ** 63n - 1n)
  assert.equal(verdict(far.bytes), 'INVALID_TIMESTAMP')
  assert.equal(verdict(far.bytes, { isLogAppendTime: true }), 'NONE')
  assert.equal(verdict(at(-1)), 'NONE')
  assert.equal(verdict(at(NOW - 11), { timestampBeforeMaxMs: 10 }), 'INVALID_TIMESTAMP')
  assert.equal(verdict(at(-1), { timestampBeforeMaxMs: 10 }), 'NONE', 'no timestamp')
})

test('the greatest timestamp is what the records say, not what the header claims', () => {
  const batch = batchOf([{ timestamp: 3_000 }, { timestamp: 2_000 }])
  const lying = forged(batch, (bytes) => bytes.writeBigInt64BE(9n, batchField.maxTimestamp))
  assert.equal(taken(lying).maxTimestamp, 3_000)
  assert.deepEqual(taken(batch).bytes, Buffer.from(batch), 'who tells the truth is left alone')
})

test('the topic decides who stamps, not the producer', () => {
  const stamped = taken(good, { isLogAppendTime: true })
  assert.equal(stamped.isLogAppendTime, true)
  assert.equal(stamped.maxTimestamp, NOW)
  const claimed = Buffer.from(good)
  new BatchHeader(claimed).stampLogAppendTime(77)
  assert.equal(taken(claimed).isLogAppendTime, false)
})

test('compression.type: producer keeps the bytes, a codec makes all batches that', () => {
  const records = Array.from({ length: 20 }, (_, index) => ({ key: `k${index}`, value: 'v'.repeat(20) }))
  const options = { producerId: 9n, producerEpoch: 2, baseSequence: 5 }
  for (const sent of codecNames) {
    const batch = batchOf(records, { ...options, codec: sent })
    assert.deepEqual(taken(batch).bytes, Buffer.from(batch))
    for (const wanted of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const header = taken(batch, { compressionType: wanted })
      const expected: CodecName = wanted === 'uncompressed' ? 'none' : wanted
      assert.equal(codecNames[header.codec], expected, `${sent} to ${wanted}`)
      assert.equal(header.producerId, 9n)
      assert.equal(header.producerEpoch, 2)
      assert.equal(header.baseSequence, 5)
      const [read] = readBatches(header.bytes)
      const found = read
        ?.records()
        .map(({ keyText, valueText, timestamp }) => [keyText, valueText, timestamp])
      assert.deepEqual(
        found,
        records.map(({ key, value }, index) => [key, value, 1_000 + index]),
      )
    }
  }
})
