import { api, array, boolean, int16, int32, int64OrBigint, string, uuid } from '../schema/schema.ts'

/** Stores how far a group has read. */
export const OffsetCommit = api(
  8,
  'OffsetCommit',
  { versions: [2, 10], flexible: 8 },
  {
    groupId: string,
    generationIdOrMemberEpoch: int32.default(-1).ignorable(),
    memberId: string.ignorable(),
    groupInstanceId: string.orNull().since(7).default(null),
    retentionTimeMs: int64OrBigint.until(4).default(-1).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64OrBigint,
        committedLeaderEpoch: int32.since(6).default(-1).ignorable(),
        committedMetadata: string.orNull(),
      }),
    }),
  },
  {
    throttleTimeMs: int32.since(3).default(0).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
)

/** How far groups have read. */
export const OffsetFetch = api(
  9,
  'OffsetFetch',
  { versions: [1, 10], flexible: 6 },
  {
    groupId: string.until(7),
    topics: array({
      name: string.until(7),
      partitionIndexes: array(int32).until(7),
    })
      .orNull(2)
      .until(7),
    groups: array({
      groupId: string,
      memberId: string.orNull().since(9).default(null).ignorable(),
      memberEpoch: int32.since(9).default(-1).ignorable(),
      topics: array({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitionIndexes: array(int32),
      }).orNull(),
    }).since(8),
    requireStable: boolean.since(7).default(false),
  },
  {
    throttleTimeMs: int32.since(3).default(0).ignorable(),
    topics: array({
      name: string.until(7),
      partitions: array({
        partitionIndex: int32.until(7),
        committedOffset: int64OrBigint.until(7),
        committedLeaderEpoch: int32.since(5).until(7).default(-1).ignorable(),
        metadata: string.orNull().until(7),
        errorCode: int16.until(7),
      }).until(7),
    }).until(7),
    errorCode: int16.since(2).until(7).default(0).ignorable(),
    groups: array({
      groupId: string,
      topics: array({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64OrBigint,
          committedLeaderEpoch: int32.default(-1).ignorable(),
          metadata: string.orNull(),
          errorCode: int16,
        }),
      }),
      errorCode: int16.default(0),
    }).since(8),
  },
)

/** Removes committed offsets (KIP-496). */
export const OffsetDelete = api(
  47,
  'OffsetDelete',
  { versions: [0, 0] },
  {
    groupId: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  {
    errorCode: int16,
    throttleTimeMs: int32.default(0).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
)
