/**
 * OffsetFetch. v2 null asks for all topics, v5 leader epochs, v8 several groups, v10 topic ids. Who has committed
 * nothing gets -1 and no error, also for a group that does not exist.
 */
import type { Received } from '@samsa/protocol'
import { OffsetFetch, zeroUuid } from '@samsa/protocol'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

type AskedGroup = Received<typeof OffsetFetch>['groups'][number]

export const offsetFetchHandler = handler(OffsetFetch, (body, context) => {
  const { version } = context
  if (version >= 8) return { groups: body.groups.map((asked) => fetched(asked, context)) }
  const topics = body.topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null
  const asked = { groupId: body.groupId, memberId: null, memberEpoch: -1, topics }
  const answer = fetched(asked as AskedGroup, context)
  // v1 has no place for an error of the whole: each partition carries it.
  if (version < 2 && answer.errorCode !== 0) return { topics: failed(body.topics ?? [], answer.errorCode) }
  return { topics: answer.topics.map(({ topicId: _, ...topic }) => topic), errorCode: answer.errorCode }
})

function failed(topics: readonly { name: string; partitionIndexes: readonly number[] }[], errorCode: number) {
  const none = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...none })),
  }))
}

function fetched({ groupId, topics }: AskedGroup, { state, node, version }: RequestContext) {
  if (state.coordinatorOf(groupId)?.id !== node)
    return { groupId, topics: [], errorCode: code('NOT_COORDINATOR') }
  const asked = topics ?? everything(groupId, state, version)
  return {
    groupId,
    errorCode: 0,
    topics: asked.map(({ name, topicId, partitionIndexes }) => {
      const topic = version >= 10 ? state.topics.byId(topicId) : state.topics.get(name)
      const topicName = topic?.name ?? name
      const error = version >= 10 && !topic ? 'UNKNOWN_TOPIC_ID' : 'NONE'
      return {
        name,
        topicId,
        partitions: partitionIndexes.map((partitionIndex) => {
          const committed = state.offsets.get(groupId, topicName, partitionIndex)
          return {
            partitionIndex,
            committedOffset: committed?.offset ?? -1,
            committedLeaderEpoch: committed?.leaderEpoch ?? -1,
            metadata: committed?.metadata ?? '',
            errorCode: code(error),
          }
        }),
      }
    }),
  }
}

function everything(groupId: string, state: RequestContext['state'], version: number) {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of state.offsets.of(groupId))
    topics.set(topic, [...(topics.get(topic) ?? []), partition])
  // From v10 on a topic that is gone has nothing that it could be named by.
  const named = [...topics].filter(([name]) => version < 10 || state.topics.get(name))
  return named.map(([name, partitionIndexes]) => {
    const topicId = state.topics.get(name)?.id ?? zeroUuid
    return { name, topicId, partitionIndexes }
  })
}
