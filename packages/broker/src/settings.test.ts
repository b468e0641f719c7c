import assert from 'node:assert/strict'
import test from 'node:test'
import { brokerSettings } from './settings.ts'

const refused = (given: object, message: RegExp) =>
  assert.throws(() => brokerSettings(given), { name: 'KafkaError', code: 'CONFIG', message })

test('nothing given gives the defaults of Kafka', () => {
  const settings = brokerSettings({})
  assert.deepEqual(
    [settings.host, settings.port, settings.brokers, settings.numPartitions, settings.dataDirectory],
    ['127.0.0.1', 0, 1, 1, undefined],
  )
  assert.deepEqual(
    [settings.messageMaxBytes, settings.fetchMaxBytes, settings.socketRequestMaxBytes],
    [1_048_588, 57_671_680, 104_857_600],
  )
  assert.deepEqual([settings.autoCreateTopicsEnable, settings.offsetMetadataMaxBytes], [true, 4096])
})

test('undefined means the default', () => {
  assert.equal(brokerSettings({ port: undefined, host: undefined } as never).host, '127.0.0.1')
})

test('a name that is nearly right is named, another one told what there is', () => {
  refused({ prot: 9092 }, /unknown setting prot; did you mean port\?/)
  refused({ numPartition: 3 }, /did you mean numPartitions\?/)
  refused({ dataDir: '/tmp' }, /unknown setting dataDir/)
  refused({ zookeeper: 'x' }, /unknown setting zookeeper; .*(known are .*numPartitions|did you mean)/)
  refused({ toString: 'x' }, /unknown setting toString/)
})

test('numbers have bounds and are whole', () => {
  for (const port of [0, 65535]) assert.equal(brokerSettings({ port }).port, port)
  for (const port of [-1, 65536, 1.5, Number.NaN, '9092' as never])
    refused({ port }, /port must be a whole number from 0 to 65535, not/)
  for (const brokers of [0, 101]) refused({ brokers }, /brokers must be a whole number from 1 to 100/)
  refused({ numPartitions: 0 }, /numPartitions must be a whole number from 1/)
  refused({ messageMaxBytes: -1 }, /messageMaxBytes must be a whole number from 0/)
  refused({ connectionsMaxIdleMs: Number.POSITIVE_INFINITY }, /connectionsMaxIdleMs/)
})

test('several nodes need as many ports from the first one on', () => {
  assert.equal(brokerSettings({ port: 65533, brokers: 3 }).port, 65533)
  refused({ port: 65534, brokers: 3 }, /65534.*3 .*65535/)
})

test('texts are not empty, switches are true or false', () => {
  refused({ host: '' }, /host must be text/)
  refused({ host: 5 }, /host must be text/)
  refused({ dataDirectory: '' }, /dataDirectory must be text/)
  refused({ advertisedHost: '' }, /advertisedHost must be text/)
  refused({ autoCreateTopicsEnable: 'true' }, /autoCreateTopicsEnable must be true or false/)
  assert.equal(brokerSettings({ autoCreateTopicsEnable: false }).autoCreateTopicsEnable, false)
})

test('null is no setting', () => {
  for (const name of ['port', 'host', 'autoCreateTopicsEnable', 'dataDirectory'])
    refused({ [name]: null }, /must be/)
})

test('every address of the machine is no address for clients', () => {
  for (const host of ['0.0.0.0', '::', '[::]']) {
    refused({ host }, /set advertisedHost/)
    refused({ host: '127.0.0.1', advertisedHost: host }, /clients cannot connect/)
    const bare = host === '[::]' ? '::' : host
    assert.equal(brokerSettings({ host, advertisedHost: 'localhost' }).host, bare)
  }
})

test('the shortest session is not longer than the longest', () => {
  const given = { groupMinSessionTimeoutMs: 2000, groupMaxSessionTimeoutMs: 1000 }
  refused(given, /groupMinSessionTimeoutMs 2000 is more than groupMaxSessionTimeoutMs 1000/)
  assert.equal(brokerSettings({ ...given, groupMaxSessionTimeoutMs: 2000 }).groupMaxSessionTimeoutMs, 2000)
})
