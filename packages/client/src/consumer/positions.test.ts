import assert from 'node:assert/strict'
import test from 'node:test'
import { batchAt, fetchOf } from './fetching.test-support.ts'
import type { AssignedPartition } from './positions.ts'
import { Positions } from './positions.ts'

const at = (partition: number) => ({ topic: 't', partition })
/** An answer with so many records. */
const answer = (offset: number, count = 1) => fetchOf(offset, batchAt(offset, count))

function assigned(count: number): { positions: Positions; partitions: AssignedPartition[] } {
  const positions = new Positions()
  const partitions = positions.assign(Array.from({ length: count }, (_, index) => at(index)))
  for (const partition of partitions) partition.moveTo(0)
  return { positions, partitions }
}

test('a partition that stays keeps its state, one that comes back is another one', () => {
  const { positions, partitions } = assigned(2)
  const [first, second] = partitions as [AssignedPartition, AssignedPartition]
  first.moveTo(7)
  assert.deepEqual(
    positions.assign([at(0), at(2)]).map(({ partition }) => partition),
    [2],
  )
  assert.equal(positions.get(at(0)), first)
  assert.equal(positions.current(second), false)
  positions.assign([at(1)])
  assert.equal(positions.current(first), false)
  assert.equal(positions.current(second), false, 'what was asked for the old one is not for the new one')
  assert.equal(positions.get(at(1))?.position, undefined)
})

test('only what has a position, is not paused, given back or asked, and has room is hungry', () => {
  const { positions, partitions } = assigned(6)
  positions.queues.fetchLimit = 50
  const [, paused, revoking, asked, full, lost] = partitions as AssignedPartition[]
  if (paused) paused.isPaused = true
  if (revoking) revoking.isRevoking = true
  if (asked) asked.asking = {}
  full?.absorb(answer(0))
  lost?.resetTo('latest')
  const hungry = () => positions.all.filter(({ isHungry }) => isHungry).map(({ partition }) => partition)
  assert.deepEqual(hungry(), [0])
  if (paused) paused.isPaused = false
  full?.drop()
  assert.deepEqual(hungry(), [0, 1, 4])
  assert.ok([...positions.queues.hungry].some(({ partition }) => partition === 1))
})

test('what is kept is counted as it changes: for those that are paused apart, and not of those that are gone', () => {
  const { positions, partitions } = assigned(3)
  const { queues } = positions
  for (const partition of partitions) partition.absorb(answer(0))
  const size = batchAt(0, 1).length
  const counted = () => [queues.bufferedBytes / size, queues.pausedBytes / size]
  assert.deepEqual(counted(), [3, 0])
  const [a, b] = partitions as [AssignedPartition, AssignedPartition]
  a.isPaused = true
  assert.deepEqual(counted(), [2, 1])
  b.moveTo(5)
  assert.deepEqual(counted(), [1, 1])
  a.isPaused = false
  assert.deepEqual(counted(), [2, 0])
  positions.assign([at(1)])
  assert.deepEqual(counted(), [0, 0])
  a.absorb(answer(1))
  assert.deepEqual(counted(), [0, 0], 'an answer that comes too late')
  assert.equal(positions.next(), undefined)
})

test('who has given goes to the end; paused ones and those given back give nothing', () => {
  const { positions, partitions } = assigned(3)
  const [a, b, c] = partitions as [AssignedPartition, AssignedPartition, AssignedPartition]
  for (const partition of partitions) partition.absorb(answer(0))
  assert.equal(positions.next(), a)
  positions.rotate(a)
  assert.equal(positions.next(), b)
  b.isPaused = true
  assert.equal(positions.next(), c)
  c.isRevoking = true
  assert.equal(positions.next(), a)
  a.drop()
  assert.equal(positions.next(), undefined)
})

test('another position drops what was fetched for the old one', () => {
  const { partitions } = assigned(1)
  const [a] = partitions as [AssignedPartition]
  a.absorb(answer(0))
  a.moveTo(9, 4)
  assert.deepEqual(
    [a.position, a.fetchOffset, a.leaderEpoch, a.hasBuffered, a.buffer.bytes],
    [9, 9, 4, false, 0],
  )
})
