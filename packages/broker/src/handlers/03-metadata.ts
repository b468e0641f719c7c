/**
 * Metadata. v0: an empty list means all topics; v1: null does. v4 says whether topics may be created, v10 topic ids,
 * v12 asking by id. A topic that is created on the way is answered at once.
 */
import type { Received, Reply } from '@samsa/protocol'
import { KafkaError, Metadata, zeroUuid } from '@samsa/protocol'
import { topicNameProblem } from '../topic-names.ts'
import type { Topic } from '../topics.ts'
import { authorizedOperations } from './authorized-operations.ts'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

type TopicReply = Reply<typeof Metadata>['topics'][number]
type Asked = NonNullable<Received<typeof Metadata>['topics']>[number]

export const metadataHandler = handler(Metadata, (body, context) => {
  const { state, version } = context
  const all = body.topics === null || (version === 0 && body.topics.length === 0)
  const topics = all
    ? state.topics.all.map((topic) => described(topic, context))
    : once(body.topics ?? []).map((asked) =>
        answered(asked, body.allowAutoTopicCreation || version < 4, context),
      )
  return {
    brokers: state.upNodes.map(({ id: nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
    clusterId: state.topics.clusterId,
    controllerId: state.upNodes[0]?.id ?? -1,
    topics: body.includeTopicAuthorizedOperations ? topics.map(withOperations) : topics,
    ...(body.includeClusterAuthorizedOperations
      ? { clusterAuthorizedOperations: authorizedOperations('cluster', true) }
      : {}),
  }
})

function withOperations(topic: TopicReply): TopicReply {
  return topic.errorCode === 0
    ? { ...topic, topicAuthorizedOperations: authorizedOperations('topic', true) }
    : topic
}

/** Whoever is named twice is answered once. */
function once(topics: readonly Asked[]): Asked[] {
  return [...new Map(topics.map((asked) => [`${asked.topicId} ${asked.name}`, asked])).values()]
}

function answered({ name, topicId }: Asked, mayCreate: boolean, context: RequestContext): TopicReply {
  const { state, version } = context
  // v10 and v11 have a place for an id in the request and no meaning for it (KAFKA-14320).
  if (version < 12 && (name === null || topicId !== zeroUuid))
    return failed(name ?? '', topicId, 'INVALID_REQUEST')
  // Who names an id is asked by id, whatever the name is.
  if (name === null || topicId !== zeroUuid) {
    const topic = state.topics.byId(topicId)
    return topic ? described(topic, context) : failed(null, topicId, 'UNKNOWN_TOPIC_ID')
  }
  const known = state.topics.get(name)
  if (known) return described(known, context)
  if (!mayCreate || !state.settings.autoCreateTopicsEnable) {
    const isLegal = topicNameProblem(name) === undefined
    return failed(name, zeroUuid, isLegal ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION')
  }
  try {
    return described(state.topics.create({ name }), context)
  } catch (error) {
    return failed(name, zeroUuid, error instanceof KafkaError ? error.code : 'UNKNOWN_SERVER_ERROR')
  }
}

function described({ name, id, isInternal, partitions }: Topic, { state }: RequestContext): TopicReply {
  const up = state.upNodes.map((node) => node.id)
  return {
    errorCode: 0,
    name,
    topicId: id,
    isInternal,
    partitions: partitions.map(({ index: partitionIndex, leader, leaderEpoch }) => {
      const isUp = up.includes(leader)
      return {
        errorCode: isUp ? 0 : code('LEADER_NOT_AVAILABLE'),
        partitionIndex,
        leaderId: isUp ? leader : -1,
        leaderEpoch,
        replicaNodes: [leader],
        isrNodes: isUp ? [leader] : [],
        offlineReplicas: isUp ? [] : [leader],
      }
    }),
  }
}

function failed(name: string | null, topicId: string, error: string): TopicReply {
  return { errorCode: code(error), name, topicId, isInternal: false, partitions: [] }
}
