import { after, before, test } from 'node:test'
import type { KafkaCluster } from '../cluster/apache-kafka.ts'
import { startKafka } from '../cluster/apache-kafka.ts'
import { survey } from '../wire/survey.ts'

let kafka: KafkaCluster
before(async () => {
  kafka = await startKafka({ nodes: 1 })
})
after(() => kafka?.stop())

test('survey', async () => {
  const { findings, undeclared } = await survey('127.0.0.1', kafka.nodes[0]?.port ?? 0)
  console.log(undeclared)
  for (const f of findings) console.log(f.api.name, f.version, f.errors.join(), f.failure ?? '')
})
