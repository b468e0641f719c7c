import type { TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { shown } from '../config/arguments.ts'
import { ConfigError, KafkaError, ServerError } from '../errors.ts'
import { ConsumerRecord } from './consumer-record.ts'

/**
 * The offsets that `commit` was given: of a record the next one, of a list what it says.
 * @throws ConfigError that shows the right form
 */
export function offsetsToCommit(what: unknown): TopicPartitionOffset[] {
  if (what instanceof ConsumerRecord) {
    const { topic, partition, offset, leaderEpoch } = what
    return [{ topic, partition, offset: offset + 1, leaderEpoch }]
  }
  // A single object may be meant as the record to commit or as the next to read: only one of the two is right.
  if (!Array.isArray(what)) throw refusal(what, 'is neither a record that was received nor a list of offsets')
  return what.map(checkOffset)
}

function checkOffset(given: unknown): TopicPartitionOffset {
  const { topic, partition, offset } = (given ?? {}) as Partial<TopicPartitionOffset>
  const isGood =
    typeof topic === 'string' &&
    topic !== '' &&
    Number.isInteger(partition) &&
    (partition as number) >= 0 &&
    Number.isSafeInteger(offset) &&
    (offset as number) >= 0
  if (isGood) return given as TopicPartitionOffset
  throw refusal(given, 'does not name a topic, a partition and an offset')
}

function refusal(given: unknown, why: string): ConfigError {
  // Not the whole of it: it may be a record, with its value.
  const { topic, partition, offset } = (given ?? {}) as Partial<TopicPartitionOffset>
  const named = typeof given === 'object' && given !== null ? { topic, partition, offset } : given
  return new ConfigError(
    'offsets',
    given,
    `commit: ${shown(named)} ${why}. Commit a record: commit(message), ` +
      'or the next offset to read: commit([{ topic, partition, offset: message.offset + 1 }])',
  )
}

/** What a caller of `commit` is told: when the group has moved on, what that means and what to change. */
export function commitError(error: Error, groupId: string): Error {
  const isGone =
    error instanceof ServerError &&
    ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'].includes(error.code)
  if (!isGone) return error
  return new KafkaError(
    'COMMIT_FAILED',
    `the commit was refused because group ${groupId} has moved on (${(error as ServerError).code}): the partitions may belong to ` +
      'another member now, which will read these records again. Process faster, or raise maxPollIntervalMs or sessionTimeoutMs',
    { cause: error },
  )
}
