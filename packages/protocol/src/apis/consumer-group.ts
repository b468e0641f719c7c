import { api, array, boolean, int8, int16, int32, string, struct, uuid } from '../schema/schema.ts'

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
