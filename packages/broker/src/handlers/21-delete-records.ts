/** DeleteRecords. An offset of -1 means everything up to the high watermark. What is only compacted keeps everything. */
import { DeleteRecords } from '@samsa/protocol'
import { isPolicy } from '../topic-configs.ts'
import { code, handler } from './handler.ts'

export const deleteRecordsHandler = handler(DeleteRecords, ({ topics }, { state, node }) => ({
  topics: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, offset }) => {
      const partition = state.topics.partition(name, partitionIndex)
      const refused = (error: string) => ({ partitionIndex, lowWatermark: -1, errorCode: code(error) })
      if (!partition) return refused('UNKNOWN_TOPIC_OR_PARTITION')
      if (partition.leader !== node) return refused('NOT_LEADER_OR_FOLLOWER')
      if (state.topics.get(name)?.isInternal) return refused('INVALID_TOPIC_EXCEPTION')
      const { configs } = state.topics.get(name) ?? { configs: new Map() }
      if (!isPolicy(configs, 'delete')) return refused('POLICY_VIOLATION')
      const { log } = partition
      const target = offset === -1 ? log.highWatermark : Number(offset)
      if (target < 0 || target > log.highWatermark) return refused('OFFSET_OUT_OF_RANGE')
      state.topics.deleteRecordsBefore(partition, target)
      return { partitionIndex, lowWatermark: log.logStartOffset, errorCode: 0 }
    }),
  })),
}))
