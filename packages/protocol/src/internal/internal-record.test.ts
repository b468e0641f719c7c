import assert from 'node:assert/strict'
import test from 'node:test'
import { MalformedError, UnsupportedVersionError } from '../errors/kafka-error.ts'
import { decodeVersioned, decodeVersionedLeniently, encodeVersioned } from '../schema/versioned.ts'
import { testlines } from '../testdata.test-support.ts'
import { ControlRecordTypeSchema, controlRecordKey, decodeControlRecord } from './control-record.ts'
import {
  decodeInternalRecord,
  encodeInternalKey,
  encodeInternalValue,
  type InternalTopic,
  internalRecords,
} from './internal-record.ts'
import { DefaultPrincipalData } from './principal.ts'
import { ProducerSnapshot } from './producer-snapshot.ts'
import type { RecordKind } from './record-kind.ts'

interface Vector {
  api: number
  name: string
  kind: string
  version: number
  case: string
  hex: string
}

const topics = Object.keys(internalRecords) as InternalTopic[]
const vectors = testlines<Vector>('vectors/coordinator-records.jsonl')

function kindsOf(topic: InternalTopic): RecordKind[] {
  return Object.values(internalRecords[topic]) as unknown as RecordKind[]
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

test('every kind is found by its type, read with a value and as a tombstone, and written back', () => {
  const named = topics.flatMap((topic) => kindsOf(topic).map((kind) => ({ topic, kind })))
  assert.equal(named.length, 25)
  let read = 0
  for (const { topic, kind } of named) {
    const keys = vectors.filter(({ name }) => name === kind.key.name)
    const values = vectors.filter(({ name, case: how }) => name === kind.value.name && how !== 'max')
    assert.ok(keys.length > 0 && values.length > 0, kind.name)
    const [first] = keys as [Vector, ...Vector[]]
    for (const { hex } of keys) {
      const tombstone = decodeInternalRecord(topic, bytes(hex), null)
      assert.deepEqual([tombstone?.name, tombstone?.version, tombstone?.value], [kind.name, undefined, null])
      assert.equal(Buffer.from(encodeInternalKey(kind, tombstone?.key as never)).toString('hex'), hex)
    }
    for (const { hex, version, case: how } of values) {
      let record: ReturnType<typeof decodeInternalRecord>
      try {
        record = decodeInternalRecord(topic, bytes(first.hex), bytes(hex))
      } catch (error) {
        assert.match((error as Error).message, /beyond the safe integers/, `${kind.name} ${how}`)
        continue
      }
      assert.equal(record?.version, version)
      assert.equal(
        Buffer.from(encodeInternalValue(kind, version, record?.value as never)).toString('hex'),
        hex,
      )
      read++
    }
  }
  assert.ok(read > 150, String(read))
})

test('no two kinds of a topic have the same type', () => {
  for (const topic of topics) {
    const types = kindsOf(topic).map(({ type }) => type)
    assert.equal(new Set(types).size, types.length, topic)
  }
})

test('a kind of a newer Kafka is passed over; a version of one is an error, and so is what is no such record', () => {
  const { OffsetCommit } = internalRecords.__consumer_offsets
  const key = encodeInternalKey(OffsetCommit, { group: 'g', topic: 't', partition: 1 })
  assert.equal(Buffer.from(key).toString('hex'), '0001' + '000167' + '000174' + '00000001')
  assert.equal(decodeInternalRecord('__consumer_offsets', bytes('7fff00'), null), undefined)
  assert.equal(decodeInternalRecord('__transaction_state', key, null), undefined, 'a type of another topic')
  const read = (value: string, named: Uint8Array = key) =>
    decodeInternalRecord('__consumer_offsets', named, bytes(value))
  assert.throws(() => read('0005'), UnsupportedVersionError)
  assert.throws(() => read('ffff'), UnsupportedVersionError)
  assert.throws(() => read('0003'), MalformedError)
  assert.throws(
    () => read('0000' + '0000000000000001' + '0000' + '0000000000000002' + '00'),
    /leaves 1 bytes over/,
  )
  assert.throws(() => read('0003', bytes('0001')), MalformedError)
  assert.throws(() => read('0003', bytes('')), MalformedError)
  assert.throws(() => read('0003', Buffer.concat([key, Buffer.alloc(1)])), /leaves 1 bytes over/)
  assert.throws(() => encodeInternalValue(OffsetCommit, 5, { offset: 1, metadata: '', commitTimestamp: 1 }), {
    code: 'UNSUPPORTED_VERSION',
  })
})

test('the types of a decoded record follow its name', () => {
  const { OffsetCommit, GroupMetadata } = internalRecords.__consumer_offsets
  const key = encodeInternalKey(OffsetCommit, { group: 'g', topic: 't', partition: 1 })
  const value = encodeInternalValue(OffsetCommit, 3, {
    offset: 7,
    metadata: 'm',
    commitTimestamp: 9,
    leaderEpoch: 2,
  })
  const record = decodeInternalRecord('__consumer_offsets', key, value)
  if (record?.name !== 'OffsetCommit' || record.value === null) return assert.fail(String(record?.name))
  assert.deepEqual([record.key.topic, record.value.offset, record.value.leaderEpoch], ['t', 7, 2])
  const group = decodeInternalRecord(
    '__consumer_offsets',
    encodeInternalKey(GroupMetadata, { group: 'g' }),
    null,
  )
  assert.equal(group?.name, 'GroupMetadata')
})

const control = testlines<Vector & { value: { version?: number } }>('vectors/other.jsonl')

test('control records are read by the type in their key', () => {
  const value = (name: string, how = 'pick1') =>
    bytes((control.find((vector) => vector.name === name && vector.case === how) as Vector).hex)
  for (const type of ['ABORT', 'COMMIT'] as const) {
    const record = decodeControlRecord(controlRecordKey(type), bytes('0000' + '00000007'))
    assert.deepEqual(record, { type, value: { coordinatorEpoch: 7 } })
  }
  assert.equal(Buffer.from(controlRecordKey('KRAFT_VOTERS')).toString('hex'), '00000006')
  const newer = decodeControlRecord(bytes('0009' + '0001' + 'ff'), bytes('0009' + '00000007' + 'ffff'))
  assert.deepEqual(newer, { type: 'COMMIT', value: { coordinatorEpoch: 7 } }, 'newer versions only append')
  assert.equal(decodeControlRecord(bytes('0000' + '0063'), bytes('')), undefined)
  assert.equal(decodeControlRecord(bytes('0000' + 'ffff'), bytes('')), undefined)
  assert.throws(() => decodeControlRecord(bytes('ffff' + '0001'), bytes('')), MalformedError)
  assert.throws(() => decodeControlRecord(bytes('0000'), bytes('')), MalformedError)
  assert.throws(() => decodeControlRecord(controlRecordKey('COMMIT'), bytes('0000')), MalformedError)
  const header = decodeControlRecord(
    controlRecordKey('SNAPSHOT_HEADER'),
    value('SnapshotHeaderRecord', 'defaults'),
  )
  assert.equal(header?.type, 'SNAPSHOT_HEADER')
  const kraft = decodeControlRecord(controlRecordKey('KRAFT_VERSION'), bytes('0000' + '0001' + '00'))
  assert.deepEqual(kraft, { type: 'KRAFT_VERSION', value: { version: 0, kRaftVersion: 1 } })
})

test('a leader change says in its first field how it is written', () => {
  const id = '000102030405060708090a0b0c0d0e0f'
  const first = decodeControlRecord(
    controlRecordKey('LEADER_CHANGE'),
    bytes('0000' + '00000003' + '02' + '00000003' + '00' + '01' + '00'),
  )
  assert.ok(first?.type === 'LEADER_CHANGE')
  assert.deepEqual([first.value.leaderId, first.value.voters[0]?.voterId], [3, 3])
  const second = decodeControlRecord(
    controlRecordKey('LEADER_CHANGE'),
    bytes(`0001000000030200000003${id}000100`),
  )
  assert.ok(second?.type === 'LEADER_CHANGE')
  assert.equal(second.value.voters[0]?.voterDirectoryId, 'AAECAwQFBgcICQoLDA0ODw')
})

test('what is stored with its version in front is read strictly or leniently', () => {
  const principal = { type: 'User', name: 'alice', tokenAuthenticated: false }
  const stored = encodeVersioned(DefaultPrincipalData, 0, principal)
  assert.deepEqual(decodeVersioned(DefaultPrincipalData, stored), { version: 0, value: principal })
  const newer = Buffer.concat([bytes('0008'), stored.subarray(2), bytes('ff')])
  assert.throws(() => decodeVersioned(DefaultPrincipalData, newer), UnsupportedVersionError)
  assert.deepEqual(decodeVersionedLeniently(DefaultPrincipalData, newer), { version: 8, value: principal })
  assert.throws(() => decodeVersionedLeniently(DefaultPrincipalData, bytes('ffff')), MalformedError)
  assert.throws(
    () => decodeVersionedLeniently(ControlRecordTypeSchema, bytes('0000' + '0001' + 'ff')),
    /over/,
  )
  assert.throws(
    () => encodeVersioned(ProducerSnapshot, 0, { crc: 0, producerEntries: [] }),
    UnsupportedVersionError,
  )
})
