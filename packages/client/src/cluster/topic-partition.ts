import { checkTopicName, shown } from '../config/arguments.ts'
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
    checkTopicName(what, topic)
    return { topic, partition: partition as number }
  }
  throw new ConfigError(
    'partition',
    given,
    `${what} needs { topic: 'my.topic', partition: 0 }, not ${shown(given)}`,
  )
}

/** @throws ConfigError that shows the right form */
export function checkTopicPartitions(call: string, given: unknown): TopicPartition[] {
  if (Array.isArray(given)) return given.map((each) => checkTopicPartition(call, each))
  const form = `${call}([{ topic: 'my.topic', partition: 0 }])`
  throw new ConfigError('partitions', given, `${call} needs a list: ${form}, not ${shown(given)}`)
}

/** @throws ConfigError that shows the right form */
export function checkTimes(given: unknown): void {
  const wrong = checkTopicPartitions('offsetsForTimes', given).findIndex((_, index) => {
    const { timestamp } = (given as { timestamp?: unknown }[])[index] ?? {}
    return !Number.isSafeInteger(timestamp) || (timestamp as number) < 0
  })
  if (wrong < 0) return
  const form = "{ topic: 'my.topic', partition: 0, timestamp: Date.now() - 60_000 }"
  throw new ConfigError(
    'timestamp',
    given,
    `offsetsForTimes needs ${form}, not ${shown((given as unknown[])[wrong])}`,
  )
}

/** @throws ConfigError that shows the right form */
export function checkTopics(given: unknown): readonly string[] {
  const list = typeof given === 'string' ? [given] : given
  if (
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((topic) => typeof topic === 'string' && topic !== '')
  ) {
    for (const topic of list) checkTopicName('subscribe', topic)
    return [...list]
  }
  throw new ConfigError(
    'topics',
    given,
    `subscribe needs topics: subscribe(['my.topic']), not ${shown(given)}`,
  )
}
