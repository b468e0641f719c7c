import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { declared, survey } from '../../wire/survey.ts'
import { told, verdictOf } from '../../wire/verdict.ts'
import type { KafkaCluster } from '../cluster/apache-kafka.ts'
import { startKafka } from '../cluster/apache-kafka.ts'

let kafka: KafkaCluster
before(async () => {
  kafka = await startKafka({ nodes: 1 })
})
after(() => kafka?.stop())

/** Kafka names them for librdkafka's sake and refuses them since 4.0 (KIP-896, KAFKA-18659). */
const NOT_SPOKEN = ['Produce v0', 'Produce v1', 'Produce v2']

/** Only a broker with a plugin that takes metrics of clients advertises them (KIP-714). */
const NEEDS_A_PLUGIN = ['GetTelemetrySubscriptions', 'PushTelemetry']

test('Apache Kafka answers every API in every version as it should, to the last byte', async () => {
  const port = kafka.nodes[0]?.port as number
  const found = await survey('127.0.0.1', port)
  const verdict = verdictOf(found)
  console.log(`Apache Kafka: ${told(verdict)}`)
  assert.deepEqual(verdict.wrong, [])
  assert.deepEqual(found.undeclared, NOT_SPOKEN)
  const met = new Set(found.findings.map(({ api }) => api.name))
  const unmet = [...declared.values()].map(({ name }) => name).filter((name) => !met.has(name))
  assert.deepEqual(unmet.sort(), NEEDS_A_PLUGIN)
})
