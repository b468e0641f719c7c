import { api, array, boolean, int16, int32, int64OrBigint, string, struct, uuid } from '../schema/schema.ts'

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
}

/** Membership of share groups (KIP-932). */
export const ShareGroupHeartbeat = api(
  76,
  'ShareGroupHeartbeat',
  { versions: [1, 1], flexible: 0 },
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: string.orNull().default(null),
    subscribedTopicNames: array(string).orNull().default(null),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    memberId: string.orNull().default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: struct({
      topicPartitions: array(topicPartitions),
    })
      .orNull()
      .default(null),
  },
)

const shareGroupDescribeTopicPartitions = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
}

const assignment = {
  topicPartitions: array(shareGroupDescribeTopicPartitions),
}

/** State and members of share groups (KIP-932). */
export const ShareGroupDescribe = api(
  77,
  'ShareGroupDescribe',
  { versions: [1, 1], flexible: 0 },
  {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: string.orNull().default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        rackId: string.orNull().default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        assignment: struct(assignment),
      }),
      authorizedOperations: int32.default(-2147483648),
    }),
  },
)

/** Where share groups begin to read (KIP-932). */
export const DescribeShareGroupOffsets = api(
  90,
  'DescribeShareGroupOffsets',
  { versions: [0, 1], flexible: 0 },
  {
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        partitions: array(int32),
      }).orNull(),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int64OrBigint,
          leaderEpoch: int32,
          lag: int64OrBigint.since(1).default(-1).ignorable(),
          errorCode: int16,
          errorMessage: string.orNull().default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: string.orNull().default(null),
    }),
  },
)

/** Sets where share groups begin to read. */
export const AlterShareGroupOffsets = api(
  91,
  'AlterShareGroupOffsets',
  { versions: [0, 0], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        startOffset: int64OrBigint,
      }),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
      }),
    }),
  },
)

/** Forgets where share groups begin to read. */
export const DeleteShareGroupOffsets = api(
  92,
  'DeleteShareGroupOffsets',
  { versions: [0, 0], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicName: string,
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: string.orNull().default(null),
    }),
  },
)
