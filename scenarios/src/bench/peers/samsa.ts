import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ConsumerRecord, ProducerRecord } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { Order } from './driver.ts'
import { drive, Tally } from './driver.ts'

/** Records that are sent before the producer is given a turn. */
const CHUNK = 10_000

const manifest = new URL('../../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(fileURLToPath(manifest), 'utf8')) as { version: string }

await drive({
  client: `samsa ${version}`,
  async producer(order) {
    const { topic } = order
    const producer = new KafkaProducer({
      bootstrapServers: order.bootstrapServers,
      acks: 'all',
      enableIdempotence: order.idempotence,
      lingerMs: order.lingerMs,
      batchSize: order.batchSize,
      compressionType: 'none',
    })
    let failure: Error | undefined
    producer.on('sendError', ({ error }) => {
      failure = error
    })
    return {
      async send(values, count) {
        let earlier: PromiseLike<unknown> | undefined
        for (let from = 0; from < count; from += CHUNK) {
          const end = Math.min(count, from + CHUNK)
          let last: PromiseLike<unknown> | undefined
          for (let index = from; index < end; index++) {
            const record: ProducerRecord = { topic, value: values[index % values.length] as Buffer }
            last = producer.send(record)
          }
          // Two chunks are under way: memory stays bounded and the brokers stay busy.
          await earlier
          earlier = last
        }
        await producer.flush()
        if (failure) throw failure
      },
      sendOne: (value) => producer.send({ topic, value }) as unknown as Promise<unknown>,
      close: () => producer.close(),
    }
  },
  async consume(order, topic, count) {
    const consumer = new KafkaConsumer({
      bootstrapServers: order.bootstrapServers,
      groupId: `${order.group}-${topic}`,
      autoOffsetReset: 'earliest',
      enableAutoCommit: false,
      fetchMinBytes: order.fetchMinBytes,
      fetchMaxWaitMs: order.fetchMaxWaitMs,
      fetchMaxBytes: order.fetchMaxBytes,
      maxPartitionFetchBytes: order.partitionBytes,
    })
    consumer.subscribe([topic])
    const tally = new Tally(count, order.valueSize)
    await (order.reading === 'each' ? readEach(consumer, tally) : readPolled(consumer, tally, order))
    await tally.done
    return () => consumer.close()
  },
})

async function readEach(consumer: KafkaConsumer, tally: Tally): Promise<void> {
  for await (const record of consumer) if (tally.add(record.value)) return
}

async function readPolled(consumer: KafkaConsumer, tally: Tally, order: Order): Promise<void> {
  for (;;) {
    const records: ConsumerRecord[] = await consumer.poll({ timeoutMs: order.fetchMaxWaitMs })
    for (const record of records) if (tally.add(record.value)) return
  }
}
