import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from '../testdata.test-support.ts'
import { coordinatorPartition, javaHash } from './coordinator-partition.ts'

interface Line {
  id: string
  hash: number
  partition50: number
  partition4: number
  partition7: number
}

test('groups, transactional ids and share state are coordinated where Kafka looks for them', () => {
  const lines = testlines<Line>('group-partition.jsonl')
  assert.equal(lines.length, 198)
  for (const line of lines) {
    assert.equal(javaHash(line.id), line.hash, line.id)
    assert.equal(coordinatorPartition(line.id, 50), line.partition50, line.id)
    assert.equal(coordinatorPartition(line.id, 4), line.partition4, line.id)
    assert.equal(coordinatorPartition(line.id, 7), line.partition7, line.id)
  }
})
