/** CreatePartitions: the number of partitions can only grow. */
import type { Received } from '@samsa/protocol'
import { CreatePartitions, KafkaError } from '@samsa/protocol'
import { assignedLeaders, MOST_NEW_PARTITIONS } from './assignment.ts'
import type { RequestContext } from './handler.ts'
import { code, duplicates, handler } from './handler.ts'

type Asked = Received<typeof CreatePartitions>['topics'][number]

export const createPartitionsHandler = handler(CreatePartitions, ({ topics, validateOnly }, context) => {
  const twice = duplicates(topics.map(({ name }) => name))
  const once = topics.filter(({ name }) => !twice.has(name))
  const present = (name: string) => context.state.topics.get(name)?.partitions.length ?? 0
  const added = once.reduce((sum, { name, count }) => sum + Math.max(0, count - present(name)), 0)
  const refuseAll = (error: string, errorMessage: string) => (name: string) => ({
    name,
    errorCode: code(error),
    errorMessage,
  })
  if (added > MOST_NEW_PARTITIONS) {
    const results = topics.map(({ name }) =>
      refuseAll('POLICY_VIOLATION', 'Excessively large number of partitions per request.')(name),
    )
    return { results }
  }
  return {
    results: [
      ...[...twice].map(refuseAll('INVALID_REQUEST', 'Duplicate topic name.')),
      ...once.map((asked) => answered(asked, validateOnly, context)),
    ],
  }
})

function answered(asked: Asked, validateOnly: boolean, context: RequestContext) {
  const { name } = asked
  try {
    grow(asked, validateOnly, context)
    return { name, errorCode: 0, errorMessage: null }
  } catch (error) {
    if (error instanceof KafkaError) return { name, errorCode: code(error.code), errorMessage: error.message }
    throw error
  }
}

function grow({ name, count, assignments }: Asked, validateOnly: boolean, { state }: RequestContext): void {
  const topic = state.topics.get(name)
  if (!topic) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This topic does not exist.')
  const present = topic.partitions.length
  if (count <= present)
    throw new KafkaError('INVALID_PARTITIONS', `The topic has ${present} partitions; ${count} is not more.`)
  if (assignments && assignments.length !== count - present) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `Attempted to add ${count - present} partitions, but ${assignments.length} assignments were specified.`,
    )
  }
  const replicas = assignments?.map(({ brokerIds }) => brokerIds)
  const leaders = replicas && assignedLeaders(replicas, state.nodes)
  if (!validateOnly) state.topics.addPartitions(topic, count, leaders)
}
