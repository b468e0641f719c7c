import assert from 'node:assert/strict'
import test from 'node:test'
import type { FaultRule } from '@samsa/broker'
import { KafkaError, ServerError, TimeoutError } from '@samsa/client'
import { stage, stored, until } from './stage.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)
/** Each record becomes a batch of its own, so that five requests are under way. */
const single = { batchSize: 1, lingerMs: 0, requestTimeoutMs: 5000 }

const storms: [string, FaultRule[]][] = [
  ['answers are lost', [{ api: 'Produce', action: 'dropReply', nth: 2, times: 3 }]],
  ['requests are lost', [{ api: 'Produce', action: 'close', nth: 3, times: 3 }]],
  [
    'both are, and some are late',
    [
      { api: 'Produce', action: 'dropReply', nth: 2, times: 2 },
      { api: 'Produce', action: 'close', nth: 6, times: 2 },
      { api: 'Produce', delayMs: 20, nth: 9, times: 5 },
    ],
  ],
]
for (const [title, rules] of storms) {
  test(`every record is stored once and in order although ${title}`, async (t) => {
    const on = await stage(t)
    on.broker.createTopic('t')
    for (const rule of rules) on.broker.faults.add(rule)
    const producer = on.producer(single)
    const futures = numbers(40).map((value) => producer.send({ topic: 't', value }))
    const offsets = (await Promise.all(futures)).map(({ offset }) => offset)
    assert.deepEqual(
      offsets,
      offsets.map((_, index) => index),
    )
    assert.deepEqual(await stored(on, 't'), numbers(40))
  })
}

test('the order survives leaders that move while requests are under way', async (t) => {
  const on = await stage(t, { brokers: 3 })
  on.broker.createTopic('t')
  on.broker.faults.add({ api: 'Produce', delayMs: 10, times: Number.POSITIVE_INFINITY })
  const producer = on.producer(single)
  const futures: PromiseLike<unknown>[] = []
  for (let round = 0; round < 6; round++) {
    for (let index = 0; index < 10; index++)
      futures.push(producer.send({ topic: 't', value: `${round * 10 + index}` }))
    await futures[round * 10]
    on.broker.moveLeader('t', 0, 1 + ((round + 1) % 3))
  }
  await Promise.all(futures)
  assert.deepEqual(await stored(on, 't'), numbers(60))
})

test('a node that goes down and comes back loses nothing', async (t) => {
  const on = await stage(t, { brokers: 2 })
  on.broker.createTopic('t', { partitions: 2 })
  const producer = on.producer({ ...single, reconnectBackoffMs: 5, reconnectBackoffMaxMs: 50 })
  const futures: PromiseLike<unknown>[] = []
  for (let index = 0; index < 40; index++) {
    futures.push(producer.send({ topic: 't', partition: index % 2, value: `${index}` }))
    if (index === 10) await on.broker.stopNode(1)
    if (index === 25) await on.broker.startNode(1)
    if (index % 5 === 0) await futures[index]
  }
  await Promise.all(futures)
  assert.deepEqual(
    await stored(on, 't', 0),
    numbers(40).filter((value) => Number(value) % 2 === 0),
  )
  assert.deepEqual(
    await stored(on, 't', 1),
    numbers(40).filter((value) => Number(value) % 2 === 1),
  )
})

test('a batch that is refused for good fails alone: what follows is numbered anew and stored in order', async (t) => {
  const on = await stage(t, { messageMaxBytes: 1000 })
  on.broker.createTopic('t', { partitions: 2 })
  const producer = on.producer(single)
  const large = 'x'.repeat(2000)
  const values = ['0', '1', large, '2', '3', large, '4', '5', '6']
  const futures = values.map((value) => producer.send({ topic: 't', partition: 0, value }))
  const others = numbers(9).map((value) => producer.send({ topic: 't', partition: 1, value }))
  const outcomes = await Promise.allSettled(futures)
  outcomes.forEach((outcome, index) => {
    assert.equal(outcome.status, values[index] === large ? 'rejected' : 'fulfilled', `record ${index}`)
    if (outcome.status === 'rejected') assert.equal((outcome.reason as ServerError).code, 'MESSAGE_TOO_LARGE')
  })
  await Promise.all(others)
  assert.deepEqual(await stored(on, 't', 0), numbers(7))
  assert.deepEqual(await stored(on, 't', 1), numbers(9))
})

test('a record whose time is over fails, says that it may be stored, and what follows is stored once', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const producer = on.producer({ ...single, requestTimeoutMs: 300, deliveryTimeoutMs: 300 })
  await producer.send({ topic: 't', value: 'before' })
  const rule = on.broker.faults.add({ api: 'Produce', delayMs: 1500, times: 1 })
  const late = producer.send({ topic: 't', value: 'late' })
  await assert.rejects(late.get(), (error: Error) => {
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.sent, true)
    assert.match(error.message, /may be stored all the same/)
    return true
  })
  assert.equal(rule.hits, 1)
  const after = on.producer(single)
  await after.send({ topic: 't', value: 'another' })
  await assert.doesNotReject(retried(() => producer.send({ topic: 't', value: 'after' }).get()))
  const values = await stored(on, 't')
  assert.equal(values.filter((value) => value === 'after').length, 1)
  assert.ok(values.filter((value) => value === 'late').length <= 1)
})

/** Deliveries of a producer with little time may fail on a slow machine; then once more. */
async function retried<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      if (attempt === 20) throw error
    }
  }
}

test('acks 1 and acks 0: the leader alone confirms, or nobody', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const one = on.producer({ acks: 1 })
  assert.equal((await one.send({ topic: 't', value: 'one' })).offset, 0)
  const none = on.producer({ acks: 0, lingerMs: 0 })
  assert.equal((await none.send({ topic: 't', value: 'none' })).offset, -1)
  await none.close()
  await until(
    'it has arrived',
    () => on.broker.requests.recent.filter(({ api }) => api === 'Produce').length > 1,
  )
  assert.deepEqual(await stored(on, 't'), ['one', 'none'])
})

for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`${compressionType}: keys, nulls, headers and timestamps arrive as they were sent`, async (t) => {
    const on = await stage(t)
    on.broker.createTopic('t')
    const producer = on.producer({ compressionType })
    const big = 'repeated '.repeat(1000)
    const headers = [
      { key: 'a', value: 'x' },
      { key: 'a', value: new Uint8Array([0, 255]) },
      { key: 'n', value: null },
    ]
    producer.send({ topic: 't', key: 'k', value: big, headers, timestamp: 1234 })
    producer.send({ topic: 't', key: null, value: null })
    producer.send({ topic: 't', key: '', value: '' })
    await producer.flush()
    const consumer = on.consumer()
    consumer.assign([{ topic: 't', partition: 0 }])
    const [first, second, third] = [await consumer.next(), await consumer.next(), await consumer.next()].map(
      ({ value }) => value,
    )
    assert.equal(String(first?.key), 'k')
    assert.equal(String(first?.value), big)
    assert.equal(first?.timestamp, 1234)
    assert.deepEqual(
      first?.headers.map(({ key, value }) => [key, value && [...value]]),
      [
        ['a', [120]],
        ['a', [0, 255]],
        ['n', null],
      ],
    )
    assert.deepEqual([second?.key, second?.value, second?.serializedValueSize], [null, null, -1])
    assert.deepEqual([third?.key?.length, third?.value?.length, third?.serializedKeySize], [0, 0, 0])
  })
}

test('linger fills batches; a full batch does not wait', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const producer = on.producer({ lingerMs: 60_000, batchSize: 1000, requestTimeoutMs: 1000 })
  await producer.partitionsFor('t')
  const futures = numbers(100).map((value) => producer.send({ topic: 't', value: value.padStart(90, '.') }))
  await futures[0]
  await producer.flush()
  const requests = on.broker.requests.recent.filter(({ api }) => api === 'Produce').length
  assert.ok(requests <= 20, `100 records of 90 bytes in batches of 1000 bytes took ${requests} requests`)
  assert.deepEqual(
    futures.map((future) => future.value?.offset),
    numbers(100).map(Number),
  )
})

test('a refusal that time heals is retried, one that it does not heal is told', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { configs: { 'min.insync.replicas': '2' } })
  const producer = on.producer({ retries: 3, requestTimeoutMs: 1000 })
  await assert.rejects(producer.send({ topic: 't', value: 'v' }).get(), (error: Error) => {
    assert.ok(error instanceof ServerError && error instanceof KafkaError)
    assert.equal(error.code, 'NOT_ENOUGH_REPLICAS')
    return true
  })
  assert.equal(on.broker.requests.recent.filter(({ api }) => api === 'Produce').length, 4)
})

test('the parts of a first batch that is too large stay before what follows', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { configs: { 'max.message.bytes': '10000' } })
  // The second request would be on its way when the first is judged.
  on.broker.faults.add({ api: 'Produce', delayMs: 100 })
  const producer = on.producer()
  await producer.partitionsFor('t')
  const values = numbers(18).map((number) => `${number} ${'.'.repeat(1000)}`)
  const offsets = (await Promise.all(values.map((value) => producer.send({ topic: 't', value })))).map(
    ({ offset }) => offset,
  )
  assert.deepEqual(offsets, numbers(18).map(Number))
  assert.deepEqual(await stored(on, 't'), values)
})

test('partitions that always have more do not starve the others on their broker', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 6 })
  const producer = on.producer({ ...single, maxRequestSize: 2500, maxInFlightRequestsPerConnection: 1 })
  await producer.partitionsFor('t')
  let isOver = false
  // Two batches fill a request, and these partitions always have another one ready.
  for (const partition of [0, 1, 2]) {
    const more = (): void => {
      if (!isOver) producer.send({ topic: 't', partition, value: 'x'.repeat(1000) }).addCallback(more)
    }
    for (let index = 0; index < 5; index++) more()
  }
  const quiet = [3, 4, 5].map((partition) =>
    producer.send({ topic: 't', partition, value: 'x'.repeat(1000) }),
  )
  await Promise.all(quiet.map((future) => future.get({ timeoutMs: 15_000 })))
  isOver = true
})
