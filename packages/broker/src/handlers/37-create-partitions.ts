/** CreatePartitions: the number of partitions can only grow. */
import { CreatePartitions } from '@samsa/protocol'
import { code, handler } from './handler.ts'

export const createPartitionsHandler = handler(CreatePartitions, ({ topics, validateOnly }, { state }) => ({
  results: topics.map(({ name, count }) => {
    const topic = state.topics.get(name)
    const refused = (error: string, errorMessage: string) => ({ name, errorCode: code(error), errorMessage })
    if (!topic) return refused('UNKNOWN_TOPIC_OR_PARTITION', 'This topic does not exist.')
    if (count <= topic.partitions.length) {
      return refused(
        'INVALID_PARTITIONS',
        `The topic has ${topic.partitions.length} partitions; ${count} is not more.`,
      )
    }
    if (!validateOnly) state.topics.addPartitions(topic, count)
    return { name, errorCode: 0, errorMessage: null }
  }),
}))
