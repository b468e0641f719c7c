import assert from 'node:assert/strict'
import test from 'node:test'
import { startBroker } from '@samsa/broker'
import type { KafkaError } from '@samsa/client'
import { FencedError, KafkaConsumer, KafkaProducer } from '@samsa/client'

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

test('a static member whose place was taken says so as often as it is asked', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  broker.createTopic('taken.topic')
  const settings = {
    bootstrapServers,
    groupId: 'taken',
    groupInstanceId: 'same',
    heartbeatIntervalMs: 100,
  } as const
  await using first = new KafkaConsumer(settings)
  const assigned = new Promise((resolve) => first.on('assigned', resolve))
  first.subscribe('taken.topic')
  await assigned
  await using second = new KafkaConsumer(settings)
  second.subscribe('taken.topic')
  for (let count = 0; count < 2; count++) {
    await assert.rejects(first.next({ timeoutMs: LIMIT_MS }), (error: FencedError) => {
      assert.ok(error instanceof FencedError, String(error))
      assert.match(error.message, /groupInstanceId/)
      return true
    })
  }
})

test('a partition that a topic does not have is refused with the ones it has', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  broker.createTopic('two.partitions', { partitions: 2 })
  await using producer = new KafkaProducer({ bootstrapServers, maxBlockMs: 300 })
  const future = producer.send({ topic: 'two.partitions', partition: 7, value: 'x' })
  await assert.rejects(future.get(), /partitions 0 to 1/)
})

test('what a loop had in hand last comes again, whether it was closed from outside, failed or left', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  const topic = 'in.hand'
  broker.createTopic(topic)
  await using producer = new KafkaProducer({ bootstrapServers })
  for (const value of ['a', 'b', 'c']) await producer.send({ topic, value })
  const settings = { bootstrapServers, groupId: 'in.hand', autoOffsetReset: 'earliest' } as const
  const reads = async (handle: (value: string, consumer: KafkaConsumer) => Promise<boolean>) => {
    const consumer = new KafkaConsumer(settings)
    consumer.subscribe(topic)
    const seen: string[] = []
    try {
      for await (const message of consumer) {
        seen.push(String(message.value))
        if (await handle(String(message.value), consumer)) break
      }
    } catch (error) {
      assert.equal((error as Error).message, 'the handler failed')
    } finally {
      await consumer.close()
    }
    const [committed] = await after.committed([{ topic, partition: 0 }])
    return [seen.join(''), committed?.offset]
  }
  await using after = new KafkaConsumer(settings)
  // As a signal would, while the handler of the second record is at work.
  const closed = await reads(async (value, consumer) => {
    if (value === 'b') await consumer.close()
    return false
  })
  assert.deepEqual(closed, ['ab', 1])
  const failed = await reads(async (value) => {
    if (value === 'c') throw new Error('the handler failed')
    return false
  })
  assert.deepEqual(failed, ['bc', 2])
  assert.deepEqual(await reads(async () => true), ['c', 2])
})

test('what was taken by next is committed when the consumer is closed, as in other clients', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  const topic = 'taken'
  broker.createTopic(topic)
  await using producer = new KafkaProducer({ bootstrapServers })
  for (const value of ['a', 'b']) await producer.send({ topic, value })
  const settings = { bootstrapServers, groupId: 'taken', autoOffsetReset: 'earliest' } as const
  const consumer = new KafkaConsumer(settings)
  consumer.subscribe(topic)
  await consumer.next({ timeoutMs: 20_000 })
  await consumer.close()
  await using after = new KafkaConsumer(settings)
  assert.equal((await after.committed([{ topic, partition: 0 }]))[0]?.offset, 1)
})

test('a start that cannot be looked up for a while ends no loop and is told in the log only', async () => {
  await using broker = await startBroker({ brokers: 2 })
  const { bootstrapServers } = broker
  const topic = 'dark.start'
  broker.createTopic(topic, { partitions: 2 })
  broker.moveLeader(topic, 0, 1)
  broker.moveLeader(topic, 1, 2)
  await using producer = new KafkaProducer({ bootstrapServers })
  for (const partition of [0, 1]) await producer.send({ topic, partition, value: `${partition}` })
  // LEADER_NOT_AVAILABLE
  const fault = broker.faults.add({ api: 'ListOffsets', node: 2, errorCode: 5, times: Infinity })
  await using consumer = new KafkaConsumer({
    bootstrapServers,
    autoOffsetReset: 'earliest',
    defaultApiTimeoutMs: 200,
    retryBackoffMs: 10,
  })
  consumer.assign([0, 1].map((partition) => ({ topic, partition })))
  assert.equal((await consumer.next({ timeoutMs: LIMIT_MS })).value.partition, 0)
  assert.deepEqual(await consumer.poll({ timeoutMs: 1000 }), [], 'five times as long as any call may take')
  fault.remove()
  assert.equal((await consumer.next({ timeoutMs: LIMIT_MS })).value.partition, 1)
})

test('a log that was cut below a committed offset is met where it parts, or told where nobody may decide', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  const topic = 'cut.log'
  broker.createTopic(topic)
  await using producer = new KafkaProducer({ bootstrapServers })
  for (const value of ['a', 'b', 'c']) await producer.send({ topic, value })
  broker.moveLeader(topic, 0, 1)
  const settings = { bootstrapServers, groupId: 'cut', enableAutoCommit: false } as const
  await using first = new KafkaConsumer({ ...settings, autoOffsetReset: 'earliest' })
  const target = { topic, partition: 0 }
  // As after an unclean election: what was read ends at 9, the log of its epoch at 3.
  await first.commit([{ ...target, offset: 9, leaderEpoch: 0 }])
  const resets: unknown[] = []
  first.on('offsetReset', (reset) => resets.push(reset))
  first.assign([target])
  await producer.send({ topic, value: 'd' })
  const { value } = await first.next({ timeoutMs: LIMIT_MS })
  assert.equal(String(value.value), 'd')
  assert.deepEqual(resets, [{ ...target, from: 9, to: 3 }])
  await using strict = new KafkaConsumer({ ...settings, autoOffsetReset: 'none' })
  strict.assign([target])
  await assert.rejects(strict.next({ timeoutMs: LIMIT_MS }), {
    ...{ name: 'LogTruncationError', offset: 9, divergentOffset: 3 },
    message: /cut below offset 9.*seek\(\{ topic: 'cut.log', partition: 0 \}, 3\)/,
  })
  strict.seek(target, 3)
  assert.equal(String((await strict.next({ timeoutMs: LIMIT_MS })).value.value), 'd')
})
