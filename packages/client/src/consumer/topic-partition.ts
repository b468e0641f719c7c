import { ConfigError } from '../errors.ts'

export interface TopicPartition {
  topic: string
  partition: number
}

export interface TopicPartitionOffset extends TopicPartition {
  offset: number
  /** Free text that is kept with a committed offset. */
  metadata?: string
  /** -1 or left out: not known. */
  leaderEpoch?: number
}

export function named({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** @throws ConfigError that shows the right form */
export function checkTopicPartition(what: string, given: unknown): TopicPartition {
  const { topic, partition } = (given ?? {}) as Partial<TopicPartition>
  if (
    typeof topic === 'string' &&
    topic !== '' &&
    Number.isInteger(partition) &&
    (partition as number) >= 0
  ) {
    return { topic, partition: partition as number }
  }
  throw new ConfigError(
    'partition',
    given,
    `${what} needs { topic: 'my.topic', partition: 0 }, not ${JSON.stringify(given)}`,
  )
}
