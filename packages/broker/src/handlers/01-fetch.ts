/**
 * Fetch. v7 sessions (KIP-227), v9 leader epochs (KIP-320), v11 racks, v13 topic ids (KIP-516), v15 replica state as a
 * tagged field, v16 leader hints (KIP-951). A session is never opened: id 0 tells the client to ask in full each time.
 */
import type { Received, Reply } from '@samsa/protocol'
import { Fetch } from '@samsa/protocol'
import type { Topic } from '../topics.ts'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'
import { epochProblem } from './leader-epoch.ts'

type Body = Received<typeof Fetch>
type AskedPartition = Body['topics'][number]['partitions'][number]
type PartitionReply = Reply<typeof Fetch>['responses'][number]['partitions'][number]

const nothing = new Uint8Array(0)

export const fetchHandler = handler(Fetch, async (body, context) => {
  if (body.sessionId !== 0) {
    return { errorCode: code('FETCH_SESSION_ID_NOT_FOUND'), sessionId: 0, responses: [], nodeEndpoints: [] }
  }
  const { runtime } = context.state
  const deadline = runtime.now() + body.maxWaitMs
  for (;;) {
    const { reply, bytes, isUrgent } = collect(body, context)
    const enough = isUrgent || bytes >= Math.min(body.minBytes, body.maxBytes) || runtime.now() >= deadline
    if (enough || context.gone.aborted) return reply
    await advanced(body, context, deadline)
  }
})

/** What can be answered now. Urgent: an error, which nobody should have to wait for. */
function collect(
  body: Body,
  context: RequestContext,
): { reply: Reply<typeof Fetch>; bytes: number; isUrgent: boolean } {
  const { state } = context
  const hinted = new Set<number>()
  let left = Math.min(body.maxBytes, state.settings.fetchMaxBytes)
  let bytes = 0
  let isUrgent = body.topics.length === 0
  const responses = body.topics.map((asked) => {
    const topic = topicOf(asked, context)
    const partitions = asked.partitions.map((partition) => {
      const reply = read(
        topic,
        partition,
        Math.min(left, partition.partitionMaxBytes),
        bytes === 0,
        context,
        hinted,
      )
      const size = reply.records?.length ?? 0
      left = Math.max(0, left - size)
      bytes += size
      if (reply.errorCode !== 0) isUrgent = true
      return reply
    })
    return { topic: asked.topic, topicId: asked.topicId, partitions }
  })
  const nodeEndpoints = state.upNodes
    .filter(({ id }) => hinted.has(id))
    .map(({ id: nodeId, host, port }) => ({ nodeId, host, port, rack: null }))
  return { reply: { errorCode: 0, sessionId: 0, responses, nodeEndpoints }, bytes, isUrgent }
}

function topicOf(asked: Body['topics'][number], { state, version }: RequestContext): Topic | undefined {
  return version >= 13 ? state.topics.byId(asked.topicId) : state.topics.get(asked.topic)
}

function read(
  topic: Topic | undefined,
  asked: AskedPartition,
  maxBytes: number,
  atLeastOne: boolean,
  { version, node }: RequestContext,
  hinted: Set<number>,
): PartitionReply {
  const { partition: partitionIndex, fetchOffset } = asked
  const partition = topic?.partitions[partitionIndex]
  if (!partition) {
    return refused(
      partitionIndex,
      version >= 13 && !topic ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION',
    )
  }
  if (partition.leader !== node) {
    hinted.add(partition.leader)
    const currentLeader = { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
    return { ...refused(partitionIndex, 'NOT_LEADER_OR_FOLLOWER'), currentLeader }
  }
  const problem = epochProblem(asked.currentLeaderEpoch, partition.leaderEpoch)
  if (problem) return refused(partitionIndex, problem)
  const { log } = partition
  if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset)
    return refused(partitionIndex, 'OFFSET_OUT_OF_RANGE')
  return {
    partitionIndex,
    errorCode: 0,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    abortedTransactions: null,
    records: log.read(fetchOffset, maxBytes, atLeastOne),
  }
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

/** Waits until one of the asked partitions has moved, the time is up, or the connection is gone. */
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
