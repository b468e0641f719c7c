import { createRequire } from 'node:module'
import { join } from 'node:path'

/** What the driver uses of kafkajs, which is installed apart from this repository. */
interface KafkaJs {
  Kafka: new (
    options: object,
  ) => {
    producer(options: object): Producer
    consumer(options: object): Consumer
    admin(): Admin
  }
  Partitioners: { DefaultPartitioner: unknown }
}

export interface Sender {
  sendBatch(batch: object): Promise<{ topicName: string; partition: number; baseOffset?: string }[]>
}

export interface Producer extends Sender {
  connect(): Promise<void>
  disconnect(): Promise<void>
  transaction(): Promise<Transaction>
}

export interface Transaction extends Sender {
  sendOffsets(offsets: object): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface Consumer {
  connect(): Promise<void>
  disconnect(): Promise<void>
  subscribe(what: { topics: readonly string[]; fromBeginning: boolean }): Promise<void>
  run(options: object): Promise<void>
  commitOffsets(offsets: readonly object[]): Promise<void>
  seek(offset: object): void
  on(event: string, listener: (event: { payload: Record<string, unknown> }) => void): void
}

interface Admin {
  connect(): Promise<void>
  disconnect(): Promise<void>
  fetchTopicOffsets(topic: string): Promise<{ partition: number; high: string }[]>
}

export interface EachBatch {
  batch: Batch
  resolveOffset(offset: string): void
  heartbeat(): Promise<void>
  isStale(): boolean
}

export interface Batch {
  topic: string
  partition: number
  messages: { offset: string; value: Buffer | null }[]
  lastOffset(): string
}

const require = createRequire(join(process.env['CLIENTS_HOME'] ?? '', 'package.json'))
export const { Kafka, Partitioners } = require('kafkajs') as KafkaJs
export const { version } = require('kafkajs/package.json') as { version: string }
