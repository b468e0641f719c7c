import type { TestContext } from 'node:test'
import type { Broker, BrokerOptions } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { ConsumerOptions, Logger, ProducerOptions, Sendable } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'

/** A logger that keeps what people would have read. */
export function loggerOf(lines: string[]): Logger {
  const keep = (message: string) => void lines.push(message)
  return { debug: () => {}, info: () => {}, warn: keep, error: keep }
}

/** A broker for one test, and clients of it that are closed with it. */
export interface Stage {
  broker: Broker
  /** Warnings and errors of all clients. */
  log: string[]
  producer(options?: ProducerOptions<Sendable, Sendable>): KafkaProducer
  consumer<K = Buffer | null, V = Buffer | null>(options?: ConsumerOptions<K, V>): KafkaConsumer<K, V>
}

export async function stage(t: TestContext, options: BrokerOptions = {}): Promise<Stage> {
  const broker = await startBroker(options)
  const clients: { close(options: { timeoutMs: number }): Promise<void> }[] = []
  const log: string[] = []
  const logger = loggerOf(log)
  t.after(async () => {
    await Promise.all(clients.map((client) => client.close({ timeoutMs: 5000 })))
    await broker.close()
  })
  const { bootstrapServers } = broker
  return {
    broker,
    log,
    producer: (given = {}) => {
      const client = new KafkaProducer({ bootstrapServers, retryBackoffMs: 10, ...given }, { logger })
      clients.push(client)
      return client
    },
    consumer: <K, V>(given: ConsumerOptions<K, V> = {}) => {
      const client = new KafkaConsumer<K, V>(
        { bootstrapServers, autoOffsetReset: 'earliest', retryBackoffMs: 10, fetchMaxWaitMs: 50, ...given },
        { logger },
      )
      clients.push(client)
      return client
    },
  }
}

/** Values of a partition from its beginning, as many as there are now. */
export async function stored(on: Stage, topic: string, partition = 0): Promise<string[]> {
  const consumer = on.consumer()
  const target = { topic, partition }
  const [end = 0] = await consumer.endOffsets([target])
  consumer.assign([target])
  consumer.seek(target, 0)
  const values: string[] = []
  while (values.length < end) {
    const { value } = await consumer.next({ timeoutMs: 20_000 })
    values.push(String(value.value))
  }
  await consumer.close()
  return values
}

/** Waits until something is so, at most 20 seconds. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited 20 s in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
