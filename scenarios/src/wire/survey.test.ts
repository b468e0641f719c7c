import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '@samsa/broker'
import { Heartbeat, ListGroups } from '@samsa/protocol'
import type { Finding } from './survey.ts'
import { survey } from './survey.ts'
import { told, verdictOf } from './verdict.ts'

test('the embedded broker answers every API in every version that it advertises, as Kafka does', async () => {
  const broker = await startBroker()
  try {
    const [host = '', port] = broker.bootstrapServers.split(':')
    const found = await survey(host, Number(port))
    const verdict = verdictOf(found)
    console.log(`embedded broker: ${told(verdict)}`)
    assert.deepEqual(verdict.wrong, [])
    assert.deepEqual(
      found.undeclared.filter((name) => !/^Produce v[012]$/.test(name)),
      [],
    )
    assert.ok(verdict.apis >= 20, `only ${verdict.apis} APIs`)
  } finally {
    await broker.close()
  }
})

test('a closed connection, another error and an unexpected success are each found', () => {
  const finding = (given: Partial<Finding>): Finding => ({
    api: Heartbeat,
    version: 1,
    errors: ['UNKNOWN_MEMBER_ID'],
    failure: undefined,
    ...given,
  })
  const findings = [
    finding({}),
    finding({ errors: [], failure: 'the connection was closed' }),
    finding({ errors: ['INVALID_REQUEST', 'UNKNOWN_MEMBER_ID'] }),
    finding({ errors: [] }),
    finding({ api: ListGroups, errors: [] }),
    finding({ api: ListGroups, errors: ['INVALID_REQUEST'] }),
  ]
  const { wrong, ...counts } = verdictOf({ findings, undeclared: [] })
  assert.deepEqual(wrong, [
    'Heartbeat v1: the connection was closed',
    'Heartbeat v1: INVALID_REQUEST and UNKNOWN_MEMBER_ID, not UNKNOWN_MEMBER_ID',
    'Heartbeat v1: accepted, not UNKNOWN_MEMBER_ID',
    'ListGroups v1: INVALID_REQUEST, not accepted',
  ])
  assert.deepEqual(counts, { asked: 6, apis: 2, accepted: 1, refused: 1 })
})
