import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Broker } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { kafkaTool } from '../cluster/apache-kafka.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const PER_CODEC = 400
/** Source: what DumpLogSegments prints when a file is not as it should be; its exit code says nothing. */
const TROUBLE =
  /isvalid: false|Found timestamp mismatch|Index offset|Mismatches in|out of order timestamp|Exception/

describe("Kafka's DumpLogSegments reads the embedded broker's data directory", () => {
  let directory: string
  let dumped: string
  let offsets: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'samsa-data-'))
    const broker = await startBroker({ dataDirectory: directory, logSegmentBytes: 60_000 })
    try {
      await fill(broker)
    } finally {
      await broker.close()
    }
    const partition = join(directory, 'dumped.topic-0')
    const files = readdirSync(partition).filter((name) => /\.(log|index|timeindex)$/.test(name))
    dumped = await dump(
      files.map((name) => join(partition, name)),
      '--deep-iteration',
    )
    const group = readdirSync(directory).filter((name) => name.startsWith('__consumer_offsets-'))
    const logs = group.map((name) => join(directory, name, '00000000000000000000.log'))
    offsets = await dump(logs, '--offsets-decoder')
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  it('and finds nothing wrong in segments and indexes', () => {
    assert.doesNotMatch(dumped, TROUBLE)
    const segments = dumped.match(/^Dumping .*\.log$/gm)?.length ?? 0
    const indexes = dumped.match(/^Dumping .*\.(index|timeindex)$/gm)?.length ?? 0
    assert.ok(segments >= 3, `${segments} segments`)
    assert.equal(indexes, segments * 2)
  })

  it('sees every record once, at consecutive offsets, in the codec that was asked for', () => {
    const seen = [...dumped.matchAll(/^\| offset: (\d+) /gm)]
      .map(([, offset]) => Number(offset))
      .sort((a, b) => a - b)
    assert.deepEqual(
      seen,
      Array.from({ length: PER_CODEC * codecs.length }, (_, index) => index),
    )
    for (const codec of codecs) assert.match(dumped, new RegExp(`compresscodec: ${codec} `))
  })

  it("decodes the group's committed offset", () => {
    assert.doesNotMatch(offsets, TROUBLE)
    assert.match(offsets, /"group":"dumped.group","topic":"dumped.topic","partition":0/)
    assert.match(offsets, /"offset":7\b/)
  })
})

async function fill(broker: Broker): Promise<void> {
  const { bootstrapServers } = broker
  const topic = 'dumped.topic'
  for (const compressionType of codecs) {
    const producer = new KafkaProducer({ bootstrapServers, compressionType, batchSize: 4000 })
    const values = Array.from({ length: PER_CODEC }, (_, index) =>
      `${compressionType} ${index} `.repeat(1 + (index % 40)),
    )
    await Promise.all(values.map((value) => producer.send({ topic, key: 'k', value, headers: { h: 'v' } })))
    await producer.close()
  }
  const consumer = new KafkaConsumer({ bootstrapServers, groupId: 'dumped.group', enableAutoCommit: false })
  await consumer.commit([{ topic, partition: 0, offset: 7 }])
  await consumer.close()
}

function dump(files: readonly string[], ...options: string[]): Promise<string> {
  return kafkaTool('org.apache.kafka.tools.DumpLogSegments', [...options, '--files', files.join(',')])
}
