import assert from 'node:assert/strict'
import test from 'node:test'
import type { FutureRecordMetadata } from './future-record-metadata.ts'
import { fates, ModelCluster, randomOf } from './model-broker.test-support.ts'
import { KafkaProducer } from './producer.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
/** Worlds are tried until so much time has passed; a slow machine tries fewer, but at least some. Milliseconds. */
const ENOUGH_MS = 10_000
const LEAST_SEEDS = 60
const MOST_SEEDS = 3_000

/**
 * Several partitions, each with its first batches in trouble: refused for the moment, appended and refused, cut, hanging,
 * too large, left out of answers, with leaders that move. Whatever happens, everything is stored once, in the order of
 * sending, and acknowledged with its offset.
 */
async function run(seed: number): Promise<number> {
  const random = randomOf(seed ^ 0x5bd1e995)
  const partitions = 2 + Math.floor(random() * 3)
  const maxBatchBytes = random() < 0.4 ? 250 : 1_000_000
  const troubles = 1 + Math.floor(random() * 10)
  const cluster = new ModelCluster({ seed, partitions, troubles, maxBatchBytes })
  const { world } = cluster
  const producer = new KafkaProducer(
    {
      bootstrapServers: 'b1:9092,b2:9092',
      requestTimeoutMs: 1_000,
      deliveryTimeoutMs: 600_000,
      maxBlockMs: 600_000,
      lingerMs: random() < 0.5 ? 0 : 5,
      batchSize: random() < 0.5 ? 1 : 400,
    },
    { runtime: world, logger: silent },
  )
  const sent = cluster.partitions.map(() => [] as { value: string; future: FutureRecordMetadata }[])
  for (let burst = 0; burst < 3; burst++) {
    for (const [partition, list] of sent.entries()) {
      const count = Math.floor(random() * 7)
      for (let index = 0; index < count; index++) {
        const value = `${list.length} ${'.'.repeat(Math.floor(random() * 60))}`
        list.push({ value, future: producer.send({ topic: 't', partition, value }) })
      }
    }
    await world.advance(random() * 300)
  }
  for (let step = 0; step < 400 && !sent.flat().every(({ future }) => future.isDone); step++)
    await world.advance(500)
  for (const [partition, list] of sent.entries()) {
    const at = `seed ${seed}, partition ${partition}`
    const failures = list.map(({ future }) => future.exception?.message).filter((message) => message)
    assert.deepEqual(failures, [], at)
    assert.deepEqual(
      cluster.partitions[partition]?.log.map((value) => value.split(' ')[0]),
      list.map((_, index) => `${index}`),
      at,
    )
    list.forEach(({ future }, index) => {
      const { offset } = future.value ?? { offset: undefined }
      assert.ok(offset === index || offset === -1, `${at}: record ${index} has offset ${offset}`)
    })
  }
  const closing = producer.close()
  await world.advance(10)
  await closing
  return cluster.met
}

test('whatever happens to first batches, the log has the order of sending, each record once', async () => {
  const started = performance.now()
  let troubles = 0
  let seed = 1
  for (; seed <= MOST_SEEDS; seed++) {
    if (seed > LEAST_SEEDS && performance.now() - started > ENOUGH_MS) break
    troubles += await run(seed)
  }
  assert.ok(troubles > seed, 'there was trouble')
})

test('without idempotence and with one request in flight records may come twice, but never out of order', async () => {
  const later = fates.filter((fate) => fate !== 'hangs and arrives late')
  for (let seed = 1; seed <= 60; seed++) {
    const cluster = new ModelCluster({ seed, partitions: 2, troubles: 8, maxBatchBytes: 200, fates: later })
    const { world } = cluster
    const producer = new KafkaProducer(
      {
        bootstrapServers: 'b1:9092,b2:9092',
        enableIdempotence: false,
        maxInFlightRequestsPerConnection: 1,
        requestTimeoutMs: 1_000,
        deliveryTimeoutMs: 600_000,
        lingerMs: 0,
        batchSize: seed % 2 === 0 ? 1 : 400,
      },
      { runtime: world, logger: silent },
    )
    const sent = [0, 1].map((partition) =>
      Array.from({ length: 12 }, (_, index) =>
        producer.send({ topic: 't', partition, value: `${index} ${'.'.repeat((index * 7) % 40)}` }),
      ),
    )
    for (let step = 0; step < 400 && !sent.flat().every(({ isDone }) => isDone); step++)
      await world.advance(500)
    for (const [partition, futures] of sent.entries()) {
      const at = `seed ${seed}, partition ${partition}`
      assert.ok(
        futures.every((future) => future.succeeded()),
        at,
      )
      const log = (cluster.partitions[partition]?.log ?? []).map((value) => Number(value.split(' ')[0]))
      assert.deepEqual(
        [...new Set(log)],
        futures.map((_, index) => index),
        at,
      )
      // A batch that comes twice is there twice as a whole; single records are never behind a later one.
      if (seed % 2 === 0)
        assert.deepEqual(
          log,
          [...log].sort((a, b) => a - b),
          at,
        )
    }
    const closing = producer.close()
    await world.advance(10)
    await closing
  }
})
