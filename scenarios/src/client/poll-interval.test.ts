import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { startBroker } from '@samsa/broker'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'

const LIMIT_MS = 30_000

test('a member that asks for nothing loses its partitions, and comes back when it asks again', async () => {
  const broker = await startBroker()
  const { bootstrapServers } = broker
  const producer = new KafkaProducer({ bootstrapServers, lingerMs: 0 })
  const consumer = new KafkaConsumer({
    bootstrapServers,
    groupId: 'g',
    autoOffsetReset: 'earliest',
    maxPollIntervalMs: 200,
    heartbeatIntervalMs: 50,
  })
  try {
    for (const value of ['a', 'b', 'c']) await producer.send({ topic: 't', value })
    consumer.subscribe(['t'])
    const first = await consumer.next({ timeoutMs: LIMIT_MS })
    assert.equal(String(first.value?.value), 'a')
    const lost = new AbortController()
    consumer.on('lost', () => lost.abort())
    if (!lost.signal.aborted) await once(lost.signal, 'abort', { signal: AbortSignal.timeout(LIMIT_MS) })
    assert.deepEqual(consumer.assignment(), [])
    // Nothing was committed, so the group begins where it began before.
    const again = await consumer.next({ timeoutMs: LIMIT_MS })
    assert.equal(again.done, false)
  } finally {
    await consumer.close()
    await producer.close()
    await broker.close()
  }
})

test('a member that only waits keeps its partitions', async () => {
  const broker = await startBroker()
  const { bootstrapServers } = broker
  const producer = new KafkaProducer({ bootstrapServers, lingerMs: 0 })
  const consumer = new KafkaConsumer({
    bootstrapServers,
    groupId: 'g',
    autoOffsetReset: 'earliest',
    maxPollIntervalMs: 2000,
    heartbeatIntervalMs: 100,
  })
  const losses: unknown[] = []
  consumer.on('lost', (lost) => losses.push(lost))
  try {
    await producer.send({ topic: 't', value: 'a' })
    consumer.subscribe(['t'])
    await consumer.next({ timeoutMs: LIMIT_MS })
    // Longer than the interval, but asked for all the while.
    await assert.rejects(consumer.next({ timeoutMs: 2500 }), { code: 'TIMEOUT' })
    assert.equal(consumer.assignment().length, 1)
    assert.deepEqual(losses, [])
  } finally {
    await consumer.close()
    await producer.close()
    await broker.close()
  }
})
