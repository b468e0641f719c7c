import assert from 'node:assert/strict'
import test from 'node:test'
import type { ProducerRecord } from '@samsa/client'
import { ConfigError, KafkaError, KafkaProducer, TimeoutError } from '@samsa/client'
import { loggerOf, stage, stored, until } from './stage.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)

test('flush waits for every part of a batch that was split, and close loses none', async (t) => {
  const on = await stage(t, { messageMaxBytes: 2000 })
  on.broker.createTopic('t')
  const producer = on.producer({ batchSize: 100_000, lingerMs: 1000 })
  const values = numbers(400).map((number) => number.padStart(20, '.'))
  const futures = values.map((value) => producer.send({ topic: 't', value }))
  await producer.flush()
  assert.ok(
    futures.every((future) => future.succeeded()),
    'after flush every record has its outcome',
  )
  assert.deepEqual(
    futures.map((future) => future.value?.offset),
    values.map((_, index) => index),
  )
  const last = values.map((value) => producer.send({ topic: 't', value }))
  await producer.close()
  assert.ok(last.every((future) => future.succeeded()))
  assert.deepEqual(await stored(on, 't'), [...values, ...values])
})

test('a callback that throws disturbs nobody and is logged', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const producer = on.producer()
  const bad = () => {
    throw new Error('of the user')
  }
  const futures = numbers(3).map((value) => producer.send({ topic: 't', value }).addCallback(bad))
  await Promise.all(futures)
  futures[0]?.addCallback(bad)
  assert.deepEqual(await stored(on, 't'), ['0', '1', '2'])
  assert.equal(on.log.filter((line) => line.includes('of the user')).length, 4)
  const failing = producer.send({ topic: '', value: null }).addErrback(bad)
  await assert.rejects(failing.get(), ConfigError)
})

test('send never throws: a partitioner that does, headers and values that cannot be sent come by the future', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const choices: (() => number)[] = [
    () => 7,
    () => {
      throw new Error('no idea')
    },
  ]
  const producer = on.producer({ partitioner: () => (choices[0] as () => number)() })
  await producer.partitionsFor('t')
  // Once the topic is known, records are added within `send`.
  for (let round = 0; round < 2; round++)
    await assert.rejects(producer.send({ topic: 't', key: 'a', value: null }).get(), /chose 7/)
  choices.shift()
  await assert.rejects(producer.send({ topic: 't', key: 'a', value: null }).get(), /no idea/)
  const wrong: [object, RegExp][] = [
    [{ headers: { a: 5 } }, /the header a is a number/],
    [{ headers: [{ value: 'x' }] }, /an object \(Object\) is no header/],
    [{ headers: [null] }, /null is no header/],
    [{ value: 5 }, /the value is a number; only text/],
    [{ key: {} }, /the key is an object/],
    [{ partition: -1 }, /whole number from 0/],
    [{ timestamp: Number.NaN }, /milliseconds since 1970/],
  ]
  for (const [record, message] of wrong) {
    const future = producer.send({ topic: 't', value: 'v', ...record } as ProducerRecord)
    await assert.rejects(
      future.get(),
      (error: Error) => error instanceof ConfigError && message.test(error.message),
    )
  }
  await assert.rejects(producer.send(undefined as never).get(), /send needs a topic/)
})

test('a partition that does not exist holds up nobody else, and is sent to once it does', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 1 })
  const producer = on.producer({ maxBlockMs: 60_000 })
  const wrong = producer.send({ topic: 't', partition: 5, value: 'wrong' })
  const again = producer.send({ topic: 't', partition: 5, value: 'again' })
  assert.equal((await producer.send({ topic: 't', value: 'right' })).offset, 0)
  assert.equal((await producer.send({ topic: 't', partition: 0, value: 'right' })).offset, 1)
  assert.equal(wrong.isDone, false)
  await producer.close({ timeoutMs: 0 })
  await assert.rejects(wrong.get(), { code: 'CLOSED' })
  await assert.rejects(again.get(), { code: 'CLOSED' })
})

test('a record that waits for its topic is not changed by the caller using his memory again', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const producer = on.producer()
  const memory = Buffer.from('first')
  const first = producer.send({ topic: 't', key: memory, value: memory, headers: { h: memory } })
  memory.write('OTHER')
  await first
  const consumer = on.consumer()
  consumer.assign([{ topic: 't', partition: 0 }])
  const { value: record } = await consumer.next({ timeoutMs: 20_000 })
  assert.deepEqual(
    [record.key, record.value, record.headers[0]?.value].map((bytes) => String(bytes)),
    ['first', 'first', 'first'],
  )
})

test('only failures that nobody looks at are counted, logged and emitted', async (t) => {
  const on = await stage(t, { autoCreateTopicsEnable: false })
  on.broker.createTopic('t')
  const producer = on.producer({ maxRequestSize: 1000 })
  const seen: [string, number, number][] = []
  producer.on('sendError', ({ topic, partition, count }) => seen.push([topic, partition, count]))
  const large = { topic: 't', value: 'x'.repeat(2000) }
  await assert.rejects(producer.send(large).get(), { code: 'RECORD_TOO_LARGE' })
  for (let count = 0; count < 3; count++) producer.send(large)
  await until('the failures are told', () => seen.length > 0)
  assert.deepEqual(seen, [['t', -1, 3]])
  on.broker.faults.add({ api: 'Produce', delayMs: 50 })
  const looked = producer.send({ topic: 't', value: 'looked at' })
  const watching = assert.rejects(looked.get(), KafkaError)
  producer.send({ topic: 't', value: 'not looked at' })
  await producer.partitionsFor('t')
  await producer.close({ timeoutMs: 0 })
  await watching
  await until('the other failure is told', () => seen.length > 1)
  assert.equal(producer.metrics().unobservedErrors, 4)
  assert.equal(on.log.filter((line) => line.includes('nobody looked')).length, 2)
})

test('who awaits futures one after the other is told of no failure that he has not come to', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  on.broker.faults.add({ api: 'Produce', errorCode: 87 })
  const producer = on.producer()
  const futures = numbers(10).map((value) => producer.send({ topic: 't', value }))
  let failed = 0
  for (const future of futures) await future.catch(() => failed++)
  await producer.close()
  // A turn later everything that is to be told was told.
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(failed, 10)
  assert.deepEqual([producer.metrics().unobservedErrors, on.log], [0, []])
})

test('memory: records wait for room in their order, and longer than maxBlockMs fails', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const small = on.producer({ bufferMemory: 2000, batchSize: 500, lingerMs: 60_000, requestTimeoutMs: 1000 })
  const values = numbers(500).map((number) => number.padStart(50, '.'))
  const futures = values.map((value) => small.send({ topic: 't', value }))
  await small.flush()
  assert.ok(futures.every((future) => future.succeeded()))
  assert.deepEqual(await stored(on, 't'), values)
  assert.equal(small.metrics().bufferBytes, 0)
  on.broker.faults.add({ api: 'Produce', delayMs: 5000 })
  const blocked = on.producer({ bufferMemory: 1000, maxBlockMs: 1000, lingerMs: 0 })
  await blocked.partitionsFor('t')
  const first = blocked.send({ topic: 't', value: 'x'.repeat(700) })
  const second = blocked.send({ topic: 't', value: 'y'.repeat(700) })
  await assert.rejects(second.get(), (error: Error) => {
    assert.ok(error instanceof TimeoutError)
    assert.match(error.message, /memory for the record.*bufferMemory is 1000/)
    return true
  })
  await blocked.close({ timeoutMs: 0 })
  await assert.rejects(first.get(), { code: 'CLOSED' })
})

test('close is legal twice, with records that can reach nobody, and before anything was sent', async () => {
  const log: string[] = []
  const options = { bootstrapServers: '127.0.0.1:1', maxBlockMs: 60_000 }
  const unused = new KafkaProducer(options, { logger: loggerOf(log) })
  await unused.close()
  const producer = new KafkaProducer(options, { logger: loggerOf(log) })
  const future = producer.send({ topic: 't', value: 'v' })
  const closing = producer.close({ timeoutMs: 50 })
  assert.equal(producer.close(), closing)
  await closing
  await assert.rejects(future.get(), { code: 'CLOSED' })
  await assert.rejects(producer.send({ topic: 't', value: 'v' }).get(), { code: 'CLOSED' })
  await assert.rejects(producer.partitionsFor('t'), { code: 'CLOSED' })
  await producer.flush()
})

test('flush has its own limit, and what it waited for goes on', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const producer = on.producer({ lingerMs: 60_000, requestTimeoutMs: 10_000, deliveryTimeoutMs: 120_000 })
  await producer.partitionsFor('t')
  on.broker.faults.add({ api: 'Produce', delayMs: 300 })
  const future = producer.send({ topic: 't', value: 'v' })
  const both = [assert.rejects(producer.flush({ timeoutMs: 20 }), TimeoutError), producer.flush()]
  await Promise.all(both)
  assert.equal(future.value?.offset, 0)
})
