import assert from 'node:assert/strict'
import test from 'node:test'
import { FindCoordinator, Heartbeat } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

const GROUP = 0
const TRANSACTION = 1

async function located(stage: Stage, key: string, version: number, keyType = GROUP, node = 1) {
  const body = version >= 4 ? { coordinatorKeys: [key], keyType } : version >= 1 ? { key, keyType } : { key }
  const answer = await stage.ask(FindCoordinator, version, body, node)
  const { errorCode, nodeId, host, port } = version >= 4 ? (answer.coordinators[0] ?? answer) : answer
  return { errorCode, nodeId, host, port }
}

test('every version and every node names the same node of a group, with its address', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  const found = new Set<number>()
  for (const group of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const first = await located(stage, group, 0)
    const { host, port } = stage.broker.nodes[first.nodeId - 1] as { host: string; port: number }
    assert.deepEqual(first, { errorCode: 0, nodeId: first.nodeId, host, port })
    for (let version = 1; version <= FindCoordinator.maxVersion; version++)
      assert.deepEqual(await located(stage, group, version, GROUP, (version % 3) + 1), first)
    found.add(first.nodeId)
  }
  assert.ok(found.size > 1, 'all groups have the same coordinator')
})

test('v4 and later answer each key by itself', async () => {
  await using stage = await Stage.open()
  const { coordinators } = await stage.ask(FindCoordinator, 4, {
    coordinatorKeys: ['a', 'b'],
    keyType: GROUP,
  })
  assert.deepEqual(
    coordinators.map(({ key, errorCode }) => [key, errorCode]),
    [
      ['a', 0],
      ['b', 0],
    ],
  )
})

test('only groups are coordinated here', async () => {
  await using stage = await Stage.open()
  for (const version of [1, 6]) {
    for (const keyType of [TRANSACTION, 9]) {
      const { errorCode, nodeId } = await located(stage, 'a', version, keyType)
      assert.deepEqual([errorCode, nodeId], [code('INVALID_REQUEST'), -1])
    }
  }
})

test('when its node goes another one takes the group over, and the others say that it is not theirs', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  const { nodeId: before } = await located(stage, 'g', 4)
  await stage.settled(stage.broker.stopNode(before))
  const asked = (before % 3) + 1
  const { nodeId: after, errorCode } = await located(stage, 'g', 4, GROUP, asked)
  assert.equal(errorCode, 0)
  assert.notEqual(after, before)
  const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }
  for (const { id, isUp } of stage.broker.nodes) {
    if (!isUp) continue
    const answer = await stage.ask(Heartbeat, 0, heartbeat, id)
    const expected = id === after ? 'UNKNOWN_MEMBER_ID' : 'NOT_COORDINATOR'
    assert.equal(answer.errorCode, code(expected))
  }
})

test('no coordinator while no node leads the part of the offsets topic', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  await located(stage, 'g', 4)
  await stage.settled(stage.broker.stopNode(2))
  for (let partition = 0; partition < 50; partition++)
    stage.broker.moveLeader('__consumer_offsets', partition, 2)
  for (const version of [0, 4]) {
    const { errorCode, nodeId, host, port } = await located(stage, 'g', version)
    assert.deepEqual([errorCode, nodeId, host, port], [code('COORDINATOR_NOT_AVAILABLE'), -1, '', -1])
  }
})
