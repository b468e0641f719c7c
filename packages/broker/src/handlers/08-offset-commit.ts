/** OffsetCommit. v6 leader epochs, v7 static members, v9 consumer groups, v10 topic ids. */
import { OffsetCommit } from '@samsa/protocol'
import type { CommittedOffset, OffsetKey } from '../coordinator/offsets.ts'
import { code, handler } from './handler.ts'

export const offsetCommitHandler = handler(OffsetCommit, async (body, context) => {
  const { state, node, version } = context
  const { groupId: group, memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = body
  const now = state.runtime.now()
  const known = state.groups.get(group)
  let refusal = state.coordinatorOf(group)?.id === node ? 'NONE' : 'NOT_COORDINATOR'
  if (refusal === 'NONE' && known) refusal = known.validateCommit(memberId, groupInstanceId, generation, now)
  else if (refusal === 'NONE' && generation >= 0)
    refusal = version >= 9 ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
  const entries: { key: OffsetKey; value: CommittedOffset }[] = []
  const answers = body.topics.map(({ name, topicId, partitions }) => {
    const topic = version >= 10 ? state.topics.byId(topicId) : state.topics.get(name)
    return {
      name,
      topicId,
      partitions: partitions.map((asked) => {
        const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch } = asked
        const metadata = asked.committedMetadata ?? ''
        let error = refusal
        if (!topic) error = version >= 10 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
        else if (!topic.partitions[partitionIndex]) error = 'UNKNOWN_TOPIC_OR_PARTITION'
        else if (error === 'NONE' && metadata.length > state.settings.offsetMetadataMaxBytes)
          error = 'OFFSET_METADATA_TOO_LARGE'
        if (error === 'NONE' && topic) {
          const value = { offset, leaderEpoch, metadata, commitTimestamp: state.runtime.wallTime() }
          entries.push({ key: { group, topic: topic.name, partition: partitionIndex }, value })
        }
        return { partitionIndex, errorCode: code(error) }
      }),
    }
  })
  const stored = await state.commitOffsets(group, entries)
  if (stored === 'NONE') return { topics: answers }
  const topics = answers.map(({ partitions, ...topic }) => ({
    ...topic,
    partitions: partitions.map(({ partitionIndex, errorCode }) => ({
      partitionIndex,
      errorCode: errorCode || code(stored),
    })),
  }))
  return { topics }
})
