/** How a call ended, as far as the log is concerned. `unk`: it may be stored or not, now or later. */
export type Outcome = 'ok' | 'fail' | 'unk'

/** How one attempt of a call ended: Kafka's name of the error code, `NONE`, or how the answer was missed. */
export type Attempt = string

/**
 * Refusals after which nothing was appended, whoever answered. NOT_LEADER_OR_FOLLOWER is not one of them, nor
 * UNKNOWN_TOPIC_OR_PARTITION: a leader that steps down or loses the partition while it waits for its followers, after
 * appending, answers just so (Kafka's DelayedProduce). Nor is anything that a broker says while it does not know itself.
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

/**
 * The outcome of a call from the end that its driver wrote: `r` is what the caller was told, `attempts` how each attempt
 * ended, `code` the last error where the attempts are not known, `definite` that the client vouches for a call that
 * failed having done nothing.
 *
 * What the caller was told to have worked did, and must last. What it was told to have failed did so only if that
 * follows from all attempts, or the client vouches for it; else nobody knows, and neither is it ok because an attempt
 * was acknowledged without the caller learning of it.
 */
export function settled(end: {
  r: Outcome
  attempts?: readonly Attempt[]
  code?: Attempt
  definite?: boolean
}): Outcome {
  if (end.r === 'ok') return 'ok'
  if (end.definite === true) return 'fail'
  if (end.attempts !== undefined) return outcomeOf(end.attempts) === 'fail' ? 'fail' : 'unk'
  return end.r === 'fail' && end.code === 'NOT_SENT' ? 'fail' : 'unk'
}

/** Whether an attempt of a call may still be carried out, after all others: one stayed without an answer. */
export function mayComeLate(attempts: readonly Attempt[] | undefined): boolean {
  return attempts?.some((attempt) => attempt !== 'NONE' && !definite.has(attempt)) ?? false
}
