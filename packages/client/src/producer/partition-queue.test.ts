import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, headerOf } from '@samsa/protocol'
import { PartitionQueue } from './partition-queue.ts'
import type { ProducerIdentity } from './producer-batch.ts'
import { ProducerBatch } from './producer-batch.ts'

const first: ProducerIdentity = { id: 7n, epoch: 0 }
const second: ProducerIdentity = { id: 7n, epoch: 1 }

let clock = 0

/** A batch of so many records, filled after all the others. */
function batchOf(count: number): ProducerBatch {
  const writer = new BatchWriter()
  for (let index = 0; index < count; index++) writer.append(0, null, `record ${index}`, undefined)
  return new ProducerBatch('t', 0, writer, ++clock, clock + 1000)
}

function queueOf(...counts: number[]): { queue: PartitionQueue; batches: ProducerBatch[] } {
  const queue = new PartitionQueue('t', 0)
  const batches = counts.map(batchOf)
  queue.waiting.push(...batches)
  return { queue, batches }
}

/** Sends everything that may go under an identity. */
function sendAll(queue: PartitionQueue, identity: ProducerIdentity | undefined): ProducerBatch[] {
  const sent: ProducerBatch[] = []
  while (queue.next(identity, true)) sent.push(queue.take(identity, true, 1))
  return sent
}

function numbers(batches: readonly ProducerBatch[]): string[] {
  return batches.map(({ identity, baseSequence }) => `${identity?.epoch ?? '-'}:${baseSequence}`)
}

test('batches are numbered one after the other when they are first sent', () => {
  const { queue, batches } = queueOf(3, 2, 1)
  assert.deepEqual(numbers(batches), ['-:-1', '-:-1', '-:-1'])
  assert.deepEqual(sendAll(queue, first), batches)
  assert.deepEqual(numbers(batches), ['0:0', '0:3', '0:5'])
})

test('nothing goes before there is an identity to number it with', () => {
  const { queue } = queueOf(1)
  assert.equal(queue.next(undefined, true), undefined)
})

test('a retry keeps its number, whatever the identity is by then', () => {
  const { queue, batches } = queueOf(3, 2)
  sendAll(queue, first)
  const [a] = batches as [ProducerBatch]
  a.isOutcomeUnknown = true
  queue.completed(a)
  queue.reenqueue(a)
  assert.equal(queue.next(second, true), a)
  assert.equal(queue.take(second, true, 1), a)
  assert.deepEqual(numbers(batches), ['0:0', '0:3'])
})

test('of several retries only the one with the lowest number may go, and the next only after it', () => {
  const { queue, batches } = queueOf(1, 1, 1)
  sendAll(queue, first)
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  for (const batch of [c, a, b]) {
    queue.completed(batch)
    queue.reenqueue(batch)
  }
  assert.deepEqual(queue.waiting, [a, b, c])
  assert.equal(queue.take(first, true, 1), a)
  assert.equal(queue.next(first, true), undefined, 'b has to wait for a')
  queue.completed(a)
  queue.remove(a)
  assert.equal(queue.next(first, true), b)
})

test('a retry goes before batches that were never sent', () => {
  const { queue, batches } = queueOf(1)
  sendAll(queue, first)
  const fresh = batchOf(1)
  queue.waiting.push(fresh)
  queue.completed(batches[0] as ProducerBatch)
  queue.reenqueue(batches[0] as ProducerBatch)
  assert.deepEqual(queue.waiting, [batches[0], fresh])
})

test('without numbers, too, retries keep the order in which they were filled', () => {
  const { queue, batches } = queueOf(1, 1, 1)
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  queue.take(undefined, false, 1)
  queue.take(undefined, false, 1)
  for (const batch of [a, b]) {
    queue.completed(batch)
    queue.reenqueue(batch)
  }
  assert.deepEqual(queue.waiting, [a, b, c])
})

test('after a gap nothing new goes before the partition begins again at 0 in a new epoch', () => {
  const { queue, batches } = queueOf(2, 2, 2)
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  queue.take(first, true, 1)
  queue.take(first, true, 1)
  queue.completed(a)
  queue.remove(a)
  queue.leaveGap()
  assert.equal(queue.next(first, true), undefined)
  assert.equal(queue.canRenumber, false, 'b is still under way')
  queue.completed(b)
  queue.reenqueue(b)
  assert.equal(queue.canRenumber, true)
  queue.renumber()
  assert.deepEqual(sendAll(queue, second), [b, c])
  assert.deepEqual(numbers(batches), ['0:0', '1:0', '1:2'])
})

test('what may be stored is decided under its old number before a new epoch begins', () => {
  const { queue, batches } = queueOf(1, 1)
  const [a, b] = batches as [ProducerBatch, ProducerBatch]
  sendAll(queue, first)
  queue.completed(a)
  queue.remove(a)
  queue.leaveGap()
  b.isOutcomeUnknown = true
  queue.completed(b)
  queue.reenqueue(b)
  assert.equal(queue.canRenumber, false)
  assert.equal(queue.next(first, true), b, 'only asking again can decide it')
  queue.take(first, true, 1)
  assert.deepEqual(numbers([b]), ['0:1'])
  b.isOutcomeUnknown = false
  queue.completed(b)
  queue.reenqueue(b)
  assert.equal(queue.canRenumber, true)
})

test('a new identity begins at 0, once nothing of the old one is undecided', () => {
  const { queue, batches } = queueOf(5)
  const [a] = batches as [ProducerBatch]
  sendAll(queue, first)
  const b = batchOf(1)
  queue.waiting.push(b)
  assert.equal(queue.next(second, true), undefined, 'a is under way with the old identity')
  queue.completed(a)
  queue.remove(a)
  assert.equal(queue.next(second, true), b)
  queue.take(second, true, 1)
  assert.deepEqual(numbers([b]), ['1:0'])
})

test('the number is stamped into bytes that exist already', () => {
  const { queue, batches } = queueOf(2)
  const [a] = batches as [ProducerBatch]
  queue.take(first, true, 1)
  const bytes = a.finish('none', undefined)
  a.number(second, 0)
  const { producerId, producerEpoch, baseSequence } = headerOf(bytes)
  assert.deepEqual(
    { producerId, producerEpoch, baseSequence },
    { producerId: 7n, producerEpoch: 1, baseSequence: 0 },
  )
  assert.ok(headerOf(bytes).isIntact(), 'and the checksum with it')
})

test('numbers go on at 0 after 2^31 - 1', () => {
  const { queue, batches } = queueOf(3)
  const [a] = batches as [ProducerBatch]
  queue.take(first, true, 1)
  a.number(first, 2 ** 31 - 2)
  assert.equal(a.nextSequence, 1)
})

test('a batch that was too large shares its numbers out among its parts, in order', () => {
  const { queue, batches } = queueOf(4, 1)
  const [whole, after] = batches as [ProducerBatch, ProducerBatch]
  sendAll(queue, first)
  const parts = [batchOf(1), batchOf(3)]
  for (const part of parts) part.attempts = whole.attempts
  queue.completed(whole)
  queue.replace(whole, parts)
  assert.deepEqual(queue.waiting, parts)
  assert.deepEqual(numbers([...parts, after]), ['0:0', '0:1', '0:4'])
  assert.equal(queue.take(first, true, 1), parts[0])
  assert.equal(queue.next(first, true), undefined)
})

test('parts without numbers stand in order before what comes later', () => {
  const { queue, batches } = queueOf(4, 1)
  const [whole, after] = batches as [ProducerBatch, ProducerBatch]
  queue.take(undefined, false, 1)
  queue.completed(whole)
  const parts = [1, 3].map((count) => {
    const part = batchOf(count)
    const same = new ProducerBatch('t', 0, part.writer, whole.createdAt, whole.deadline)
    same.attempts = whole.attempts
    return same
  })
  queue.replace(whole, parts)
  assert.deepEqual(queue.waiting, [...parts, after])
})

test('a queue is empty only when nothing waits and nothing is under way', () => {
  const { queue, batches } = queueOf(1)
  assert.equal(queue.isEmpty, false)
  queue.take(undefined, false, 1)
  assert.equal(queue.isEmpty, false)
  queue.completed(batches[0] as ProducerBatch)
  assert.equal(queue.isEmpty, true)
})

test('what follows a batch that is certainly not stored is not stored either: a lost answer behind it blocks nothing', () => {
  const { queue, batches } = queueOf(1, 1, 1)
  sendAll(queue, first)
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  queue.completed(a)
  queue.remove(a)
  queue.leaveGap()
  queue.completed(b)
  queue.reenqueue(b)
  c.isOutcomeUnknown = true
  queue.completed(c)
  queue.reenqueue(c)
  assert.equal(queue.next(first, true), undefined, 'b must not go under its old number')
  assert.equal(queue.canRenumber, true)
  assert.deepEqual(queue.renumber(), first)
  assert.deepEqual(sendAll(queue, second), [b, c])
  assert.deepEqual(numbers(batches), ['0:0', '1:0', '1:1'])
})

test('while batches are under way to one broker, none goes to another', () => {
  const { queue, batches } = queueOf(1, 1)
  assert.equal(queue.mayGoTo(1), true)
  queue.take(first, true, 1)
  assert.equal(queue.mayGoTo(1), true)
  assert.equal(queue.mayGoTo(2), false)
  queue.completed(batches[0] as ProducerBatch)
  assert.equal(queue.mayGoTo(2), true)
})
