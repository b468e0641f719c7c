import assert from 'node:assert/strict'
import test from 'node:test'
import { startBroker } from '@samsa/broker'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { startProxy } from './proxy.ts'

const LIMIT_MS = 30_000

test('a cluster of three works through the proxy, and no connection goes past it', async () => {
  await using broker = await startBroker({ brokers: 3 })
  await using proxy = await startProxy({ bootstrapServers: broker.bootstrapServers, seed: 1 })
  const { bootstrapServers } = proxy
  const topic = 'through.topic'
  broker.createTopic(topic, { partitions: 6 })
  await using producer = new KafkaProducer({ bootstrapServers })
  const values = Array.from({ length: 60 }, (_, index) => `value ${index}`)
  await Promise.all(values.map((value, index) => producer.send({ topic, partition: index % 6, value })))
  await using consumer = new KafkaConsumer({
    bootstrapServers,
    groupId: 'through',
    autoOffsetReset: 'earliest',
  })
  consumer.subscribe(topic)
  const read = new Set<string>()
  while (read.size < values.length)
    read.add(String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value))
  const seen = new Set(proxy.trace().map(({ address }) => address))
  for (const { host, port } of broker.nodes) assert.ok(seen.has(`${host}:${port}`), `${host}:${port}`)
  for (const { did } of proxy.trace()) assert.doesNotMatch(did.join(), /cannot be read/)
  assert.match(proxy.traceText(40, true), /Produce|Fetch/)
})
