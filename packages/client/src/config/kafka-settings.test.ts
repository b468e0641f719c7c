import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { consumerConfig, consumerSettings } from '../consumer/consumer-config.ts'
import { ConfigError } from '../errors.ts'
import { producerConfig, producerSettings } from '../producer/producer-config.ts'
import type { Setting } from './setting.ts'
import { INT_MAX, LONG_MAX } from './setting.ts'

interface KafkaSetting {
  name: string
  type: string
  default: string | null
  valid: string | null
}

/** The settings of Kafka 4.3's clients (`ConfigDef`). */
const kafka = JSON.parse(
  gunzipSync(readFileSync(new URL('../../testdata/configs.json.gz', import.meta.url))).toString('utf8'),
) as Record<'producer' | 'consumer', KafkaSetting[]>
const everybody = [...kafka.producer, ...kafka.consumer]

/** Where ours is another one than Kafka's, and why. */
const differences: Readonly<Record<string, string>> = {
  'ssl: ours alone': 'TLS is one setting with PEM texts, since there are no key stores here',
  'compressionLevel: ours alone': 'one level for all codecs; Kafka has one setting for each',
  'receiveMessageMaxBytes: ours alone':
    'bounds memory; Java trusts the size that it reads (librdkafka has it)',
  'maxDecompressedBatchBytes: ours alone': 'no batch may take more memory than that, however small it came',
  'queuedMaxBytes: ours alone': 'bounds what is fetched ahead (librdkafka: queued.max.messages.kbytes)',
  'partitioner: ours alone': 'a function; Java names a class (partitioner.class)',
  'keySerializer: FUNCTION, not CLASS': 'a function',
  'valueSerializer: FUNCTION, not CLASS': 'a function',
  'keyDeserializer: FUNCTION, not CLASS': 'a function',
  'valueDeserializer: FUNCTION, not CLASS': 'a function',
  'bootstrapServers: default': 'Java has none; on one machine the address is nearly always the same',
  'clientId: default': 'Java makes one up, such as producer-1',
  'partitionAssignmentStrategy: default': 'there is no cooperative rebalancing yet',
  'requestTimeoutMs: from 1, not 0': 'with 0 every request fails before its answer',
  'defaultApiTimeoutMs: from 1, not 0': 'with 0 every call fails',
  'fetchMaxBytes: from 1, not 0': 'with 0 the setting says nothing: brokers give one batch all the same',
  'maxPartitionFetchBytes: from 1, not 0': 'the same',
  'bufferMemory: from 1, not 0': 'with 0 no record can be sent',
  'maxRequestSize: from 1, not 0': 'the same',
  'deliveryTimeoutMs: from 1, not 0': 'the same',
}

function kafkaName(ours: string): string {
  return ours.replaceAll(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`)
}

function* compare(
  table: Record<string, Setting<unknown>>,
  theirs: readonly KafkaSetting[],
): Generator<string> {
  for (const [name, ours] of Object.entries(table)) {
    const known = theirs.find((each) => each.name === kafkaName(name))
    if (!known && !everybody.some((each) => each.name === kafkaName(name))) {
      yield `${name}: ours alone`
      continue
    }
    if (!known) continue
    if (ours.type !== known.type) yield `${name}: ${ours.type}, not ${known.type}`
    const isNumber = ours.type === 'INT' || ours.type === 'LONG'
    if (known.type !== 'CLASS' && String(ours.default ?? '') !== (known.default ?? ''))
      yield `${name}: default`
    if (!isNumber) continue
    const [, least, most] = /^\[(-?\d+),\.\.\.(?:,(\d+))?\]$/.exec(known.valid ?? '') ?? []
    if (least !== undefined && ours.min !== Number(least)) yield `${name}: from ${ours.min}, not ${least}`
    const max = most ? Number(most) : ours.type === 'INT' ? INT_MAX : LONG_MAX
    if (ours.max !== max) yield `${name}: to ${ours.max}, not ${max}`
  }
}

test('names, types, defaults and bounds are those of Kafka, or differ for a reason', () => {
  const found = new Set([
    ...compare(producerSettings, kafka.producer),
    ...compare(consumerSettings, kafka.consumer),
  ])
  assert.deepEqual([...found].sort(), Object.keys(differences).sort())
})

test('what does not fit the wire is refused by the constructor', () => {
  const consumer = (given: object) => () => consumerConfig(given)
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const producer = (given: object) => () => producerConfig(given, quiet)
  const long = 'x'.repeat(32_768)
  const refused: [() => unknown, RegExp][] = [
    [consumer({ sessionTimeoutMs: 2 ** 31 }), /sessionTimeoutMs must be a whole number from 1 to 2147483647/],
    [consumer({ maxPollIntervalMs: 2 ** 31 }), /maxPollIntervalMs must be/],
    [consumer({ fetchMaxWaitMs: 2 ** 31 }), /fetchMaxWaitMs must be/],
    [producer({ requestTimeoutMs: 2 ** 31 }), /requestTimeoutMs must be/],
    [consumer({ groupId: long }), /groupId may have 32767 bytes, not 32768/],
    [consumer({ groupId: 'ä'.repeat(16_384) }), /groupId may have 32767 bytes, not 32768/],
    [consumer({ clientRack: long }), /clientRack may have/],
    [consumer({ clientId: 'a\ud800' }), /clientId must be well-formed text/],
    [producer({ clientId: long }), /clientId may have/],
    [producer({ transactionalId: long }), /transactionalId may have/],
    [consumer({ groupInstanceId: 'a b' }), /groupInstanceId may have letters/],
    [consumer({ groupInstanceId: 'x'.repeat(250) }), /groupInstanceId may have 249 characters/],
  ]
  for (const [make, message] of refused) {
    assert.throws(make, (error: Error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, message)
      assert.ok(error.message.length < 400, 'the value is cut')
      return true
    })
  }
  assert.equal(consumerConfig({ groupId: 'x'.repeat(32_767) }).groupId?.length, 32_767)
  assert.equal(consumerConfig({ retryBackoffMs: 2 ** 40 }).retryBackoffMs, 2 ** 40)
})
