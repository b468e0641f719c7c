import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  int64OrBigint,
  records,
  string,
  struct,
  uuid,
} from '../schema/schema.ts'

/** Acquires records for a member of a share group (KIP-932). */
export const ShareFetch = api(
  78,
  'ShareFetch',
  { versions: [1, 2], flexible: 0 },
  {
    groupId: string.orNull().default(null),
    memberId: string.orNull(),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(2147483647),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: int8.since(2).default(0).ignorable(),
    isRenewAck: boolean.since(2).default(false),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int64OrBigint,
          lastOffset: int64OrBigint,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
    forgottenTopicsData: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    acquisitionLockTimeoutMs: int32,
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: string.orNull().default(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
        records: records.orNull(0, 0),
        acquiredRecords: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryCount: int16,
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.orNull().default(null),
    }),
  },
)

/** Says what became of acquired records (KIP-932). */
export const ShareAcknowledge = api(
  79,
  'ShareAcknowledge',
  { versions: [1, 2], flexible: 0 },
  {
    groupId: string.orNull().default(null),
    memberId: string.orNull(),
    shareSessionEpoch: int32,
    isRenewAck: boolean.since(2).default(false),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int64OrBigint,
          lastOffset: int64OrBigint,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    acquisitionLockTimeoutMs: int32.since(2).ignorable(),
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.orNull().default(null),
    }),
  },
)
