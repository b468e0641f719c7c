import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, InitProducerId, Produce } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { Metadata } from '../cluster/metadata.ts'
import { noMetadata } from '../cluster/metadata.ts'
import { ConnectionError } from '../errors.ts'
import { Events } from '../events.ts'
import { FakeWorld } from '../world.test-support.ts'
import { Accumulator } from './accumulator.ts'
import { NodeLatency } from './node-latency.ts'
import { ProducerBatch } from './producer-batch.ts'
import { producerConfig } from './producer-config.ts'
import { ProducerIds } from './producer-id.ts'
import { Sender } from './sender.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAACg'

/** A cluster that does what the test says, without a network. */
class ScriptedCluster {
  readonly runtime = new FakeWorld()
  readonly config = producerConfig({ lingerMs: 0 }, quiet)
  readonly events = new Events(quiet)
  readonly signal: AbortSignal = new AbortController().signal
  readonly trouble = undefined
  metadata: Metadata = noMetadata
  /** Answers that are still to be given. */
  readonly asked: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = []
  /** Batches as they were sent: producer id, first number. */
  readonly sent: [bigint, number][] = []
  readonly #listeners: (() => void)[] = []
  #id = 100n

  known(clusterId: string): void {
    const partition = { index: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1], errorCode: 0 }
    const topic = { name: 't', id: TOPIC_ID, isInternal: false, errorCode: 0, partitions: [partition] }
    const broker = { id: 1, host: 'b', port: 9092, rack: null }
    const { generation } = this.metadata
    this.metadata = {
      generation: generation + 1,
      clusterId,
      controllerId: 1,
      brokers: new Map([[1, broker]]),
      topics: new Map([['t', topic]]),
    }
    for (const listener of this.#listeners) listener()
  }

  onMetadata(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async request(api: unknown, body: unknown, options?: { onWritten?: () => void }) {
    if (api === InitProducerId) return { errorCode: 0, producerId: this.#id++, producerEpoch: 0 }
    assert.equal(api, Produce)
    const { topicData } = (body as () => unknown)() as {
      topicData: { partitionData: { records: Buffer }[] }[]
    }
    const records = topicData[0]?.partitionData[0]?.records as Buffer
    this.sent.push([records.readBigInt64BE(43), records.readInt32BE(53)])
    options?.onWritten?.()
    return new Promise((resolve, reject) => this.asked.push({ resolve, reject }))
  }

  retrying(_options: unknown, attempt: () => Promise<unknown>) {
    return attempt()
  }

  readonly complaints = { failed() {}, healed() {} }
  notBefore = () => 0
  refreshIfOld = () => {}
  requestRefresh = () => {}
  learnLeaders = () => {}
  mayCreate = () => {}
}

function ids(cluster: ScriptedCluster) {
  const known: string[] = []
  const made: ProducerIds = new ProducerIds({
    cluster: cluster as unknown as Cluster,
    onKnown: () => known.push(`${made.current?.id}:${made.current?.epoch}`),
    onFailed: (error) => known.push(error.message),
  })
  return { made, known }
}

test('an epoch is counted up once for whoever used it; beyond the last a new id is asked for', async () => {
  const cluster = new ScriptedCluster()
  const { made, known } = ids(cluster)
  made.need()
  made.need()
  await cluster.runtime.settle()
  assert.deepEqual(known, ['100:0'])
  made.bumpEpoch({ id: 100n, epoch: 0 })
  made.bumpEpoch({ id: 100n, epoch: 0 })
  assert.deepEqual(made.current, { id: 100n, epoch: 1 })
  made.bumpEpoch(undefined)
  made.bumpEpoch({ id: 99n, epoch: 1 })
  assert.deepEqual(made.current, { id: 100n, epoch: 1 })
  for (let epoch = 1; epoch < 32_767; epoch++) made.bumpEpoch({ id: 100n, epoch })
  assert.deepEqual(made.current, { id: 100n, epoch: 32_767 })
  made.bumpEpoch({ id: 100n, epoch: 32_767 })
  assert.equal(made.current, undefined)
  await cluster.runtime.settle()
  assert.deepEqual(known, ['100:0', '101:0'])
})

test('an id that is not known any more is replaced, once, and an answer to what was asked before is not taken', async () => {
  const cluster = new ScriptedCluster()
  const { made, known } = ids(cluster)
  made.need()
  made.renew(undefined)
  await cluster.runtime.settle()
  assert.deepEqual(known, ['101:0'], 'the first answer was for what is worth nothing by now')
  made.renew({ id: 101n, epoch: 0 })
  made.renew({ id: 101n, epoch: 0 })
  await cluster.runtime.settle()
  made.renew({ id: 101n, epoch: 0 })
  await cluster.runtime.settle()
  assert.equal(known.length, 2)
})

test('in another cluster everything has another id, and what may be stored in the one before is not sent again', async () => {
  const cluster = new ScriptedCluster()
  const { runtime: world, sent, asked } = cluster
  const accumulator = new Accumulator({
    batchSize: 1,
    lingerMs: 0,
    bufferMemory: 100_000,
    deliveryTimeoutMs: 120_000,
  })
  const outcomes: string[] = []
  const sender = new Sender({
    cluster: cluster as unknown as Cluster,
    config: cluster.config,
    accumulator,
    latency: new NodeLatency(),
    onSettled: (batch, error) => outcomes.push(`${batch.baseSequence} ${error ? error.message : 'stored'}`),
  })
  cluster.known('first')
  for (let index = 0; index < 5; index++) {
    accumulator.append('t', 0, 0, null, `${index}`, undefined, world.now())
    sender.wake()
  }
  await world.advance(1)
  const answer = (at: number, errorCode = 0) => {
    const part = { index: 0, errorCode, baseOffset: 0, logAppendTimeMs: -1, recordErrors: [] }
    const currentLeader = { leaderId: -1, leaderEpoch: -1 }
    const partitionResponses = [{ ...part, logStartOffset: 0, errorMessage: null, currentLeader }]
    asked[at]?.resolve({
      responses: [{ name: 't', topicId: TOPIC_ID, partitionResponses }],
      nodeEndpoints: [],
    })
  }
  answer(0)
  await world.advance(1)
  assert.equal(sent.length, 5)
  cluster.known('second')
  await world.advance(1)
  asked[1]?.reject(new ConnectionError('it never left', 'b:9092', false))
  asked[2]?.reject(new ConnectionError('it had left', 'b:9092', true))
  answer(3, 20)
  answer(4)
  await world.advance(500)
  assert.match(outcomes[1] ?? '', /^4 stored/)
  assert.deepEqual(
    outcomes.slice(2).map((line) => /before the cluster became another one/.test(line)),
    [true, true],
  )
  assert.deepEqual(sent.slice(5), [[101n, 0]], 'only what was certainly not stored is sent to the other')
  answer(5)
  await world.advance(1)
  assert.deepEqual([outcomes.length, accumulator.memory], [5, 0])
  sender.close(new Error('over'))
})

test('a batch that was in doubt when the cluster became another one says that it may be stored', () => {
  const writer = new BatchWriter()
  writer.append(0, null, 'v', undefined)
  const batch = new ProducerBatch('t', 0, writer, 0, 10)
  assert.equal(batch.mayBeStored, false)
  batch.state = 'astray'
  assert.equal(batch.mayBeStored, true)
  batch.state = 'inFlight'
  assert.equal(batch.mayBeStored, false)
  batch.isWritten = true
  assert.equal(batch.mayBeStored, true)
})
