import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import type { RecordView } from '@samsa/protocol'
import { BatchHeader, BatchWriter, batchField, readBatches } from '@samsa/protocol'
import { ConsumerRecord, DeserializationError } from './consumer-record.ts'
import { AssignedPartition } from './positions.ts'

const at = (partition: number) => new AssignedPartition({ topic: 't', partition })

type Content = string | Uint8Array | null

function received(key: Content, value: Content, headers: { key: string; value: Content }[] = []) {
  const writer = new BatchWriter()
  writer.append(1234, key, value, headers)
  const [batch] = [...readBatches(writer.finish({ codec: 'none', level: undefined }))]
  const [view] = batch?.records() ?? []
  if (!view) throw new Error('no record was read')
  return view
}

test('without deserializers keys and values are bytes, and absent ones null', () => {
  const record = new ConsumerRecord(at(2), 7, received('k', null, [{ key: 'h', value: 'x' }]), undefined)
  assert.deepEqual(
    [record.topic, record.partition, record.offset, record.timestamp, record.leaderEpoch],
    ['t', 2, 0, 1234, 7],
  )
  assert.deepEqual(record.key, Buffer.from('k'))
  assert.equal(record.value, null)
  assert.deepEqual([record.serializedKeySize, record.serializedValueSize], [1, -1])
  assert.deepEqual(
    record.headers.map(({ key, value }) => [key, String(value)]),
    [['h', 'x']],
  )
})

test('a time that is no safe integer is -1, and exactly in timestampBigInt', () => {
  const nanoseconds = 1733000000123456789n
  const writer = new BatchWriter()
  writer.append(1234, 'k', 'v', undefined)
  const header = new BatchHeader(Buffer.concat([writer.finish({ codec: 'none', level: undefined })].flat()))
  header.bytes.writeBigInt64BE(nanoseconds, batchField.baseTimestamp)
  const [batch] = [...readBatches(header.bytes)]
  const record = new ConsumerRecord(at(0), -1, batch?.records()[0] as RecordView, undefined)
  assert.deepEqual([record.timestamp, record.timestampBigInt], [-1, nanoseconds])
  assert.match(String(record), /timestamp=1733000000123456789,/)
  const usual = new ConsumerRecord(at(0), -1, received('k', 'v'), undefined)
  assert.deepEqual([usual.timestamp, usual.timestampBigInt], [1234, 1234n])
})

test('deserializers are told the topic and not asked about null', () => {
  const asked: string[] = []
  const note = (bytes: Buffer, { topic }: { topic: string }) => {
    asked.push(`${topic} ${bytes}`)
    return bytes.length
  }
  const record = new ConsumerRecord<number | null, number | null>(at(0), -1, received(null, 'abc'), {
    key: note,
    value: note,
  })
  assert.deepEqual([record.key, record.value], [null, 3])
  assert.deepEqual(asked, ['t abc'])
})

test('what cannot be deserialized says which, where, why and how to go on', () => {
  const value = () => {
    throw new Error('no JSON')
  }
  assert.throws(
    () => new ConsumerRecord(at(2), -1, received('k', '{'), { key: undefined, value }),
    (error: Error) => {
      assert.ok(error instanceof DeserializationError)
      assert.deepEqual([error.topic, error.partition, error.offset, String(error.bytes)], ['t', 2, 0, '{'])
      assert.match(
        error.message,
        /the value of t-2 at offset 0 cannot be deserialized: no JSON.*seek\(.*, 1\)/,
      )
      return true
    },
  )
})

test('printing a record never fails and never floods', () => {
  const print = (value: Content) => String(new ConsumerRecord(at(0), -1, received(null, value), undefined))
  assert.match(print('grüß'), /key=null, value='grüß', headers=\{\}/)
  assert.match(print(Uint8Array.of(0, 255)), /value=0x00ff/)
  assert.match(print('x'.repeat(5000)), /\.\.\. \(5000 bytes\)/)
  assert.ok(print('x'.repeat(5000)).length < 500)
  const odd = (value: unknown) =>
    inspect(new ConsumerRecord(at(0), -1, received(null, 'v'), { key: undefined, value: () => value }))
  const circle: { self?: unknown } = {}
  circle.self = circle
  assert.match(odd(12n), /value=12,/)
  assert.match(odd(circle), /value=\[object Object\]/)
  assert.match(odd(undefined), /value=null/)
  assert.match(odd({ a: 1 }), /value=\{"a":1\}/)
})
