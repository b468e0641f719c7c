import assert from 'node:assert/strict'
import test from 'node:test'
import type { Metadata as MetadataApi, Response } from '@samsa/protocol'
import { zeroUuid } from '@samsa/protocol'
import type { Metadata } from './metadata.ts'
import { mergeLeaders, mergeMetadata, noMetadata } from './metadata.ts'

type Answer = Response<typeof MetadataApi>
const first = '00000000-0000-0000-0000-000000000001'
const second = '00000000-0000-0000-0000-000000000002'

/** Partitions as `leader@epoch`; an empty text is one that the answer leaves out. */
function answer(
  topics: { name: string | null; id?: string; errorCode?: number; partitions?: string[] }[],
): Answer {
  return {
    throttleTimeMs: 0,
    brokers: [1, 2].map((nodeId) => ({ nodeId, host: `k${nodeId}`, port: 1, rack: null })),
    clusterId: 'c',
    controllerId: 1,
    clusterAuthorizedOperations: 0,
    errorCode: 0,
    topics: topics.map(({ name, id = first, errorCode = 0, partitions = [] }) => ({
      errorCode,
      name,
      topicId: id,
      isInternal: false,
      topicAuthorizedOperations: 0,
      partitions: partitions.flatMap((text, partitionIndex) => {
        if (text === '') return []
        const [leaderId = -1, leaderEpoch = -1] = text.split('@').map(Number)
        return [
          {
            errorCode: 0,
            partitionIndex,
            leaderId,
            leaderEpoch,
            replicaNodes: [],
            isrNodes: [],
            offlineReplicas: [],
          },
        ]
      }),
    })),
  }
}

function leaders(metadata: Metadata, topic = 't'): string[] {
  return (metadata.topics.get(topic)?.partitions ?? []).map((each) => `${each?.leader}@${each?.leaderEpoch}`)
}

const wanted = new Set(['t'])
const known = mergeMetadata(noMetadata, answer([{ name: 't', partitions: ['1@5', '2@7'] }]), wanted)

test('a leader of an older epoch never replaces a newer one, one of the same or no epoch does', () => {
  const merge = (partitions: string[]) =>
    leaders(mergeMetadata(known, answer([{ name: 't', partitions }]), wanted))
  assert.deepEqual(merge(['2@4', '1@8']), ['1@5', '1@8'])
  assert.deepEqual(merge(['2@5', '-1@7']), ['2@5', '-1@7'])
  assert.deepEqual(merge(['2@-1', '1@-1']), ['2@-1', '1@-1'])
})

test('partitions that an answer leaves out do not cease to exist', () => {
  assert.deepEqual(leaders(mergeMetadata(known, answer([{ name: 't', partitions: ['2@6'] }]), wanted)), [
    '2@6',
    '2@7',
  ])
  const holed = mergeMetadata(noMetadata, answer([{ name: 't', partitions: ['', '2@1'] }]), wanted)
  assert.equal(holed.topics.get('t')?.partitions[0], undefined)
  assert.equal(holed.topics.get('t')?.partitions[1]?.leader, 2)
})

test('a topic with another id was created anew and begins anew', () => {
  const anew = mergeMetadata(known, answer([{ name: 't', id: second, partitions: ['2@0'] }]), wanted)
  assert.deepEqual(leaders(anew), ['2@0'])
  const nameless = mergeMetadata(
    known,
    answer([{ name: 't', id: zeroUuid, partitions: ['2@0', '2@8'] }]),
    wanted,
  )
  assert.deepEqual(leaders(nameless), ['1@5', '2@8'], 'a broker without ids says nothing about identity')
})

test('an error without partitions keeps what is known of leaders, and the id', () => {
  const failed = mergeMetadata(known, answer([{ name: 't', id: zeroUuid, errorCode: 3 }]), wanted)
  assert.deepEqual(leaders(failed), ['1@5', '2@7'])
  assert.equal(failed.topics.get('t')?.errorCode, 3)
  assert.equal(failed.topics.get('t')?.id, first)
})

test('an answer without brokers comes from one that is not ready and changes nothing', () => {
  assert.equal(mergeMetadata(known, { ...answer([]), brokers: [] }, wanted), known)
})

test('wanted topics stay although an answer does not name them, others go', () => {
  const next = mergeMetadata(known, answer([{ name: 'u', partitions: ['1@1'] }]), wanted)
  assert.deepEqual([...next.topics.keys()], ['t', 'u'])
  const later = mergeMetadata(next, answer([{ name: null }]), wanted)
  assert.deepEqual([...later.topics.keys()], ['t'])
  assert.equal(later.generation, known.generation + 2)
})

test('hints about leaders count only when they are newer and their broker is known (KIP-951)', () => {
  const hint = (leader: number, leaderEpoch: number, partition = 0, topic = 't') =>
    mergeLeaders(known, [{ topic, partition, leader, leaderEpoch }], [])
  assert.deepEqual(leaders(hint(2, 6)), ['2@6', '2@7'])
  for (const useless of [hint(2, 5), hint(2, -1), hint(-1, 9), hint(9, 9), hint(2, 9, 5), hint(2, 9, 0, 'u')])
    assert.equal(useless, known)
  const third = { id: 3, host: 'k3', port: 1, rack: null }
  const learned = mergeLeaders(known, [{ topic: 't', partition: 1, leader: 3, leaderEpoch: 8 }], [third])
  assert.deepEqual(leaders(learned), ['1@5', '3@8'])
  assert.ok(learned.brokers.has(3))
  assert.deepEqual(leaders(known), ['1@5', '2@7'], 'a snapshot never changes')
})
