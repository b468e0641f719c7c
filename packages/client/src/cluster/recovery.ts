import { KafkaError, MalformedError, UnsupportedVersionError } from '@samsa/protocol'
import { AuthenticationError, ConnectionError, ServerError, TimeoutError } from '../errors.ts'

/**
 * What to do about an error, by the place where it was met. The same refusal means one thing while bootstrapping and
 * another in the sender, so policy is a table and errors only state facts.
 *
 * - `retry`: again after a pause, nothing else needs to change.
 * - `refresh`: ask for metadata, then again.
 * - `recoordinate`: look the coordinator up anew, then again.
 * - `fail`: tell the caller.
 * Places of producer and consumer may have further actions of their own.
 */
export type Action =
  | 'retry'
  | 'refresh'
  | 'recoordinate'
  | 'fail'
  | 'success'
  | 'split'
  | 'bump'
  | 'sequence'
  | 'rejoin'
  | 'reset'
  | 'fenced'
  | 'resetOffset'

export interface Recovery {
  /** By Kafka's name of the code. */
  readonly codes: Readonly<Record<string, Action>>
  /** For codes the table does not name, also those unknown to this version: services of other make invent some. */
  readonly otherwise: Action
  /** For a connection that could not be opened or broke, and for an answer that did not come. */
  readonly unreachable: Action
}

const leaders: Record<string, Action> = {
  NOT_LEADER_OR_FOLLOWER: 'refresh',
  LEADER_NOT_AVAILABLE: 'refresh',
  UNKNOWN_TOPIC_OR_PARTITION: 'refresh',
  UNKNOWN_TOPIC_ID: 'refresh',
  INCONSISTENT_TOPIC_ID: 'refresh',
  FENCED_LEADER_EPOCH: 'refresh',
  UNKNOWN_LEADER_EPOCH: 'refresh',
  REPLICA_NOT_AVAILABLE: 'refresh',
  LISTENER_NOT_FOUND: 'refresh',
  KAFKA_STORAGE_ERROR: 'refresh',
  NETWORK_EXCEPTION: 'refresh',
  REQUEST_TIMED_OUT: 'retry',
  BROKER_NOT_AVAILABLE: 'refresh',
  OFFSET_NOT_AVAILABLE: 'retry',
  UNKNOWN_SERVER_ERROR: 'retry',
  THROTTLING_QUOTA_EXCEEDED: 'retry',
}

const coordinators: Record<string, Action> = {
  NOT_COORDINATOR: 'recoordinate',
  COORDINATOR_NOT_AVAILABLE: 'recoordinate',
  COORDINATOR_LOAD_IN_PROGRESS: 'retry',
  REQUEST_TIMED_OUT: 'recoordinate',
  NETWORK_EXCEPTION: 'recoordinate',
  UNKNOWN_SERVER_ERROR: 'retry',
  THROTTLING_QUOTA_EXCEEDED: 'retry',
}

export const recovery = {
  /** A batch that was sent. What is not named here was refused for good and is certainly not stored. */
  produce: {
    codes: {
      ...leaders,
      CORRUPT_MESSAGE: 'retry',
      NOT_ENOUGH_REPLICAS: 'retry',
      NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'retry',
      CONCURRENT_TRANSACTIONS: 'retry',
      DUPLICATE_SEQUENCE_NUMBER: 'success',
      OUT_OF_ORDER_SEQUENCE_NUMBER: 'sequence',
      UNKNOWN_PRODUCER_ID: 'sequence',
      INVALID_PRODUCER_EPOCH: 'sequence',
      INVALID_PRODUCER_ID_MAPPING: 'sequence',
      MESSAGE_TOO_LARGE: 'split',
    },
    otherwise: 'fail',
    unreachable: 'refresh',
  },
  /** Metadata itself, and looking up a coordinator. */
  metadata: { codes: { ...leaders, ...coordinators }, otherwise: 'fail', unreachable: 'refresh' },
  /** A partition of a fetch, or the whole fetch. */
  fetch: {
    codes: {
      ...leaders,
      OFFSET_OUT_OF_RANGE: 'resetOffset',
      FETCH_SESSION_ID_NOT_FOUND: 'retry',
      INVALID_FETCH_SESSION_EPOCH: 'retry',
      FETCH_SESSION_TOPIC_ID_ERROR: 'refresh',
    },
    otherwise: 'fail',
    unreachable: 'refresh',
  },
  /** Committed offsets: a refusal must never look like "nothing was committed". */
  offsetFetch: {
    codes: { ...coordinators, UNSTABLE_OFFSET_COMMIT: 'retry', UNKNOWN_TOPIC_OR_PARTITION: 'retry' },
    otherwise: 'fail',
    unreachable: 'recoordinate',
  },
  offsetCommit: {
    codes: coordinators,
    otherwise: 'fail',
    unreachable: 'recoordinate',
  },
  listOffsets: { codes: leaders, otherwise: 'fail', unreachable: 'refresh' },
  findCoordinator: {
    codes: { ...coordinators, COORDINATOR_NOT_AVAILABLE: 'retry' },
    otherwise: 'fail',
    unreachable: 'refresh',
  },
  initProducerId: {
    codes: { ...coordinators, COORDINATOR_LOAD_IN_PROGRESS: 'retry', CONCURRENT_TRANSACTIONS: 'retry' },
    otherwise: 'fail',
    unreachable: 'refresh',
  },
} as const satisfies Record<string, Recovery>

/** What to do about an error that was met at a place. */
export function recover(error: unknown, place: Recovery): Action {
  if (error instanceof ServerError) return place.codes[error.code] ?? place.otherwise
  if (error instanceof AuthenticationError || error instanceof UnsupportedVersionError) return 'fail'
  if (error instanceof ConnectionError || error instanceof TimeoutError || error instanceof MalformedError) {
    return place.unreachable
  }
  if (error instanceof KafkaError && error.code === 'CLOSED') return 'fail'
  return 'fail'
}

/** Errors of a topic that time does not heal. */
export function isFinalForTopic(error: ServerError): boolean {
  return recover(error, recovery.metadata) === 'fail'
}
