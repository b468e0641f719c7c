/** DeleteTopics. v5 error messages, v6 by id. */
import type { Received } from '@samsa/protocol'
import { DeleteTopics, zeroUuid } from '@samsa/protocol'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

type Asked = Received<typeof DeleteTopics>['topics'][number]

export const deleteTopicsHandler = handler(DeleteTopics, async ({ topics, topicNames }, context) => {
  const asked = context.version >= 6 ? topics : topicNames.map((name) => ({ name, topicId: zeroUuid }))
  const responses = []
  for (const each of asked) responses.push(await deleted(each, context))
  return { responses }
})

async function deleted({ name, topicId }: Asked, { state }: RequestContext) {
  const topic = name === null ? state.topics.byId(topicId) : state.topics.get(name)
  if (!topic) {
    const errorCode = code(name === null ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
    return { name, topicId, errorCode, errorMessage: null }
  }
  await state.deleteTopic(topic)
  return { name: topic.name, topicId: topic.id, errorCode: 0, errorMessage: null }
}
