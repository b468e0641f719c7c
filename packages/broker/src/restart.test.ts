import assert from 'node:assert/strict'
import test from 'node:test'
import type { KafkaError } from '@samsa/protocol'
import {
  coordinatorPartition,
  DeleteTopics,
  Fetch,
  Metadata,
  OffsetCommit,
  OffsetFetch,
  Produce,
  zeroUuid,
} from '@samsa/protocol'
import { SimWorld, turn } from '@samsa/runtime'
import type { BatchOptions } from './batches.test-support.ts'
import { batchOf, recordsOf } from './batches.test-support.ts'
import { startBroker } from './broker.ts'
import { code } from './handlers/handler.ts'
import { Stage } from './raw-client.test-support.ts'
import { troubled } from './troubled-disk.test-support.ts'

const dataDirectory = '/data'
const LIST = `${dataDirectory}/samsa.json`
const CLEAN_MARK = `${dataDirectory}/.kafka_cleanshutdown`
const LIMIT_MS = 10_000

const newWorld = () => new SimWorld({ seed: 'restart', turn })
const open = (world: SimWorld) => Stage.open({ dataDirectory }, world)

/** The base offset, or the name of the error. */
async function produced(stage: Stage, value: string, options: BatchOptions = {}, name = 't') {
  const topicData = [
    { name, topicId: zeroUuid, partitionData: [{ index: 0, records: batchOf([value], options) }] },
  ]
  const { responses } = await stage.ask(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  const answer = responses[0]?.partitionResponses[0]
  return answer?.errorCode === 0 ? answer.baseOffset : answer?.errorCode
}

async function fetched(stage: Stage, topic = 't'): Promise<string[]> {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }]
  const body = { maxWaitMs: 0, minBytes: 0, topics: [{ topic, partitions }], forgottenTopicsData: [] }
  const { responses } = await stage.ask(Fetch, 12, body)
  const [answer] = responses[0]?.partitions ?? []
  assert.equal(answer?.errorCode, 0)
  return recordsOf(answer?.records ?? null)
}

const commitOf = (name: string, committedOffset: number, groupId = 'g') => {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }]
  return { groupId, memberId: '', topics: [{ name, topicId: zeroUuid, partitions }] }
}

async function commit(stage: Stage, name: string, offset: number, groupId = 'g') {
  const { topics } = await stage.ask(OffsetCommit, 7, commitOf(name, offset, groupId))
  return topics[0]?.partitions[0]?.errorCode
}

async function committed(stage: Stage, groupId = 'g'): Promise<string[]> {
  const { topics } = await stage.ask(OffsetFetch, 5, { groupId, topics: null })
  return topics.map(({ name, partitions }) => `${name} ${partitions[0]?.committedOffset}`).sort()
}

async function leaderEpoch(stage: Stage): Promise<number> {
  const { topics } = await stage.ask(Metadata, 12, { topics: [{ name: 't', topicId: zeroUuid }] })
  return topics[0]?.partitions[0]?.leaderEpoch ?? -1
}

test('after a power cut all that was acknowledged is there: topics, settings, records, producers, commits; epochs rise', async () => {
  const world = newWorld()
  const first = await open(world)
  first.broker.createTopic('t', { configs: { 'max.message.bytes': '150' } })
  first.broker.createTopic('gone')
  const producer = { producerId: 0n, producerEpoch: 0, baseSequence: 0 }
  assert.equal(await produced(first, 'a', producer), 0)
  assert.equal(await commit(first, 't', 1), 0)
  assert.equal(await commit(first, 'gone', 3), 0)
  await first.deleteTopic('gone')
  const before = { id: await first.topicId('t'), epoch: await leaderEpoch(first) }
  world.cutPower('broker')
  const second = await open(world)
  assert.equal(await second.topicId('t'), before.id)
  assert.ok((await leaderEpoch(second)) > before.epoch)
  assert.equal(second.broker.hasTopic('gone'), false)
  assert.deepEqual(await committed(second), ['t 1'])
  assert.equal(await produced(second, 'a', producer), 0, 'the batch is known')
  assert.equal(await produced(second, 'x'.repeat(200)), code('MESSAGE_TOO_LARGE'))
  assert.deepEqual(await fetched(second), ['0=a'])
  await second.close()
})

test('a stop with a log that failed is not in order: the next start checks', async () => {
  const world = newWorld()
  const disk = troubled(world)
  const first = await open(world)
  first.broker.createTopic('t')
  assert.equal(await produced(first, 'a'), 0)
  disk.failing.write = 'ENOSPC'
  assert.equal(await produced(first, 'b'), code('KAFKA_STORAGE_ERROR'))
  disk.failing = {}
  await first.close()
  assert.equal(disk.exists(CLEAN_MARK), false)
  const second = await open(world)
  assert.deepEqual(await fetched(second), ['0=a'])
  assert.equal(await produced(second, 'c'), 1)
  await second.close()
  assert.equal(disk.exists(CLEAN_MARK), true)
})

test('logs that cannot be closed keep neither files open nor the directory locked', async () => {
  const world = newWorld()
  const disk = troubled(world)
  const first = await open(world)
  for (const name of ['t', 'u', 'v']) first.broker.createTopic(name)
  assert.equal(await produced(first, 'a'), 0)
  disk.failing.sync = 'EIO'
  await first.close()
  assert.equal(disk.openFiles, 0)
  disk.failing = {}
  const second = await open(world)
  assert.deepEqual(await fetched(second), ['0=a'])
  await second.close()
})

test('a topic that is made again after a crash in the middle of its deletion is empty, and nothing is destroyed', async () => {
  const world = newWorld()
  const first = await open(world)
  first.broker.createTopic('t')
  assert.equal(await produced(first, 'old'), 0)
  await first.close()
  const { disk } = world.host('broker')
  // The topic is not written down any more, but its files are still there.
  const stored = JSON.parse(Buffer.from(disk.read(LIST) ?? []).toString())
  disk.replace(LIST, Buffer.from(JSON.stringify({ ...stored, topics: [] })))
  const second = await open(world)
  second.broker.createTopic('t')
  assert.deepEqual(await fetched(second), [])
  assert.equal(await produced(second, 'new'), 0)
  const aside = (disk.list(dataDirectory) ?? []).filter((name) => name.endsWith('-stray'))
  assert.equal(aside.length, 1)
  const left = disk.read(`${dataDirectory}/${aside[0]}/00000000000000000000.log`)
  assert.deepEqual(recordsOf(left ?? null), ['0=old'])
  await second.close()
})

test('a disk that fails while a topic or partitions are made: they are not there, and no file is open', async () => {
  const world = newWorld()
  const disk = troubled(world)
  const stage = await open(world)
  const before = disk.openFiles
  for (const only of ['partition.metadata', 'samsa.json']) {
    disk.failing = { sync: 'ENOSPC', only }
    assert.throws(() => stage.broker.createTopic('t', { partitions: 3 }), { code: 'KAFKA_STORAGE_ERROR' })
    assert.equal(stage.broker.hasTopic('t'), false, only)
    assert.equal(await stage.topicId('t'), zeroUuid)
    assert.equal(disk.openFiles, before, only)
  }
  disk.failing = {}
  stage.broker.createTopic('t', { partitions: 3 })
  assert.equal(await produced(stage, 'a'), 0)
  await stage.close()
})

test('a damaged list of topics is refused by name, and the lock is let go', async () => {
  const good = { version: 1, clusterId: 'c', nextProducerId: '0', topics: [] }
  const topic = { name: 't', id: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [], configs: [] }
  const wrong = [
    '',
    '{',
    'null',
    '[]',
    { ...good, version: 2 },
    { ...good, clusterId: 3 },
    { ...good, nextProducerId: 'x' },
    { ...good, topics: {} },
    { ...good, topics: [{ ...topic, id: 'short' }] },
    { ...good, topics: [{ ...topic, partitions: [{ leaderEpoch: -1, logStartOffset: 0 }] }] },
    { ...good, topics: [{ ...topic, configs: [['a']] }] },
  ]
  for (const content of wrong) {
    const world = newWorld()
    const { disk } = world.host('broker')
    const write = (value: unknown) =>
      disk.replace(LIST, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
    disk.makeDirectory(dataDirectory)
    write(content)
    await assert.rejects(open(world), { code: 'KAFKA_STORAGE_ERROR' }, JSON.stringify(content))
    write({ ...good, topics: [topic] })
    await (await open(world)).close()
  }
})

test('a committed offset that was damaged on the disk is refused by name, and not taken for another', async () => {
  const world = newWorld()
  const first = await open(world)
  first.broker.createTopic('t')
  for (const offset of [1, 2, 3]) assert.equal(await commit(first, 't', offset), 0)
  await world.until(first.broker.close(), LIMIT_MS)
  const { disk } = world.host('broker')
  const index = coordinatorPartition('g', 50)
  const path = `${dataDirectory}/__consumer_offsets-${index}/${'0'.repeat(20)}.log`
  const whole = Buffer.from(disk.read(path) as Uint8Array)
  const mark = disk.read(CLEAN_MARK) as Uint8Array
  for (let at = 0; at < whole.length; at += 5) {
    const spoilt = Buffer.from(whole)
    spoilt[at] = (spoilt[at] as number) ^ 1
    disk.replace(path, spoilt)
    disk.replace(CLEAN_MARK, mark)
    const starting = startBroker({ runtime: world.host('broker'), dataDirectory })
    const outcome = await world.until(starting, LIMIT_MS).then(
      (broker) => broker,
      (error: KafkaError) => error,
    )
    if (!(outcome instanceof Error)) {
      await world.until(outcome.close(), LIMIT_MS)
      // What cannot be followed any further ends the log; before the magic byte stands nothing of what was committed.
      const isCut = (disk.read(path) as Uint8Array).length < whole.length
      assert.ok(isCut || at % (whole.length / 3) < 16, `byte ${at}`)
      continue
    }
    assert.equal((outcome as KafkaError).code, 'KAFKA_STORAGE_ERROR', `byte ${at}`)
    assert.match(
      outcome.message,
      new RegExp(`__consumer_offsets-${index}: the batch of offset \\d is damaged`),
    )
  }
})

test('a directory of an Apache Kafka is not taken over', async () => {
  const world = newWorld()
  const host = world.host('broker')
  host.disk.makeDirectory(dataDirectory)
  host.disk.replace(`${dataDirectory}/meta.properties`, Buffer.from('version=1'))
  const starting = startBroker({ runtime: host, host: 'broker', dataDirectory })
  await assert.rejects(world.until(starting, LIMIT_MS), /belongs to an Apache Kafka/)
})

test('a commit that cannot be stored is not acknowledged and not found', async () => {
  const world = newWorld()
  const disk = troubled(world)
  await using stage = await open(world)
  stage.broker.createTopic('t')
  assert.equal(await commit(stage, 't', 1), 0)
  disk.failing.sync = 'EIO'
  assert.equal(await commit(stage, 't', 2), code('KAFKA_STORAGE_ERROR'))
  assert.deepEqual(await committed(stage), ['t 1'])
})

test('a commit that is on its way when its topic or the topic of offsets is deleted does not outlive it', async () => {
  for (const name of ['t', '__consumer_offsets']) {
    const world = newWorld()
    const disk = troubled(world)
    await using stage = await open(world)
    stage.broker.createTopic('t')
    assert.equal(await commit(stage, 't', 1, 'h'), 0)
    const release = disk.holdSync()
    const committing = stage.connect().ask(OffsetCommit, 7, commitOf('t', 2))
    await world.pass(100)
    const deleting = stage.connect().ask(DeleteTopics, 5, { topicNames: [name], timeoutMs: 0 })
    await world.pass(100)
    release()
    await stage.settled(committing)
    assert.equal((await stage.settled(deleting)).responses[0]?.errorCode, 0)
    if (name === 't') stage.broker.createTopic('t')
    for (const group of ['g', 'h']) assert.deepEqual(await committed(stage, group), [], `${name} ${group}`)
  }
})
