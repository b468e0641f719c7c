import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Order } from './driver.ts'
import { drive, Tally } from './driver.ts'

/** What the bench uses of kafkajs, which is installed apart from this repository. */
interface KafkaJs {
  Kafka: new (options: { brokers: string[]; clientId: string; logLevel: number }) => Kafka
  Partitioners: { DefaultPartitioner: unknown }
}

interface Kafka {
  producer(options: object): {
    connect(): Promise<void>
    send(call: { topic: string; acks: number; messages: { value: Buffer }[] }): Promise<unknown>
    disconnect(): Promise<void>
  }
  consumer(options: object): {
    connect(): Promise<void>
    subscribe(what: { topics: string[]; fromBeginning: boolean }): Promise<void>
    run(options: object): Promise<void>
    disconnect(): Promise<void>
  }
}

/** It collects nothing by itself: a call is a request for each broker. */
const CALL = 1000
const ERRORS_ONLY = 1

const { home } = JSON.parse(process.argv[2] ?? '') as Order
const require = createRequire(join(home, 'package.json'))
const { Kafka, Partitioners } = require('kafkajs') as KafkaJs
const { version } = require('kafkajs/package.json') as { version: string }

const open = (order: Order) =>
  new Kafka({ brokers: order.bootstrapServers.split(','), clientId: 'bench', logLevel: ERRORS_ONLY })

await drive({
  client: `kafkajs ${version}`,
  async producer(order) {
    const { topic } = order
    const producer = open(order).producer({
      idempotent: order.idempotence,
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    })
    await producer.connect()
    return {
      async send(values, count) {
        for (let from = 0; from < count; from += CALL) {
          const messages: { value: Buffer }[] = []
          for (let index = from; index < Math.min(count, from + CALL); index++) {
            messages.push({ value: values[index % values.length] as Buffer })
          }
          await producer.send({ topic, acks: -1, messages })
        }
      },
      sendOne: (value) => producer.send({ topic, acks: -1, messages: [{ value }] }),
      close: () => producer.disconnect(),
    }
  },
  async consume(order, topic, count) {
    const consumer = open(order).consumer({
      groupId: `${order.group}-${topic}`,
      minBytes: order.fetchMinBytes,
      maxBytes: order.fetchMaxBytes,
      maxBytesPerPartition: order.partitionBytes,
      maxWaitTimeInMs: order.fetchMaxWaitMs,
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const tally = new Tally(count, order.valueSize)
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }: { message: { value: Buffer } }) => {
        tally.add(message.value)
      },
    })
    await tally.done
    return () => consumer.disconnect()
  },
})
