import assert from 'node:assert/strict'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { hostile, refusal } from './stage.ts'

const producer = (settings: unknown) => () => new KafkaProducer(settings as object)
const consumer = (settings: unknown) => () => new KafkaConsumer(settings as object)
const servers = "bootstrapServers must be 'host:port' or several of them, e.g. 'kafka1:9092,kafka2:9092'"

const refused: readonly (readonly [create: () => unknown, said: string])[] = [
  // A near match.
  [
    producer({ bootstrapServer: 'a:1' }),
    'KafkaProducer: unknown setting bootstrapServer; did you mean bootstrapServers?',
  ],
  [producer({ clientID: 'x' }), 'KafkaProducer: unknown setting clientID; did you mean clientId?'],
  [consumer({ groupID: 'x' }), 'KafkaConsumer: unknown setting groupID; did you mean groupId?'],
  [
    consumer({ 'session.timeout': 1 }),
    'KafkaConsumer: unknown setting session.timeout; did you mean sessionTimeoutMs?',
  ],
  [producer({ toString: 1 }), 'KafkaProducer: unknown setting toString; leave it out'],
  // Of other libraries.
  [producer({ brokers: ['a:1'] }), 'KafkaProducer: unknown setting brokers; here it is bootstrapServers'],
  [
    producer({ 'metadata.broker.list': 'a:1' }),
    'KafkaProducer: unknown setting metadata.broker.list; here it is bootstrapServers',
  ],
  [
    consumer({ fromBeginning: true }),
    "KafkaConsumer: unknown setting fromBeginning; here it is autoOffsetReset: 'earliest'",
  ],
  [
    consumer({ consumer_timeout_ms: 5 }),
    'KafkaConsumer: unknown setting consumer_timeout_ms; give the time to each call: next({ timeoutMs })',
  ],
  [
    consumer({ topics: ['t'] }),
    'KafkaConsumer: unknown setting topics; topics are named in subscribe, assign and send',
  ],
  [producer({ idempotent: true }), 'KafkaProducer: unknown setting idempotent; here it is enableIdempotence'],
  [
    producer({ sasl: { username: 'u', password: 'hunter2' } }),
    'KafkaProducer: unknown setting sasl; SASL is not supported yet',
  ],
  [
    producer({ 'ssl.truststore.location': 'x' }),
    'KafkaProducer: unknown setting ssl.truststore.location; here TLS is ssl: { ca, cert, key, passphrase }, with PEM texts',
  ],
  // Of the other client.
  [producer({ groupId: 'g' }), 'KafkaProducer: unknown setting groupId; it is a setting of the consumer'],
  [
    producer({ auto_offset_reset: 'earliest' }),
    'KafkaProducer: unknown setting auto_offset_reset; it is a setting of the consumer',
  ],
  [consumer({ acks: 'all' }), 'KafkaConsumer: unknown setting acks; it is a setting of the producer'],
  [consumer({ 'linger.ms': 5 }), 'KafkaConsumer: unknown setting linger.ms; it is a setting of the producer'],
  [
    consumer({ valueSerializer: String }),
    'KafkaConsumer: unknown setting valueSerializer; the consumer has valueDeserializer',
  ],
  [
    producer({ keyDeserializer: 'json' }),
    'KafkaProducer: unknown setting keyDeserializer; the producer has keySerializer',
  ],
  // Values.
  [producer({ acks: 2 }), "KafkaProducer: acks must be 'all', 0 or 1, not 2"],
  [
    producer({ compressionType: 'lzma' }),
    "KafkaProducer: compressionType must be one of 'none', 'gzip', 'snappy', 'lz4', 'zstd', not \"lzma\"",
  ],
  [
    producer({ maxRequestSize: '20MB' }),
    'KafkaProducer: maxRequestSize must be a whole number from 1 to 2147483647, not "20MB"',
  ],
  [producer({ lingerMs: -1 }), 'KafkaProducer: lingerMs must be a whole number from 0, not -1'],
  [producer({ lingerMs: Number.NaN }), 'KafkaProducer: lingerMs must be a whole number from 0, not NaN'],
  [
    producer({ valueSerializer: 'json' }),
    'KafkaProducer: valueSerializer must be a function that gives bytes, text or null, not "json"',
  ],
  [
    consumer({ autoOffsetReset: 'beginning' }),
    "KafkaConsumer: autoOffsetReset must be one of 'earliest', 'latest', 'none', not \"beginning\"",
  ],
  [consumer({ enableAutoCommit: 'yes' }), 'KafkaConsumer: enableAutoCommit must be true or false, not "yes"'],
  [
    producer({ securityProtocol: 'SASL_SSL' }),
    "KafkaProducer: securityProtocol must be one of 'PLAINTEXT', 'SSL', not \"SASL_SSL\"",
  ],
  [
    consumer({ sessionTimeoutMs: 1000 }),
    'KafkaConsumer: heartbeatIntervalMs 3000 must be below sessionTimeoutMs 1000; a third of it is usual',
  ],
  [
    producer({ 'enable.idempotence': true, acks: 1 }),
    "KafkaProducer: enableIdempotence needs acks 'all', not 1",
  ],
  [
    producer({ delivery_timeout_ms: 5 }),
    'KafkaProducer: deliveryTimeoutMs 5 must be at least lingerMs + requestTimeoutMs = 30005; raise it, or lower requestTimeoutMs',
  ],
  [
    producer('localhost:9092'),
    'KafkaProducer: settings are an object: new KafkaProducer({ bootstrapServers: \'localhost:9092\' }), not "localhost:9092"',
  ],
  // Addresses.
  [producer({ bootstrapServers: '' }), `KafkaProducer: ${servers}, not ""`],
  [producer({ bootstrapServers: ' , ' }), `KafkaProducer: ${servers}, not " , "`],
  [producer({ bootstrapServers: [] }), `KafkaProducer: ${servers}, not []`],
  [producer({ bootstrapServers: 9092 }), `KafkaProducer: ${servers}, not 9092`],
  [producer({ bootstrapServers: null }), `KafkaProducer: ${servers}, not null`],
  [
    producer({ bootstrapServers: 'a:0' }),
    'KafkaProducer: bootstrapServers needs a port from 1 to 65535, not "a:0"',
  ],
  [
    producer({ bootstrapServers: ['b:1', 'a:65536'] }),
    'KafkaProducer: bootstrapServers needs a port from 1 to 65535, not ["b:1","a:65536"]',
  ],
  [
    producer({ bootstrapServers: 'a:ninety' }),
    `KafkaProducer: ${servers} ([::1]:9092 for IPv6), not "a:ninety"`,
  ],
  [
    producer({ bootstrapServers: '::1:9092' }),
    `KafkaProducer: ${servers} ([::1]:9092 for IPv6), not "::1:9092"`,
  ],
  [
    producer({ bootstrapServers: 'https://kafka.example:9092' }),
    'KafkaProducer: bootstrapServers is not reached by https; write \'kafka.example:9092\', not "https://kafka.example:9092"',
  ],
]

hostile('what is no setting or no value is refused by name, with the rule and the remedy', async () => {
  for (const [create, said] of refused) assert.equal(await refusal(create), `CONFIG: ${said}`)
})

hostile('names of Kafka, of properties files and of Python are the same settings', async (stage) => {
  const { bootstrapServers } = await stage.broker()
  for (const name of ['bootstrapServers', 'bootstrap.servers', 'bootstrap_servers']) {
    const sending = stage.producer({
      [name]: `PLAINTEXT://${bootstrapServers}`,
      acks: -1,
      'linger.ms': '0',
      compression_type: 'GZIP',
    })
    assert.equal((await sending.send({ topic: 't', value: name })).topic, 't')
  }
})
