/**
 * Fetch. v7 sessions (KIP-227), v9 leader epochs (KIP-320), v11 racks, v13 topic ids (KIP-516), v15 replica state as a
 * tagged field, v16 leader hints (KIP-951). A session is never opened: id 0 tells the client to ask in full each time.
 */
import type { Received, Reply } from '@samsa/protocol'
import { BatchHeader, Fetch } from '@samsa/protocol'
import { DamagedBatchError } from '../log/segment.ts'
import type { Partition, Topic } from '../topics.ts'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'
import { epochProblem } from './leader-epoch.ts'

type Body = Received<typeof Fetch>
type AskedPartition = Body['topics'][number]['partitions'][number]
type PartitionReply = Reply<typeof Fetch>['responses'][number]['partitions'][number]

const nothing = new Uint8Array(0)
const READ_COMMITTED = 1
/** Epochs of requests that name all partitions: they open a session or do without one, and close the one they name. */
const FULL_EPOCHS: readonly number[] = [0, -1]

export const fetchHandler = handler(Fetch, async (body, context) => {
  if (!FULL_EPOCHS.includes(body.sessionEpoch)) {
    return { errorCode: code('FETCH_SESSION_ID_NOT_FOUND'), sessionId: 0, responses: [], nodeEndpoints: [] }
  }
  const { runtime, settings } = context.state
  const deadline = runtime.now() + body.maxWaitMs
  const minBytes = Math.min(body.minBytes, body.maxBytes, settings.fetchMaxBytes)
  for (;;) {
    const { reply, bytes, isUrgent } = collect(body, minBytes, context)
    if (isUrgent || bytes >= minBytes || runtime.now() >= deadline || context.gone.aborted) return reply
    await advanced(body, context, deadline)
  }
})

/**
 * What can be answered now.
 * `bytes`: what there is to read, as far as the limits let it count. `isUrgent`: waiting would be of no use.
 */
function collect(
  body: Body,
  minBytes: number,
  context: RequestContext,
): { reply: Reply<typeof Fetch>; bytes: number; isUrgent: boolean } {
  const { state, version } = context
  const leaders = new Set<number>()
  let left = Math.min(body.maxBytes, state.settings.fetchMaxBytes)
  let readBytes = 0
  let bytes = 0
  let isUrgent = body.topics.every(({ partitions }) => partitions.length === 0)
  const responses = body.topics.map((asked) => {
    const topic = topicOf(asked, context)
    const partitions = asked.partitions.map((partition) => {
      const maxBytes = Math.min(left, partition.partitionMaxBytes)
      const reply = read(topic, partition, { maxBytes, atLeastOne: readBytes === 0 }, body, context)
      const records = reply.records ?? nothing
      left = Math.max(0, left - records.length)
      readBytes += records.length
      // Records that did not fit count too: waiting for more would not make room for them.
      const isFull =
        records.length < minBytes && endOf(records, Number(partition.fetchOffset)) < reply.highWatermark
      bytes += isFull ? Math.max(records.length, maxBytes) : records.length
      if (reply.errorCode !== 0 || reply.divergingEpoch) isUrgent = true
      if (reply.currentLeader?.leaderId !== undefined) leaders.add(reply.currentLeader.leaderId)
      return reply
    })
    return { topic: asked.topic, topicId: asked.topicId, partitions }
  })
  const nodeEndpoints = state.upNodes
    .filter(({ id }) => version >= 16 && leaders.has(id))
    .map(({ id: nodeId, host, port }) => ({ nodeId, host, port, rack: null }))
  return { reply: { errorCode: 0, sessionId: 0, responses, nodeEndpoints }, bytes, isUrgent }
}

function topicOf(asked: Body['topics'][number], { state, version }: RequestContext): Topic | undefined {
  return version >= 13 ? state.topics.byId(asked.topicId) : state.topics.get(asked.topic)
}

function read(
  topic: Topic | undefined,
  asked: AskedPartition,
  limit: { maxBytes: number; atLeastOne: boolean },
  { isolationLevel }: Body,
  { version, node }: RequestContext,
): PartitionReply {
  const { partition: partitionIndex } = asked
  const fetchOffset = Number(asked.fetchOffset)
  const partition = topic?.partitions[partitionIndex]
  if (!partition) {
    return refused(
      partitionIndex,
      version >= 13 && !topic ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION',
    )
  }
  if (partition.leader !== node) {
    const reply = refused(partitionIndex, 'NOT_LEADER_OR_FOLLOWER')
    const currentLeader = { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
    return version >= 12 ? { ...reply, currentLeader } : reply
  }
  const problem = epochProblem(asked.currentLeaderEpoch, partition.leaderEpoch)
  if (problem) return refused(partitionIndex, problem)
  const { log } = partition
  if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset)
    return refused(partitionIndex, 'OFFSET_OUT_OF_RANGE')
  const reply = {
    partitionIndex,
    errorCode: 0,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    abortedTransactions: isolationLevel === READ_COMMITTED ? [] : null,
    records: nothing,
  }
  const divergingEpoch = divergence(partition, asked)
  if (divergingEpoch === 'unknown') return refused(partitionIndex, 'OFFSET_OUT_OF_RANGE')
  if (divergingEpoch) return { ...reply, divergingEpoch }
  try {
    return { ...reply, records: log.read(fetchOffset, limit.maxBytes, limit.atLeastOne) }
  } catch (error) {
    if (error instanceof DamagedBatchError) return refused(partitionIndex, 'CORRUPT_MESSAGE')
    throw error
  }
}

/** Where the history of the reader leaves that of the log (KIP-595); undefined when they agree. */
function divergence(
  { log, leaderEpoch }: Partition,
  { fetchOffset, lastFetchedEpoch }: AskedPartition,
): { epoch: number; endOffset: number } | 'unknown' | undefined {
  if (lastFetchedEpoch < 0) return undefined
  const end = log.endOffsetForEpoch(lastFetchedEpoch, leaderEpoch)
  if (end.epoch < 0 || end.endOffset < 0) return 'unknown'
  return end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset ? end : undefined
}

/** The offset after the last batch; of no batches, where they were to begin. */
function endOf(records: Uint8Array, fetchOffset: number): number {
  let end = fetchOffset
  for (let at = 0; at < records.length; ) {
    const header = new BatchHeader(records.subarray(at))
    end = header.lastOffset + 1
    at += header.sizeInBytes
  }
  return end
}

function refused(partitionIndex: number, name: string): PartitionReply {
  return {
    partitionIndex,
    errorCode: code(name),
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    records: nothing,
  }
}

/** Waits until an asked partition has moved, got another leader or gone, the time is up, or the connection is gone. */
function advanced(body: Body, context: RequestContext, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const undo: (() => void)[] = []
    const done = () => {
      for (const each of undo) each()
      resolve()
    }
    const timer = context.state.runtime.timer(deadline, done)
    undo.push(() => timer.cancel())
    context.gone.addEventListener('abort', done)
    undo.push(() => context.gone.removeEventListener('abort', done))
    for (const asked of body.topics) {
      const topic = topicOf(asked, context)
      for (const { partition } of asked.partitions) {
        const log = topic?.partitions[partition]?.log
        if (log) undo.push(log.onAdvance(done))
      }
    }
  })
}
