import assert from 'node:assert/strict'
import test from 'node:test'
import { Metadata } from '@samsa/protocol'
import { FakeWorld } from '../world.test-support.ts'
import { KafkaProducer } from './producer.ts'

test('a topic that is waited for is told after 10 s, once for all that wait, with the reason', async () => {
  const world = new FakeWorld()
  world.broker('b:9092').answers(Metadata, ({ body }) => ({
    brokers: [{ nodeId: 1, host: 'b', port: 9092, rack: null }],
    clusterId: 'c',
    controllerId: 1,
    topics: body.topics.map(({ name }: { name: string }) => ({
      errorCode: 3,
      name,
      topicId: 'AAAAAAAAAAAAAAAAAAAACg',
      partitions: [],
    })),
  }))
  const lines: string[] = []
  const logger = { debug() {}, info() {}, warn: (line: string) => void lines.push(line), error() {} }
  const producer = new KafkaProducer({ bootstrapServers: 'b:9092' }, { runtime: world, logger })
  const started = world.now()
  const futures = ['1', '2'].map((value) => producer.send({ topic: 'missing', value }))
  const outcomes = futures.map((future) =>
    future.then(
      () => 'stored',
      (error) => (error as Error).message,
    ),
  )
  await world.advance(9_000)
  assert.deepEqual(lines, [])
  await world.advance(1_100)
  assert.equal(lines.length, 1)
  assert.match(
    lines[0] ?? '',
    /^records wait for topic missing for 10 s.*60000 ms.*UNKNOWN_TOPIC_OR_PARTITION/,
  )
  // One budget for everything that `send` waits for.
  await world.advance(51_000)
  for (const message of await Promise.all(outcomes)) assert.match(message, /topic missing to be known/)
  assert.ok(world.now() - started < 62_000)
  assert.equal(lines.length, 1)
  const closing = producer.close({ timeoutMs: 0 })
  await world.advance(1)
  await closing
})
