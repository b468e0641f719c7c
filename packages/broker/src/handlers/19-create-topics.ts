/** CreateTopics. v4 defaults by -1, v5 tells the settings, v7 the id. */
import type { Received } from '@samsa/protocol'
import { CreateTopics, KafkaError, zeroUuid } from '@samsa/protocol'
import { topicConfigs } from '../topics.ts'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

type Asked = Received<typeof CreateTopics>['topics'][number]

export const createTopicsHandler = handler(CreateTopics, ({ topics, validateOnly }, context) => ({
  topics: topics.map((asked) => {
    const isTwice = topics.filter(({ name }) => name === asked.name).length > 1
    try {
      if (isTwice) throw new KafkaError('INVALID_REQUEST', `Duplicate topic ${asked.name} in the request.`)
      return created(asked, validateOnly, context)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return { ...nothing(asked.name), errorCode: code(error.code), errorMessage: error.message }
    }
  }),
}))

function created(asked: Asked, validateOnly: boolean, { state }: RequestContext) {
  const { name, numPartitions, replicationFactor, assignments } = asked
  if (assignments.length > 0 && (numPartitions !== -1 || replicationFactor !== -1)) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'Both an assignment and a number of partitions or replicas were given.',
    )
  }
  if (numPartitions === 0 || numPartitions < -1)
    throw new KafkaError('INVALID_PARTITIONS', 'The number of partitions must be positive.')
  if (replicationFactor === 0 || replicationFactor < -1 || replicationFactor > state.nodes.length) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `The replication factor ${replicationFactor} is not from 1 to ${state.nodes.length}.`,
    )
  }
  const partitions = assignments.length > 0 ? assignments.length : numPartitions
  const configs = new Map(asked.configs.map((config): [string, string] => [config.name, config.value ?? '']))
  const topic = state.topics.create({ name, partitions, configs }, { validateOnly })
  return {
    ...nothing(name),
    topicId: validateOnly ? zeroUuid : topic.id,
    numPartitions: topic.partitions.length,
    replicationFactor: Math.max(1, replicationFactor),
    configs: Object.entries(topicConfigs).map(([key, { default: initial }]) => ({
      name: key,
      value: configs.get(key) ?? initial,
      readOnly: false,
      configSource: configs.has(key) ? 1 : 5,
      isSensitive: false,
    })),
  }
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
