/** How a call ended, as far as the log is concerned. `unk`: it may be stored or not, now or later. */
export type Outcome = 'ok' | 'fail' | 'unk'

/** How one attempt of a call ended: Kafka's name of the error code, `NONE`, or how the answer was missed. */
export type Attempt = string

/**
 * Refusals after which nothing was appended, whoever answered. NOT_LEADER_OR_FOLLOWER is not one of them: a leader that
 * steps down after appending answers just so. Nor is anything that a broker says while it does not know itself.
 */
const definite: ReadonlySet<Attempt> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'NOT_ENOUGH_REPLICAS',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_TXN_STATE',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'POLICY_VIOLATION',
  'THROTTLING_QUOTA_EXCEEDED',
  /** The client never sent it. */
  'NOT_SENT',
])

/**
 * The outcome of a call from all its attempts: ok if one was acknowledged, fail only if every one was refused for good.
 * A refusal after an attempt that stayed unanswered says nothing about that one.
 */
export function outcomeOf(attempts: readonly Attempt[]): Outcome {
  if (attempts.some((attempt) => attempt === 'NONE' || attempt === 'DUPLICATE_SEQUENCE_NUMBER')) return 'ok'
  return attempts.length > 0 && attempts.every((attempt) => definite.has(attempt)) ? 'fail' : 'unk'
}
