import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { runTool } from '../../foreign/run-tool.ts'
import { python } from '../../foreign/tools.ts'
import { delay } from '../cluster/surroundings.ts'
import type { Stage } from './stage.ts'
import { stages } from './stage.ts'

/** Creates or deletes a topic, or gives it more partitions. */
const ADMIN = `
import sys, time
from kafka.admin import KafkaAdminClient, NewTopic, NewPartitions
servers, what, topic, partitions = sys.argv[1:5]
a = KafkaAdminClient(bootstrap_servers=servers.split(','))
if what == 'create': a.create_topics([NewTopic(topic, int(partitions), 1)])
if what == 'delete':
  a.delete_topics([topic])
  while topic in a.list_topics(): time.sleep(0.1)
if what == 'widen': a.create_partitions({topic: NewPartitions(int(partitions))})
a.close()
`
const LIMIT_MS = 30_000
/** Short, so that waiting for a refresh of the metadata does not take minutes. */
const metadataMaxAgeMs = 1000

for (const open of stages) {
  describe(`topics that come and grow while a group reads, on ${open.title}`, () => {
    let stage: Stage
    before(async () => {
      python()
      stage = await open()
    })
    after(() => stage?.close())

    const admin = (what: 'create' | 'delete' | 'widen', topic: string, partitions: number) =>
      runTool(python(), ['-c', ADMIN, stage.bootstrapServers, what, topic, String(partitions)])

    const member = (groupId: string, topics: string | RegExp) => {
      const { bootstrapServers } = stage
      const consumer = new KafkaConsumer({
        bootstrapServers,
        groupId,
        autoOffsetReset: 'earliest',
        metadataMaxAgeMs,
      })
      consumer.subscribe(topics)
      return consumer
    }

    const send = async (topic: string, values: readonly string[]) => {
      await using producer = new KafkaProducer({ bootstrapServers: stage.bootstrapServers })
      await Promise.all(values.map((value, partition) => producer.send({ topic, value, partition })))
    }

    it('a topic that is subscribed before it exists is read as soon as it does', async () => {
      await using consumer = member('early', 'early.topic')
      const next = consumer.next({ timeoutMs: LIMIT_MS })
      await send('early.topic', ['first'])
      assert.equal(String((await next).value.value), 'first')
    })

    it('a topic that begins to match a pattern is read, although nothing matched before', async () => {
      await using consumer = member('pattern', /^pattern\./)
      const next = consumer.next({ timeoutMs: LIMIT_MS })
      next.catch(() => undefined)
      await admin('create', 'pattern.one', 1)
      await send('pattern.one', ['first'])
      assert.equal(String((await next).value.value), 'first')
    })

    it('a topic that is recreated is read from its beginning, although it has the old offsets by then', async () => {
      const topic = 'reborn.topic'
      const { bootstrapServers } = stage
      await admin('create', topic, 1)
      await send(topic, ['old'])
      await send(topic, ['old'])
      await using consumer = new KafkaConsumer({
        bootstrapServers,
        autoOffsetReset: 'earliest',
        allowAutoCreateTopics: false,
        metadataMaxAgeMs,
      })
      consumer.assign([{ topic, partition: 0 }])
      for (let count = 0; count < 2; count++) await consumer.next({ timeoutMs: LIMIT_MS })
      consumer.pause({ topic, partition: 0 })
      await admin('delete', topic, 0)
      await admin('create', topic, 1)
      for (const value of ['a', 'b', 'c', 'd']) await send(topic, [value])
      consumer.resume({ topic, partition: 0 })
      const seen: string[] = []
      while (seen.length < 4) seen.push(String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value))
      assert.deepEqual(seen, ['a', 'b', 'c', 'd'])
    })

    it('partitions that are added are shared out, also to a member that had none', async () => {
      await admin('create', 'growing.topic', 1)
      const members = [member('growing', 'growing.topic'), member('growing', 'growing.topic')]
      const seen: string[] = []
      const reading = members.map(async (consumer) => {
        for await (const message of consumer) seen.push(String(message.value))
      })
      try {
        const shares = () => members.map((consumer) => consumer.assignment().length).sort()
        await until(() => String(shares()) === '0,1')
        await admin('widen', 'growing.topic', 4)
        await until(() => String(shares()) === '2,2')
        const values = ['a', 'b', 'c', 'd']
        await send('growing.topic', values)
        await until(() => values.every((value) => seen.includes(value)))
      } finally {
        await Promise.all(members.map((consumer) => consumer.close()))
        await Promise.all(reading)
      }
    })
  })
}

async function until(claim: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  while (!claim()) {
    if (performance.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${claim}`)
    await delay(50)
  }
}
