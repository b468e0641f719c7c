import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64OrBigint,
  string,
  struct,
  uint16,
} from '../schema/schema.ts'

const keyValue = {
  key: string,
  value: string,
}

const endpoint = {
  host: string,
  port: uint16,
}

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64OrBigint,
}

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
}

const status = {
  statusCode: int8,
  statusDetail: string,
}

const topicPartition = {
  topic: string,
  partitions: array(int32),
}

/** Membership of streams groups (KIP-1071). */
export const StreamsGroupHeartbeat = api(
  88,
  'StreamsGroupHeartbeat',
  { versions: [0, 0], flexible: 0 },
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: string.orNull().default(null),
    rackId: string.orNull().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    topology: struct({
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    })
      .orNull()
      .default(null),
    activeTasks: array(taskIds).orNull().default(null),
    standbyTasks: array(taskIds).orNull().default(null),
    warmupTasks: array(taskIds).orNull().default(null),
    processId: string.orNull().default(null),
    userEndpoint: struct(endpoint).orNull().default(null),
    clientTags: array(keyValue).orNull().default(null),
    taskOffsets: array(taskOffset).orNull().default(null),
    taskEndOffsets: array(taskOffset).orNull().default(null),
    shutdownApplication: boolean.default(false),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLag: int32,
    taskOffsetIntervalMs: int32,
    status: array(status).orNull(),
    activeTasks: array(taskIds).orNull().default(null),
    standbyTasks: array(taskIds).orNull().default(null),
    warmupTasks: array(taskIds).orNull().default(null),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: array({
      userEndpoint: struct(endpoint),
      activePartitions: array(topicPartition),
      standbyPartitions: array(topicPartition),
    })
      .orNull()
      .default(null),
  },
)

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
}

/** State and members of streams groups (KIP-1071). */
export const StreamsGroupDescribe = api(
  89,
  'StreamsGroupDescribe',
  { versions: [0, 0], flexible: 0 },
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
      topology: struct({
        epoch: int32,
        subtopologies: array({
          subtopologyId: string,
          sourceTopics: array(string),
          repartitionSinkTopics: array(string),
          stateChangelogTopics: array(topicInfo),
          repartitionSourceTopics: array(topicInfo),
        })
          .orNull()
          .default(null),
      })
        .orNull()
        .default(null),
      members: array({
        memberId: string,
        memberEpoch: int32,
        instanceId: string.orNull().default(null),
        rackId: string.orNull().default(null),
        clientId: string,
        clientHost: string,
        topologyEpoch: int32,
        processId: string,
        userEndpoint: struct(endpoint).orNull().default(null),
        clientTags: array(keyValue),
        taskOffsets: array(taskOffset),
        taskEndOffsets: array(taskOffset),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        isClassic: boolean,
      }),
      authorizedOperations: int32.default(-2147483648),
    }),
  },
)
