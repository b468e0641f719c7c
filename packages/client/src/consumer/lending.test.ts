import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssignedPartition } from './positions.ts'
import { Positions } from './positions.ts'

function assigned(...partitions: number[]): { positions: Positions; at: AssignedPartition[] } {
  const positions = new Positions()
  const at = positions.assign(partitions.map((partition) => ({ topic: 't', partition })))
  for (const partition of at) partition.moveTo(0)
  return { positions, at }
}

/** Hands a record over, as the consumer does. */
function hand(positions: Positions, partition: AssignedPartition): void {
  partition.position = (partition.position as number) + 1
  positions.lend(partition)
}

function committable(positions: Positions): [number, number][] {
  return positions.uncommitted(false).map(({ partition, offset }) => [partition.partition, offset])
}

test('what is in hand is not processed; asking for more makes all of it so, of every partition', () => {
  const { positions, at } = assigned(0, 1, 2)
  const [zero, one, two] = at as [AssignedPartition, AssignedPartition, AssignedPartition]
  for (const partition of [zero, zero, one, two, zero]) hand(positions, partition)
  for (const [partition, offset] of committable(positions)) assert.equal(offset, 0, `${partition}`)
  positions.takeBack()
  assert.deepEqual(committable(positions), [
    [0, 3],
    [1, 1],
    [2, 1],
  ])
  hand(positions, one)
  assert.deepEqual(committable(positions)[1], [1, 1])
  positions.takeBack()
  assert.deepEqual(committable(positions)[1], [1, 2])
})

test('what was in hand of a partition that is gone does not come back with it', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const { positions, at } = assigned(0, 1)
    for (const index of order) hand(positions, at[index] as AssignedPartition)
    positions.assign([{ topic: 't', partition: 1 }])
    positions.takeBack()
    assert.equal(at[0]?.committable, 0)
    assert.equal(at[1]?.committable, 1)
  }
})
