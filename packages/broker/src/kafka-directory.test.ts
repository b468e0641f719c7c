import assert from 'node:assert/strict'
import test from 'node:test'
import { prepareCodec, readBatches } from '@samsa/protocol'
import type { Disk } from '@samsa/runtime'
import { SimWorld, turn } from '@samsa/runtime'
import { batchOf } from './batches.test-support.ts'
import { Offsets } from './coordinator/offsets.ts'
import { fileStore } from './log/file-store.ts'
import { PartitionLog } from './log/partition-log.ts'
import { scanSegment } from './log/segment.ts'
import { brokerSettings } from './settings.ts'
import { testobject } from './testdata.test-support.ts'
import { logSettings } from './topic-configs.ts'

interface Facts {
  /** Segments and indexes of a data directory that Apache Kafka wrote, in base64. */
  files: Record<string, string>
  topics: Record<string, { configs: Record<string, string>; partitions: PartitionFacts[] }>
  groups: Record<string, { topic: string; partition: number; offset: number | bigint; metadata: string }[]>
}

interface PartitionFacts {
  partition: number
  logStartOffset: number
  logEndOffset: number
  records: { offset: number; timestamp: number; key: string | null; value: string | null }[]
  producers: { producerId: number; producerEpoch: number; lastSequence: number }[]
}

const facts = testobject<Facts>('log-dir.json')

/** The data directory, fresh for each test. */
function kafkaDisk(): Disk {
  const { disk } = new SimWorld({ seed: 'kafka', turn }).host('broker')
  for (const [path, content] of Object.entries(facts.files)) {
    disk.makeDirectory(`/${path.split('/')[0]}`)
    disk.replace(`/${path}`, Buffer.from(content, 'base64'))
  }
  return disk
}

function storeOf(disk: Disk, directory: string, configs: Record<string, string> = {}) {
  const indexIntervalBytes = Number(configs['index.interval.bytes'] ?? 4096)
  return fileStore(disk, directory, { wasClosedInOrder: false, indexIntervalBytes })
}

function openLog(disk: Disk, directory: string, start = 0): PartitionLog {
  return new PartitionLog(storeOf(disk, directory), logSettings(new Map(), brokerSettings({})), start)
}

const partitions = Object.entries(facts.topics).flatMap(([topic, { configs, partitions: all }]) =>
  all.map((partition) => ({ directory: `/${topic}-${partition.partition}`, configs, ...partition })),
)

test('every partition that Apache Kafka wrote is opened without a loss, and every record found where it is', async () => {
  await prepareCodec('zstd')
  assert.ok(partitions.length >= 5)
  for (const { directory, logStartOffset, logEndOffset, records } of partitions) {
    const disk = kafkaDisk()
    const log = openLog(disk, directory, logStartOffset)
    assert.equal(log.logStartOffset, logStartOffset, directory)
    assert.equal(log.logEndOffset, logEndOffset, directory)
    const found = [...log.batches()].flatMap((bytes) =>
      [...readBatches(bytes)]
        .filter(({ isControl }) => !isControl)
        .flatMap((batch) => batch.records())
        .filter(({ offset }) => offset >= logStartOffset)
        .map(({ offset, timestamp, keyText, valueText }) => [offset, timestamp, keyText, valueText]),
    )
    const expected = records.map(({ offset, timestamp, key, value }) => [offset, timestamp, key, value])
    assert.deepEqual(found, expected, directory)
    log.close()
    for (const [path, content] of Object.entries(facts.files)) {
      if (`/${path}`.startsWith(`${directory}/`) && path.endsWith('.log'))
        assert.equal(disk.read(`/${path}`)?.length, Buffer.from(content, 'base64').length, `${path} is whole`)
    }
  }
})

test('the producers that Apache Kafka knows there are known again: what follows is next, what does not is refused', () => {
  let known = 0
  for (const { directory, logStartOffset, producers } of partitions) {
    const log = openLog(kafkaDisk(), directory, logStartOffset)
    for (const { producerId, producerEpoch, lastSequence } of producers) {
      if (lastSequence < 0) continue
      known++
      const send = (baseSequence: number) => {
        const options = { producerId: BigInt(producerId), producerEpoch, baseSequence }
        const appended = log.append(batchOf(['next'], options), { leaderEpoch: 0, now: 2_000 })
        return 'error' in appended ? appended.error : 'NONE'
      }
      assert.equal(send(lastSequence + 2), 'OUT_OF_ORDER_SEQUENCE_NUMBER', `${directory} ${producerId}`)
      assert.equal(send(lastSequence + 1), 'NONE', `${directory} ${producerId}`)
    }
  }
  assert.ok(known > 5, `${known} producers`)
})

test('indexes are made byte for byte as Apache Kafka makes them', () => {
  let compared = 0
  for (const { directory, configs } of partitions) {
    const disk = kafkaDisk()
    const store = storeOf(disk, directory, configs)
    for (const segment of store.load()) {
      scanSegment(segment, true, () => {})
      store.seal(segment)
      for (const suffix of ['index', 'timeindex']) {
        const path = `${directory.slice(1)}/${String(segment.baseOffset).padStart(20, '0')}.${suffix}`
        assert.equal(Buffer.from(disk.read(`/${path}`) ?? []).toString('base64'), facts.files[path], path)
        compared++
      }
    }
  }
  assert.ok(compared > 20, `${compared} files`)
})

test('what groups have committed is read from the topic of offsets; records of other kinds are passed over', () => {
  const disk = kafkaDisk()
  const offsets = new Offsets()
  for (const directory of disk.list('')?.filter((name) => name.startsWith('__consumer_offsets-')) ?? [])
    for (const batch of openLog(disk, `/${directory}`).batches()) offsets.apply(batch)
  for (const [group, committed] of Object.entries(facts.groups)) {
    const told = (each: { topic: string; partition: number; offset: number | bigint; metadata: string }) =>
      `${each.topic}-${each.partition} ${each.offset} ${each.metadata}`
    assert.deepEqual([...offsets.of(group)].map(told).sort(), committed.map(told).sort(), group)
  }
})
