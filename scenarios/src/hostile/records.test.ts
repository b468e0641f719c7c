import assert from 'node:assert/strict'
import type { ProducerRecord } from '@samsa/client'
import { KafkaError } from '@samsa/client'
import { hostile, NOBODY, refusal } from './stage.ts'

const remedy = (what: string) =>
  `only text, a Uint8Array or null can be sent as it is; set ${what}Serializer, e.g. ${what}Serializer: JSON.stringify`
const header =
  "headers: { name: 'text' } or [{ key: 'name', value: 'text' }], with text, a Uint8Array or null as values"

/** Nothing of this needs a broker: it is refused before anything is asked. */
hostile('what is neither text nor bytes nor null needs a serializer', async (stage) => {
  const producer = stage.producer({ bootstrapServers: NOBODY })
  const values: readonly (readonly [value: unknown, type: string])[] = [
    [1, 'a number'],
    [Number.NaN, 'a number'],
    [true, 'a boolean'],
    [5n, 'a bigint'],
    [Symbol('s'), 'a symbol'],
    [() => 1, 'a function'],
    [{ id: 1 }, 'an object (Object)'],
    [Object.create(null), 'an object (Object)'],
    [new Date(0), 'an object (Date)'],
    [new Map(), 'an object (Map)'],
    [Promise.resolve('x'), 'an object (Promise)'],
    [new ArrayBuffer(2), 'an object (ArrayBuffer)'],
    [new Uint16Array(2), 'an object (Uint16Array)'],
    [['x'], 'an array'],
  ]
  for (const [value, type] of values) {
    const said = await refusal(producer.send({ topic: 'orders', value: value as string }))
    assert.equal(said, `CONFIG: send to orders: the value is ${type}; ${remedy('value')}`)
  }
  const said = await refusal(producer.send({ topic: 'orders', key: 7 as never, value: 'x' }))
  assert.equal(said, `CONFIG: send to orders: the key is a number; ${remedy('key')}`)
})

hostile('a serializer that throws, or gives what cannot be sent', async (stage) => {
  const bootstrapServers = NOBODY
  const json = stage.producer({ bootstrapServers, valueSerializer: JSON.stringify })
  const number = stage.producer({
    bootstrapServers,
    valueSerializer: () => 5,
    keySerializer: (key: string) => key,
  })
  const must = 'the valueSerializer must give text, a Uint8Array or null'
  assert.equal(
    await refusal(json.send({ topic: 't', value: 5n as never })),
    'SERIALIZATION: send to t: the valueSerializer threw: Do not know how to serialize a BigInt',
  )
  // JSON.stringify gives undefined here; null would delete the key.
  assert.equal(
    await refusal(json.send({ topic: 't', value: (() => 1) as never })),
    `CONFIG: send to t: the value is undefined; ${must}`,
  )
  assert.equal(
    await refusal(number.send({ topic: 't', value: 'x' })),
    `CONFIG: send to t: the value is a number; ${must}`,
  )
})

hostile('a record that is none', async (stage) => {
  const producer = stage.producer({ bootstrapServers: NOBODY })
  const form = "send needs a topic: send({ topic: 'my.topic', value: '...' })"
  const records: readonly (readonly [record: unknown, said: string])[] = [
    [undefined, form],
    [null, form],
    ['my.topic', form],
    [{ value: 'x' }, form],
    [{ topic: '', value: 'x' }, form],
    [
      { topic: 't', messages: [{ value: 'x' }] },
      'send to t: a record has no messages and this one no value; send({ topic, value, key, headers, partition, timestamp }) ' +
        'sends one record, and null as its value deletes its key',
    ],
    [{ topic: 't', partition: -1 }, 'send to t: partition must be a whole number from 0, not -1'],
    [{ topic: 't', partition: '0' }, 'send to t: partition must be a whole number from 0, not 0'],
    [{ topic: 't', timestamp: -5 }, 'send to t: timestamp must be milliseconds since 1970, not -5'],
    [{ topic: 't', headers: 'x' }, `send to t: a string is no header; ${header}`],
    [{ topic: 't', headers: { token: 5 } }, `send to t: the header token is a number; ${header}`],
    [
      { topic: 't', headers: [{ key: 5, value: 'x' }] },
      `send to t: an object (Object) is no header; ${header}`,
    ],
    [{ topic: 't', headers: [['a', 'b']] }, `send to t: an array is no header; ${header}`],
  ]
  for (const [record, said] of records)
    assert.equal(await refusal(producer.send(record as ProducerRecord)), `CONFIG: ${said}`)
})

hostile(
  'one record too large is refused alone, with both settings; its neighbours are stored',
  async (stage) => {
    const broker = await stage.broker()
    const { bootstrapServers } = broker
    const producer = stage.producer({ bootstrapServers, maxRequestSize: 1000 })
    const sizes = [10, 2000, 900]
    const futures = sizes.map((size) => producer.send({ topic: 't', value: 'x'.repeat(size) }))
    assert.equal((await futures[0])?.offset, 0)
    assert.equal(
      await refusal(futures[1] as PromiseLike<unknown>),
      'RECORD_TOO_LARGE: the record for t takes 2036 bytes, maxRequestSize is 1000: raise maxRequestSize ' +
        '(and max.message.bytes of the topic), or send less at once',
    )
    assert.equal((await futures[2])?.offset, 1)
    broker.createTopic('small', { configs: { 'max.message.bytes': '500' } })
    const said = await refusal(producer.send({ topic: 'small', value: 'x'.repeat(800) }))
    assert.match(said, /^MESSAGE_TOO_LARGE: Produce for small-0.*max\.message\.bytes/)
  },
)

hostile('a failure that nobody looks at is counted and emitted, and the process lives', async (stage) => {
  const producer = stage.producer({ bootstrapServers: NOBODY })
  const seen: Error[] = []
  producer.on('sendError', ({ error }) => void seen.push(error))
  producer.send({ topic: 't', value: 1 as never })
  producer.send({ topic: 't', value: 'x' })
  await producer.close({ timeoutMs: 0 })
  for (let turn = 0; seen.length < 2 && turn < 1000; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(
    seen.map((error) => error instanceof KafkaError && error.code),
    ['CONFIG', 'CLOSED'],
  )
  assert.equal(producer.metrics().unobservedErrors, 2)
})
