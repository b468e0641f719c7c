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
  const rest = { topic: 't', value: 'x' }
  const noValue =
    "send to t: the record has no value; value: null deletes its key (a tombstone), value: '' is an empty one"
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
    [{ topic: 't' }, noValue],
    [{ topic: 't', key: 'k', value: undefined }, noValue],
    [{ ...rest, partition: -1 }, 'send to t: partition must be a whole number from 0, not -1'],
    [{ ...rest, partition: 2 ** 31 }, 'send to t: partition must be a whole number from 0, not 2147483648'],
    [{ ...rest, partition: '0' }, 'send to t: partition must be a whole number from 0, not "0" (a string)'],
    [{ ...rest, timestamp: -5 }, 'send to t: timestamp must be milliseconds since 1970, not -5'],
    [
      { ...rest, timestamp: '1704067200000' },
      'send to t: timestamp must be milliseconds since 1970, not "1704067200000" (a string)',
    ],
    [
      { ...rest, timestamp: new Date(0) },
      'send to t: timestamp must be milliseconds since 1970, not "1970-01-01T00:00:00.000Z" (an object (Date))',
    ],
    [{ ...rest, timestamp: 5n }, 'send to t: timestamp must be milliseconds since 1970, not 5 (a bigint)'],
    [{ ...rest, headers: 'x' }, `send to t: a string is no header; ${header}`],
    [{ ...rest, headers: { token: 5 } }, `send to t: the header token is a number; ${header}`],
    [{ ...rest, headers: [{ key: 5, value: 'x' }] }, `send to t: an object (Object) is no header; ${header}`],
    [{ ...rest, headers: [['a', 'b']] }, `send to t: an array is no header; ${header}`],
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

hostile(
  'a time that is no time is refused by every call that takes one, and changes nothing',
  async (stage) => {
    const { bootstrapServers } = await stage.broker()
    const producer = stage.producer({ bootstrapServers })
    const wrong: readonly (readonly [given: unknown, shown: string])[] = [
      [200, '200'],
      [{ timeoutMs: '200' }, '"200"'],
      [{ timeoutMs: -1 }, '-1'],
      [{ timeoutMs: Number.NaN }, 'NaN'],
      ['200', '"200"'],
    ]
    const future = producer.send({ topic: 't', value: 'x' })
    for (const [given, shown] of wrong) {
      for (const call of ['close', 'flush', 'get'] as const) {
        const said = await refusal(
          call === 'get' ? future.get(given as never) : (producer[call](given as never) as Promise<unknown>),
        )
        assert.equal(said, `CONFIG: ${call} takes a time so: ${call}({ timeoutMs: 60_000 }), not ${shown}`)
      }
    }
    assert.equal((await future).offset, 0)
    assert.equal((await producer.send({ topic: 't', value: 'still open' })).offset, 1)
    await producer.flush(undefined)
    await producer.close({ timeoutMs: 0 })
  },
)

hostile('close gives up after the shortest time that any call gave', async (stage) => {
  const producer = stage.producer({ bootstrapServers: NOBODY, maxBlockMs: 60_000, deliveryTimeoutMs: 60_000 })
  const future = producer.send({ topic: 't', value: 'x' })
  const patient = producer.close({ timeoutMs: 60_000 })
  assert.equal(producer.close({ timeoutMs: 0 }), patient)
  assert.match(await refusal(future), /^CLOSED: the producer was closed before the record was acknowledged/)
  await patient
})

hostile('a level that the codec does not have is refused by the constructor', async (stage) => {
  const of = (compressionType: string, compressionLevel: number) => () =>
    stage.producer({ bootstrapServers: NOBODY, compressionType, compressionLevel })
  assert.equal(
    await refusal(of('gzip', 10)),
    'CONFIG: KafkaProducer: gzip has no compression level 10: levels are 1 to 9, and -1 by default',
  )
  assert.match(
    await refusal(of('lz4', 0)),
    /^CONFIG: KafkaProducer: lz4 has no compression level 0: levels are 1 to 17/,
  )
  of('zstd', -5)()
  of('none', 10)()
})
