import assert from 'node:assert/strict'
import test from 'node:test'
import type { Metadata, PartitionMetadata } from './metadata.ts'
import { noMetadata } from './metadata.ts'
import { joinByTopic, joinOfAll, splitByLeader } from './split.ts'

function known(leaders: Record<string, number[]>): Metadata {
  const partition = (leader: number, index: number): PartitionMetadata => ({
    index,
    leader,
    leaderEpoch: 1,
    replicas: [],
    isr: [],
    errorCode: 0,
  })
  const topics = Object.entries(leaders).map(
    ([name, of]) =>
      [name, { name, id: '', isInternal: false, errorCode: 0, partitions: of.map(partition) }] as const,
  )
  const brokers = new Map([1, 2].map((id) => [id, { id, host: `k${id}`, port: 1, rack: null }]))
  return { ...noMetadata, brokers, topics: new Map(topics) }
}

const at = (partitionIndex: number) => ({ partitionIndex, timestamp: -1 })

test('a request is split by who leads, and what nobody leads is a part of its own', () => {
  const body = {
    replicaId: -1,
    topics: [
      { name: 'a', partitions: [at(0), at(1), at(2)] },
      { name: 'b', partitions: [at(0), at(7)] },
      { name: 'unknown', partitions: [at(0)] },
    ],
  }
  const parts = splitByLeader(body, known({ a: [1, 2, 1], b: [2] }))
  assert.deepEqual(parts, [
    { node: 1, body: { replicaId: -1, topics: [{ name: 'a', partitions: [at(0), at(2)] }] } },
    {
      node: 2,
      body: {
        replicaId: -1,
        topics: [
          { name: 'a', partitions: [at(1)] },
          { name: 'b', partitions: [at(0)] },
        ],
      },
    },
    {
      node: -1,
      body: {
        replicaId: -1,
        topics: [
          { name: 'b', partitions: [at(7)] },
          { name: 'unknown', partitions: [at(0)] },
        ],
      },
    },
  ])
  const other = splitByLeader({ topics: [{ topic: 'b', partitions: [{ partition: 0 }] }] }, known({ b: [2] }))
  assert.deepEqual(
    other.map(({ node }) => node),
    [2],
  )
  assert.deepEqual(
    splitByLeader({ topics: [{ name: 'b', partitions: [at(0)] }] }, known({ b: [9] })).map(
      ({ node }) => node,
    ),
    [-1],
    'a leader that is no broker of the cluster leads nothing',
  )
})

test('answers of several leaders are one answer again', () => {
  assert.equal(joinByTopic([]), undefined)
  const one = { topics: [{ name: 'a', partitions: [{ partitionIndex: 0, offset: 5 }] }] }
  assert.equal(joinByTopic([one]), one)
  const two = {
    topics: [
      { name: 'a', partitions: [{ partitionIndex: 1, offset: 6 }] },
      { name: 'b', partitions: [{ partitionIndex: 0, offset: 7 }] },
    ],
  }
  assert.deepEqual(joinByTopic([one, two]), {
    topics: [
      {
        name: 'a',
        partitions: [
          { partitionIndex: 0, offset: 5 },
          { partitionIndex: 1, offset: 6 },
        ],
      },
      { name: 'b', partitions: [{ partitionIndex: 0, offset: 7 }] },
    ],
  })
})

test('what two brokers name while coordinators move stands in the joined list once, and an error stays', () => {
  const group = (groupId: string) => ({ groupId, protocolType: 'consumer' })
  const joined = joinOfAll('ListGroups', [
    { errorCode: 0, groups: [group('a'), group('b')] },
    { errorCode: 14, groups: [group('b'), group('c')] },
  ])
  assert.deepEqual(joined, { errorCode: 14, groups: [group('a'), group('b'), group('c')] })
  assert.equal(joinOfAll('ListGroups', []), undefined)
})
