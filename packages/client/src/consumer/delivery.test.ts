import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchWriter, readBatches } from '@samsa/protocol'
import { Delivery } from './delivery.ts'
import type { AssignedPartition } from './positions.ts'
import { Positions } from './positions.ts'
import type { Reader } from './reader.ts'

const COUNT = 10

/** Partitions of ten records each, all of them fetched, and the delivery that hands them over. */
function stage(count = 1) {
  const positions = new Positions()
  const at = positions.assign([...Array(count).keys()].map((partition) => ({ topic: 't', partition })))
  for (const partition of at) {
    const writer = new BatchWriter()
    for (let offset = 0; offset < COUNT; offset++) writer.append(0, null, `${offset}`, [])
    const [batch] = [...readBatches(writer.finish({ codec: 'none', level: undefined }))]
    partition.moveTo(0)
    partition.records = batch?.records() ?? []
    partition.recordsEnd = COUNT
    partition.changed()
  }
  const delivery = new Delivery({
    positions,
    deserializers: undefined,
    open: () => false,
    onEmptied: () => {},
  })
  return { positions, delivery, at: at as [AssignedPartition, ...AssignedPartition[]] }
}

function taken(delivery: Delivery, reader: Reader): number | undefined {
  delivery.finish(reader)
  return delivery.take(reader)?.offset
}

/** Whether a promise has settled by the end of this turn. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('what may be committed', () => {
  it('ends at the record in hand, and lies behind it when more is asked for', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    taken(delivery, reader)
    assert.equal(delivery.committable(at[0]), 0)
    taken(delivery, reader)
    assert.equal(delivery.committable(at[0]), 1)
    delivery.finish(reader)
    assert.equal(delivery.committable(at[0]), 2)
  })

  it('is the position where nothing is in hand, also where it moved without a record', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    taken(delivery, reader)
    at[0].position = 7
    assert.equal(delivery.committable(at[0]), 0)
    delivery.finish(reader)
    assert.equal(delivery.committable(at[0]), 7)
    at[0].position = 9
    assert.equal(delivery.committable(at[0]), 9)
  })

  it('is the lowest that any reader has in hand', () => {
    const { delivery, at } = stage()
    const [slow, quick] = [delivery.reader(), delivery.reader()]
    assert.equal(taken(delivery, slow), 0)
    for (const offset of [1, 2, 3]) assert.equal(taken(delivery, quick), offset)
    assert.equal(delivery.committable(at[0]), 0)
    assert.equal(delivery.isAlone, false)
    delivery.finish(slow)
    assert.equal(delivery.committable(at[0]), 3)
  })

  it('is of a list that poll gave its first record', () => {
    const { delivery, at, positions } = stage(2)
    const reader = delivery.reader()
    assert.equal(delivery.collect(reader, 15).length, 15)
    assert.deepEqual(
      positions.all.map((each) => delivery.committable(each)),
      [0, 0],
    )
    delivery.finish(reader)
    assert.deepEqual(
      at.map((each) => delivery.committable(each)),
      [10, 5],
    )
    assert.deepEqual(
      delivery.uncommitted(at).map(({ offset }) => offset),
      [10, 5],
    )
    at[0].committed = 10
    assert.deepEqual(
      delivery.uncommitted(at).map(({ offset }) => offset),
      [5],
    )
  })

  it('says nothing of records from before a jump', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    taken(delivery, reader)
    at[0].moveTo(42)
    assert.equal(delivery.committable(at[0]), 42)
    at[0].resetTo('latest')
    assert.equal(delivery.committable(at[0]), undefined)
  })
})

describe('a record that is committed by hand', () => {
  it('is finished: the next of its loop is committable', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    taken(delivery, reader)
    assert.equal(delivery.finishRecord(at[0], 0), 1)
    assert.equal(delivery.committable(at[0]), 1)
  })

  it('finishes those before it in a list of poll, and none behind it', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    delivery.collect(reader, 5)
    assert.equal(delivery.finishRecord(at[0], 2), 3)
    assert.equal(delivery.committable(at[0]), 3)
    assert.equal(delivery.finishRecord(at[0], 4), 5)
    assert.equal(delivery.committable(at[0]), 5)
  })

  it('commits no further than what another loop has in hand, and catches up when that is finished', () => {
    const { delivery, at } = stage()
    const [slow, quick] = [delivery.reader(), delivery.reader()]
    taken(delivery, slow)
    taken(delivery, quick)
    assert.equal(delivery.finishRecord(at[0], 1), 0)
    assert.equal(delivery.finishRecord(at[0], 0), 2)
  })

  it('may lie before what its loop has in hand by now, and is taken as it is', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    for (let n = 0; n < 6; n++) taken(delivery, reader)
    assert.equal(delivery.finishRecord(at[0], 2), 3)
    assert.equal(delivery.committable(at[0]), 5)
  })
})

describe('a loop that ends', () => {
  it('gives back what it had in hand: it is handed over again first, and committable ends there', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    taken(delivery, reader)
    taken(delivery, reader)
    delivery.leave(reader)
    assert.equal(delivery.committable(at[0]), 1)
    const again = delivery.reader()
    assert.deepEqual([taken(delivery, again), taken(delivery, again)], [1, 2])
  })

  it('gives nothing back that was committed, sought past, or given away', () => {
    for (const end of [
      ({ delivery, at }: ReturnType<typeof stage>) => void delivery.finishRecord(at[0], 0),
      ({ delivery, at }: ReturnType<typeof stage>) => delivery.finishBefore(at[0], 1),
      ({ positions }: ReturnType<typeof stage>) => void positions.assign([]),
    ]) {
      const world = stage()
      const reader = world.delivery.reader()
      taken(world.delivery, reader)
      end(world)
      world.delivery.leave(reader)
      assert.notEqual(world.delivery.take(world.delivery.reader())?.offset, 0)
    }
  })

  it('gives back to a paused partition when it is resumed', () => {
    const { delivery, at } = stage()
    const reader = delivery.reader()
    taken(delivery, reader)
    delivery.leave(reader)
    at[0].isPaused = true
    const next = delivery.reader()
    assert.equal(taken(delivery, next), undefined)
    at[0].isPaused = false
    assert.equal(taken(delivery, next), 0)
  })
})

describe('whoever waits until partitions are free', () => {
  it('is told when the loops ask for more, commit, or end', async () => {
    for (const end of [
      (delivery: Delivery, reader: Reader) => delivery.finish(reader),
      (delivery: Delivery, reader: Reader) => delivery.leave(reader),
      (delivery: Delivery, _: Reader, at: AssignedPartition) => void delivery.finishRecord(at, 0),
    ]) {
      const { delivery, at } = stage()
      const reader = delivery.reader()
      taken(delivery, reader)
      const free = delivery.free(at, () => true)
      assert.equal(await isSettled(free), false)
      end(delivery, reader, at[0])
      assert.equal(await isSettled(free), true)
    }
  })

  it('does not wait for what is gone, for nothing, and for a reader that is not awaited', async () => {
    const { delivery, at } = stage()
    assert.equal(await isSettled(delivery.free(at, () => true)), true)
    const reader = delivery.reader()
    taken(delivery, reader)
    assert.equal(await isSettled(delivery.free(at, () => false)), true)
    const free = delivery.free(at, () => true)
    at[0].gone = 'lost'
    delivery.released()
    assert.equal(await isSettled(free), true)
  })
})

it('nothing is handed over during a callback', async () => {
  const { delivery } = stage()
  const reader = delivery.reader()
  let end = () => {}
  const callback = new Promise<void>((resolve) => {
    end = resolve
  })
  const during = delivery.during(callback)
  assert.equal(taken(delivery, reader), undefined)
  assert.deepEqual(delivery.collect(reader, 3), [])
  end()
  await during
  assert.equal(taken(delivery, reader), 0)
})

it('a record that cannot be deserialized keeps none of the other partitions waiting', () => {
  const positions = new Positions()
  const { at } = stage(2)
  const value = (bytes: Buffer) => {
    if (bytes.toString() === '0') throw new Error('no zeros')
    return bytes.toString()
  }
  const delivery = new Delivery({
    positions,
    deserializers: { key: undefined, value },
    open: () => false,
    onEmptied: () => {},
  })
  const mine = positions.assign([0, 1].map((partition) => ({ topic: 't', partition })))
  mine.forEach((partition, index) => {
    partition.moveTo(0)
    partition.records = at[index]?.records ?? []
    partition.recordIndex = index
    partition.recordsEnd = COUNT
    partition.changed()
  })
  const reader = delivery.reader()
  const outcomes: unknown[] = []
  for (let n = 0; n < 4; n++) {
    try {
      outcomes.push(delivery.take(reader)?.partition)
    } catch (error) {
      outcomes.push((error as Error).name)
    }
  }
  assert.equal(outcomes[0], 'DeserializationError')
  assert.ok(outcomes.includes(1), `${outcomes}`)
})
