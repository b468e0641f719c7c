import {
  api,
  array,
  bigint64,
  int8,
  int16,
  int32,
  int64,
  int64OrBigint,
  int64OrInfinity,
  records,
  string,
  struct,
  uuid,
} from '../schema/schema.ts'

/** Appends record batches to partitions. From v13 topics are named by id (KIP-516). */
export const Produce = api(
  0,
  'Produce',
  { versions: [3, 13], flexible: 9 },
  {
    transactionalId: string.orNull().default(null),
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionData: array({
        index: int32,
        records: records.orNull(),
      }),
    }),
  },
  {
    responses: array({
      name: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: int64.default(-1).ignorable(),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        recordErrors: array({
          batchIndex: int32,
          batchIndexErrorMessage: string.orNull().default(null),
        })
          .since(8)
          .ignorable(),
        errorMessage: string.orNull().since(8).default(null).ignorable(),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        }).tag(0, 10),
      }),
    }),
    throttleTimeMs: int32.default(0).ignorable(),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.orNull().default(null),
    }).tag(0, 10),
  },
)

/** Reads record batches; sessions from v7 (KIP-227), topic ids from v13 (KIP-516). */
export const Fetch = api(
  1,
  'Fetch',
  { versions: [4, 18], flexible: 12 },
  {
    clusterId: string.orNull().tag(0, 12).default(null).ignorable(),
    replicaId: int32.until(14).default(-1),
    replicaState: struct({
      replicaId: int32.default(-1),
      replicaEpoch: int64.default(-1),
    }).tag(1, 15),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(2147483647).ignorable(),
    isolationLevel: int8.default(0).ignorable(),
    sessionId: int32.since(7).default(0).ignorable(),
    sessionEpoch: int32.since(7).default(-1).ignorable(),
    topics: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).default(-1).ignorable(),
        fetchOffset: int64OrBigint,
        lastFetchedEpoch: int32.since(12).default(-1),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.tag(0, 17).ignorable(),
        highWatermark: int64OrInfinity.tag(1, 18).default(Number.POSITIVE_INFINITY).ignorable(),
      }),
    }),
    forgottenTopicsData: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array(int32),
    }).since(7),
    rackId: string.since(11).default('').ignorable(),
  },
  {
    throttleTimeMs: int32.default(0).ignorable(),
    errorCode: int16.since(7).ignorable(),
    sessionId: int32.since(7).default(0),
    responses: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64.default(-1).ignorable(),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        divergingEpoch: struct({
          epoch: int32.default(-1),
          endOffset: int64.default(-1),
        }).tag(0, 12),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        }).tag(1, 12),
        snapshotId: struct({
          endOffset: int64.default(-1),
          epoch: int32.default(-1),
        }).tag(2, 12),
        abortedTransactions: array({
          producerId: bigint64,
          firstOffset: int64,
        })
          .orNull()
          .ignorable(),
        preferredReadReplica: int32.since(11).default(-1),
        records: records.orNull(),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.orNull().default(null),
    }).tag(0, 16),
  },
)

/** Offsets by time, or the ends of a partition. */
export const ListOffsets = api(
  2,
  'ListOffsets',
  { versions: [1, 11], flexible: 6 },
  {
    replicaId: int32,
    isolationLevel: int8.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.since(4).default(-1).ignorable(),
        timestamp: int64OrBigint,
      }),
    }),
    timeoutMs: int32.since(10).ignorable(),
  },
  {
    throttleTimeMs: int32.since(2).default(0).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        timestamp: int64OrBigint.default(-1),
        offset: int64.default(-1),
        leaderEpoch: int32.since(4).default(-1),
      }),
    }),
  },
)

/** Where a leader epoch ended: finds out whether a log was cut (KIP-320). */
export const OffsetForLeaderEpoch = api(
  23,
  'OffsetForLeaderEpoch',
  { versions: [2, 4], flexible: 4 },
  {
    replicaId: int32.since(3).default(-2).ignorable(),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.default(-1).ignorable(),
        leaderEpoch: int32,
      }),
    }),
  },
  {
    throttleTimeMs: int32.default(0).ignorable(),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: int32.default(-1).ignorable(),
        endOffset: int64.default(-1),
      }),
    }),
  },
)

/** Moves the beginning of partitions forward. */
export const DeleteRecords = api(
  21,
  'DeleteRecords',
  { versions: [0, 2], flexible: 2 },
  {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64OrBigint,
      }),
    }),
    timeoutMs: int32,
  },
  {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode: int16,
      }),
    }),
  },
)
