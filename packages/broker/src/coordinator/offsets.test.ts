import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, readBatches } from '@samsa/protocol'
import { Offsets, offsetsBatch } from './offsets.ts'

const key = (group: string, topic = 't', partition = 0) => ({ group, topic, partition })
const value = (offset: number, metadata = '', leaderEpoch = -1) => ({
  offset,
  leaderEpoch,
  metadata,
  commitTimestamp: 1_000,
})

function told(offsets: Offsets, group: string): string[] {
  return [...offsets.of(group)].map(({ topic, partition, offset, metadata }) =>
    `${topic}-${partition} ${offset} ${metadata}`.trim(),
  )
}

test('what is applied is what was meant, and the last one counts', () => {
  const offsets = new Offsets()
  offsets.apply(offsetsBatch([{ key: key('g'), value: value(5, 'note', 3) }], 1_000))
  assert.deepEqual(offsets.get('g', 't', 0), {
    offset: 5,
    leaderEpoch: 3,
    metadata: 'note',
    commitTimestamp: 1_000,
  })
  const both = [
    { key: key('g'), value: value(2) },
    { key: key('g', 'u', 7), value: value(8) },
  ]
  offsets.apply(offsetsBatch(both, 1_000))
  assert.deepEqual(told(offsets, 'g'), ['t-0 2', 'u-7 8'])
  assert.deepEqual(offsets.groups(), ['g'])
})

test('a tombstone removes one partition; a group without any is gone', () => {
  const offsets = new Offsets()
  const both = [0, 1].map((partition) => ({ key: key('g', 't', partition), value: value(1) }))
  offsets.apply(offsetsBatch(both, 1_000))
  offsets.apply(offsetsBatch([{ key: key('g'), value: null }], 1_000))
  assert.deepEqual(told(offsets, 'g'), ['t-1 1'])
  offsets.apply(offsetsBatch([{ key: key('g', 't', 1), value: null }], 1_000))
  assert.deepEqual(offsets.groups(), [])
  offsets.apply(offsetsBatch([{ key: key('g'), value: null }], 1_000))
  assert.deepEqual(offsets.groups(), [], 'a tombstone of what is not there')
})

test('replaying gives the same state as what was applied at the time', () => {
  const live = new Offsets()
  const log: Uint8Array[] = []
  for (let step = 0; step < 200; step++) {
    const entry = {
      key: key(`g${step % 3}`, `t${step % 5}`, step % 4),
      value: step % 7 === 0 ? null : value(step, `m${step}`),
    }
    log.push(offsetsBatch([entry], step))
    live.apply(log.at(-1) as Uint8Array)
  }
  const replayed = new Offsets()
  for (const batch of log) replayed.apply(batch)
  for (const group of live.groups()) assert.deepEqual([...replayed.of(group)], [...live.of(group)])
  assert.deepEqual(replayed.groups().sort(), live.groups().sort())
})

test('records of other kinds, of later kinds and without a key are passed over', () => {
  const offsets = new Offsets()
  const writer = new BatchWriter()
  const foreign = Buffer.alloc(20)
  for (const type of [2, 3, 8, 99]) {
    foreign.writeInt16BE(type)
    writer.append(1, Buffer.from(foreign), Buffer.from('whatever'), undefined)
  }
  writer.append(1, null, Buffer.from('no key'), undefined)
  offsets.apply(writer.finish())
  assert.deepEqual(offsets.groups(), [])
})

test('the batch is one that can be read back, in UTF-8', () => {
  const batch = offsetsBatch([{ key: key('グループ', 't', 3), value: value(9, 'märk') }], 77)
  const [read] = [...readBatches(batch)]
  assert.equal(read?.maxTimestamp, 77)
  const offsets = new Offsets()
  offsets.apply(batch)
  assert.deepEqual(told(offsets, 'グループ'), ['t-3 9 märk'])
})

test('what was committed in a transaction counts from its marker on, or never', () => {
  const offsets = new Offsets()
  const commit = (producerId: bigint, offset: number) => {
    const plain = offsetsBatch([{ key: key('g', 't', Number(producerId)), value: value(offset) }], 1_000)
    const writer = new BatchWriter()
    for (const batch of readBatches(plain))
      for (const record of batch.records()) writer.append(1_000, record.key, record.value, undefined)
    offsets.apply(writer.finish({ producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true }))
  }
  const end = (producerId: bigint, type: 0 | 1) => {
    const marker = new BatchWriter()
    marker.append(1_000, Buffer.from([0, 0, 0, type]), Buffer.alloc(6), undefined)
    offsets.apply(marker.finish({ producerId, producerEpoch: 0, isTransactional: true, isControl: true }))
  }
  commit(1n, 5)
  commit(2n, 6)
  commit(1n, 7)
  assert.deepEqual(told(offsets, 'g'), [])
  end(1n, 1)
  assert.deepEqual(told(offsets, 'g'), ['t-1 7'])
  end(2n, 0)
  end(2n, 1)
  assert.deepEqual(told(offsets, 'g'), ['t-1 7'], 'what was aborted is forgotten')
})
