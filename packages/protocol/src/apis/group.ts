import {
  api,
  array,
  boolean,
  bytes,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
} from '../schema/schema.ts'

/** Which broker looks after a group, a transactional id or a share partition. */
export const FindCoordinator = api(
  10,
  'FindCoordinator',
  { versions: [0, 6], flexible: 3 },
  {
    key: string.until(3),
    keyType: int8.since(1).default(0),
    coordinatorKeys: array(string).since(4),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    errorCode: int16.until(3),
    errorMessage: string.orNull().since(1).until(3).ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: string.orNull().ignorable(),
    }).since(4),
  },
)

/** Enters a classic group, or its next generation. */
export const JoinGroup = api(
  11,
  'JoinGroup',
  { versions: [0, 9], flexible: 6 },
  {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).default(-1).ignorable(),
    memberId: string,
    groupInstanceId: string.orNull().since(5).default(null),
    protocolType: string,
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: string.orNull().since(8).default(null).ignorable(),
  },
  {
    throttleTimeMs: int32.since(2).default(0).ignorable(),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: string.orNull().since(7).default(null).ignorable(),
    protocolName: string.orNull(7),
    leader: string,
    skipAssignment: boolean.since(9).default(false),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: string.orNull().since(5).default(null).ignorable(),
      metadata: bytes,
    }),
  },
)

/** Distributes the leader's assignment to the members of a classic group. */
export const SyncGroup = api(
  14,
  'SyncGroup',
  { versions: [0, 5], flexible: 4 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.orNull().since(3).default(null),
    protocolType: string.orNull().since(5).default(null).ignorable(),
    protocolName: string.orNull().since(5).default(null).ignorable(),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    errorCode: int16,
    protocolType: string.orNull().since(5).default(null).ignorable(),
    protocolName: string.orNull().since(5).default(null).ignorable(),
    assignment: bytes,
  },
)

/** Keeps a member of a classic group alive. */
export const Heartbeat = api(
  12,
  'Heartbeat',
  { versions: [0, 4], flexible: 4 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.orNull().since(3).default(null),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    errorCode: int16,
  },
)

/** Takes members out of a classic group. */
export const LeaveGroup = api(
  13,
  'LeaveGroup',
  { versions: [0, 5], flexible: 4 },
  {
    groupId: string,
    memberId: string.until(2),
    members: array({
      memberId: string,
      groupInstanceId: string.orNull().default(null),
      reason: string.orNull().since(5).default(null).ignorable(),
    }).since(3),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    errorCode: int16,
    members: array({
      memberId: string,
      groupInstanceId: string.orNull(),
      errorCode: int16,
    }).since(3),
  },
)

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
    retentionTimeMs: int64.until(4).default(-1).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
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
        committedOffset: int64.until(7),
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
          committedOffset: int64,
          committedLeaderEpoch: int32.default(-1).ignorable(),
          metadata: string.orNull(),
          errorCode: int16,
        }),
      }),
      errorCode: int16.default(0),
    }).since(8),
  },
)

/** State and members of classic groups. */
export const DescribeGroups = api(
  15,
  'DescribeGroups',
  { versions: [0, 6], flexible: 5 },
  {
    groups: array(string),
    includeAuthorizedOperations: boolean.since(3),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    groups: array({
      errorCode: int16,
      errorMessage: string.orNull().since(6).default(null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: string.orNull().since(4).default(null).ignorable(),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3).default(-2147483648),
    }),
  },
)

/** Groups of a broker. */
export const ListGroups = api(
  16,
  'ListGroups',
  { versions: [0, 5], flexible: 3 },
  {
    statesFilter: array(string).since(4),
    typesFilter: array(string).since(5),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4).ignorable(),
      groupType: string.since(5).ignorable(),
    }),
  },
)

/** Removes groups without members. */
export const DeleteGroups = api(
  42,
  'DeleteGroups',
  { versions: [0, 2], flexible: 2 },
  {
    groupsNames: array(string),
  },
  {
    throttleTimeMs: int32.default(0),
    results: array({
      groupId: string,
      errorCode: int16,
    }),
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

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
}

/** The one request of the next generation of consumer groups (KIP-848). */
export const ConsumerGroupHeartbeat = api(
  68,
  'ConsumerGroupHeartbeat',
  { versions: [0, 1], flexible: 0 },
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: string.orNull().default(null),
    rackId: string.orNull().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    subscribedTopicNames: array(string).orNull().default(null),
    subscribedTopicRegex: string.orNull().since(1).default(null),
    serverAssignor: string.orNull().default(null),
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    })
      .orNull()
      .default(null),
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

const consumerGroupDescribeTopicPartitions = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
}

const assignment = {
  topicPartitions: array(consumerGroupDescribeTopicPartitions),
}

/** State and members of consumer groups (KIP-848). */
export const ConsumerGroupDescribe = api(
  69,
  'ConsumerGroupDescribe',
  { versions: [0, 1], flexible: 0 },
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
        instanceId: string.orNull().default(null),
        rackId: string.orNull().default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: string.orNull().default(null),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        memberType: int8.since(1).default(-1).ignorable(),
      }),
      authorizedOperations: int32.default(-2147483648),
    }),
  },
)
