import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Order } from './driver.ts'
import { drive, Tally } from './driver.ts'

/** What the bench uses of @platformatic/kafka, which is installed apart from this repository. */
interface Platformatic {
  Producer: new (
    options: object,
  ) => {
    send(call: { acks: number; messages: { topic: string; value: Buffer }[] }): Promise<unknown>
    close(): Promise<void>
  }
  Consumer: new (
    options: object,
  ) => {
    consume(options: object): Promise<{
      on(event: 'data', listener: (message: { value: Buffer }) => void): void
      on(event: 'error', listener: (error: Error) => void): void
      close(): Promise<void>
    }>
    close(force?: boolean): Promise<void>
  }
}

/** `send` collects nothing by itself: a call is a request for each broker. */
const CALL = 1000
const ALL = -1

const { home } = JSON.parse(process.argv[2] ?? '') as Order
const require = createRequire(join(home, 'package.json'))
const entry = require.resolve('@platformatic/kafka')
const { Producer, Consumer } = (await import(pathToFileURL(entry).href)) as Platformatic
const { version } = require(join(dirname(entry), '../package.json')) as { version: string }

const common = (order: Order) => ({
  clientId: 'bench',
  bootstrapBrokers: order.bootstrapServers.split(','),
  autocreateTopics: false,
})

await drive({
  client: `@platformatic/kafka ${version}`,
  async producer(order) {
    const { topic } = order
    const producer = new Producer({ ...common(order), idempotent: order.idempotence, acks: ALL })
    return {
      async send(values, count) {
        for (let from = 0; from < count; from += CALL) {
          const messages: { topic: string; value: Buffer }[] = []
          for (let index = from; index < Math.min(count, from + CALL); index++) {
            messages.push({ topic, value: values[index % values.length] as Buffer })
          }
          await producer.send({ acks: ALL, messages })
        }
      },
      sendOne: (value) => producer.send({ acks: ALL, messages: [{ topic, value }] }),
      close: () => producer.close(),
    }
  },
  async consume(order, topic, count) {
    const consumer = new Consumer({ ...common(order), groupId: `${order.group}-${topic}` })
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'earliest',
      autocommit: false,
      minBytes: order.fetchMinBytes,
      maxBytes: order.fetchMaxBytes,
      maxBytesPerPartition: order.partitionBytes,
      maxWaitTime: order.fetchMaxWaitMs,
    })
    const tally = new Tally(count, order.valueSize)
    const failed = new Promise<never>((_, reject) => stream.on('error', reject))
    stream.on('data', ({ value }) => void tally.add(value))
    await Promise.race([tally.done, failed])
    return async () => {
      await stream.close()
      await consumer.close()
    }
  },
})
