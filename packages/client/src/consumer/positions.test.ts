import assert from 'node:assert/strict'
import test from 'node:test'
import type { AssignedPartition, Chunk } from './positions.ts'
import { Positions } from './positions.ts'

const at = (partition: number) => ({ topic: 't', partition })
const chunk: Chunk = { batches: [], bytes: 10, aborted: [] }

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

test('only what has a position, is not paused, given back, asked or resting, and has room is fetched', () => {
  const { positions, partitions } = assigned(7)
  const [, paused, revoking, asked, resting, full, lost] = partitions as AssignedPartition[]
  if (paused) paused.isPaused = true
  if (revoking) revoking.isRevoking = true
  if (asked) asked.isFetching = true
  if (resting) resting.retryAt = 101
  if (full) full.bufferedBytes = 50
  lost?.resetTo('latest')
  const fetchable = (now: number) =>
    positions.fetchable(() => true, now, 50).map(({ partition }) => partition)
  assert.deepEqual(fetchable(100), [0])
  assert.deepEqual(fetchable(101), [0, 4])
  assert.deepEqual(
    positions.fetchable(() => false, 100, 50),
    [],
  )
})

test('who has given goes to the end; paused ones and those given back give nothing', () => {
  const { positions, partitions } = assigned(3)
  const [a, b, c] = partitions as [AssignedPartition, AssignedPartition, AssignedPartition]
  for (const partition of partitions) partition.buffered.push(chunk)
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
  a.buffered.push(chunk)
  a.bufferedBytes = 10
  a.abortedProducers.add(7n)
  a.moveTo(9, 4)
  assert.deepEqual(
    [a.position, a.fetchOffset, a.leaderEpoch, a.hasBuffered, a.bufferedBytes, a.abortedProducers.size],
    [9, 9, 4, false, 0, 0],
  )
})
