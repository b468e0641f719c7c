/** CreateTopics. v4 defaults by -1, v5 tells the settings, v7 the id. */
import type { Received, Reply } from '@samsa/protocol'
import { CreateTopics, KafkaError, zeroUuid } from '@samsa/protocol'
import { topicConfigs } from '../topic-configs.ts'
import { assignedLeaders, MOST_NEW_PARTITIONS } from './assignment.ts'
import type { RequestContext } from './handler.ts'
import { code, duplicates, handler } from './handler.ts'

type Asked = Received<typeof CreateTopics>['topics'][number]
type TopicReply = Reply<typeof CreateTopics>['topics'][number]

export const createTopicsHandler = handler(CreateTopics, ({ topics, validateOnly }, context) => {
  const twice = duplicates(topics.map(({ name }) => name))
  const once = topics.filter(({ name }) => !twice.has(name))
  const count = (asked: Asked) => Math.max(asked.assignments.length, asked.numPartitions, 0)
  if (once.reduce((sum, asked) => sum + count(asked), 0) > MOST_NEW_PARTITIONS) {
    const error = new KafkaError('POLICY_VIOLATION', 'Excessively large number of partitions per request.')
    return { topics: topics.map(({ name }) => failed(name, error)) }
  }
  const duplicate = new KafkaError('INVALID_REQUEST', 'Duplicate topic name.')
  return {
    topics: [
      ...once.map((asked) => answered(asked, validateOnly, context)),
      ...[...twice].map((name) => failed(name, duplicate)),
    ],
  }
})

function answered(asked: Asked, validateOnly: boolean, context: RequestContext): TopicReply {
  try {
    return created(asked, validateOnly, context)
  } catch (error) {
    if (error instanceof KafkaError) return failed(asked.name, error)
    throw error
  }
}

/** Kafka judges the name first, then the settings, then the numbers. */
function created(asked: Asked, validateOnly: boolean, { state }: RequestContext): TopicReply {
  const { name, numPartitions, replicationFactor } = asked
  const configs = new Map(asked.configs.map((each): [string, string | null] => [each.name, each.value]))
  state.topics.plan({ name, configs })
  const leaders = asked.assignments.length > 0 ? assigned(asked, state.nodes) : undefined
  if (!leaders) checkNumbers(asked, state.nodes.length)
  const partitions = leaders?.length ?? numPartitions
  const plan = state.topics.plan({ name, partitions, configs, leaders })
  return {
    ...nothing(name),
    topicId: validateOnly ? zeroUuid : state.topics.create(plan).id,
    numPartitions: plan.partitions,
    replicationFactor: asked.assignments[0]?.brokerIds.length ?? Math.max(1, replicationFactor),
    configs: Object.entries(topicConfigs).map(([key, { default: initial }]) => ({
      name: key,
      value: plan.configs.get(key) ?? initial,
      readOnly: false,
      configSource: plan.configs.has(key) ? 1 : 5,
      isSensitive: false,
    })),
  }
}

function checkNumbers({ numPartitions, replicationFactor }: Asked, nodes: number): void {
  if (replicationFactor === 0 || replicationFactor < -1 || replicationFactor > nodes) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `The replication factor ${replicationFactor} is not from 1 to ${nodes}.`,
    )
  }
  if (numPartitions === 0 || numPartitions < -1)
    throw new KafkaError(
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    )
}

function assigned(asked: Asked, nodes: RequestContext['state']['nodes']): number[] {
  const { numPartitions, replicationFactor, assignments } = asked
  if (numPartitions !== -1 || replicationFactor !== -1) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'Both an assignment and a number of partitions or replicas were given.',
    )
  }
  const inOrder = [...assignments].sort((a, b) => a.partitionIndex - b.partitionIndex)
  if (inOrder.some(({ partitionIndex }, index) => partitionIndex !== index)) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      'partitions should be a consecutive 0-based integer sequence',
    )
  }
  return assignedLeaders(
    inOrder.map(({ brokerIds }) => brokerIds),
    nodes,
  )
}

function failed(name: string, error: KafkaError): TopicReply {
  return { ...nothing(name), errorCode: code(error.code), errorMessage: error.message }
}

function nothing(name: string) {
  return {
    name,
    topicId: zeroUuid,
    errorCode: 0,
    errorMessage: null,
    numPartitions: -1,
    replicationFactor: -1,
    configs: null,
  }
}
