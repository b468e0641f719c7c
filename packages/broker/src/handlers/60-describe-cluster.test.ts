import assert from 'node:assert/strict'
import test from 'node:test'
import { DescribeCluster, Metadata } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

const CONTROLLERS = 2

test('every version names cluster, controller and nodes as Metadata does', async () => {
  await using stage = await Stage.open({ brokers: 3 })
  const { clusterId } = await stage.ask(Metadata, 12, { topics: [] })
  for (let version = DescribeCluster.minVersion; version <= DescribeCluster.maxVersion; version++) {
    const answer = await stage.ask(DescribeCluster, version, { includeClusterAuthorizedOperations: false })
    assert.deepEqual([answer.errorCode, answer.errorMessage, answer.clusterId], [0, null, clusterId])
    assert.deepEqual([answer.controllerId, answer.endpointType], [1, 1])
    assert.deepEqual(
      answer.brokers.map(({ brokerId, host, port, isFenced }) => [brokerId, host, port, isFenced]),
      stage.broker.nodes.map(({ id, host, port }) => [id, host, port, false]),
    )
    assert.equal(answer.clusterAuthorizedOperations, -(2 ** 31))
  }
})

test('a node that is down is not there', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  await stage.settled(stage.broker.stopNode(1))
  const answer = await stage.ask(DescribeCluster, 2, { includeClusterAuthorizedOperations: false }, 2)
  assert.equal(answer.controllerId, 2)
  assert.deepEqual(
    answer.brokers.map(({ brokerId }) => brokerId),
    [2],
  )
})

test('controllers are asked for at another endpoint; other kinds of endpoints there are none', async () => {
  await using stage = await Stage.open()
  const errorOf = async (endpointType: number) => {
    const body = { includeClusterAuthorizedOperations: false, endpointType }
    const { errorCode, errorMessage, brokers, controllerId } = await stage.ask(DescribeCluster, 1, body)
    assert.deepEqual([brokers, controllerId], [[], -1])
    assert.notEqual(errorMessage, null)
    return errorCode
  }
  assert.equal(await errorOf(CONTROLLERS), code('MISMATCHED_ENDPOINT_TYPE'))
  assert.equal(await errorOf(9), code('UNSUPPORTED_ENDPOINT_TYPE'))
})

test('what one may do with the cluster is told to those who ask', async () => {
  await using stage = await Stage.open()
  const { clusterAuthorizedOperations } = await stage.ask(DescribeCluster, 0, {
    includeClusterAuthorizedOperations: true,
  })
  // Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite.
  const all = [5, 7, 8, 9, 10, 11, 12].reduce((sum, bit) => sum | (1 << bit), 0)
  assert.equal(clusterAuthorizedOperations, all)
})
