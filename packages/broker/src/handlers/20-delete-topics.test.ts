import assert from 'node:assert/strict'
import test from 'node:test'
import { DeleteTopics, OffsetCommit, OffsetFetch, zeroUuid } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

async function byName(stage: Stage, names: string[], version = 5) {
  const topics = names.map((name) => ({ name, topicId: zeroUuid }))
  const body = version >= 6 ? { topics } : { topicNames: names }
  const { responses } = await stage.ask(DeleteTopics, version, { ...body, timeoutMs: 1000 })
  return responses.map(({ name, errorCode }) => [name, errorCode])
}

async function by(stage: Stage, topics: { name: string | null; topicId: string }[]) {
  const { responses } = await stage.ask(DeleteTopics, 6, { topics, timeoutMs: 1000 })
  return responses.map(({ name, errorCode, errorMessage }) => {
    assert.equal(errorMessage === null, errorCode === 0)
    return [name, errorCode]
  })
}

test('every version deletes by name', async () => {
  await using stage = await Stage.open()
  for (let version = DeleteTopics.minVersion; version <= DeleteTopics.maxVersion; version++) {
    stage.broker.createTopic('t')
    assert.deepEqual(await byName(stage, ['t', 'u'], version), [
      ['u', code('UNKNOWN_TOPIC_OR_PARTITION')],
      ['t', 0],
    ])
    assert.equal(stage.broker.hasTopic('t'), false)
  }
})

test('v6 deletes by id and tells the name', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicId = await stage.topicId('t')
  assert.deepEqual(await by(stage, [{ name: null, topicId }]), [['t', 0]])
  assert.deepEqual(await by(stage, [{ name: null, topicId }]), [[null, code('UNKNOWN_TOPIC_ID')]])
})

test('name and id, neither, and what is named twice are bad requests that delete nothing', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicId = await stage.topicId('t')
  const bad = code('INVALID_REQUEST')
  assert.deepEqual(await by(stage, [{ name: 't', topicId }]), [['t', bad]])
  assert.deepEqual(await by(stage, [{ name: null, topicId: zeroUuid }]), [[null, bad]])
  assert.deepEqual(await byName(stage, ['t', 't']), [['t', bad]])
  const twice = { name: null, topicId }
  assert.deepEqual(await by(stage, [twice, twice]), [[null, bad]])
  assert.equal(stage.broker.hasTopic('t'), true)
})

test('a topic that is named once by name and once by id is deleted once', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const topicId = await stage.topicId('t')
  const answers = await by(stage, [
    { name: 't', topicId: zeroUuid },
    { name: null, topicId },
  ])
  assert.deepEqual(answers.map(([, errorCode]) => errorCode).sort(), [0, code('INVALID_REQUEST')])
})

test('what groups had committed goes with the topic, and a new one begins empty under another id', async () => {
  await using stage = await Stage.open()
  for (const name of ['t', 'u']) stage.broker.createTopic(name)
  await stage.append('t', batchOf(['a']))
  const first = await stage.topicId('t')
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }]
  const topics = ['t', 'u'].map((name) => ({ name, topicId: zeroUuid, partitions }))
  await stage.ask(OffsetCommit, 7, { groupId: 'g', memberId: '', topics })
  await byName(stage, ['t'])
  stage.broker.createTopic('t')
  assert.notEqual(await stage.topicId('t'), first)
  const fetched = await stage.ask(OffsetFetch, 5, { groupId: 'g', topics: null })
  assert.deepEqual(
    fetched.topics.map(({ name }) => name),
    ['u'],
  )
  assert.equal(await stage.append('t', batchOf(['b'])), batchOf(['b']).length)
})
