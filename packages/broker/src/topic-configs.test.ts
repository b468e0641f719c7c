import assert from 'node:assert/strict'
import test from 'node:test'
import { brokerSettings } from './settings.ts'
import { testlines } from './testdata.test-support.ts'
import { checkTopicConfigs, isPolicy, logSettings, topicConfigs } from './topic-configs.ts'

test('the settings of topics and their defaults are those of Apache Kafka', () => {
  const lines = testlines<{ name: string; default: string | null; internal?: boolean }>('topic-configs.jsonl')
  const known = lines.filter(({ name }) => !name.startsWith('internal.'))
  assert.ok(known.length > 30)
  assert.deepEqual(
    Object.entries(topicConfigs)
      .map(([name, { default: initial }]) => `${name}=${initial}`)
      .sort(),
    known.map(({ name, default: initial }) => `${name}=${initial}`).sort(),
  )
  for (const { name, default: initial } of known)
    if (initial !== null && initial !== '')
      assert.equal(topicConfigs[name]?.problem(initial), undefined, name)
})

test('blanks around a value do not count', () => {
  assert.deepEqual(checkTopicConfigs([['retention.ms', ' 5 ']]), new Map([['retention.ms', '5']]))
})

test('what a log has to know: from the topic, else from the broker, else the default', () => {
  const broker = brokerSettings({ messageMaxBytes: 5, logSegmentBytes: 6 })
  const plain = logSettings(new Map(), broker)
  assert.deepEqual([plain.maxMessageBytes, plain.segmentBytes], [5, 6])
  assert.equal(plain.timestampAfterMaxMs, 3_600_000)
  assert.deepEqual(
    [plain.isCompacted, plain.isLogAppendTime, plain.compressionType],
    [false, false, 'producer'],
  )
  const given = logSettings(
    new Map([
      ['max.message.bytes', '7'],
      ['cleanup.policy', 'compact'],
      ['message.timestamp.type', 'LogAppendTime'],
    ]),
    broker,
  )
  assert.deepEqual([given.maxMessageBytes, given.isCompacted, given.isLogAppendTime], [7, true, true])
})

test('a topic is deleted from by default; a policy replaces it', () => {
  assert.equal(isPolicy(new Map(), 'delete'), true)
  assert.equal(isPolicy(new Map([['cleanup.policy', 'compact']]), 'delete'), false)
  assert.equal(isPolicy(new Map([['cleanup.policy', 'compact, delete']]), 'delete'), true)
})
