import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchHeader, readBatches } from '@samsa/protocol'
import { SimWorld, turn } from '@samsa/runtime'
import { batchOf, recordsOf, usualSettings } from '../batches.test-support.ts'
import { TroubledDisk } from '../troubled-disk.test-support.ts'
import { fileStore } from './file-store.ts'
import type { Appended } from './partition-log.ts'
import { PartitionLog } from './partition-log.ts'
import { DamagedBatchError } from './segment.ts'

const DIRECTORY = '/t-0'
const FIRST = `${DIRECTORY}/00000000000000000000`

/** A partition on a disk that can be troubled. */
class Bench {
  readonly world = new SimWorld({ seed: 'recovery', turn })
  readonly disk = new TroubledDisk(this.world.host('host').disk)

  open(given: { clean?: boolean; start?: number; segmentBytes?: number } = {}): PartitionLog {
    const { clean = false, start = 0, segmentBytes = 400 } = given
    const store = fileStore(this.disk, DIRECTORY, { wasClosedInOrder: clean, indexIntervalBytes: 4096 })
    return new PartitionLog(store, { ...usualSettings, segmentBytes }, start)
  }

  /** Appends, and waits until it is on the medium. */
  async append(log: PartitionLog, value: string): Promise<number> {
    const { baseOffset, durable } = appended(log, value)
    if (durable) await this.world.until(durable, 60_000)
    return baseOffset
  }

  /** Records 0 to 19, acknowledged; the log is not closed. */
  static async filled(segmentBytes = 400): Promise<Bench> {
    const bench = new Bench()
    const log = bench.open({ segmentBytes })
    for (let index = 0; index < 20; index++) await bench.append(log, `v${index}`)
    return bench
  }

  logs(): string[] {
    const names = this.disk.list(DIRECTORY) ?? []
    return names.filter((name) => name.endsWith('.log')).map((name) => `${DIRECTORY}/${name}`)
  }
}

function appended(log: PartitionLog, value: string): Appended {
  const answer = log.append(batchOf([value]), { leaderEpoch: 0, now: 2_000 })
  assert.ok(!('error' in answer), JSON.stringify(answer))
  return answer
}

function refusal(log: PartitionLog): string {
  const answer = log.append(batchOf(['late']), { leaderEpoch: 0, now: 2_000 })
  return 'error' in answer ? answer.error : 'NONE'
}

const everything = (log: PartitionLog) => [...log.batches()].flatMap(recordsOf)
const visible = (log: PartitionLog) => recordsOf(log.read(log.logStartOffset, 2 ** 30, true))
const values = (count: number) => Array.from({ length: count }, (_, index) => `${index}=v${index}`)

test('a force that fails: nobody is acknowledged, nothing more is taken, nothing of it is shown', async () => {
  const bench = new Bench()
  const { disk } = bench
  const log = bench.open()
  await bench.append(log, 'v0')
  disk.failing.sync = 'EIO'
  for (const { durable } of [appended(log, 'v1'), appended(log, 'v2')])
    await assert.rejects(async () => durable, { code: 'EIO' })
  disk.failing = {}
  assert.equal(refusal(log), 'KAFKA_STORAGE_ERROR', 'the medium works again, but what it lost is not known')
  assert.deepEqual(visible(log), ['0=v0'])
  assert.equal(log.close(), false, 'the next start must check')
})

test('a disk that is full takes a part of a batch: it is refused, and cut off at the next start', async () => {
  const bench = new Bench()
  const log = bench.open()
  await bench.append(log, 'v0')
  bench.disk.failing.write = 'ENOSPC'
  assert.equal(refusal(log), 'KAFKA_STORAGE_ERROR')
  bench.disk.failing = {}
  assert.equal(refusal(log), 'KAFKA_STORAGE_ERROR')
  assert.equal(log.close(), false)
  const again = bench.open()
  assert.deepEqual(everything(again), ['0=v0'])
  assert.equal(await bench.append(again, 'v1'), 1)
})

test('closing forces what is pending and acknowledges it', async () => {
  const bench = new Bench()
  const log = bench.open()
  bench.disk.syncDirectory('/')
  const release = bench.disk.holdSync()
  const pending = appended(log, 'v0')
  await Promise.resolve()
  const behind = appended(log, 'v1')
  assert.equal(log.close(), true)
  assert.equal(log.highWatermark, 2)
  release()
  await pending.durable
  await behind.durable
  bench.world.cutPower('host')
  const left = bench.world.host('host').disk.read(`${FIRST}.log`) ?? new Uint8Array(0)
  assert.deepEqual(recordsOf(left), values(2))
})

test('zeros and garbage at the end are cut off, also after an orderly stop', async () => {
  for (const tail of [Buffer.alloc(1_000), Buffer.alloc(5_000, 0xff)]) {
    const bench = await Bench.filled(100_000)
    for (const clean of [false, true]) {
      bench.disk.damage(`${FIRST}.log`, (bytes) => Buffer.concat([bytes, tail]))
      assert.deepEqual(everything(bench.open({ clean, segmentBytes: 100_000 })), values(20))
    }
  }
})

test('damage in the middle takes later segments with it, so that no gap is passed over', async () => {
  const bench = await Bench.filled()
  const [, second = '', ...later] = bench.logs()
  assert.ok(later.length > 0, 'there are segments behind it')
  bench.disk.damage(second, (bytes) => bytes.fill(0xaa, 10))
  const end = Number(second.slice(-24, -4))
  const log = bench.open()
  assert.equal(log.logEndOffset, end)
  assert.equal(bench.logs().length, 2)
  assert.equal(await bench.append(log, 'again'), end)
})

test('missing and damaged indexes are no matter: they are made from the log', async () => {
  const bench = await Bench.filled()
  for (const name of bench.disk.list(DIRECTORY) ?? []) {
    if (name.endsWith('.index')) bench.disk.remove(`${DIRECTORY}/${name}`)
    else if (name.endsWith('.timeindex')) bench.disk.damage(`${DIRECTORY}/${name}`, () => Buffer.from('x'))
  }
  for (const clean of [true, false]) {
    const log = bench.open({ clean })
    assert.deepEqual(everything(log), values(20))
    assert.equal(log.offsetForTime(1_000)?.offset, 0)
  }
})

test('a batch whose offsets go back, or end before they begin, is not believed', async () => {
  for (const change of [
    (second: BatchHeader) => {
      second.baseOffset = 0
    },
    (second: BatchHeader) => void second.bytes.writeInt32BE(-1, second.position + 23),
  ]) {
    const bench = await Bench.filled(100_000)
    bench.disk.damage(`${FIRST}.log`, (bytes) => {
      const second = new BatchHeader(bytes, new BatchHeader(bytes, 0).sizeInBytes)
      change(second)
      second.sealChecksum()
      return bytes
    })
    for (const clean of [true, false]) assert.deepEqual(everything(bench.open({ clean })), values(1))
  }
})

test('records that were deleted stay deleted, also when damage took all that was above them', async () => {
  const bench = await Bench.filled()
  const log = bench.open({ start: 15 })
  assert.equal(log.logStartOffset, 15)
  const [first = ''] = bench.logs()
  bench.disk.damage(first, () => Buffer.from('rubbish'))
  const emptied = bench.open({ start: 15 })
  assert.deepEqual([emptied.logStartOffset, emptied.logEndOffset], [15, 15])
  assert.equal(await bench.append(emptied, 'next'), 15)
})

test('a log that is closed lets go of all its files', async () => {
  const bench = await Bench.filled()
  const before = bench.disk.openFiles
  bench.open().close()
  assert.equal(bench.disk.openFiles, before)
})

test('what is read from a disk that damages it is refused where no checksum would tell', async () => {
  const bench = await Bench.filled()
  const log = bench.open()
  const whole = Buffer.from(log.read(0, 2 ** 30, true))
  let refused = 0
  bench.world.damageReads('host', 1)
  for (let turns = 0; turns < 2000; turns++) {
    try {
      const read = log.read(0, 2 ** 30, true)
      const [offset, length] = [new BatchHeader(read).baseOffset, read.length]
      assert.deepEqual([offset, length], [0, whole.length])
      const changed = whole.findIndex((byte, at) => byte !== read[at])
      let begin = 0
      for (const batch of readBatches(read)) {
        const end = begin + batch.sizeInBytes
        if (changed >= begin && changed < end) assert.throws(() => batch.checkCrc())
        begin = end
      }
      assert.equal(begin, whole.length)
    } catch (error) {
      if (!(error instanceof DamagedBatchError)) throw error
      assert.match(error.message, /the batch of offset \d+ at byte \d+ of its segment is damaged/)
      refused++
    }
  }
  assert.ok(refused > 100, `${refused}`)
})
