/** ListOffsets. v1 one offset, v2 isolation level, v4 leader epochs, v7 greatest timestamp (KIP-734), v8 tiers. */
import { ListOffsets } from '@samsa/protocol'
import type { Partition } from '../topics.ts'
import { code, handler } from './handler.ts'
import { epochProblem } from './leader-epoch.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4

export const listOffsetsHandler = handler(ListOffsets, ({ topics }, { state, node, version }) => ({
  topics: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, timestamp, currentLeaderEpoch }) => {
      const partition = state.topics.partition(name, partitionIndex)
      if (!partition) return refused(partitionIndex, 'UNKNOWN_TOPIC_OR_PARTITION')
      if (partition.leader !== node) return refused(partitionIndex, 'NOT_LEADER_OR_FOLLOWER')
      const problem = epochProblem(currentLeaderEpoch, partition.leaderEpoch)
      if (problem) return refused(partitionIndex, problem)
      const { leaderEpoch, ...found } = lookUp(partition, timestamp)
      // Before v4 there is no place for the epoch.
      return { partitionIndex, errorCode: 0, ...found, ...(version >= 4 ? { leaderEpoch } : {}) }
    }),
  })),
}))

function lookUp(
  { log, leaderEpoch }: Partition,
  asked: number,
): { timestamp: number; offset: number; leaderEpoch: number } {
  const none = { timestamp: -1, offset: -1, leaderEpoch: -1 }
  if (asked === LATEST) return { timestamp: -1, offset: log.highWatermark, leaderEpoch }
  if (asked === EARLIEST || asked === EARLIEST_LOCAL)
    return { timestamp: -1, offset: log.logStartOffset, leaderEpoch }
  if (asked === MAX_TIMESTAMP) return log.maxTimestampRecord() ?? none
  // Other negative numbers ask for tiers that this broker does not have.
  return asked < 0 ? none : (log.offsetForTime(asked) ?? none)
}

function refused(partitionIndex: number, name: string) {
  return { partitionIndex, errorCode: code(name), timestamp: -1, offset: -1 }
}
