import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from './testdata.test-support.ts'
import { isInternalTopic, metricName, topicNameProblem } from './topic-names.ts'

interface NameLine {
  name: string
  valid: boolean
  internal?: boolean
  unified?: string
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
