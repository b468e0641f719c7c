import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { consumerConfig } from '../consumer/consumer-config.ts'
import { ConfigError } from '../errors.ts'
import { producerConfig } from '../producer/producer-config.ts'
import {
  custom,
  flag,
  isGiven,
  list,
  milliseconds,
  oneOf,
  parseBootstrapServers,
  parseConfig,
  text,
  whole,
} from './setting.ts'

const table = {
  clientId: text('samsa'),
  note: text(),
  batchSize: whole(10, 1, 100),
  lingerMs: milliseconds(5),
  isOn: flag(true),
  codec: oneOf('none', ['none', 'gzip']),
  names: list(['a']),
  choose: custom<() => number>(
    'must be a function',
    (value): value is () => number => typeof value === 'function',
  ),
  saslPassword: text(),
  ssl: custom<object>('must be an object', (value): value is object => typeof value === 'object'),
}
const parse = (given: object) => parseConfig('KafkaThing', table, given)

test('what is not given has its default, and the result cannot be changed', () => {
  const config = parse({ note: undefined })
  assert.deepEqual(
    { ...config },
    {
      clientId: 'samsa',
      note: undefined,
      batchSize: 10,
      lingerMs: 5,
      isOn: true,
      codec: 'none',
      names: ['a'],
      choose: undefined,
      saslPassword: undefined,
      ssl: undefined,
    },
  )
  assert.ok(Object.isFrozen(config))
})

test('values are brought into form, also as a properties file has them', () => {
  const choose = () => 1
  const config = parse({ batchSize: '50', isOn: 'FALSE', codec: 'GZIP', names: 'a, b', choose, note: '' })
  assert.deepEqual(
    [config.batchSize, config.isOn, config.codec, config.names, config.choose, config.note],
    [50, false, 'gzip', ['a', 'b'], choose, ''],
  )
})

const wrong: [object, RegExp][] = [
  [{ clientId: 5 }, /KafkaThing: clientId must be text, not 5/],
  [{ batchSize: 0 }, /batchSize must be a whole number from 1 to 100, not 0/],
  [{ batchSize: 101 }, /not 101/],
  [{ batchSize: 1.5 }, /not 1.5/],
  [{ batchSize: '1e2' }, /not "1e2"/],
  [{ batchSize: '' }, /not ""/],
  [{ batchSize: Number.NaN }, /not NaN/],
  [{ batchSize: null }, /not null/],
  [{ lingerMs: -1 }, /lingerMs must be a whole number from 0/],
  [{ isOn: 'yes' }, /isOn must be true or false, not "yes"/],
  [{ isOn: 1 }, /isOn must be true or false, not 1/],
  [{ codec: 'brotli' }, /codec must be one of 'none', 'gzip', not "brotli"/],
  [{ names: ['a', ''] }, /names must be a list of texts, not \["a",""\]/],
  [{ names: {} }, /names must be a list of texts, not an object/],
  [{ choose: 'x' }, /choose must be a function, not "x"/],
  [{ 'batch.size': 0 }, /batch.size must be a whole number/],
  [{ batchsize: 5 }, /unknown setting batchsize; did you mean batchSize\?/],
  [{ 'batch.sice': 5 }, /unknown setting batch.sice; did you mean batchSize\?/],
  [{ wholly: 5 }, /unknown setting wholly; leave it out$/],
  [{ constructor: 5 }, /unknown setting constructor/],
  [JSON.parse('{"__proto__": 5}'), /unknown setting __proto__/],
]
for (const [given, message] of wrong) {
  test(`${inspect(given)} is refused with its rule`, () => {
    assert.throws(
      () => parse(given),
      (error: Error) => error instanceof ConfigError && message.test(error.message),
    )
  })
}

test('dotted names and names with underscores are the same settings', () => {
  assert.equal(parse({ 'batch.size': 7 }).batchSize, 7)
  assert.equal(parse({ batch_size: 7 }).batchSize, 7)
  assert.equal(isGiven({ 'batch.size': 7 }, 'batchSize'), true)
  assert.equal(isGiven({ batchSize: undefined }, 'batchSize'), false)
})

test('no secret is in an error, neither in its words nor in what it carries', () => {
  for (const given of [
    { saslPassword: { secret: 'hunter2' } },
    { ssl: 'hunter2' },
    { sslKeyPassword: 'hunter2' },
    { 'sasl.jaas.config': 'hunter2' },
  ]) {
    try {
      parse(given)
      assert.fail('it was taken')
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      assert.doesNotMatch(inspect(error), /hunter2/)
    }
  }
})

test('bootstrap servers: with and without ports, lists, IPv6, and what Kafka writes in front', () => {
  const at = (value: unknown) => parseBootstrapServers(value).map(({ host, port }) => `${host} ${port}`)
  assert.deepEqual(at('a:1, b ,c:3,'), ['a 1', 'b 9092', 'c 3'])
  assert.deepEqual(at(['a:1', '[::1]:2', '[fe80::1]']), ['a 1', '::1 2', 'fe80::1 9092'])
  assert.deepEqual(at('PLAINTEXT://a:1'), ['a 1'])
  for (const value of ['', ',', [], 5, [5], 'a:b', 'a b', 'http://a/b', null])
    assert.throws(() => parseBootstrapServers(value), /must be 'host:port'/, inspect(value))
  for (const value of ['a:0', 'a:70000'])
    assert.throws(() => parseBootstrapServers(value), /needs a port from 1 to 65535/, value)
})

test('how settings go together is checked whatever name they were given under', () => {
  const log: string[] = []
  const note = (message: string) => void log.push(message)
  const logger = { debug: note, info: note, warn: note, error: note }
  assert.throws(
    () => producerConfig({ deliveryTimeoutMs: 10 }, logger),
    /at least lingerMs \+ requestTimeoutMs/,
  )
  assert.throws(() => producerConfig({ 'delivery.timeout.ms': 10 } as object, logger), /at least lingerMs/)
  assert.throws(
    () => producerConfig({ 'enable.idempotence': true, acks: 1 } as object, logger),
    /needs acks 'all'/,
  )
  assert.throws(
    () => producerConfig({ enableIdempotence: true, retries: 0 }, logger),
    /needs retries above 0/,
  )
  assert.throws(() => producerConfig({ transactionalId: 'x' }, logger), /not supported/)
  assert.deepEqual(log, [])
  assert.equal(producerConfig({ requestTimeoutMs: 200_000 }, logger).deliveryTimeoutMs, 200_005)
  assert.equal(producerConfig({ acks: 0 }, logger).enableIdempotence, false)
  assert.match(log[0] ?? '', /idempotence is off because it needs acks 'all', not 0/)
  assert.equal(producerConfig({ acks: '-1' } as object, logger).acks, 'all')
  assert.throws(() => producerConfig({ acks: 2 } as object, logger), /must be 'all', 0 or 1/)
})

test('consumer settings that do not go together are refused', () => {
  assert.throws(
    () => consumerConfig({ heartbeatIntervalMs: 10, sessionTimeoutMs: 10 }),
    /must be below sessionTimeoutMs/,
  )
  assert.throws(
    () => consumerConfig({ partitionAssignmentStrategy: ['best'] }),
    /no assignor best; known are range, roundrobin/,
  )
  assert.throws(
    () => consumerConfig({ valueDeserializer: 'xml' } as object),
    /must be 'string', 'json' or a function/,
  )
  assert.deepEqual(
    consumerConfig({ partitionAssignmentStrategy: 'roundrobin' } as object).partitionAssignmentStrategy,
    ['roundrobin'],
  )
})
