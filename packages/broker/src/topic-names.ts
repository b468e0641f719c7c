export const OFFSETS_TOPIC = '__consumer_offsets'
/** `offsets.topic.num.partitions` */
export const OFFSETS_PARTITIONS = 50
/** Topics of Kafka's own, whether they are there yet or not. */
export const internalTopics: ReadonlySet<string> = new Set([
  OFFSETS_TOPIC,
  '__transaction_state',
  '__share_group_state',
])

export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name)
}

/** Why a topic may not have this name; undefined when it may. Source: `Topic.validate`. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'The topic name is empty.'
  if (name === '.' || name === '..') return "The topic name cannot be '.' or '..'."
  if (name.length > 249) return 'The topic name is longer than 249 characters.'
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `The topic name '${name}' has other characters than letters, digits, '.', '_' and '-'.`
  return undefined
}

/** Two topics whose metric names are the same may not live together. Source: `Topic.unifyCollisionChars`. */
export function metricName(topic: string): string {
  return topic.replaceAll('.', '_')
}
