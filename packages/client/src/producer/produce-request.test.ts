import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, Produce, zeroUuid } from '@samsa/protocol'
import type { Metadata, TopicMetadata } from '../cluster/metadata.ts'
import { noMetadata } from '../cluster/metadata.ts'
import type { PartitionAnswer, ProduceAnswer } from './produce-request.ts'
import { leaderHints, produceOutcomes, produceRequest } from './produce-request.ts'
import { ProducerBatch } from './producer-batch.ts'
import { producerConfig } from './producer-config.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const ID_A = 'AAAAAAAAAAAAAAAAAAAACg'
const ID_B = 'AAAAAAAAAAAAAAAAAAAACw'

function batchOf(topic: string, partition: number): ProducerBatch {
  const writer = new BatchWriter()
  writer.append(0, null, 'value', undefined)
  return new ProducerBatch(topic, partition, writer, 0, 1000)
}

function metadataOf(ids: Record<string, string>): Metadata {
  const topics = Object.entries(ids).map(([name, id]): [string, TopicMetadata] => [
    name,
    { name, id, isInternal: false, errorCode: 0, partitions: [] },
  ])
  return { ...noMetadata, topics: new Map(topics) }
}

function part(index: number, given: Partial<PartitionAnswer> = {}): PartitionAnswer {
  return {
    index,
    errorCode: 0,
    baseOffset: 5,
    logAppendTimeMs: -1,
    logStartOffset: 0,
    recordErrors: [],
    errorMessage: null,
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
    ...given,
  } as PartitionAnswer
}

function answerOf(responses: object[], nodeEndpoints: object[] = []): ProduceAnswer {
  return { responses, throttleTimeMs: 0, nodeEndpoints } as unknown as ProduceAnswer
}

test('batches of a topic stand together, with its name and id; without an id the newest version with names is taken', () => {
  const batches = [batchOf('a', 0), batchOf('b', 0), batchOf('a', 3)]
  const config = producerConfig({ requestTimeoutMs: 777 }, quiet)
  const { body: make, maxVersion } = produceRequest(batches, config, metadataOf({ a: ID_A, b: ID_B }))
  const body = make()
  assert.deepEqual(
    body.topicData.map(({ name, topicId, partitionData }) => [
      name,
      topicId,
      partitionData.map(({ index }) => index),
    ]),
    [
      ['a', ID_A, [0, 3]],
      ['b', ID_B, [0]],
    ],
  )
  assert.deepEqual([body.acks, body.timeoutMs, maxVersion], [-1, 777, undefined])
  for (const ids of [{ a: ID_A }, { a: ID_A, b: zeroUuid }])
    assert.equal(produceRequest(batches, config, metadataOf(ids)).maxVersion, 12)
  assert.equal(produceRequest(batches, producerConfig({ acks: 1 }, quiet), noMetadata).body().acks, 1)
  // What was given up before it could be written does not leave any more.
  ;(batches[0] as ProducerBatch).state = 'givenUpInFlight'
  const left = make().topicData.map(({ name, partitionData }) => [
    name,
    partitionData.map(({ index }) => index),
  ])
  assert.deepEqual(left, [
    ['b', [0]],
    ['a', [3]],
  ])
})

test('an answer is read by the ids of its request, whatever they are by then; what it leaves out has no answer', () => {
  const batches = [batchOf('a', 0), batchOf('a', 1), batchOf('b', 0)]
  const request = produceRequest(batches, producerConfig({}, quiet), metadataOf({ a: ID_A, b: ID_B }))
  const answer = answerOf([
    // What was not asked for and what is told twice is passed over.
    { name: '', topicId: ID_B, partitionResponses: [part(0), part(0, { errorCode: 6 }), part(9)] },
    { name: '', topicId: ID_A, partitionResponses: [part(1)] },
  ])
  assert.deepEqual(
    produceOutcomes(request, answer).map(({ batch, answer: told }) => [batch, told?.errorCode]),
    [
      [batches[2], 0],
      [batches[1], 0],
      [batches[0], undefined],
    ],
  )
  const named = produceRequest(batches.slice(0, 1), producerConfig({}, quiet), noMetadata)
  const byName = answerOf([{ name: 'a', topicId: zeroUuid, partitionResponses: [part(0)] }])
  assert.equal(produceOutcomes(named, byName)[0]?.answer?.baseOffset, 5)
})

test('only a refusal for the leader names another, and only with its epoch', () => {
  const batch = batchOf('a', 0)
  const endpoints = [{ nodeId: 2, host: 'two', port: 9, rack: 'r' }]
  const currentLeader = { leaderId: 2, leaderEpoch: 7 }
  const hint = { topic: 'a', partition: 0, leader: 2, leaderEpoch: 7 }
  const cases: [Partial<PartitionAnswer>, object[]][] = [
    [{ errorCode: 6, currentLeader }, [hint]],
    [{ errorCode: 74, currentLeader }, [hint]],
    [{ errorCode: 0, currentLeader }, []],
    [{ errorCode: 19, currentLeader }, []],
    [{ errorCode: 6, currentLeader: { leaderId: 2, leaderEpoch: -1 } }, []],
    [{ errorCode: 6, currentLeader: { leaderId: -1, leaderEpoch: 7 } }, []],
  ]
  for (const [given, hints] of cases) {
    const told = leaderHints([{ batch, answer: part(0, given) }], answerOf([], endpoints))
    assert.deepEqual(told.hints, hints)
    assert.equal(told.endpoints.length, hints.length)
  }
})

/** Each field of the answer, and where it is read. */
const readWhere: Record<string, string> = {
  responses: 'produceOutcomes',
  'responses.name': 'produceOutcomes',
  'responses.topicId': 'produceOutcomes',
  'responses.partitionResponses': 'produceOutcomes',
  'responses.partitionResponses.index': 'produceOutcomes',
  'responses.partitionResponses.errorCode': 'Completion.answered',
  'responses.partitionResponses.baseOffset': 'Completion.answered',
  'responses.partitionResponses.logAppendTimeMs': 'Completion.answered',
  'responses.partitionResponses.logStartOffset': 'Completion.#refused',
  'responses.partitionResponses.recordErrors': 'recordErrors',
  'responses.partitionResponses.recordErrors.batchIndex': 'recordErrors',
  'responses.partitionResponses.recordErrors.batchIndexErrorMessage': 'recordErrors',
  'responses.partitionResponses.errorMessage': 'Completion.#refused',
  'responses.partitionResponses.currentLeader': 'leaderHints',
  'responses.partitionResponses.currentLeader.leaderId': 'leaderHints',
  'responses.partitionResponses.currentLeader.leaderEpoch': 'leaderHints',
  throttleTimeMs: 'Connection.request',
  nodeEndpoints: 'leaderHints',
  'nodeEndpoints.nodeId': 'leaderHints',
  'nodeEndpoints.host': 'leaderHints',
  'nodeEndpoints.port': 'leaderHints',
  'nodeEndpoints.rack': 'leaderHints',
}

test('every field of the answer to Produce is read, or it is said why not', () => {
  const names: string[] = []
  const walk = (shape: Record<string, unknown>, path: string) => {
    for (const [name, field] of Object.entries(shape)) {
      names.push(`${path}${name}`)
      const inner = shapeWithin(field)
      if (inner) walk(inner, `${path}${name}.`)
    }
  }
  walk(Produce.response.shape, '')
  assert.deepEqual(names.sort(), Object.keys(readWhere).sort())
})

/** The fields of a struct, or of the structs in an array; undefined for a plain field. */
function shapeWithin(field: unknown): Record<string, unknown> | undefined {
  if (typeof field !== 'object' || field === null) return undefined
  if ('shape' in field) return field.shape as Record<string, unknown>
  for (const name of ['spec', 'type', 'of', 'item', 'element', 'items'])
    if (name in field) {
      const found = shapeWithin((field as Record<string, unknown>)[name])
      if (found) return found
    }
  return undefined
}
