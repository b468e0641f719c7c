import assert from 'node:assert/strict'
import test from 'node:test'
import type { ConsumerOptions, ConsumerRecord, KafkaConsumer } from '@samsa/client'
import { DeserializationError, KafkaError, TimeoutError } from '@samsa/client'
import type { Stage } from './stage.ts'
import { stage, until } from './stage.ts'

const soon = { timeoutMs: 20_000 }
const at = (partition: number) => ({ topic: 't', partition })

/** Sends numbers from..to-1 to partition 0 of t. */
async function fill(on: Stage, from: number, to: number, partition = 0): Promise<void> {
  const producer = on.producer()
  for (let index = from; index < to; index++) producer.send({ topic: 't', partition, value: `${index}` })
  await producer.close()
}

async function take(consumer: KafkaConsumer<any, any>, count: number): Promise<string[]> {
  const values: string[] = []
  while (values.length < count) values.push(String((await consumer.next(soon)).value.value))
  return values
}

const from = (start: number, end: number) =>
  Array.from({ length: end - start }, (_, index) => `${start + index}`)

async function committedAt(on: Stage, groupId: string, partition = 0): Promise<number | undefined> {
  const consumer = on.consumer({ groupId })
  const [found] = await consumer.committed([at(partition)])
  await consumer.close()
  return found?.offset
}

test('subscribe and assign exclude each other until unsubscribe, and wrong arguments are refused', async (t) => {
  const on = await stage(t)
  const consumer = on.consumer({ groupId: 'g' })
  consumer.subscribe('t')
  assert.throws(() => consumer.assign([at(0)]), { code: 'ILLEGAL_STATE' })
  consumer.unsubscribe()
  assert.equal(consumer.subscription(), undefined)
  consumer.assign([at(0)])
  assert.throws(() => consumer.subscribe('t'), { code: 'ILLEGAL_STATE' })
  assert.throws(() => consumer.seek(at(1), 0), /t-1 is not assigned to this consumer \(assigned: t-0\)/)
  assert.throws(() => consumer.seek(at(0), -1), /needs an offset from 0/)
  assert.throws(() => consumer.assign([{ topic: 't' } as never]), /assign needs/)
  assert.throws(() => consumer.assign('t' as never), /assign needs a list/)
  assert.throws(() => on.consumer().subscribe('t'), /subscribe needs a group/)
  assert.throws(() => on.consumer({ groupId: 'g' }).subscribe([]), /subscribe needs topics/)
  await assert.rejects(on.consumer().commit(), /commit needs a group/)
  await assert.rejects(
    consumer.commit([{ topic: 't', offset: 1 } as never]),
    /does not name a topic, a partition/,
  )
  await assert.rejects(
    consumer.offsetsForTimes([{ ...at(0), timestamp: -1 }]),
    /offsetsForTimes needs .*timestamp/,
  )
})

test('seek, pause and resume while records flow: nothing of before comes after', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await fill(on, 0, 100)
  const consumer = on.consumer()
  consumer.assign([at(0)])
  assert.deepEqual(await take(consumer, 3), from(0, 3))
  consumer.seek(at(0), 50)
  assert.deepEqual(await take(consumer, 2), from(50, 52))
  consumer.pause(at(0))
  assert.deepEqual(consumer.paused(), [at(0)])
  await assert.rejects(consumer.next({ timeoutMs: 50 }), TimeoutError)
  consumer.seek(at(0), 10)
  const waiting = take(consumer, 2)
  consumer.resume(at(0))
  assert.deepEqual(await waiting, from(10, 12))
  consumer.seekToEnd(at(0))
  assert.equal(await consumer.position(at(0)), 100)
  consumer.seekToBeginning()
  assert.deepEqual(await take(consumer, 1), ['0'])
  assert.equal(await consumer.position(at(0)), 1)
})

test('offsets by end and by time, of what is there and of what is not', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 2 })
  const producer = on.producer()
  for (const timestamp of [1000, 2000, 3000])
    await producer.send({ topic: 't', partition: 0, value: 'v', timestamp })
  const consumer = on.consumer({ groupId: 'g' })
  assert.deepEqual(await consumer.beginningOffsets([at(1), at(0)]), [0, 0])
  assert.deepEqual(await consumer.endOffsets([at(1), at(0)]), [0, 3])
  const [found] = await consumer.offsetsForTimes([{ ...at(0), timestamp: 1500 }])
  assert.deepEqual(found, { offset: 1, timestamp: 2000 })
  const none = await consumer.offsetsForTimes([
    { ...at(0), timestamp: 4000 },
    { ...at(1), timestamp: 0 },
  ])
  assert.deepEqual(none, [undefined, undefined])
  assert.deepEqual(await consumer.committed([at(0)]), [undefined])
  assert.deepEqual(await consumer.partitionsFor('t'), [0, 1])
})

test('a partition that cannot be found holds the others up in nothing', async (t) => {
  const on = await stage(t, { autoCreateTopicsEnable: false })
  on.broker.createTopic('t')
  await fill(on, 0, 3)
  const consumer = on.consumer({ defaultApiTimeoutMs: 300 })
  const missing = { topic: 'missing', partition: 0 }
  consumer.assign([missing, at(0)])
  assert.deepEqual(await takeDespite(consumer, 3, /missing/), from(0, 3))
  on.broker.createTopic('missing')
  await on.producer().send({ topic: 'missing', value: 'late' })
  assert.deepEqual(await takeDespite(consumer, 1, /missing/), ['late'])
})

/** As take, but goes on after errors that match. */
async function takeDespite(consumer: KafkaConsumer, count: number, expected: RegExp): Promise<string[]> {
  const values: string[] = []
  while (values.length < count) {
    try {
      values.push(String((await consumer.next(soon)).value.value))
    } catch (error) {
      assert.match((error as Error).message, expected)
    }
  }
  return values
}

test("autoOffsetReset 'none' tells each partition without an offset and reads the others", async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 2 })
  await fill(on, 0, 3, 1)
  const first = on.consumer({ groupId: 'g' })
  first.assign([at(1)])
  await first.commit([{ ...at(1), offset: 1 }])
  await first.close()
  const consumer = on.consumer({ groupId: 'g', autoOffsetReset: 'none' })
  consumer.assign([at(0), at(1)])
  assert.deepEqual(await takeDespite(consumer, 2, /t-0 has no committed offset in group g/), from(1, 3))
  consumer.seek(at(0), 0)
  await fill(on, 9, 10, 0)
  assert.deepEqual(await takeDespite(consumer, 1, /t-0 has no committed offset/), ['9'])
})

test('an offset that is not there is reset by policy and told, or told alone', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await fill(on, 0, 3)
  const consumer = on.consumer()
  const resets: unknown[] = []
  consumer.on('offsetReset', (reset) => resets.push(reset))
  consumer.assign([at(0)])
  consumer.seek(at(0), 1000)
  assert.deepEqual(await take(consumer, 3), from(0, 3))
  assert.deepEqual(resets, [{ topic: 't', partition: 0, from: 1000, to: 0 }])
  const strict = on.consumer({ autoOffsetReset: 'none' })
  strict.assign([at(0)])
  strict.seek(at(0), 1000)
  await assert.rejects(strict.next(soon), { code: 'OFFSET_OUT_OF_RANGE' })
  strict.seek(at(0), 2)
  assert.deepEqual(await takeDespite(strict, 1, /no offset 1000/), ['2'])
})

test('a record that cannot be deserialized loses none of those before it, and can be passed over', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const producer = on.producer()
  for (const value of ['1', '2', 'not json', '4', null]) await producer.send({ topic: 't', value })
  const options: ConsumerOptions<Buffer | null, number | null> = { groupId: 'g', valueDeserializer: 'json' }
  const consumer = on.consumer(options)
  consumer.assign([at(0)])
  await until('everything is fetched', () => on.broker.requests.recent.some(({ api }) => api === 'Fetch'))
  const records: ConsumerRecord<Buffer | null, number | null>[] = []
  const isBad = (error: Error) => {
    assert.ok(error instanceof DeserializationError)
    assert.equal(error.offset, 2)
    assert.match(error.message, /consumer.seek\(\{ topic: 't', partition: 0 \}, 3\)/)
    return true
  }
  while (records.length < 2) records.push(...(await consumer.poll(soon)))
  assert.deepEqual(
    records.map(({ value }) => value),
    [1, 2],
  )
  await assert.rejects(consumer.poll(soon), isBad)
  await assert.rejects(consumer.next(soon), isBad)
  assert.equal(await consumer.position(at(0)), 2)
  consumer.seek(at(0), 3)
  assert.equal((await consumer.next(soon)).value.value, 4)
  assert.equal((await consumer.next(soon)).value.value, null)
})

test('break pauses an iteration; next and poll have their limits; close ends what waits', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await fill(on, 0, 5)
  const consumer = on.consumer()
  consumer.assign([at(0)])
  for await (const { value } of consumer) if (String(value) === '1') break
  const rest: string[] = []
  for await (const { value } of consumer) {
    rest.push(String(value))
    if (rest.length === 3) break
  }
  assert.deepEqual(rest, from(1, 4), 'what was in hand at the break comes again')
  for await (const { value } of consumer) if (String(value) === '4') break
  assert.equal(String((await consumer.next()).value?.value), '4')
  assert.deepEqual(await consumer.poll(), [])
  await assert.rejects(consumer.next({ timeoutMs: 10 }), /waited \d+ ms for the next record/)
  const waiting = consumer.next()
  await assert.rejects(consumer.poll({ timeoutMs: 60_000 }), {
    code: 'ILLEGAL_STATE',
    message: /another call of next/,
  })
  const iterating = (async () => {
    for await (const record of consumer) assert.fail(`there is no ${record}`)
  })()
  await consumer.close()
  await iterating
  assert.deepEqual(await waiting, { value: undefined, done: true })
  await assert.rejects(consumer.next(), { code: 'CLOSED' })
  await assert.rejects(consumer.poll(), { code: 'CLOSED' })
  assert.throws(() => consumer.assign([at(0)]), { code: 'CLOSED' })
  await consumer.close()
})

test('position of what is not found ends with close, and with the assignment', async (t) => {
  const on = await stage(t, { autoCreateTopicsEnable: false })
  const consumer = on.consumer()
  const missing = { topic: 'missing', partition: 0 }
  consumer.assign([missing])
  const given = assert.rejects(consumer.position(missing), { code: 'ILLEGAL_STATE' })
  consumer.assign([{ topic: 'other', partition: 0 }])
  consumer.seek({ topic: 'other', partition: 0 }, 0)
  consumer.resume()
  await given
  consumer.assign([missing])
  const closed = assert.rejects(consumer.position(missing), { code: 'CLOSED' })
  await consumer.close()
  await closed
})

test('only what was processed is committed: in the background, on close, and by commit', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await fill(on, 0, 10)
  const consumer = on.consumer({ groupId: 'g', autoCommitIntervalMs: 10 })
  const commits: number[] = []
  consumer.on('committed', ({ offsets }) => commits.push(...offsets.map(({ offset }) => offset)))
  consumer.assign([at(0)])
  await take(consumer, 3)
  await until('the first two are committed', () => commits.includes(2))
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(Math.max(...commits), 2, 'the third is in hand')
  await consumer.commit()
  assert.equal(await committedAt(on, 'g'), 3)
  await take(consumer, 2)
  await consumer.close()
  assert.equal(await committedAt(on, 'g'), 5, 'close commits what was handed over')
  const again = on.consumer({ groupId: 'g' })
  again.assign([at(0)])
  const { value: record } = await again.next(soon)
  assert.equal(String(record.value), '5')
  await take(again, 2)
  await again.commit(record)
  assert.equal(await committedAt(on, 'g'), 6)
  await again[Symbol.asyncDispose]()
  assert.equal(await committedAt(on, 'g'), 7, 'the record in hand is not committed when a block is left')
})

test('unsubscribe and another assignment commit what was processed before', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 2 })
  await fill(on, 0, 10)
  const consumer = on.consumer({ groupId: 'g', autoCommitIntervalMs: 60_000 })
  consumer.assign([at(0)])
  await take(consumer, 4)
  consumer.assign([at(1)])
  await consumer.close()
  assert.equal(await committedAt(on, 'g'), 3)
  const member = on.consumer({ groupId: 'g', autoCommitIntervalMs: 60_000 })
  member.subscribe('t')
  await take(member, 3)
  member.unsubscribe()
  await member.close()
  assert.equal(await committedAt(on, 'g'), 5)
})

test('an older commit that is tried again never overtakes a newer one', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const consumer = on.consumer({ groupId: 'g', enableAutoCommit: false })
  consumer.assign([at(0)])
  on.broker.faults.add({ api: 'OffsetCommit', action: 'close', times: 2 })
  await Promise.all([5, 6, 7].map((offset) => consumer.commit([{ ...at(0), offset }])))
  assert.equal(await committedAt(on, 'g'), 7)
  on.broker.faults.add({ api: 'OffsetCommit', action: 'dropReply', times: 1 })
  await Promise.all([consumer.commit([{ ...at(0), offset: 8 }]), consumer.commit([{ ...at(0), offset: 9 }])])
  assert.equal(await committedAt(on, 'g'), 9)
})

test('a commit that names what does not exist is refused, and does not hang', async (t) => {
  const on = await stage(t, { autoCreateTopicsEnable: false })
  on.broker.createTopic('t')
  const consumer = on.consumer({ groupId: 'g' })
  await assert.rejects(consumer.commit([{ topic: 'missing', partition: 0, offset: 1 }]), (error: Error) => {
    assert.ok(error instanceof KafkaError)
    assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION')
    return true
  })
})

test('records go on although leaders move, nodes fall and answers are lost', async (t) => {
  const on = await stage(t, { brokers: 3 })
  on.broker.createTopic('t')
  await fill(on, 0, 300)
  const consumer = on.consumer({ fetchMaxBytes: 1, maxPartitionFetchBytes: 1 })
  consumer.assign([at(0)])
  const values = await take(consumer, 50)
  on.broker.moveLeader('t', 0, 2)
  values.push(...(await take(consumer, 50)))
  on.broker.faults.add({ api: 'Fetch', action: 'dropReply', times: 2 })
  values.push(...(await take(consumer, 50)))
  await on.broker.stopNode(2)
  values.push(...(await take(consumer, 50)))
  await on.broker.startNode(2)
  on.broker.moveLeader('t', 0, 2)
  on.broker.faults.add({ api: 'Fetch', errorCode: -1, times: 3 })
  values.push(...(await take(consumer, 100)))
  assert.deepEqual(values, from(0, 300))
})

test('close is legal before anything, with nobody there, and while a request hangs', async (t) => {
  const on = await stage(t)
  await on.consumer().close()
  const lonely = on.consumer({ bootstrapServers: '127.0.0.1:1', groupId: 'g' })
  lonely.subscribe('t')
  await lonely.close({ timeoutMs: 1000 })
  on.broker.createTopic('t')
  await fill(on, 0, 2)
  const consumer = on.consumer({ groupId: 'g' })
  consumer.assign([at(0)])
  await take(consumer, 2)
  on.broker.faults.add({ api: 'OffsetCommit', delayMs: 3000 })
  const started = performance.now()
  const failures: Error[] = []
  consumer.on('commitFailed', ({ error }) => failures.push(error))
  await consumer.close({ timeoutMs: 100 })
  assert.ok(performance.now() - started < 2900, 'it did not wait for the answer')
  // Both have the same limit; which of them is first to say so is open.
  assert.match(failures[0]?.message ?? '', /the consumer to close|the commit of group g/)
})
