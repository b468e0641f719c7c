import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchHeader } from '@samsa/protocol'
import { batchOf, recordsOf, usualSettings } from './batches.test-support.ts'
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
  batchOf({ values: [value], ...(timestamp && { timestamp }) })

describe('appending', () => {
  it('gives offsets one after the other and leaves the sender’s bytes alone', () => {
    const log = logOf()
    const sent = batchOf({ values: ['a', 'b'] })
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
    const batch = batchOf({ values: ['a', 'b'], producerId: 1n, epoch: 0, sequence: 0 })
    assert.equal(append(log, one('x')), 0)
    assert.equal(append(log, batch), 1)
    assert.equal(append(log, batch), 1)
    assert.equal(log.logEndOffset, 3)
  })

  it('stamps records with its own time where the topic says so', () => {
    const log = logOf({ isLogAppendTime: true }, one('a', 1))
    assert.deepEqual(log.offsetForTime(5000), { offset: 0, timestamp: 5000, leaderEpoch: 3 })
    assert.deepEqual(recordsOf(log.read(0, EVERYTHING, true)), ['0=a'])
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
    assert.equal(refusal(log, batchOf({ values: ['a'], producerId: 1n, epoch: 0 })), 'INVALID_RECORD')
  })

  it('wants keys where the topic is compacted', () => {
    const log = logOf({ isCompacted: true })
    assert.equal(refusal(log, one('a')), 'INVALID_RECORD')
    assert.equal(append(log, batchOf({ values: [null], key: 'k' })), 0)
  })
})

describe('reading', () => {
  const log = logOf({}, batchOf({ values: ['a', 'b'] }), one('c'), batchOf({ values: ['d', 'e', 'f'] }))

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
    batchOf({ values: ['a', 'b', 'c'], timestamp: 100 }),
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
    const batch = batchOf({ values: ['a'], producerId: 1n, epoch: 0, sequence: 0 })
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
