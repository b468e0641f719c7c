import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from './testdata.test-support.ts'
import {
  hashOf,
  isInternalTopic,
  metricName,
  OFFSETS_PARTITIONS,
  offsetsPartitionOf,
  topicNameProblem,
} from './topic-names.ts'

interface NameLine {
  name: string
  valid: boolean
  internal?: boolean
  unified?: string
}

interface GroupLine {
  id: string
  hash: number
  partition50: number
  partition7: number
}

test("names are legal or not as Apache Kafka's Topic class says", () => {
  const lines = testlines<NameLine>('topic-names.jsonl')
  assert.ok(lines.length > 100)
  for (const { name, valid, internal, unified } of lines) {
    assert.equal(topicNameProblem(name) === undefined, valid, JSON.stringify(name))
    if (internal !== undefined) assert.equal(isInternalTopic(name), internal, name)
    if (valid && unified !== undefined) assert.equal(metricName(name), unified, name)
  }
})

test('groups belong to the partitions that Apache Kafka gives them', () => {
  const lines = testlines<GroupLine>('group-partition.jsonl')
  assert.ok(lines.length > 100)
  assert.equal(OFFSETS_PARTITIONS, 50)
  for (const { id, hash, partition50, partition7 } of lines) {
    assert.equal(hashOf(id), hash === -(2 ** 31) ? 0 : Math.abs(hash), JSON.stringify(id))
    assert.equal(offsetsPartitionOf(id, OFFSETS_PARTITIONS), partition50, JSON.stringify(id))
    assert.equal(offsetsPartitionOf(id, 7), partition7, JSON.stringify(id))
  }
})
