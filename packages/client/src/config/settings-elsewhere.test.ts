import assert from 'node:assert/strict'
import test from 'node:test'
import { consumerConfig } from '../consumer/consumer-config.ts'
import { producerConfig } from '../producer/producer-config.ts'
import { clientSettings } from './client-settings.ts'
import { CONSUMER_ONLY, PRODUCER_ONLY, remedyElsewhere } from './settings-elsewhere.ts'

const logger = { debug() {}, info() {}, warn() {}, error() {} }

test('the settings of each client are those of every client and its own', () => {
  const common = Object.keys(clientSettings)
  assert.deepEqual(Object.keys(consumerConfig({})).sort(), [...common, ...CONSUMER_ONLY].sort())
  assert.deepEqual(Object.keys(producerConfig({}, logger)).sort(), [...common, ...PRODUCER_ONLY].sort())
})

test('a setting of the other client, of another library, and of nobody', () => {
  assert.equal(remedyElsewhere('groupId'), 'it is a setting of the consumer')
  assert.equal(remedyElsewhere('lingerMs'), 'it is a setting of the producer')
  assert.equal(remedyElsewhere('brokers'), 'here it is bootstrapServers')
  assert.equal(remedyElsewhere('saslPassword'), 'SASL is not supported yet')
  assert.equal(remedyElsewhere('colour'), undefined)
  assert.equal(remedyElsewhere('constructor'), undefined)
})
