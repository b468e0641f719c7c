import type { ErrorName } from '@samsa/protocol'
import { errorNamed, MalformedError } from '@samsa/protocol'
import { ConnectionError, ServerError, TimeoutError } from '../errors.ts'

/**
 * What to do about an error, by the place where it was met. The same refusal means one thing while bootstrapping and
 * another in the sender, so policy is a table and errors only state facts.
 *
 * - `retry`: again after a pause, nothing else needs to change.
 * - `refresh`: ask for metadata, then again.
 * - `recoordinate`: look the coordinator up anew, then again.
 * - `fail`: tell the caller.
 * - `success`, `split`, `sequence`: of a batch; it is stored, too large, or its number is not the next one.
 * - `resetOffset`: of a fetch; the offset is not in the log.
 * - `rejoin`: of a group's member; join again as who it is.
 * - `takeMemberId`: join again under the id that the answer gave (KIP-394).
 * - `forgetGeneration`: the partitions are lost; join again with the same member id.
 * - `forgetMember`: the partitions are lost and so is the member id; join as a new one.
 */
export type Action =
  | 'retry'
  | 'refresh'
  | 'recoordinate'
  | 'fail'
  | 'success'
  | 'split'
  | 'sequence'
  | 'resetOffset'
  | 'rejoin'
  | 'takeMemberId'
  | 'forgetGeneration'
  | 'forgetMember'

export interface Recovery {
  /**
   * By Kafka's name of the code. What is not named is tried again where Kafka marks it as retriable, after a refresh
   * where it marks metadata as out of date, and is else told at once: also a code that this version does not know.
   */
  readonly codes: { readonly [Name in ErrorName]?: Action }
  /** For a connection that could not be opened or broke, and for an answer that did not come. */
  readonly unreachable: Action
}

/** What the place of a table may say. */
export type ActionOf<P extends Recovery> =
  | Extract<P['codes'][keyof P['codes']], Action>
  | P['unreachable']
  | 'retry'
  | 'refresh'
  | 'fail'

/** Codes that time heals although Kafka does not mark them: a broker has them while it starts, stops or moves. */
const passing = {
  BROKER_NOT_AVAILABLE: 'refresh',
  UNKNOWN_SERVER_ERROR: 'retry',
} as const satisfies Recovery['codes']

/** Source: `AbstractCoordinator` and `ConsumerCoordinator`, where every answer handler has these. */
const coordinators = {
  UNKNOWN_SERVER_ERROR: 'retry',
  NOT_COORDINATOR: 'recoordinate',
  COORDINATOR_NOT_AVAILABLE: 'recoordinate',
  COORDINATOR_LOAD_IN_PROGRESS: 'retry',
  REQUEST_TIMED_OUT: 'recoordinate',
  NETWORK_EXCEPTION: 'recoordinate',
} as const satisfies Recovery['codes']

/** What an answer of the coordinator says about the member that asked. */
const membership = {
  ...coordinators,
  REBALANCE_IN_PROGRESS: 'rejoin',
  ILLEGAL_GENERATION: 'forgetGeneration',
  UNKNOWN_MEMBER_ID: 'forgetMember',
  FENCED_INSTANCE_ID: 'fail',
} as const satisfies Recovery['codes']

export const recovery = {
  /** A batch that was sent. What is not named here was refused for good and is certainly not stored. */
  produce: {
    codes: {
      ...passing,
      DUPLICATE_SEQUENCE_NUMBER: 'success',
      OUT_OF_ORDER_SEQUENCE_NUMBER: 'sequence',
      UNKNOWN_PRODUCER_ID: 'sequence',
      INVALID_PRODUCER_EPOCH: 'sequence',
      INVALID_PRODUCER_ID_MAPPING: 'sequence',
      MESSAGE_TOO_LARGE: 'split',
    },
    unreachable: 'refresh',
  },
  /** Metadata itself, and looking up a coordinator. */
  metadata: { codes: { ...passing, REBOOTSTRAP_REQUIRED: 'refresh' }, unreachable: 'refresh' },
  /** A partition of a fetch, or the whole fetch. */
  fetch: {
    codes: {
      ...passing,
      OFFSET_OUT_OF_RANGE: 'resetOffset',
      FETCH_SESSION_TOPIC_ID_ERROR: 'refresh',
      // Of the log, not of this request: another read gives the same (`FetchCollector.handleInitializeErrors`).
      CORRUPT_MESSAGE: 'fail',
      UNKNOWN_LEADER_EPOCH: 'refresh',
    },
    unreachable: 'refresh',
  },
  /** Committed offsets: a refusal must never look like "nothing was committed". */
  offsetFetch: { codes: coordinators, unreachable: 'recoordinate' },
  listOffsets: { codes: { ...passing, UNKNOWN_LEADER_EPOCH: 'refresh' }, unreachable: 'refresh' },
  initProducerId: { codes: { ...passing, ...coordinators }, unreachable: 'refresh' },
  joinGroup: { codes: { ...membership, MEMBER_ID_REQUIRED: 'takeMemberId' }, unreachable: 'recoordinate' },
  syncGroup: { codes: membership, unreachable: 'recoordinate' },
  heartbeat: { codes: membership, unreachable: 'recoordinate' },
  /** Whoever is not known any more has left. */
  leaveGroup: { codes: { ...coordinators, UNKNOWN_MEMBER_ID: 'success' }, unreachable: 'recoordinate' },
  /** A topic that was deleted must not hold up the commits of the others, which are in the same request. */
  commit: {
    codes: { ...membership, UNKNOWN_TOPIC_OR_PARTITION: 'fail', UNKNOWN_TOPIC_ID: 'fail' },
    unreachable: 'recoordinate',
  },
} as const satisfies Record<string, Recovery>

/** What to do about an error that was met at a place. */
export function recover<P extends Recovery>(error: unknown, place: P): ActionOf<P> {
  if (error instanceof ServerError) return actionOf(error, place) as ActionOf<P>
  const isUnanswered =
    error instanceof ConnectionError || error instanceof TimeoutError || error instanceof MalformedError
  return isUnanswered ? place.unreachable : 'fail'
}

function actionOf({ code }: ServerError, { codes }: Recovery): Action {
  const known = errorNamed(code)
  if (!known) return 'fail'
  const named = codes[known.name as ErrorName]
  if (named) return named
  if (known.refreshesMetadata) return 'refresh'
  return known.retriable ? 'retry' : 'fail'
}

/** Errors of a topic that time does not heal. */
export function isFinalForTopic(error: ServerError): boolean {
  return recover(error, recovery.metadata) === 'fail'
}
