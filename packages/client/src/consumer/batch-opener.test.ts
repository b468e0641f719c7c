import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter } from '@samsa/protocol'
import { nodeRuntime, turn } from '@samsa/runtime'
import { BatchOpener } from './batch-opener.ts'
import { CompletedFetch } from './completed-fetch.ts'
import { consumerConfig } from './consumer-config.ts'
import { batchAt, fetchOf } from './fetching.test-support.ts'
import type { AssignedPartition } from './positions.ts'
import { Positions } from './positions.ts'

const UNPACKED = 300_000

/** A batch of one record that takes 30 kB at least, and 300 kB when it is unpacked. */
function large(codec: 'gzip' | 'snappy', offset = 0): CompletedFetch {
  const value = Buffer.alloc(UNPACKED)
  for (let at = 0, x = 1; at < value.length / 10; at++) {
    x = Math.imul(x, 1_103_515_245) + 12_345
    value[at] = (x >>> 16) & 255
  }
  const writer = new BatchWriter()
  writer.append(0, null, value, undefined)
  const records = Buffer.from(writer.finish({ codec }))
  records.writeBigInt64BE(BigInt(offset), 0)
  assert.ok(records.length > 16_384, `${records.length}`)
  const rules = { checkCrcs: true, isCommittedOnly: false, maxDecompressedBytes: 1_000_000 }
  return new CompletedFetch(
    { topic: 't', partition: 0 },
    offset,
    { records, abortedTransactions: null },
    rules,
  )
}

function opening(count: number, queuedMaxBytes: number, hasThreads = true) {
  const positions = new Positions()
  const partitions = positions.assign(
    Array.from({ length: count }, (_, partition) => ({ topic: 't', partition })),
  )
  for (const partition of partitions) partition.moveTo(0)
  const seen = { unpacked: 0, dropped: 0 }
  const opener = new BatchOpener({
    ...{ positions, hasThreads, runtime: nodeRuntime() },
    config: consumerConfig({ bootstrapServers: 'k1:1', queuedMaxBytes }),
    onUnpacked: () => seen.unpacked++,
    onDropped: () => seen.dropped++,
  })
  return { positions, partitions, opener, seen }
}

async function until(isSo: () => boolean): Promise<void> {
  // Other threads unpack: how many turns that takes is the machine's affair.
  const deadline = performance.now() + 60_000
  while (!isSo() && performance.now() < deadline) await turn()
  assert.ok(isSo())
}

/** Takes the whole open batch. */
function finish(positions: Positions, partition: AssignedPartition): void {
  partition.position = partition.recordsEnd
  partition.records = []
  partition.recordIndex = 0
  positions.rotate(partition)
}

for (const codec of ['gzip', 'snappy'] as const) {
  test(`a large ${codec} batch is unpacked while others are handed over, within the budget`, async () => {
    const { positions, partitions, opener, seen } = opening(4, 2 * UNPACKED - 10_000)
    const [first, second, third, small] = partitions as [
      AssignedPartition,
      AssignedPartition,
      AssignedPartition,
      AssignedPartition,
    ]
    for (const partition of [first, second, third]) {
      partition.absorb(large(codec))
      opener.prepare(partition)
    }
    small.absorb(fetchOf(0, batchAt(0, 1)))
    opener.prepare(small)
    assert.equal(positions.next(), small, 'what needs no unpacking goes first')
    await until(() => seen.unpacked === 2)
    for (let count = 0; count < 50; count++) await turn()
    assert.equal(seen.unpacked, 2, 'the third waits for room')
    assert.ok(positions.queues.unpackedBytes >= 2 * UNPACKED - 10_000)
    assert.equal(opener.open(first), true)
    assert.equal(first.records[0]?.valueSize, UNPACKED)
    finish(positions, first)
    opener.pump()
    await until(() => seen.unpacked === 3)
    second.isPaused = true
    assert.ok(positions.queues.unpackedBytes < 2 * UNPACKED, 'what is paused is counted apart')
    assert.ok(positions.queues.pausedBytes > UNPACKED)
    third.drop()
    assert.equal(positions.queues.unpackedBytes, 0)
  })
}

test('one batch is unpacked in any case, and what was dropped meanwhile is not handed over', async () => {
  const { partitions, opener, seen } = opening(1, 1)
  const [partition] = partitions as [AssignedPartition]
  partition.absorb(large('gzip'))
  opener.prepare(partition)
  partition.moveTo(7)
  partition.absorb(large('gzip', 7))
  opener.prepare(partition)
  await until(() => partition.isDeliverable)
  assert.equal(opener.open(partition), true)
  assert.deepEqual([partition.records[0]?.offset, seen.dropped], [7, 0])
})

test('without threads everything is done in passing, so that a run can be repeated', () => {
  const { partitions, opener } = opening(1, 1, false)
  const [partition] = partitions as [AssignedPartition]
  partition.absorb(large('gzip'))
  opener.prepare(partition)
  assert.equal(opener.open(partition), true)
  assert.equal(partition.openBytes > UNPACKED, true)
})

test('a bomb is refused without being unpacked whole, after what is before it, as often as it is met', async () => {
  const { positions, partitions, opener, seen } = opening(1, 1_000_000)
  const [partition] = partitions as [AssignedPartition]
  const writer = new BatchWriter()
  writer.append(0, null, Buffer.alloc(200_000_000), undefined)
  const bomb = Buffer.from(writer.finish({ codec: 'gzip' }))
  bomb.writeBigInt64BE(2n, 0)
  const records = Buffer.concat([batchAt(0, 2), bomb])
  const rules = { checkCrcs: true, isCommittedOnly: false, maxDecompressedBytes: 1_000_000 }
  for (let round = 0; round < 2; round++) {
    partition.absorb(
      new CompletedFetch(
        partition,
        partition.position as number,
        { records, abortedTransactions: null },
        rules,
      ),
    )
    opener.prepare(partition)
    if (round === 0) {
      assert.equal(opener.open(partition), true)
      finish(positions, partition)
    }
    await until(() => partition.isDeliverable)
    assert.throws(() => opener.open(partition), {
      ...{ name: 'UnreadableBatchError', firstOffset: 2, lastOffset: 2 },
      message: /limit of 1000000 bytes.*maxDecompressedBatchBytes.*seek/,
    })
    assert.equal(seen.dropped, round + 1)
  }
  assert.equal(partition.position, 2)
})

test('a batch whose records were handed over before moves nothing', () => {
  const { partitions, opener } = opening(1, 1_000_000)
  const [partition] = partitions as [AssignedPartition]
  partition.moveTo(2)
  partition.absorb(fetchOf(0, batchAt(0, 2)))
  assert.equal(opener.open(partition), false)
  assert.equal(partition.position, 2)
})
