import assert from 'node:assert/strict'
import test from 'node:test'
import { readBatches, recordSizeBound } from '@samsa/protocol'
import type { AccumulatorOptions } from './accumulator.ts'
import { Accumulator } from './accumulator.ts'

const leader = { node: 1, leaderEpoch: 0, topicId: 'a' }
const identity = { id: 1n, epoch: 0 }

function accumulatorOf(given: Partial<AccumulatorOptions> = {}): Accumulator {
  return new Accumulator({
    batchSize: 1000,
    lingerMs: 5,
    bufferMemory: 10_000,
    deliveryTimeoutMs: 120_000,
    ...given,
  })
}

function append(accumulator: Accumulator, value: string, now = 0, partition = 0) {
  return accumulator.append('t', partition, 1_700_000_000_000, null, value, undefined, now)
}

const hundred = 'x'.repeat(100)

test('records of a partition share a batch until it has batchSize bytes, in order', () => {
  const accumulator = accumulatorOf()
  const batches = new Set(
    Array.from({ length: 20 }, (_, index) => append(accumulator, `${index} ${hundred}`).batch),
  )
  assert.ok(batches.size > 1)
  const values = [...batches].flatMap((batch) => {
    assert.ok(batch.sizeInBytes <= 1000)
    const [read] = [...readBatches(batch.finish('none', undefined))]
    return read?.records().map(({ value }) => value?.toString().split(' ')[0])
  })
  assert.deepEqual(
    values,
    Array.from({ length: 20 }, (_, index) => String(index)),
  )
})

test('a record larger than batchSize gets a batch of its own', () => {
  const accumulator = accumulatorOf()
  const small = append(accumulator, 'a').batch
  const large = append(accumulator, 'x'.repeat(5000)).batch
  const next = append(accumulator, 'b').batch
  assert.equal(new Set([small, large, next]).size, 3)
  assert.equal(large.count, 1)
})

test('batchSize 0 sends each record by itself', () => {
  const accumulator = accumulatorOf({ batchSize: 0 })
  assert.notEqual(append(accumulator, 'a').batch, append(accumulator, 'b').batch)
})

test('partitions have batches of their own', () => {
  const accumulator = accumulatorOf()
  assert.notEqual(append(accumulator, 'a', 0, 0).batch, append(accumulator, 'a', 0, 1).batch)
})

test('a batch waits for lingerMs from its first record', () => {
  const accumulator = accumulatorOf({ lingerMs: 50 })
  const { batch } = append(accumulator, 'a', 100)
  append(accumulator, 'b', 140)
  const queue = accumulator.queue('t', 0)
  assert.equal(accumulator.readyAt(queue, batch), 150)
})

test('a full batch, one with another behind it, and any that is flushed do not wait', () => {
  const accumulator = accumulatorOf({ lingerMs: 50 })
  const queue = accumulator.queue('t', 0)
  const { batch } = append(accumulator, 'a', 100)
  assert.equal(accumulator.readyAt(queue, batch), 150)
  accumulator.isFlushing = true
  assert.equal(accumulator.readyAt(queue, batch), 0)
  accumulator.isFlushing = false
  assert.equal(append(accumulator, 'x'.repeat(2000), 101).isReady, true)
  assert.equal(accumulator.readyAt(queue, batch), 0)
})

test('a retry waits for its own time, not for lingerMs', () => {
  const accumulator = accumulatorOf({ lingerMs: 50 })
  const queue = accumulator.queue('t', 0)
  const { batch } = append(accumulator, 'a', 100)
  batch.attempts = 1
  batch.retryAt = 900
  assert.equal(accumulator.readyAt(queue, batch), 900)
})

test('a batch that was sent or closed takes no more records', () => {
  const accumulator = accumulatorOf()
  const { batch } = append(accumulator, 'a')
  batch.finish('none', undefined)
  assert.notEqual(append(accumulator, 'b').batch, batch)
})

test('memory counts what is not settled, and is given back once', () => {
  const accumulator = accumulatorOf({ bufferMemory: 300 })
  const { batch, bytes } = append(accumulator, hundred)
  append(accumulator, hundred)
  const bound = recordSizeBound(null, hundred, undefined)
  assert.equal(accumulator.memory, 2 * bytes)
  assert.equal(accumulator.hasRoom(bound), false)
  accumulator.release(batch)
  accumulator.release(batch)
  assert.equal(accumulator.memory, 0)
  assert.equal(accumulator.hasRoom(bound), true)
})

test('a record that is larger than the memory that is left still fits alone', () => {
  assert.equal(accumulatorOf({ bufferMemory: 10 }).hasRoom(1000), true)
})

test('a batch expires deliveryTimeoutMs after its first record, waiting or under way, numbered or not', () => {
  for (const isIdempotent of [true, false]) {
    const accumulator = accumulatorOf({ deliveryTimeoutMs: 1000 })
    const { batch } = append(accumulator, 'a', 100)
    const queue = accumulator.queue('t', 0)
    assert.equal(accumulator.nextDeadline, 1100)
    assert.deepEqual(accumulator.expired(1099), [])
    assert.deepEqual(accumulator.expired(1100), [batch])
    queue.take(identity, isIdempotent, leader, 100)
    assert.equal(accumulator.nextDeadline, 1100)
    assert.deepEqual(accumulator.expired(1100), [batch])
    queue.meet(batch, 'expired', 1100)
    assert.deepEqual(accumulator.expired(1100), [])
  }
})

test('what is not settled is told, whether it waits or is under way, numbered or not', () => {
  for (const isIdempotent of [true, false]) {
    const accumulator = accumulatorOf()
    const sent = append(accumulator, 'a').batch
    accumulator.queue('t', 0).take(identity, isIdempotent, leader, 0)
    const waiting = append(accumulator, 'b').batch
    assert.deepEqual([...accumulator.batches()], [sent, waiting])
  }
})

test('a queue that holds nothing any more is not looked at', () => {
  const accumulator = accumulatorOf()
  const { batch } = append(accumulator, 'a')
  const queue = accumulator.queue('t', 0)
  assert.deepEqual([...accumulator.active], [queue])
  queue.take(undefined, false, leader, 0)
  accumulator.tidy(queue)
  assert.equal(accumulator.isEmpty, false, 'it is under way')
  queue.meet(batch, 'stored', 0)
  accumulator.tidy(queue)
  assert.equal(accumulator.isEmpty, true)
})
