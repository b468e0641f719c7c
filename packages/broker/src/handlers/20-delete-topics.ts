/** DeleteTopics. v5 error messages, v6 by id. */
import type { Received, Reply } from '@samsa/protocol'
import { DeleteTopics, zeroUuid } from '@samsa/protocol'
import type { Topic } from '../topics.ts'
import type { RequestContext } from './handler.ts'
import { code, duplicates, handler } from './handler.ts'

type Asked = Received<typeof DeleteTopics>['topics'][number]
type TopicReply = Reply<typeof DeleteTopics>['responses'][number]

export const deleteTopicsHandler = handler(DeleteTopics, async ({ topics, topicNames }, context) => {
  const asked = context.version >= 6 ? topics : topicNames.map((name) => ({ name, topicId: zeroUuid }))
  const twice = duplicates(asked.map(keyOf))
  const responses: TopicReply[] = []
  const wanted = new Map<Topic, Asked>()
  for (const each of new Map(asked.map((one) => [keyOf(one), one])).values()) {
    const found = find(each, twice.has(keyOf(each)), context)
    if ('errorCode' in found) responses.push(found)
    else if (wanted.has(found))
      responses.push(refused(each, 'INVALID_REQUEST', 'The topic was already named in the other way.'))
    else wanted.set(found, each)
  }
  for (const topic of wanted.keys()) {
    await context.state.deleteTopic(topic)
    responses.push({ name: topic.name, topicId: topic.id, errorCode: 0, errorMessage: null })
  }
  return { responses }
})

function keyOf({ name, topicId }: Asked): string {
  return `${topicId} ${name}`
}

function find(asked: Asked, isTwice: boolean, { state }: RequestContext): Topic | TopicReply {
  const { name, topicId } = asked
  const hasId = topicId !== zeroUuid
  if (name !== null && hasId)
    return refused(asked, 'INVALID_REQUEST', 'You may not specify both topic name and topic id.')
  if (name === null && !hasId)
    return refused(asked, 'INVALID_REQUEST', 'Neither topic name nor id were specified.')
  if (isTwice) return refused(asked, 'INVALID_REQUEST', `Duplicate topic ${hasId ? 'id' : 'name'}.`)
  if (name === null)
    return state.topics.byId(topicId) ?? refused(asked, 'UNKNOWN_TOPIC_ID', 'There is no topic of that id.')
  return (
    state.topics.get(name) ?? refused(asked, 'UNKNOWN_TOPIC_OR_PARTITION', 'There is no topic of that name.')
  )
}

function refused({ name, topicId }: Asked, error: string, errorMessage: string): TopicReply {
  return { name, topicId, errorCode: code(error), errorMessage }
}
