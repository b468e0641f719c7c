import { crc32 } from 'node:zlib'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { Chunk } from './lines.ts'
import { LINE_LIMIT_BYTES } from './lines.ts'

/** What a record and its batch take besides the line itself; plenty. */
const AROUND_A_LINE_BYTES = 1024
/** So much may be on its way before reading the file waits for the brokers. */
const AHEAD_CHUNKS = 8

/** What went one way. The checksum does not depend on the order, since partitions are read side by side. */
export interface Passage {
  count: number
  bytes: number
  checksum: number
  ms: number
  tooLong: number
}

/** A request that carries so long a line. */
export const REQUEST_LIMIT_BYTES = LINE_LIMIT_BYTES + AROUND_A_LINE_BYTES

/** Sends lines as they come, and waits until every one is acknowledged. */
export async function sendLines(
  bootstrapServers: string,
  topic: string,
  chunks: AsyncIterable<Chunk>,
): Promise<Passage> {
  const producer = new KafkaProducer({
    bootstrapServers,
    compressionType: 'lz4',
    maxRequestSize: REQUEST_LIMIT_BYTES,
    bufferMemory: 4 * REQUEST_LIMIT_BYTES,
  })
  let failure: Error | undefined
  producer.on('sendError', ({ error }) => {
    failure ??= error
  })
  const sent: Passage = { count: 0, bytes: 0, checksum: 0, ms: 0, tooLong: 0 }
  const ahead: PromiseLike<unknown>[] = []
  const started = performance.now()
  try {
    for await (const { lines, tooLong } of chunks) {
      sent.tooLong += tooLong
      let last: PromiseLike<unknown> | undefined
      for (const value of lines) {
        last = producer.send({ topic, value })
        account(sent, value)
      }
      if (last) ahead.push(last)
      if (ahead.length > AHEAD_CHUNKS) await ahead.shift()
    }
    await producer.flush()
    sent.ms = performance.now() - started
  } finally {
    await producer.close()
  }
  if (failure) throw failure
  return sent
}

/** Reads so many messages as a new member of a group. Joining it is not counted. */
export async function readLines(bootstrapServers: string, topic: string, count: number): Promise<Passage> {
  const consumer = new KafkaConsumer({
    bootstrapServers,
    groupId: `readers of ${topic}`,
    autoOffsetReset: 'earliest',
  })
  let started = performance.now()
  consumer.on('assigned', () => {
    started = performance.now()
  })
  consumer.subscribe(topic)
  const read: Passage = { count: 0, bytes: 0, checksum: 0, ms: 0, tooLong: 0 }
  try {
    while (read.count < count) {
      const { value: message } = await consumer.next({ timeoutMs: 60_000 })
      account(read, message.value as Buffer)
    }
    read.ms = performance.now() - started
  } finally {
    await consumer.close()
  }
  return read
}

function account(passage: Passage, value: Uint8Array): void {
  passage.count++
  passage.bytes += value.length
  passage.checksum = (passage.checksum + crc32(value)) >>> 0
}
