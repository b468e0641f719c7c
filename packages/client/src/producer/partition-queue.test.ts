import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, headerOf } from '@samsa/protocol'
import type { BatchEvent } from './delivery.ts'
import type { Leader } from './partition-queue.ts'
import { PartitionQueue } from './partition-queue.ts'
import type { ProducerIdentity } from './producer-batch.ts'
import { ProducerBatch } from './producer-batch.ts'

const first: ProducerIdentity = { id: 7n, epoch: 0 }
const second: ProducerIdentity = { id: 7n, epoch: 1 }
const leader: Leader = { node: 1, leaderEpoch: 3, topicId: 'a' }

let clock = 0

/** A batch of so many records, filled after all the others. */
function batchOf(count: number): ProducerBatch {
  const writer = new BatchWriter()
  for (let index = 0; index < count; index++) writer.append(0, null, `record ${index}`, undefined)
  return new ProducerBatch('t', 0, writer, ++clock, clock + 1000)
}

/** A queue whose leader knows the producer already, under the first identity, unless it is to be new. */
function queueOf(counts: number[], isNew = false): { queue: PartitionQueue; batches: ProducerBatch[] } {
  const queue = new PartitionQueue('t', 0)
  if (!isNew) {
    const known = batchOf(1)
    queue.push(known)
    queue.take(first, true, leader, clock)
    queue.meet(known, 'stored', clock)
  }
  const batches = counts.map(batchOf)
  for (const batch of batches) queue.push(batch)
  return { queue, batches }
}

/** Sends everything that may go under an identity. */
function sendAll(queue: PartitionQueue, identity = first, to = leader): ProducerBatch[] {
  const sent: ProducerBatch[] = []
  while (queue.next(identity, true, to)) sent.push(queue.take(identity, true, to, clock))
  return sent
}

function meet(queue: PartitionQueue, batches: readonly ProducerBatch[], event: BatchEvent): void {
  for (const batch of batches) queue.meet(batch, event, clock)
}

function numbers(batches: readonly ProducerBatch[]): string[] {
  return batches.map(({ identity, baseSequence }) => `${identity?.epoch ?? '-'}:${baseSequence}`)
}

test('batches are numbered one after the other when they are first sent', () => {
  const { queue, batches } = queueOf([3, 2, 1])
  assert.deepEqual(numbers(batches), ['-:-1', '-:-1', '-:-1'])
  assert.deepEqual(sendAll(queue), batches)
  assert.deepEqual(numbers(batches), ['0:1', '0:4', '0:6'])
})

test('nothing goes before there is an identity to number it with', () => {
  assert.equal(queueOf([1]).queue.next(undefined, true, leader), undefined)
})

test('one batch only is in flight until the leader has acknowledged one, however often it is put off', () => {
  const { queue, batches } = queueOf([1, 1, 1], true)
  const [a] = batches as [ProducerBatch]
  for (const event of ['putOff', 'unanswered', 'unsent', 'unnamed'] as const) {
    assert.deepEqual(sendAll(queue), [a], `before ${event}`)
    meet(queue, [a], event)
  }
  assert.deepEqual(sendAll(queue), [a])
  meet(queue, [a], 'stored')
  assert.deepEqual(sendAll(queue), batches.slice(1))
})

const strangers: [string, ProducerIdentity, Leader][] = [
  ['another leader', first, { ...leader, node: 2 }],
  ['the same leader in a later term', first, { ...leader, leaderEpoch: 4 }],
  ['a topic made anew', first, { ...leader, topicId: 'b' }],
  ['a new epoch', second, leader],
]
for (const [title, identity, to] of strangers) {
  test(`of ${title} nobody knows what it knows: one batch goes first`, () => {
    const { queue, batches } = queueOf([1, 1, 1])
    assert.deepEqual(sendAll(queue, identity, to), batches.slice(0, 1))
    meet(queue, batches.slice(0, 1), 'stored')
    assert.deepEqual(sendAll(queue, identity, to), batches.slice(1))
  })
}

test('after ten minutes of silence a broker may have forgotten the producer: one batch goes first', () => {
  const { queue, batches } = queueOf([1, 1])
  const later = clock + 600_001
  queue.take(first, true, leader, later)
  assert.equal(queue.next(first, true, leader), undefined)
  queue.meet(batches[0] as ProducerBatch, 'stored', later)
  assert.equal(queue.next(first, true, leader), batches[1])
})

test('without idempotence as many go as the producer allows, but to one leader at a time', () => {
  const { queue, batches } = queueOf([1, 1, 1], true)
  for (const batch of batches.slice(0, 2)) {
    assert.equal(queue.next(undefined, false, leader), batch)
    queue.take(undefined, false, leader, clock)
  }
  assert.equal(queue.next(undefined, false, { ...leader, node: 2 }), undefined)
  meet(queue, batches.slice(0, 2), 'stored')
  assert.equal(queue.next(undefined, false, { ...leader, node: 2 }), batches[2])
})

test('a retry keeps its number, whatever the identity is by then', () => {
  const { queue, batches } = queueOf([3, 2])
  sendAll(queue)
  meet(queue, batches, 'unanswered')
  const [a] = batches as [ProducerBatch]
  assert.equal(queue.next(second, true, leader), a)
  assert.equal(queue.take(second, true, leader, clock), a)
  assert.deepEqual(numbers(batches), ['0:1', '0:4'])
})

test('of several retries only the first may go, and the next only after it', () => {
  const { queue, batches } = queueOf([1, 1, 1])
  sendAll(queue)
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  meet(queue, [c, a, b], 'putOff')
  assert.deepEqual(queue.batches, [a, b, c])
  assert.equal(queue.take(first, true, leader, clock), a)
  assert.equal(queue.next(first, true, leader), undefined, 'b has to wait for a')
  meet(queue, [a], 'stored')
  assert.equal(queue.next(first, true, leader), b)
})

test('the order of filling is kept whatever is sent again, with numbers and without', () => {
  for (const isIdempotent of [true, false]) {
    const { queue, batches } = queueOf([1, 1, 1])
    const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
    queue.take(first, isIdempotent, leader, clock)
    queue.take(first, isIdempotent, leader, clock)
    meet(queue, [b, a], 'turnedAway')
    assert.deepEqual(queue.batches, [a, b, c])
    assert.equal(queue.next(first, isIdempotent, leader), a)
  }
})

test('behind a batch that is not decided only four others are numbered: a broker remembers five', () => {
  const { queue, batches } = queueOf([1, 1, 1, 1, 1, 1, 1])
  const [a, b] = batches as [ProducerBatch, ProducerBatch]
  assert.equal(sendAll(queue).length, 5)
  meet(queue, batches.slice(1, 5), 'stored')
  meet(queue, [a], 'putOff')
  assert.deepEqual(sendAll(queue), [a], 'nothing is numbered behind it, although nothing else is in flight')
  meet(queue, [a], 'stored')
  assert.deepEqual(sendAll(queue), batches.slice(5))
  assert.equal(b.ordinal, a.ordinal + 1)
})

test('after a gap nothing new goes before the partition begins again at 0 in a new epoch', () => {
  const { queue, batches } = queueOf([2, 2, 2])
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  queue.take(first, true, leader, clock)
  queue.take(first, true, leader, clock)
  meet(queue, [a], 'rejected')
  assert.equal(queue.next(first, true, leader), undefined)
  assert.equal(queue.canRenumber, false, 'b is still in flight')
  meet(queue, [b], 'outOfSequence')
  assert.equal(queue.canRenumber, true)
  assert.deepEqual(queue.renumber(clock), first)
  assert.deepEqual(sendAll(queue, second), [b])
  meet(queue, [b], 'stored')
  assert.deepEqual(sendAll(queue, second), [c])
  assert.deepEqual(numbers(batches), ['0:1', '1:0', '1:2'])
})

test('what may be stored is decided under its old number before a new epoch begins', () => {
  const { queue, batches } = queueOf([1, 1])
  const [a, b] = batches as [ProducerBatch, ProducerBatch]
  sendAll(queue)
  meet(queue, [a], 'rejected')
  meet(queue, [b], 'putOff')
  assert.equal(queue.canRenumber, false)
  assert.equal(queue.next(first, true, leader), b, 'only asking again can decide it')
  queue.take(first, true, leader, clock)
  assert.deepEqual(numbers([b]), ['0:2'])
  meet(queue, [b], 'outOfSequence')
  assert.equal(queue.canRenumber, true)
})

test('what follows a batch that is certainly not stored is not stored either: a lost answer behind it blocks nothing', () => {
  const { queue, batches } = queueOf([1, 1, 1])
  sendAll(queue)
  const [a, b, c] = batches as [ProducerBatch, ProducerBatch, ProducerBatch]
  meet(queue, [a], 'rejected')
  meet(queue, [b], 'outOfSequence')
  meet(queue, [c], 'unanswered')
  assert.equal(queue.next(first, true, leader), undefined, 'b must not go under its old number')
  assert.equal(queue.canRenumber, true)
  assert.deepEqual(queue.renumber(clock), first)
  assert.deepEqual(sendAll(queue, second), [b])
  meet(queue, [b], 'stored')
  assert.deepEqual(sendAll(queue, second), [c])
  assert.deepEqual(numbers(batches), ['0:1', '1:0', '1:1'])
})

test('a new identity begins at 0, once nothing of the old one is undecided', () => {
  const { queue, batches } = queueOf([5])
  const [a] = batches as [ProducerBatch]
  sendAll(queue)
  const b = batchOf(1)
  queue.push(b)
  assert.equal(queue.next(second, true, leader), undefined, 'a is in flight with the old identity')
  meet(queue, [a], 'stored')
  assert.equal(queue.next(second, true, leader), b)
  queue.take(second, true, leader, clock)
  assert.deepEqual(numbers([b]), ['1:0'])
})

test('after a batch that expired in flight nothing new is numbered until its answer has come', () => {
  for (const event of ['stored', 'putOff', 'unanswered'] as const) {
    const { queue, batches } = queueOf([1, 1])
    const [a, b] = batches as [ProducerBatch, ProducerBatch]
    queue.take(first, true, leader, clock)
    meet(queue, [a], 'expired')
    assert.equal(queue.isEmpty, false)
    assert.equal(queue.next(first, true, leader), undefined)
    meet(queue, [a], event)
    assert.equal(queue.canRenumber, event !== 'stored')
    if (queue.canRenumber) queue.renumber(clock)
    assert.equal(queue.next(first, true, leader), b)
  }
})

test('numbers that another cluster gave are not used again: what may be stored there is given up, the rest numbered anew', () => {
  const { queue, batches } = queueOf([1, 1, 1, 1])
  const [a, b, c, d] = batches as [ProducerBatch, ProducerBatch, ProducerBatch, ProducerBatch]
  for (let index = 0; index < 3; index++) queue.take(first, true, leader, clock)
  meet(queue, [a], 'unsent')
  meet(queue, [b], 'unanswered')
  queue.disown()
  assert.equal(queue.next(first, true, leader), undefined)
  assert.deepEqual(queue.undecidable, [b])
  meet(queue, [c], 'putOff')
  assert.deepEqual(queue.undecidable, [b, c])
  meet(queue, [b, c], 'disowned')
  assert.equal(queue.canRenumber, true)
  queue.renumber(clock)
  const other = { id: 99n, epoch: 0 }
  assert.deepEqual(sendAll(queue, other), [a])
  meet(queue, [a], 'stored')
  assert.deepEqual(sendAll(queue, other), [d])
  assert.deepEqual(
    [a, d].map(({ identity, baseSequence }) => [identity, baseSequence]),
    [
      [other, 0],
      [other, 1],
    ],
  )
})

test('the number is stamped into bytes that exist already', () => {
  const { queue, batches } = queueOf([2])
  const [a] = batches as [ProducerBatch]
  queue.take(first, true, leader, clock)
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
  const { queue, batches } = queueOf([3])
  const [a] = batches as [ProducerBatch]
  queue.take(first, true, leader, clock)
  a.number(first, 2 ** 31 - 2)
  assert.equal(a.nextSequence, 1)
})

test('a batch that was too large shares its numbers out among its parts, in order', () => {
  const { queue, batches } = queueOf([4, 1])
  const [whole, after] = batches as [ProducerBatch, ProducerBatch]
  sendAll(queue)
  const parts = [batchOf(1), batchOf(3)]
  assert.deepEqual(queue.meet(whole, 'tooLarge', clock), ['split'])
  queue.replace(whole, parts)
  assert.deepEqual(queue.batches, [...parts, after])
  assert.deepEqual(numbers([...parts, after]), ['0:1', '0:2', '0:5'])
  assert.deepEqual([whole.state, ...parts.map(({ state }) => state)], ['settled', 'refused', 'refused'])
  assert.equal(queue.take(first, true, leader, clock), parts[0])
  assert.equal(queue.next(first, true, leader), undefined)
})

test('parts without numbers keep their order, also when one of them is sent again', () => {
  const { queue, batches } = queueOf([4, 1], true)
  const [whole, after] = batches as [ProducerBatch, ProducerBatch]
  queue.take(undefined, false, leader, clock)
  queue.meet(whole, 'tooLarge', clock)
  const parts = [batchOf(1), batchOf(3)] as [ProducerBatch, ProducerBatch]
  queue.replace(whole, parts)
  assert.equal(queue.take(undefined, false, leader, clock), parts[0])
  queue.meet(parts[0], 'turnedAway', clock)
  assert.deepEqual(queue.batches, [...parts, after])
  assert.equal(queue.next(undefined, false, leader), parts[0])
})

test('a queue is empty only when nothing waits and nothing is in flight', () => {
  const { queue, batches } = queueOf([1], true)
  assert.equal(queue.isEmpty, false)
  queue.take(undefined, false, leader, clock)
  assert.deepEqual([queue.isEmpty, queue.waiting], [false, 0])
  meet(queue, batches, 'stored')
  assert.equal(queue.isEmpty, true)
})

test('what cannot come about is refused with what it was', () => {
  const { queue, batches } = queueOf([1])
  assert.throws(() => queue.meet(batches[0] as ProducerBatch, 'stored', clock), {
    code: 'INTERNAL',
    message: 'a batch that is waiting cannot meet stored',
  })
})
