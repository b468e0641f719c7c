import assert from 'node:assert/strict'
import test from 'node:test'
import { startBroker } from '@samsa/broker'
import type { KafkaError } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'

const LIMIT_MS = 20_000

test('a partition whose leader does not answer holds up none of the others', async () => {
  await using broker = await startBroker({ brokers: 3 })
  const { bootstrapServers } = broker
  const topic = 'held.up'
  broker.createTopic(topic, { partitions: 3 })
  await using producer = new KafkaProducer({ bootstrapServers })
  const partitions = [0, 1, 2]
  await Promise.all(partitions.map((partition) => producer.send({ topic, partition, value: `${partition}` })))
  const fault = broker.faults.add({ api: 'ListOffsets', node: 2, action: 'close', times: Infinity })
  await using consumer = new KafkaConsumer({ bootstrapServers, autoOffsetReset: 'earliest' })
  consumer.assign(partitions.map((partition) => ({ topic, partition })))
  const seen = new Set<number>()
  while (seen.size < 2) seen.add((await consumer.next({ timeoutMs: LIMIT_MS })).value.partition)
  fault.remove()
  seen.add((await consumer.next({ timeoutMs: LIMIT_MS })).value.partition)
  assert.deepEqual([...seen].sort(), partitions)
})

test('a member that was thrown out does not commit any more, even when the group is empty by then', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  const topic = 'thrown.out'
  broker.createTopic(topic)
  await using producer = new KafkaProducer({ bootstrapServers })
  for (const value of ['a', 'b', 'c']) await producer.send({ topic, value })
  const settings = { bootstrapServers, groupId: 'thrown', enableAutoCommit: false } as const
  await using slow = new KafkaConsumer({ ...settings, autoOffsetReset: 'earliest', maxPollIntervalMs: 300 })
  const lost = new Promise((resolve) => slow.on('lost', resolve))
  slow.subscribe(topic)
  const { value: first } = await slow.next({ timeoutMs: LIMIT_MS })
  await lost
  const next = new KafkaConsumer({ ...settings, autoOffsetReset: 'earliest' })
  next.subscribe(topic)
  for (let count = 0; count < 3; count++) await next.next({ timeoutMs: LIMIT_MS })
  await next.commit()
  await next.close()
  await assert.rejects(slow.commit(first), (error: KafkaError) => error.code === 'COMMIT_FAILED')
  const [committed] = await slow.committed([{ topic, partition: 0 }])
  assert.equal(committed?.offset, 3)
})
