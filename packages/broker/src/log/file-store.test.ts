import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Disk } from '@samsa/runtime'
import { SimWorld, turn } from '@samsa/runtime'
import { batchOf, recordsOf, usualSettings } from '../batches.test-support.ts'
import { fileStore } from './file-store.ts'
import { PartitionLog } from './partition-log.ts'

const settings = { ...usualSettings, segmentBytes: 250 }
const DIRECTORY = '/data/t-0'
const FIRST = `${DIRECTORY}/00000000000000000000.log`
const CRASHED = false
const CLOSED_IN_ORDER = true

function newWorld(seed = 1): SimWorld {
  return new SimWorld({ seed, turn })
}

function diskOf(world: SimWorld): Disk {
  const { disk } = world.host('host')
  disk.makeDirectory('/data')
  return disk
}

function open(disk: Disk, wasClosedInOrder: boolean): PartitionLog {
  return new PartitionLog(
    fileStore(disk, DIRECTORY, { wasClosedInOrder, indexIntervalBytes: 4096 }),
    settings,
  )
}

function everything(log: PartitionLog): string[] {
  return [...log.batches()].flatMap(recordsOf)
}

/** Appends and waits until it is on the medium, as an answer to a producer does. */
async function append(world: SimWorld, log: PartitionLog, values: readonly string[], sequence = -1) {
  const producer = sequence < 0 ? {} : { producerId: 9n, producerEpoch: 0, baseSequence: sequence }
  const appended = log.append(batchOf(values, producer), { leaderEpoch: 0, now: 0 })
  if ('error' in appended) throw new Error(appended.detail)
  if (appended.durable) await world.until(appended.durable, 60_000)
  return appended.baseOffset
}

/** A directory with four batches of two records, in two segments, and nothing closed. */
async function crashed(): Promise<{ disk: Disk; kept: string[] }> {
  const world = newWorld()
  const log = open(diskOf(world), CLOSED_IN_ORDER)
  for (const value of ['a', 'b', 'c', 'd']) await append(world, log, [value, value.toUpperCase()])
  const kept = everything(log)
  world.kill('host')
  return { disk: world.host('host').disk, kept }
}

describe('a partition on disk', () => {
  it('is there again after it was closed, and goes on where it was', async () => {
    const world = newWorld()
    const disk = diskOf(world)
    const log = open(disk, CLOSED_IN_ORDER)
    for (const value of ['a', 'b', 'c', 'd', 'e', 'f']) await append(world, log, [value, value])
    const before = everything(log)
    log.close()
    const again = open(disk, CLOSED_IN_ORDER)
    assert.deepEqual(everything(again), before)
    assert.equal(again.logEndOffset, 12)
    assert.equal(again.highWatermark, 12)
    assert.equal(await append(world, again, ['g']), 12)
  })

  it('names its files as Kafka does, with the indexes of segments that are full', async () => {
    const { disk } = await crashed()
    assert.deepEqual(disk.list(DIRECTORY), [
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      '00000000000000000006.log',
    ])
  })

  it('knows its idempotent producers after a crash', async () => {
    const world = newWorld()
    const log = open(diskOf(world), CLOSED_IN_ORDER)
    assert.equal(await append(world, log, ['a', 'b'], 0), 0)
    assert.equal(await append(world, log, ['c'], 2), 2)
    world.kill('host')
    const again = open(world.host('host').disk, CRASHED)
    assert.equal(await append(world, again, ['c'], 2), 2)
    assert.equal(await append(world, again, ['d'], 3), 3)
    assert.deepEqual(everything(again), ['0=a', '1=b', '2=c', '3=d'])
  })
})

describe('after a crash', () => {
  it('a power cut takes nothing that was acknowledged, and leaves nothing that cannot be read', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const world = newWorld(seed)
      const disk = diskOf(world)
      disk.syncDirectory('/')
      disk.makeDirectory(DIRECTORY)
      disk.syncDirectory('/data')
      const log = open(disk, CLOSED_IN_ORDER)
      for (let index = 0; index < 5; index++) await append(world, log, [`${index}`, `${index}`])
      const acknowledged = everything(log)
      for (let index = 5; index < 9; index++) log.append(batchOf([`${index}`]), { leaderEpoch: 0, now: 0 })
      const written = everything(log)
      world.cutPower('host')
      const found = everything(open(world.host('host').disk, CRASHED))
      assert.ok(found.length >= acknowledged.length, `seed ${seed}: ${found}`)
      assert.deepEqual(found, written.slice(0, found.length), `seed ${seed}`)
    }
  })

  it('whatever the last segment lost at its end, the whole batches before it are read', async () => {
    const batch = batchOf(['a', 'A']).length
    const { disk, kept } = await crashed()
    const whole = disk.open(FIRST).size()
    for (let length = whole; length >= 0; length--) {
      disk.removeDirectory(DIRECTORY)
      disk.makeDirectory(DIRECTORY)
      const file = disk.open(FIRST, { create: true })
      file.write(0, [await firstSegment(length)])
      const log = open(disk, CRASHED)
      const left = Math.floor(length / batch)
      assert.deepEqual(everything(log), kept.slice(0, left * 2), `${length} bytes`)
      assert.equal(disk.open(FIRST).size(), left * batch, `${length} bytes`)
    }
  })

  it('no flipped bit is ever read: the log ends before the batch that holds it', async () => {
    const { kept } = await crashed()
    const whole = await firstSegment()
    const batch = batchOf(['a', 'A']).length
    const world = newWorld()
    const disk = diskOf(world)
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole)
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8))
      disk.removeDirectory(DIRECTORY)
      disk.makeDirectory(DIRECTORY)
      disk.open(FIRST, { create: true }).write(0, [flipped])
      const found = everything(open(disk, CRASHED))
      // The offset and the leader's epoch stand outside of the checksum; a greater offset looks like a gap.
      const place = at % batch
      if (place < 8 || (place >= 12 && place < 16)) continue
      assert.deepEqual(found, kept.slice(0, Math.floor(at / batch) * 2), `byte ${at}`)
    }
  })

  it('garbage behind the last batch is cut off', async () => {
    const { disk, kept } = await crashed()
    const last = disk.open(`${DIRECTORY}/00000000000000000006.log`)
    last.write(last.size(), [Buffer.alloc(100, 0xa5)])
    const log = open(disk, CRASHED)
    assert.deepEqual(everything(log), kept)
    assert.equal(log.logEndOffset, kept.length)
  })

  it('foreign files in the directory are left alone', async () => {
    const { disk, kept } = await crashed()
    disk.replace(`${DIRECTORY}/notes.txt`, Buffer.from('hello'))
    disk.replace(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('0\n0\n'))
    assert.deepEqual(everything(open(disk, CRASHED)), kept)
    assert.ok(disk.exists(`${DIRECTORY}/notes.txt`))
  })
})

/** The bytes of the first segment, or of its beginning. */
async function firstSegment(length?: number): Promise<Uint8Array> {
  const { disk } = await crashed()
  return (disk.read(FIRST) as Uint8Array).subarray(0, length)
}
