import assert from 'node:assert/strict'
import test from 'node:test'
import { InitProducerId } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

interface Given {
  transactionalId?: string
  producerId?: bigint
  producerEpoch?: number
}

async function given(stage: Stage, fields: Given = {}, version = 5) {
  const body = { transactionalId: null, transactionTimeoutMs: 1000, ...fields }
  const { errorCode, producerId, producerEpoch } = await stage.ask(InitProducerId, version, body)
  return [errorCode, producerId, producerEpoch]
}

test('every version that is offered gives a new id with epoch 0', async () => {
  await using stage = await Stage.open()
  for (let version = 0; version <= 5; version++)
    assert.deepEqual(await given(stage, {}, version), [0, BigInt(version), 0])
})

test('an id and an epoch are named together or not at all', async () => {
  await using stage = await Stage.open()
  const refused = [code('INVALID_REQUEST'), -1n, -1]
  assert.deepEqual(await given(stage, { producerId: 7n }), refused)
  assert.deepEqual(await given(stage, { producerEpoch: 1 }), refused)
  const [errorCode, producerId] = await given(stage, { producerId: 7n, producerEpoch: 1 })
  assert.deepEqual([errorCode, producerId], [0, 0n])
})

test('transactional ids: an empty one is a bad request, others are not served', async () => {
  await using stage = await Stage.open()
  assert.deepEqual(await given(stage, { transactionalId: '' }), [code('INVALID_REQUEST'), -1n, -1])
  const refused = [code('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'), -1n, -1]
  assert.deepEqual(await given(stage, { transactionalId: 'tx' }), refused)
})

test('the version that Kafka does not offer is not offered', async () => {
  await using stage = await Stage.open()
  await assert.rejects(given(stage, {}, 6), /closed the connection/)
  assert.match(stage.problems.join(), /InitProducerId v6 is not offered/)
})
