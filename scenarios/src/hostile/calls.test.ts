import assert from 'node:assert/strict'
import type { KafkaConsumer } from '@samsa/client'
import type { Stage } from './stage.ts'
import { hostile, NOBODY, refusal } from './stage.ts'

const topic = 't'
const partition = { topic, partition: 0 }
const form = "{ topic: 'my.topic', partition: 0 }"

/** A consumer that has read a record from `t-0` and knows its group. */
async function reader(stage: Stage) {
  const { bootstrapServers } = await stage.broker()
  const producer = stage.producer({ bootstrapServers })
  for (const value of ['a', 'b', 'c']) await producer.send({ ...partition, value })
  const settings = { bootstrapServers, groupId: 'g', autoOffsetReset: 'earliest', enableAutoCommit: false }
  const consumer = stage.consumer({ ...settings, defaultApiTimeoutMs: 20_000, requestTimeoutMs: 20_000 })
  consumer.assign([partition])
  const { value: message } = await consumer.next({ timeoutMs: 20_000 })
  return { consumer, producer, message, bootstrapServers }
}

hostile(
  'an offset without its partition, or a partition without its offset, is not committed',
  async (stage) => {
    const { consumer, message } = await reader(stage)
    const remedy =
      'Commit a record: commit(message), or the next offset to read: ' +
      'commit([{ topic, partition, offset: message.offset + 1 }])'
    const unnamed = 'does not name a topic, a partition and an offset'
    const neither = 'is neither a record that was received nor a list of offsets'
    const broken: readonly (readonly [what: unknown, said: string])[] = [
      [[{ topic, partition: message.offset }], `{"topic":"t","partition":0} ${unnamed}`],
      [[{ topic, offset: message.offset }], `{"topic":"t","offset":0} ${unnamed}`],
      [[{ partition: 0, offset: 1 }], `{"partition":0,"offset":1} ${unnamed}`],
      [[{ ...partition, offset: -1 }], `{"topic":"t","partition":0,"offset":-1} ${unnamed}`],
      [[{ ...partition, offset: 1.5 }], `{"topic":"t","partition":0,"offset":1.5} ${unnamed}`],
      [[{ ...partition, offset: 1n }], `{"topic":"t","partition":0,"offset":"1n"} ${unnamed}`],
      [[{ ...partition, offset: 1 }, null], `null ${unnamed}`],
      [{ ...partition, offset: 0, value: 'secret' }, `{"topic":"t","partition":0,"offset":0} ${neither}`],
      ['t', `"t" ${neither}`],
      [0, `0 ${neither}`],
      [null, `null ${neither}`],
    ]
    for (const [what, said] of broken)
      assert.equal(await refusal(consumer.commit(what as never)), `CONFIG: commit: ${said}. ${remedy}`)
    assert.deepEqual(await consumer.committed([partition]), [undefined])
    await consumer.commit(message)
    assert.equal((await consumer.committed([partition]))[0]?.offset, message.offset + 1)
    await consumer.commit([{ topic, partition: message.partition, offset: message.offset + 2 }])
    assert.equal((await consumer.committed([partition]))[0]?.offset, message.offset + 2)
  },
)

hostile('arguments of the wrong kind are refused at once, with the right form', async (stage) => {
  const { consumer, producer, bootstrapServers } = await reader(stage)
  const free = stage.consumer({ bootstrapServers })
  const needsGroup = "needs a group: new KafkaConsumer({ groupId: 'my.group', ... })"
  const time = (call: string, given: string) =>
    `CONFIG: ${call} takes a time so: ${call}({ timeoutMs: 60_000 }), not ${given}`
  const calls: readonly (readonly [call: () => unknown, said: string])[] = [
    [() => consumer.next(5 as never), time('next', '5')],
    [() => consumer.next({ timeoutMs: -1 }), time('next', '-1')],
    [() => consumer.poll(100 as never), time('poll', '100')],
    [() => consumer.poll({ timeoutMs: 'soon' as never }), time('poll', '"soon"')],
    [() => producer.flush(5 as never), time('flush', '5')],
    [() => producer.send({ topic, value: 'x' }).get(60 as never), time('get', '60')],
    [
      () => consumer.seek(partition, Number.NaN),
      'CONFIG: seek needs an offset from 0, not NaN; seekToBeginning and seekToEnd go to the ends',
    ],
    [
      () => consumer.seek({ topic, partition: 1 }, 0),
      'ILLEGAL_STATE: seek: t-1 is not assigned to this consumer (assigned: t-0)',
    ],
    [() => consumer.seek('t' as never, 0), `CONFIG: seek needs ${form}, not "t"`],
    [() => consumer.assign('t' as never), `CONFIG: assign needs a list: assign([${form}]), not "t"`],
    [() => consumer.assign(['t'] as never), `CONFIG: assign needs ${form}, not "t"`],
    [
      () => consumer.subscribe('t'),
      'ILLEGAL_STATE: subscribe and assign exclude each other; call unsubscribe first',
    ],
    [
      () => consumer.committed(partition as never),
      `CONFIG: committed needs a list: committed([${form}]), not {"topic":"t","partition":0}`,
    ],
    [
      () => consumer.endOffsets(undefined as never),
      `CONFIG: endOffsets needs a list: endOffsets([${form}]), not undefined`,
    ],
    [
      () => consumer.beginningOffsets('t' as never),
      `CONFIG: beginningOffsets needs a list: beginningOffsets([${form}]), not "t"`,
    ],
    [
      () => consumer.offsetsForTimes([partition] as never),
      "CONFIG: offsetsForTimes needs { topic: 'my.topic', partition: 0, timestamp: Date.now() - 60_000 }, " +
        'not {"topic":"t","partition":0}',
    ],
    [
      () => consumer.partitionsFor(undefined as never),
      "CONFIG: partitionsFor needs a topic: partitionsFor('my.topic'), not undefined",
    ],
    [() => free.subscribe('t'), `CONFIG: subscribe ${needsGroup}; without one use assign`],
    [() => free.commit(), `CONFIG: commit ${needsGroup}`],
    [() => free.committed([partition]), `CONFIG: committed ${needsGroup}`],
    [() => free.next(), 'ILLEGAL_STATE: next: there is nothing to read; call subscribe or assign first'],
    [() => free.poll(), 'ILLEGAL_STATE: poll: there is nothing to read; call subscribe or assign first'],
  ]
  for (const [call, said] of calls) assert.equal(await refusal(call), said)
  const grouped = stage.consumer({ bootstrapServers, groupId: 'g' })
  for (const [topics, shown] of [
    [[], '[]'],
    [5, '5'],
    [undefined, 'undefined'],
    [[''], '[""]'],
  ] as const) {
    const said = await refusal(() => grouped.subscribe(topics as never))
    assert.equal(said, `CONFIG: subscribe needs topics: subscribe(['my.topic']), not ${shown}`)
  }
})

hostile('a name that no topic may have is refused before anybody is asked', async (stage) => {
  const producer = stage.producer({
    bootstrapServers: NOBODY,
    maxBlockMs: 600_000,
    deliveryTimeoutMs: 600_000,
  })
  const consumer = stage.consumer({ bootstrapServers: NOBODY, groupId: 'g' })
  const names: [string, string][] = [
    ['my topic', "may have letters a to z, digits, '.', '_' and '-' only"],
    ['..', "must not be '..'"],
    ['x'.repeat(250), 'may have 249 characters, not 250'],
  ]
  for (const [name, why] of names) {
    const said = (call: string) =>
      `CONFIG: ${call}: the name of a topic ${why}: ${JSON.stringify(name).slice(0, 200)}${name.length > 198 ? '...' : ''}`
    assert.equal(await refusal(producer.send({ topic: name, value: 'x' })), said('send'))
    assert.equal(await refusal(producer.partitionsFor(name)), said('partitionsFor'))
    assert.equal(await refusal(() => consumer.subscribe(name)), said('subscribe'))
    assert.equal(await refusal(() => consumer.assign([{ topic: name, partition: 0 }])), said('assign'))
    assert.equal(await refusal(consumer.committed([{ topic: name, partition: 0 }])), said('committed'))
  }
})

hostile('after close every call says so at once, and what only tells still tells', async (stage) => {
  const { consumer, producer, message } = await reader(stage)
  const pending = consumer.endOffsets([partition]).then(
    () => 'answered',
    (error: { code?: string }) => error.code,
  )
  await Promise.all([consumer.close(), producer.close()])
  assert.ok(['answered', 'CLOSED'].includes((await pending) ?? ''))
  const closed = (what: string) => `CLOSED: this ${what} is closed; create a new one`
  for (const call of [() => producer.send({ topic, value: 'x' }), () => producer.partitionsFor(topic)])
    assert.equal(await refusal(call), closed('producer'))
  for (const call of callsOf(consumer, message))
    assert.equal(await refusal(call), closed('consumer'), String(call))
  assert.deepEqual(
    [consumer.assignment(), consumer.paused(), consumer.subscription(), producer.metrics().bufferBytes],
    [[], [], undefined, 0],
  )
  for await (const record of consumer) assert.fail(`${record}`)
  await Promise.all([consumer.close(), producer.close(), producer.flush()])
  await Promise.all([consumer[Symbol.asyncDispose](), producer[Symbol.asyncDispose]()])
})

function callsOf(
  consumer: KafkaConsumer,
  message: Parameters<KafkaConsumer['commit']>[0],
): (() => unknown)[] {
  return [
    () => consumer.next(),
    () => consumer.poll(),
    () => consumer.subscribe(topic),
    () => consumer.unsubscribe(),
    () => consumer.assign([partition]),
    () => consumer.seek(partition, 0),
    () => consumer.seekToBeginning(),
    () => consumer.seekToEnd(partition),
    () => consumer.pause(partition),
    () => consumer.pause(),
    () => consumer.resume(),
    () => consumer.position(partition),
    () => consumer.commit(),
    () => consumer.commit(message),
    () => consumer.committed([partition]),
    () => consumer.beginningOffsets([partition]),
    () => consumer.endOffsets([partition]),
    () => consumer.offsetsForTimes([{ ...partition, timestamp: 0 }]),
    () => consumer.partitionsFor(topic),
  ]
}

hostile('a next that waits while the consumer is closed ends as an iteration does', async (stage) => {
  const { consumer } = await reader(stage)
  consumer.seekToEnd()
  await consumer.position(partition)
  const waiting = consumer.next()
  await consumer.close()
  assert.deepEqual(await waiting, { value: undefined, done: true })
})
