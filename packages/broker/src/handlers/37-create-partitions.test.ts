import assert from 'node:assert/strict'
import test from 'node:test'
import { CreatePartitions, Metadata, zeroUuid } from '@samsa/protocol'
import { batchOf } from '../batches.test-support.ts'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

interface Asked {
  name?: string
  count: number
  assignments?: { brokerIds: number[] }[] | null
}

async function grown(stage: Stage, asked: Asked[], version = 3, validateOnly = false) {
  const topics = asked.map((each) => ({ name: 't', assignments: null, ...each }))
  const { results } = await stage.ask(CreatePartitions, version, { topics, timeoutMs: 1000, validateOnly })
  return results.map(({ name, errorCode, errorMessage }) => {
    assert.equal(errorMessage === null, errorCode === 0)
    return [name, errorCode]
  })
}

async function leadersOf(stage: Stage, name = 't'): Promise<number[]> {
  const asked = { topics: [{ name, topicId: zeroUuid }], allowAutoTopicCreation: false }
  const { topics } = await stage.ask(Metadata, 12, asked)
  return topics[0]?.partitions.map(({ leaderId }) => leaderId) ?? []
}

test('every version adds partitions behind those that are there', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  await stage.append('t', batchOf(['a']))
  for (let version = CreatePartitions.minVersion; version <= CreatePartitions.maxVersion; version++) {
    assert.deepEqual(await grown(stage, [{ count: version + 2 }], version), [['t', 0]])
    assert.equal((await leadersOf(stage)).length, version + 2)
  }
  await stage.append('t', batchOf(['b']), 4)
})

test('a request that only validates adds nothing', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  assert.deepEqual(await grown(stage, [{ count: 9 }], 3, true), [['t', 0]])
  assert.equal((await leadersOf(stage)).length, 1)
})

test('not more than there are, and more than one request may add, are refused', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { partitions: 2 })
  for (const count of [2, 1, 0, -1])
    assert.deepEqual(await grown(stage, [{ count }]), [['t', code('INVALID_PARTITIONS')]])
  assert.deepEqual(await grown(stage, [{ count: 2 ** 31 - 1 }]), [['t', code('POLICY_VIOLATION')]])
  assert.equal((await leadersOf(stage)).length, 2)
})

test('unknown topics, and such as are named twice', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const unknown = code('UNKNOWN_TOPIC_OR_PARTITION')
  assert.deepEqual(await grown(stage, [{ name: 'u', count: 2 }]), [['u', unknown]])
  assert.deepEqual(await grown(stage, [{ count: 2 }, { count: 3 }]), [['t', code('INVALID_REQUEST')]])
  assert.equal((await leadersOf(stage)).length, 1)
})

test('an assignment by hand says who leads the new ones', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  stage.broker.createTopic('t')
  const [first] = await leadersOf(stage)
  const assignments = [{ brokerIds: [3] }, { brokerIds: [1] }]
  assert.deepEqual(await grown(stage, [{ count: 3, assignments }]), [['t', 0]])
  assert.deepEqual(await leadersOf(stage), [first, 3, 1])
  const refused = code('INVALID_REPLICA_ASSIGNMENT')
  for (const bad of [[], [{ brokerIds: [9] }], [{ brokerIds: [] }], assignments])
    assert.deepEqual(await grown(stage, [{ count: 4, assignments: bad }]), [['t', refused]])
})
