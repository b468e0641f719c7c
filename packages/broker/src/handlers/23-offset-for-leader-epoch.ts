/** OffsetForLeaderEpoch (KIP-320): where an epoch ended. */
import { OffsetForLeaderEpoch } from '@samsa/protocol'
import { code, handler } from './handler.ts'
import { epochProblem } from './leader-epoch.ts'

export const offsetForLeaderEpochHandler = handler(OffsetForLeaderEpoch, ({ topics }, { state, node }) => ({
  topics: topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((asked) => {
      const { partition: index, leaderEpoch } = asked
      const partition = state.topics.partition(topic, index)
      const refused = (error: string) => ({
        partition: index,
        errorCode: code(error),
        leaderEpoch: -1,
        endOffset: -1,
      })
      if (!partition) return refused('UNKNOWN_TOPIC_OR_PARTITION')
      if (partition.leader !== node) return refused('NOT_LEADER_OR_FOLLOWER')
      const problem = epochProblem(asked.currentLeaderEpoch, partition.leaderEpoch)
      if (problem) return refused(problem)
      const end = partition.log.endOffsetForEpoch(leaderEpoch, partition.leaderEpoch)
      return { partition: index, errorCode: 0, leaderEpoch: end.epoch, endOffset: end.endOffset }
    }),
  })),
}))
