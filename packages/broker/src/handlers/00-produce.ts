/**
 * Produce. v3 brought record batches, v7 zstd, v8 errors by record, v10 leader hints (KIP-951), v13 topic ids (KIP-516).
 * Versions 0 to 2 are advertised, as Kafka does (KAFKA-18659), and refused.
 */
import type { Received, Reply } from '@samsa/protocol'
import { BATCH_HEADER_BYTES, BatchHeader, codecNumber, Produce, prepareCodec } from '@samsa/protocol'
import type { Partition, Topic } from '../topics.ts'
import type { Handler, RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

type AskedTopic = Received<typeof Produce>['topicData'][number]
type PartitionReply = Reply<typeof Produce>['responses'][number]['partitionResponses'][number]

const produce = handler(Produce, async (body, context) => {
  const { acks } = body
  if (acks !== -1 && acks !== 0 && acks !== 1) return refuseAll(body, 'INVALID_REQUIRED_ACKS')
  if (body.transactionalId !== null) {
    if (acks === 0) throw new Error('a produce request of a transaction was refused: there are none')
    return refuseAll(body, 'INVALID_TXN_STATE')
  }
  const hinted = new Set<number>()
  const answers = body.topicData.map((asked) => {
    const { topicId, name } = asked
    const topic = topicOf(asked, context)
    const partitionResponses = asked.partitionData.map(({ index, records }) =>
      append(topic, index, records, acks, context, hinted),
    )
    return { name, topicId, partitionResponses }
  })
  const responses = await Promise.all(
    answers.map(async ({ partitionResponses, ...topic }) => ({
      ...topic,
      partitionResponses: await Promise.all(partitionResponses),
    })),
  )
  if (acks === 0) {
    // Nobody reads an answer: closing the connection is the only way to say that something went wrong.
    const failed = responses.some((topic) =>
      topic.partitionResponses.some(({ errorCode }) => errorCode !== 0),
    )
    if (failed) throw new Error('a produce request without acknowledgement failed')
    return undefined
  }
  const nodeEndpoints = context.state.upNodes
    .filter(({ id }) => hinted.has(id))
    .map(({ id: nodeId, host, port }) => ({ nodeId, host, port, rack: null }))
  return { responses, nodeEndpoints }
})

export const produceHandler: Handler = { ...produce, minVersion: 0 }

function topicOf({ name, topicId }: AskedTopic, { state, version }: RequestContext): Topic | undefined {
  return version >= 13 ? state.topics.byId(topicId) : state.topics.get(name)
}

async function append(
  topic: Topic | undefined,
  index: number,
  records: Uint8Array | null,
  acks: number,
  context: RequestContext,
  hinted: Set<number>,
): Promise<PartitionReply> {
  const { state, version, node } = context
  const partition = topic?.partitions[index]
  if (!topic || !partition) {
    return refused(index, version >= 13 && !topic ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
  }
  // Before anything is judged: what may change meanwhile is looked at afterwards.
  if (partition.log.settings.compressionType === 'zstd') await prepareCodec('zstd')
  if (topic.isInternal) return refused(index, 'INVALID_TOPIC_EXCEPTION')
  if (partition.leader !== node) return notLeader(partition, version, hinted)
  if (records === null) return refused(index, 'INVALID_RECORD', 'no records')
  if (version < 7 && isZstd(records))
    return refused(index, 'UNSUPPORTED_COMPRESSION_TYPE', `Produce v${version} does not know zstd`)
  if (acks === -1 && Number(topic.configs.get('min.insync.replicas') ?? 1) > state.upNodes.length)
    return refused(index, 'NOT_ENOUGH_REPLICAS')
  const { log, leaderEpoch } = partition
  const appended = log.append(records, { leaderEpoch, now: state.runtime.wallTime() })
  if ('error' in appended) {
    const { error, detail, records: bad = [] } = appended
    const recordErrors = bad.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: detail }))
    return { ...refused(index, error, detail), recordErrors }
  }
  try {
    await appended.durable
  } catch (error) {
    return refused(index, 'KAFKA_STORAGE_ERROR', (error as Error).message)
  }
  const { baseOffset, logAppendTime: logAppendTimeMs } = appended
  return {
    index,
    errorCode: 0,
    baseOffset,
    logAppendTimeMs,
    logStartOffset: log.logStartOffset,
    recordErrors: [],
  }
}

function refused(index: number, name: string, errorMessage: string | null = null): PartitionReply {
  return { index, errorCode: code(name), baseOffset: -1, recordErrors: [], errorMessage }
}

function notLeader(partition: Partition, version: number, hinted: Set<number>): PartitionReply {
  const reply = refused(partition.index, 'NOT_LEADER_OR_FOLLOWER')
  if (version < 10) return reply
  hinted.add(partition.leader)
  return { ...reply, currentLeader: { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch } }
}

function isZstd(records: Uint8Array): boolean {
  return records.length >= BATCH_HEADER_BYTES && new BatchHeader(records).codec === codecNumber('zstd')
}

function refuseAll(body: Received<typeof Produce>, name: string): Reply<typeof Produce> {
  const responses = body.topicData.map(({ name: topic, topicId, partitionData }) => ({
    name: topic,
    topicId,
    partitionResponses: partitionData.map(({ index }) => refused(index, name)),
  }))
  return { responses, nodeEndpoints: [] }
}
