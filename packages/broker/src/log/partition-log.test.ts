import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchHeader } from '@samsa/protocol'
import { batchOf, recordsOf, usualSettings } from '../batches.test-support.ts'
import type { LogSettings } from './partition-log.ts'
import { memoryStore, PartitionLog } from './partition-log.ts'
import { MemoryBytes, Segment } from './segment.ts'

const context = { leaderEpoch: 3, now: 5000 }
const EVERYTHING = 2 ** 30

function logOf(settings: Partial<LogSettings> = {}, ...batches: Uint8Array[]): PartitionLog {
  const log = new PartitionLog(memoryStore(), { ...usualSettings, ...settings })
  for (const batch of batches) append(log, batch)
  return log
}

function append(log: PartitionLog, batch: Uint8Array): number {
  const appended = log.append(batch, context)
  if ('error' in appended) throw new Error(`${appended.error}: ${appended.detail}`)
  return appended.baseOffset
}

function refusal(log: PartitionLog, batch: Uint8Array): string {
  const before = log.logEndOffset
  const answer = log.append(batch, context)
  assert.equal(log.logEndOffset, before)
  return 'error' in answer ? answer.error : 'none'
}

const one = (value: string, timestamp?: number) =>
  batchOf([value], timestamp === undefined ? {} : { timestamp })

describe('appending', () => {
  it('gives offsets one after the other and leaves the sender’s bytes alone', () => {
    const log = logOf()
    const sent = batchOf(['a', 'b'])
    const before = Buffer.from(sent)
    assert.equal(append(log, sent), 0)
    assert.equal(append(log, one('c')), 2)
    assert.equal(log.logEndOffset, 3)
    assert.ok(before.equals(sent))
    assert.deepEqual(recordsOf(log.read(0, EVERYTHING, true)), ['0=a', '1=b', '2=c'])
    assert.equal(new BatchHeader(log.read(0, EVERYTHING, true)).leaderEpoch, 3)
  })

  it('stores what an idempotent producer sends twice once, and gives the first offset again', () => {
    const log = logOf()
    const batch = batchOf(['a', 'b'], { producerId: 1n, producerEpoch: 0, baseSequence: 0 })
    assert.equal(append(log, one('x')), 0)
    assert.equal(append(log, batch), 1)
    assert.equal(append(log, batch), 1)
    assert.equal(log.logEndOffset, 3)
  })

  it('stamps records with its own time where the topic says so', () => {
    const log = logOf({ isLogAppendTime: true }, one('a', 1))
    assert.deepEqual(log.offsetForTime(5000), { offset: 0, timestamp: 5000, leaderEpoch: 3 })
    assert.deepEqual(recordsOf(log.read(0, EVERYTHING, true)), ['0=a'])
    assert.equal(log.offsetForTime(5001), undefined)
  })

  it('answers what is sent twice with the stamp of the first time', () => {
    const log = logOf({ isLogAppendTime: true })
    const batch = batchOf(['a'], { producerId: 1n, producerEpoch: 0, baseSequence: 0 })
    for (const now of [5000, 6000])
      assert.deepEqual(log.append(batch, { leaderEpoch: 3, now }), {
        baseOffset: 0,
        logAppendTime: 5000,
        durable: undefined,
      })
  })

  it('refuses what could not be read back, with Kafka’s name for it', () => {
    const log = logOf({ maxMessageBytes: 200 })
    const damaged = Buffer.from(one('a'))
    damaged[damaged.length - 2] = (damaged.at(-2) as number) ^ 1
    const moved = Buffer.from(one('a'))
    new BatchHeader(moved).baseOffset = 7
    const legacy = Buffer.from(one('a'))
    legacy[16] = 1
    assert.equal(refusal(log, new Uint8Array(10)), 'INVALID_RECORD')
    assert.equal(refusal(log, damaged), 'CORRUPT_MESSAGE')
    assert.equal(refusal(log, one('a').subarray(0, -1)), 'CORRUPT_MESSAGE')
    assert.equal(refusal(log, Buffer.concat([one('a'), one('b')])), 'INVALID_RECORD')
    assert.equal(refusal(log, moved), 'INVALID_RECORD')
    assert.equal(refusal(log, legacy), 'INVALID_RECORD')
    assert.equal(refusal(log, one('x'.repeat(300))), 'MESSAGE_TOO_LARGE')
    assert.equal(refusal(log, batchOf(['a'], { producerId: 1n, producerEpoch: 0 })), 'INVALID_RECORD')
  })

  it('wants keys where the topic is compacted', () => {
    const log = logOf({ isCompacted: true })
    assert.equal(refusal(log, one('a')), 'INVALID_RECORD')
    assert.equal(append(log, batchOf([null], { key: 'k' })), 0)
  })
})

describe('reading', () => {
  const log = logOf({}, batchOf(['a', 'b']), one('c'), batchOf(['d', 'e', 'f']))

  it('begins with the batch that holds the offset', () => {
    assert.deepEqual(recordsOf(log.read(1, EVERYTHING, true)), ['0=a', '1=b', '2=c', '3=d', '4=e', '5=f'])
    assert.deepEqual(recordsOf(log.read(2, EVERYTHING, true)), ['2=c', '3=d', '4=e', '5=f'])
    assert.deepEqual(recordsOf(log.read(6, EVERYTHING, true)), [])
    assert.deepEqual(recordsOf(log.read(700, EVERYTHING, true)), [])
  })

  it('keeps to the bound, but for a first batch that nothing else would ever fetch', () => {
    const first = log.read(0, 1, true)
    assert.deepEqual(recordsOf(first), ['0=a', '1=b'])
    assert.equal(log.read(0, 1, false).length, 0)
    assert.deepEqual(recordsOf(log.read(0, first.length + 10, true)), ['0=a', '1=b'])
  })

  it('goes across no segment, and finds the one that an offset is in', () => {
    const rolled = logOf({ segmentBytes: 150 }, ...['a', 'b', 'c', 'd'].map((value) => one(value)))
    assert.deepEqual(recordsOf(rolled.read(0, EVERYTHING, true)), ['0=a', '1=b'])
    assert.deepEqual(recordsOf(rolled.read(2, EVERYTHING, true)), ['2=c', '3=d'])
    assert.deepEqual(recordsOf(rolled.read(3, EVERYTHING, true)), ['3=d'])
  })
})

describe('finding offsets', () => {
  const log = logOf(
    { segmentBytes: 160 },
    batchOf(['a', 'b', 'c'], { timestamp: 100 }),
    one('late', 50),
    one('d', 200),
    one('e', 150),
  )

  it('of a time looks into batches, and for the first one at or after it', () => {
    assert.equal(log.offsetForTime(0)?.offset, 0)
    assert.deepEqual(log.offsetForTime(101), { offset: 1, timestamp: 101, leaderEpoch: 3 })
    assert.equal(log.offsetForTime(103)?.offset, 4)
    assert.equal(log.offsetForTime(201), undefined)
  })

  it('of the greatest time', () => {
    assert.deepEqual(log.maxTimestampRecord(), { offset: 4, timestamp: 200, leaderEpoch: 3 })
    assert.equal(logOf().maxTimestampRecord(), undefined)
  })

  it('of a time, in the order of offsets, also where times go back and batches are compressed', () => {
    const found = logOf(
      {},
      batchOf([{ timestamp: 100 }, { timestamp: 300 }, { timestamp: 200 }], { codec: 'gzip' }),
      batchOf([{ timestamp: 250 }, { timestamp: 400 }]),
      batchOf([{ timestamp: 350 }]),
    )
    for (const [time, offset] of [
      [101, 1],
      [300, 1],
      [301, 4],
      [400, 4],
    ] as const)
      assert.equal(found.offsetForTime(time)?.offset, offset, `${time}`)
    assert.equal(found.offsetForTime(401), undefined)
  })

  it('not of what was deleted', () => {
    const left = logOf({}, batchOf(['a', 'b'], { timestamp: 500 }), one('c', 400))
    left.deleteRecordsBefore(1)
    assert.equal(left.offsetForTime(0)?.offset, 1)
    left.deleteRecordsBefore(2)
    assert.equal(left.offsetForTime(0)?.offset, 2)
    assert.equal(left.offsetForTime(450), undefined)
    assert.equal(left.maxTimestampRecord()?.timestamp, 400)
  })

  it('of epochs whose records are left', () => {
    const moved = logOf()
    for (const leaderEpoch of [1, 2, 3]) moved.append(batchOf(['a', 'b']), { leaderEpoch, now: 0 })
    moved.deleteRecordsBefore(3)
    assert.deepEqual(moved.endOffsetForEpoch(1, 3), { epoch: 1, endOffset: 3 })
    assert.deepEqual(moved.endOffsetForEpoch(2, 3), { epoch: 2, endOffset: 4 })
    assert.deepEqual(moved.endOffsetForEpoch(-1, 3), { epoch: -1, endOffset: -1 })
    assert.equal(moved.firstEpoch(3), 2)
    assert.equal(logOf().firstEpoch(4), 4)
    assert.deepEqual(logOf().endOffsetForEpoch(0, 4), { epoch: 0, endOffset: 0 })
  })

  it('where an epoch ended', () => {
    const moved = logOf()
    for (const leaderEpoch of [1, 1, 4]) moved.append(one('v'), { leaderEpoch, now: 0 })
    assert.deepEqual(moved.endOffsetForEpoch(4, 4), { epoch: 4, endOffset: 3 })
    assert.deepEqual(moved.endOffsetForEpoch(1, 4), { epoch: 1, endOffset: 2 })
    assert.deepEqual(moved.endOffsetForEpoch(2, 4), { epoch: 1, endOffset: 2 })
    assert.deepEqual(moved.endOffsetForEpoch(0, 4), { epoch: 0, endOffset: 0 })
    assert.deepEqual(moved.endOffsetForEpoch(9, 4), { epoch: -1, endOffset: -1 })
  })
})

describe('deleting records', () => {
  it('moves the beginning inside a segment and takes whole segments away', () => {
    const log = logOf({ segmentBytes: 150 }, ...['a', 'b', 'c', 'd', 'e'].map((value) => one(value)))
    const before = log.sizeInBytes
    log.deleteRecordsBefore(3)
    assert.equal(log.logStartOffset, 3)
    assert.ok(log.sizeInBytes < before)
    assert.deepEqual(recordsOf(log.read(3, EVERYTHING, true)), ['3=d'])
    assert.equal(log.offsetForTime(0)?.offset, 3)
    log.deleteRecordsBefore(1)
    assert.equal(log.logStartOffset, 3)
    log.deleteRecordsBefore(5)
    assert.equal(log.logEndOffset, 5)
    assert.equal(append(log, one('f')), 5)
  })
})

describe('whoever listens', () => {
  it('hears of appends, deletions and the end, until it stops listening', () => {
    const log = logOf()
    let calls = 0
    const stop = log.onAdvance(() => calls++)
    append(log, one('a'))
    log.deleteRecordsBefore(1)
    assert.equal(log.close(), true)
    assert.equal(calls, 3)
    stop()
    log.wake()
    assert.equal(calls, 3)
    assert.equal(refusal(log, one('b')), 'KAFKA_STORAGE_ERROR')
  })
})

/** A medium that takes its time, and may fail. */
class SlowBytes extends MemoryBytes {
  readonly forces: { resolve: () => void; reject: (error: Error) => void }[] = []

  override sync(): Promise<void> {
    return new Promise((resolve, reject) => this.forces.push({ resolve, reject }))
  }
}

describe('a log that must be durable', () => {
  function slowLog(): { log: PartitionLog; bytes: SlowBytes } {
    const bytes = new SlowBytes()
    const store = {
      ...memoryStore(),
      isDurable: true,
      create: (offset: number) => new Segment(offset, bytes),
    }
    return { log: new PartitionLog(store, usualSettings), bytes }
  }
  const durable = (log: PartitionLog, batch: Uint8Array): Promise<void> => {
    const appended = log.append(batch, context)
    if ('error' in appended || !appended.durable) throw new Error('it was to be forced')
    return appended.durable
  }
  const turns = () => new Promise<void>((resolve) => setImmediate(resolve))

  it('shows a record to nobody before it is on the medium', async () => {
    const { log, bytes } = slowLog()
    const done = durable(log, one('a'))
    await turns()
    assert.equal(log.highWatermark, 0)
    assert.deepEqual(recordsOf(log.read(0, EVERYTHING, true)), [])
    bytes.forces[0]?.resolve()
    await done
    assert.equal(log.highWatermark, 1)
    assert.deepEqual(recordsOf(log.read(0, EVERYTHING, true)), ['0=a'])
  })

  it('forces once for all that came while it was forcing', async () => {
    const { log, bytes } = slowLog()
    const first = durable(log, one('a'))
    await turns()
    const others = ['b', 'c', 'd'].map((value) => durable(log, one(value)))
    bytes.forces[0]?.resolve()
    await first
    assert.equal(log.highWatermark, 1)
    await turns()
    assert.equal(bytes.forces.length, 2)
    bytes.forces[1]?.resolve()
    await Promise.all(others)
    assert.equal(log.highWatermark, 4)
    assert.equal(bytes.forces.length, 2)
  })

  it('answers a batch that comes again while its first force is under way only when that is done', async () => {
    const { log, bytes } = slowLog()
    const batch = batchOf(['a'], { producerId: 1n, producerEpoch: 0, baseSequence: 0 })
    const states: string[] = []
    void durable(log, batch).then(() => states.push('first'))
    await turns()
    void durable(log, batch).then(() => states.push('again'))
    await turns()
    assert.deepEqual(states, [])
    bytes.forces[0]?.resolve()
    await turns()
    assert.deepEqual(states, ['first', 'again'])
  })

  it('never counts on a medium again that failed once', async () => {
    const { log, bytes } = slowLog()
    const done = durable(log, one('a'))
    await turns()
    bytes.forces[0]?.reject(new Error('EIO'))
    await assert.rejects(done, /EIO/)
    await turns()
    assert.equal(log.highWatermark, 0)
    assert.equal(refusal(log, one('b')), 'KAFKA_STORAGE_ERROR')
    assert.equal(bytes.forces.length, 1)
  })
})
