import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { Stage } from './stage.ts'
import { stages } from './stage.ts'

const MEBIBYTE = 2 ** 20
const LIMIT_MS = 60_000
const sizes = [0, 1, 100, 16_384, 65_535, 65_536, 65_537, MEBIBYTE, 15 * MEBIBYTE, 1, 5 * MEBIBYTE, 300]

const digest = (bytes: Uint8Array | null) =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex')

for (const open of stages) {
  describe(`records of 0 bytes to 15 MiB in requests of up to 20 MiB on ${open.title}`, () => {
    let stage: Stage
    before(async () => {
      stage = await open()
    })
    after(() => stage?.close())

    for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      it(`${compressionType}: all arrive as they were`, async () => {
        const { bootstrapServers } = stage
        const topic = `sizes-${compressionType}`
        await using producer = new KafkaProducer({
          bootstrapServers,
          compressionType,
          maxRequestSize: 20 * MEBIBYTE,
        })
        const expected = new Map<string, string>()
        const futures = sizes.flatMap((size, index) =>
          [randomBytes(size), Buffer.alloc(size, `text ${size} `)].map((value, kind) => {
            const key = `${index}-${kind}`
            expected.set(key, digest(value))
            return producer.send({ topic, key, value, partition: index % 3 })
          }),
        )
        await Promise.all(futures)
        await using consumer = new KafkaConsumer({ bootstrapServers, autoOffsetReset: 'earliest' })
        consumer.assign([0, 1, 2].map((partition) => ({ topic, partition })))
        const seen = new Map<string, string>()
        for (let count = 0; count < expected.size; count++) {
          const { value: record } = await consumer.next({ timeoutMs: LIMIT_MS })
          seen.set(String(record.key), digest(record.value))
        }
        assert.deepEqual([...seen].sort(), [...expected].sort())
      })
    }

    it('a record that the broker finds too large fails alone; those of its batch are stored in order', async () => {
      const { bootstrapServers } = stage
      const topic = 'sizes-refused'
      await using producer = new KafkaProducer({
        bootstrapServers,
        maxRequestSize: 60 * MEBIBYTE,
        bufferMemory: 120 * MEBIBYTE,
        batchSize: 60 * MEBIBYTE,
        lingerMs: 100,
      })
      const small = Buffer.alloc(1000, 'x')
      const futures = Array.from({ length: 20 }, (_, index) =>
        producer.send({ topic, partition: 0, value: index === 7 ? Buffer.alloc(30 * MEBIBYTE) : small }),
      )
      const outcomes = await Promise.allSettled(futures)
      const refused = outcomes.flatMap((outcome, index) =>
        outcome.status === 'rejected' ? [`${index} ${outcome.reason.code}`] : [],
      )
      assert.deepEqual(refused, ['7 MESSAGE_TOO_LARGE'])
      const offsets = outcomes.flatMap((outcome) =>
        outcome.status === 'fulfilled' ? [outcome.value.offset] : [],
      )
      assert.deepEqual(
        offsets,
        Array.from({ length: 19 }, (_, index) => index),
      )
    })
  })
}
