import type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { named } from '../cluster/topic-partition.ts'
import { shown } from '../config/arguments.ts'
import { ConfigError, KafkaError, ServerError } from '../errors.ts'
import type { Claim } from './committer.ts'
import { ConsumerRecord } from './consumer-record.ts'
import type { Delivery } from './delivery.ts'
import type { Ownership } from './ownership.ts'

/**
 * What `commit` was asked to commit: a record and what lies before it, offsets, or everything that was handed over.
 * @throws ConfigError that shows the right form; KafkaError COMMIT_FAILED for a partition that is not the member's, and
 * ILLEGAL_STATE where nobody knows what was processed
 */
export function claimsOf(
  what: unknown,
  groupId: string,
  ownership: Ownership,
  delivery: Delivery,
): readonly Claim[] {
  if (what === undefined) {
    if (!delivery.isAlone) throw ambiguous()
    delivery.finishAll()
    return ownership.due()
  }
  const isMember = ownership.subscribed !== undefined
  if (what instanceof ConsumerRecord) {
    const { topic, partition, offset, leaderEpoch } = what
    const assigned = ConsumerRecord.assignmentOf(what)
    const isOurs = ownership.find(what) === assigned
    if (!isOurs && isMember) throw goneError(what, groupId, assigned.gone)
    const next = isOurs ? delivery.finishRecord(assigned, offset) : offset + 1
    const claim = { topic, partition, offset: next, leaderEpoch }
    return [{ offset: claim, assigned: isOurs ? assigned : undefined }]
  }
  return offsetsToCommit(what).map((offset) => {
    const assigned = ownership.find(offset)
    if (assigned) delivery.finishBefore(assigned, offset.offset)
    else if (isMember) throw goneError(offset, groupId, undefined)
    return { offset, assigned }
  })
}

function ambiguous(): KafkaError {
  return new KafkaError(
    'ILLEGAL_STATE',
    'commit: several loops have records in hand, and nobody knows which of them are processed; commit a record: commit(message)',
  )
}

/**
 * The list of offsets that `commit` was given.
 * @throws ConfigError that shows the right form
 */
function offsetsToCommit(what: unknown): TopicPartitionOffset[] {
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

const wentHow = {
  lost:
    'it was lost: the group took this member out, since it was not heard of in sessionTimeoutMs or asked for no records in ' +
    'maxPollIntervalMs. Process faster, or raise them',
  revoked:
    "it was given back since. Commit before the loop asks for its next record, or in the 'revoked' event",
  never: 'it is not assigned to this member; a record counts only for the assignment it came from',
} as const

/** The partition is not this member's, or is again under another assignment: somebody else may have read on. */
export function goneError(
  target: TopicPartition,
  groupId: string,
  how: 'lost' | 'revoked' | undefined,
): KafkaError {
  return new KafkaError(
    'COMMIT_FAILED',
    `the commit of ${named(target)} in group ${groupId} was refused: ${wentHow[how ?? 'never']}. Whoever has the partition reads ` +
      'again what was not committed before',
  )
}

/** What each refusal that tells about the group means to whoever commits, and what to change. */
const refusals: Readonly<Record<string, string>> = {
  REBALANCE_IN_PROGRESS:
    'the group is sharing its partitions out anew; the record comes again to whoever gets them',
  ILLEGAL_GENERATION:
    'the group has begun another generation without this member, so the partitions may be with another one, which reads ' +
    'these records again. Process faster, or raise maxPollIntervalMs',
  UNKNOWN_MEMBER_ID:
    'the coordinator has taken this member out of the group, so the partitions are with another one, which reads these ' +
    'records again. It was not heard of in time: raise sessionTimeoutMs, or do not block the event loop for so long',
}

const ASSIGNED_IN_A_GROUP =
  'it has members that subscribed, and they alone may commit; this consumer chose its partitions with assign: give it a ' +
  'groupId of its own'

/**
 * What a caller of `commit` is told: when the group has moved on, what that means and what to change.
 * @param isMember whether the consumer subscribed, rather than chose its partitions
 */
export function commitError(error: Error, groupId: string, isMember: boolean): Error {
  if (!(error instanceof ServerError)) return error
  const known = refusals[error.code]
  if (known === undefined) return error
  const why = isMember ? known : ASSIGNED_IN_A_GROUP
  return new KafkaError('COMMIT_FAILED', `group ${groupId} refused the commit (${error.code}): ${why}`, {
    cause: error,
  })
}
