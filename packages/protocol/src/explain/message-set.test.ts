import assert from 'node:assert/strict'
import test from 'node:test'
import { compress } from '../compression/codec.ts'
import { readBatches } from '../records/index.ts'
import { explainRecords } from './records.ts'

/** A message of the formats before magic 2, without a key. */
function message(magic: 0 | 1 | 2, codec: number, value: Uint8Array | null): Buffer {
  const valueAt = magic === 0 ? 26 : 34
  const bytes = Buffer.alloc(valueAt + (value?.length ?? 0))
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt8(magic, 16)
  bytes.writeInt8(codec, 17)
  bytes.writeInt32BE(-1, valueAt - 8)
  bytes.writeInt32BE(value?.length ?? -1, valueAt - 4)
  bytes.set(value ?? [], valueAt)
  return bytes
}

function read(bytes: Uint8Array): void {
  for (const batch of readBatches(bytes)) batch.records()
}

test('finds wrong in a compressed set of messages what the reader refuses there', () => {
  const plain = message(1, 0, null)
  const inner = new Map([
    ['a compressed message inside a compressed message', message(1, 2, compress('snappy', plain))],
    ['magic 2 where 0 or 1 belongs', message(2, 0, null)],
    ['ends inside a message', plain.subarray(0, 30)],
    ['without messages', Buffer.alloc(0)],
  ])
  for (const [why, bytes] of inner) {
    const set = message(1, 2, compress('snappy', bytes))
    assert.throws(() => read(set), new RegExp(why))
    const explained = explainRecords(set)
    assert.equal(explained.pieces.at(-1)?.end, set.length)
    assert.match(explained.error?.message ?? '', new RegExp(why))
  }
  const zstd = message(1, 4, Buffer.from('28b52ffd2000010000', 'hex'))
  assert.throws(() => read(zstd), /codec 4 is not one of magic 1/)
  assert.match(explainRecords(zstd).error?.message ?? '', /codec 4 is not one of magic 1/)
})

test('takes no message inside a message inside a message for more than one, however deep it goes', () => {
  let set = message(0, 0, null)
  for (let depth = 0; depth < 3000; depth++) set = message(0, 2, compress('snappy', set))
  const explained = explainRecords(set)
  assert.equal(explained.pieces.at(-1)?.end, set.length)
  assert.match(explained.error?.message ?? '', /a compressed message inside a compressed message/)
})
