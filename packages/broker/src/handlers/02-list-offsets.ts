/** ListOffsets. v1 one offset, v2 isolation level, v4 leader epochs, v7 greatest timestamp (KIP-734), v8 tiers. */
import type { Received, Reply } from '@samsa/protocol'
import { ListOffsets } from '@samsa/protocol'
import type { Partition } from '../topics.ts'
import type { RequestContext } from './handler.ts'
import { code, duplicates, handler } from './handler.ts'
import { epochProblem } from './leader-epoch.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
/** Since which version a number below 0 means something. The last two ask for tiers that this broker does not have. */
const sinceVersion: ReadonlyMap<number, number> = new Map([
  [LATEST, 1],
  [EARLIEST, 1],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [-5, 9],
  [-6, 11],
])

type Body = Received<typeof ListOffsets>
type AskedPartition = Body['topics'][number]['partitions'][number]
type PartitionReply = Reply<typeof ListOffsets>['topics'][number]['partitions'][number]

export const listOffsetsHandler = handler(ListOffsets, ({ topics }, context) => {
  const key = (name: string, partition: number) => `${name}-${partition}`
  const keys = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex }) => key(name, partitionIndex)),
  )
  const twice = duplicates(keys)
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) =>
        twice.has(key(name, asked.partitionIndex))
          ? refused(asked.partitionIndex, 'INVALID_REQUEST')
          : answered(name, asked, context),
      ),
    })),
  }
})

function answered(
  name: string,
  { partitionIndex, currentLeaderEpoch, ...asked }: AskedPartition,
  { state, node, version }: RequestContext,
): PartitionReply {
  // What is beyond the exact numbers is later, or earlier, than any record in either form.
  const timestamp = Number(asked.timestamp)
  if (timestamp < 0 && version < (sinceVersion.get(timestamp) ?? Number.POSITIVE_INFINITY))
    return refused(partitionIndex, 'UNSUPPORTED_VERSION')
  const partition = state.topics.partition(name, partitionIndex)
  if (!partition) return refused(partitionIndex, 'UNKNOWN_TOPIC_OR_PARTITION')
  if (partition.leader !== node) return refused(partitionIndex, 'NOT_LEADER_OR_FOLLOWER')
  const problem = epochProblem(currentLeaderEpoch, partition.leaderEpoch)
  if (problem) return refused(partitionIndex, problem)
  const { leaderEpoch, ...found } = lookUp(partition, timestamp)
  // Before v4 there is no place for the epoch.
  return { partitionIndex, errorCode: 0, ...found, ...(version >= 4 ? { leaderEpoch } : {}) }
}

function lookUp(
  { log, leaderEpoch }: Partition,
  asked: number,
): { timestamp: number; offset: number; leaderEpoch: number } {
  const none = { timestamp: -1, offset: -1, leaderEpoch: -1 }
  if (asked === LATEST) return { timestamp: -1, offset: log.highWatermark, leaderEpoch }
  if (asked === EARLIEST || asked === EARLIEST_LOCAL)
    return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: log.firstEpoch(leaderEpoch) }
  if (asked === MAX_TIMESTAMP) return log.maxTimestampRecord() ?? none
  return asked < 0 ? none : (log.offsetForTime(asked) ?? none)
}

function refused(partitionIndex: number, name: string): PartitionReply {
  return { partitionIndex, errorCode: code(name), timestamp: -1, offset: -1 }
}
