import assert from 'node:assert/strict'
import test from 'node:test'
import { Metadata, OffsetForLeaderEpoch } from '@samsa/protocol'
import type { AskedFetch } from './fetching.test-support.ts'
import { batchAt, Fetching, metadataOf } from './fetching.test-support.ts'

const OFFSET_OUT_OF_RANGE = 1
const NOT_LEADER = 6
const FENCED_LEADER_EPOCH = 74

/** Brokers that keep what they are asked; the test answers. */
function held(settings: object = {}) {
  const asked: (AskedFetch & { node: number })[] = []
  const on = new Fetching({ settings, onFetch: (each, node) => asked.push({ ...each, node }) })
  const nodes = () => asked.map(({ node }) => node)
  return { on, asked, nodes }
}

/** Answers the last request, and lets what follows from it happen. */
async function answer({ on, asked }: ReturnType<typeof held>, part: object): Promise<void> {
  asked.at(-1)?.answer([part])
  await on.world.settle()
}

test('a follower that the leader names is read from, and one that names nobody stays it (KIP-392)', async () => {
  const stage = held({ metadataMaxAgeMs: 60_000 })
  const { on, asked, nodes } = stage
  await on.begin(0)
  await answer(stage, { preferredReadReplica: 2 })
  assert.deepEqual(nodes(), [1, 2], 'at once')
  await answer(stage, { records: batchAt(0, 1), preferredReadReplica: -1 })
  await on.world.advance(400)
  await answer(stage, { preferredReadReplica: -1 })
  assert.deepEqual(nodes().slice(2), [2, 2])
  await on.world.advance(60_000)
  await answer(stage, {})
  assert.equal(nodes().at(-1), 1, 'forgotten when it is old')
  assert.equal(asked.at(-1)?.partitions[0]?.fetchOffset, 1, 'and asked for where it is now')
  on.close()
})

test('a follower is forgotten after an error of it; what it has not got is asked of the leader, and resets nothing', async () => {
  for (const errorCode of [OFFSET_OUT_OF_RANGE, FENCED_LEADER_EPOCH]) {
    const stage = held()
    await stage.on.begin(0)
    await answer(stage, { preferredReadReplica: 2 })
    await answer(stage, { errorCode })
    await stage.on.world.advance(errorCode === OFFSET_OUT_OF_RANGE ? 0 : 150)
    assert.deepEqual(stage.nodes(), [1, 2, 1])
    assert.deepEqual(stage.on.outOfRange, [])
    await answer(stage, { errorCode: OFFSET_OUT_OF_RANGE })
    assert.equal(stage.on.outOfRange.length, 1, 'the leader is believed')
    stage.on.close()
  }
})

test('a follower that is lost, or nobody knows, is not waited for; the leader is asked with pauses', async () => {
  const stage = held()
  const { on, nodes } = stage
  await on.begin(0)
  await answer(stage, { preferredReadReplica: 2 })
  for (const connection of on.brokers[1].connections) connection.close()
  await on.world.advance(200)
  assert.equal(nodes().at(-1), 1)
  const before = nodes().length
  for (let count = 0; count < 20; count++) {
    await answer(stage, { preferredReadReplica: 77 })
    await on.world.advance(50)
  }
  assert.ok(nodes().length - before < 15, `${nodes().length - before} requests in a second`)
  assert.ok(
    nodes()
      .slice(before)
      .every((node) => node === 1),
  )
  on.close()
})

test('a leader that a refusal names is asked at once (KIP-951)', async () => {
  const stage = held()
  await stage.on.begin(0)
  await answer(stage, { errorCode: NOT_LEADER, currentLeader: { leaderId: 2, leaderEpoch: 1 } })
  assert.deepEqual(stage.nodes(), [1, 2])
  assert.equal(stage.asked.at(-1)?.partitions[0]?.currentLeaderEpoch, 1)
  stage.on.close()
})

test('who rests after an error goes on when another leader is known', async () => {
  const stage = held({ retryBackoffMs: 5000, retryBackoffMaxMs: 5000 })
  await stage.on.begin(0)
  stage.on.describe(metadataOf([2], 1))
  await answer(stage, { errorCode: NOT_LEADER })
  assert.deepEqual(stage.nodes(), [1])
  await stage.on.cluster.refresh()
  await stage.on.world.settle()
  assert.deepEqual(stage.nodes(), [1, 2])
  stage.on.close()
})

test('the end of the log, of what is decided, and the beginning are kept', async () => {
  const stage = held()
  await stage.on.begin(0)
  await answer(stage, { highWatermark: 9, lastStableOffset: 7, logStartOffset: 3, records: batchAt(0, 1) })
  const { highWatermark, lastStableOffset, logStartOffset } = stage.on.partition
  assert.deepEqual([highWatermark, lastStableOffset, logStartOffset], [9, 7, 3])
  stage.on.close()
})

test('a log that parts from what was read is told by its leader (KIP-595)', async () => {
  const stage = held()
  const { on, asked } = stage
  on.describe(metadataOf([1], 5))
  await on.begin(0)
  await answer(stage, { records: batchAt(0, 4, 5) })
  assert.equal(asked.at(-1)?.partitions[0]?.lastFetchedEpoch, 5)
  await answer(stage, { divergingEpoch: { epoch: 4, endOffset: 2 } })
  await on.world.advance(150)
  assert.equal(on.truncated.length, 0, 'nothing behind that was handed over yet')
  assert.equal(asked.at(-1)?.partitions[0]?.fetchOffset, 0, 'what was read ahead is dropped')
  await answer(stage, { records: batchAt(0, 4, 5) })
  assert.deepEqual(on.take(), ['0', '1', '2', '3'])
  await on.world.settle()
  await answer(stage, { divergingEpoch: { epoch: 4, endOffset: 2 } })
  assert.deepEqual(
    on.truncated.map(([{ partition }, divergence]) => [partition, divergence]),
    [[0, { offset: 2, leaderEpoch: 4 }]],
  )
  on.close()
})

test('a new leader is asked whether its log holds what was read, before it is read from (KIP-320)', async () => {
  for (const [end, expected] of [
    [{ leaderEpoch: 0, endOffset: 4 }, 'read on'],
    [{ leaderEpoch: 0, endOffset: 1 }, 'truncated'],
    [{ leaderEpoch: -1, endOffset: -1 }, 'unknown'],
  ] as const) {
    const stage = held()
    const { on, asked } = stage
    const questions: { currentLeaderEpoch: number; leaderEpoch: number }[] = []
    on.brokers[1].answers(OffsetForLeaderEpoch, ({ body }) => {
      questions.push(body.topics[0].partitions[0])
      return { topics: [{ topic: 't', partitions: [{ errorCode: 0, partition: 0, ...end }] }] }
    })
    await on.begin(0)
    await answer(stage, { records: batchAt(0, 3) })
    assert.equal(on.take().length, 3)
    await on.world.settle()
    on.describe(metadataOf([2], 1))
    await answer(stage, { errorCode: NOT_LEADER })
    await on.world.advance(150)
    assert.equal(questions.length > 0, true)
    assert.deepEqual([questions[0]?.currentLeaderEpoch, questions[0]?.leaderEpoch], [1, 0])
    const readsOn = asked.some(({ node, partitions }) => node === 2 && partitions[0]?.fetchOffset === 3)
    assert.equal(readsOn, expected === 'read on')
    const divergence = expected === 'truncated' ? { offset: 1, leaderEpoch: 0 } : undefined
    assert.deepEqual(on.truncated[0]?.[1], expected === 'read on' ? undefined : divergence)
    assert.equal(on.truncated.length > 0, expected !== 'read on')
    on.close()
    await on.world.settle()
    assert.equal(on.world.armed, 0)
  }
})

test('where epochs are not known nobody is asked, and a question that is refused is asked again', async () => {
  const stage = held()
  const { on, asked } = stage
  let questions = 0
  on.brokers[0].answers(OffsetForLeaderEpoch, () => {
    const errorCode = ++questions < 3 ? 9 : 0
    const answered = { errorCode, partition: 0, leaderEpoch: 2, endOffset: 7 }
    return { topics: [{ topic: 't', partitions: [answered] }] }
  })
  on.describe(metadataOf([1], 5))
  await on.begin()
  on.partition.moveTo(7)
  on.fetcher.wake()
  await on.world.settle()
  assert.deepEqual([questions, asked.length], [0, 1])
  on.partition.moveTo(6, 2)
  await answer(stage, {})
  await on.world.advance(1000)
  assert.deepEqual([questions, asked.length], [3, 2])
  on.close()
})

test('a topic that was made anew under its name is not read at the old offsets, nor what was fetched kept', async () => {
  const [before, after] = ['AAAAAAAAAAAAAAAAAAAAdw', 'AAAAAAAAAAAAAAAAAAAAeA']
  const stage = held()
  const { on, asked } = stage
  on.describe(metadataOf([1], 0, before))
  await on.begin(0)
  await answer(stage, { records: batchAt(0, 2) })
  const fetches = asked.length
  on.describe(metadataOf([1], 0, after))
  await on.cluster.refresh()
  await answer(stage, {})
  assert.deepEqual(
    on.recreated.map(({ partition }) => partition),
    [0],
  )
  assert.equal(asked.length, fetches)
  on.close()
})

test('a partition without a leader is waited for, and metadata asked for with growing pauses', async () => {
  const stage = held()
  stage.on.describe(metadataOf([-1]))
  await stage.on.begin(0)
  await stage.on.world.advance(20_000)
  const asked = stage.on.brokers[0].asked.filter(({ api }) => api === Metadata).length
  assert.ok(asked > 5 && asked < 40, `${asked} requests for metadata in 20 s`)
  assert.match(stage.on.warnings[0] ?? '', /t-0 cannot be fetched for 10 s.*LEADER_NOT_AVAILABLE/)
  stage.on.close()
})
