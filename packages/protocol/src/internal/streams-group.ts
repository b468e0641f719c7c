import {
  array,
  bigint64,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
  struct,
  uint16,
} from '../schema/schema.ts'
import { recordKind } from './record-kind.ts'

const lastAssignmentConfig = {
  key: string,
  value: string,
}

/** The epoch of a streams group (KIP-1071). */
export const StreamsGroupMetadata = recordKind(
  17,
  'StreamsGroupMetadata',
  message(
    'StreamsGroupMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'StreamsGroupMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      epoch: int32,
      metadataHash: bigint64,
      validatedTopologyEpoch: int32.tag(0, 0).default(-1),
      lastAssignmentConfigs: array(lastAssignmentConfig).orNull().tag(1, 0),
    },
  ),
)

const endpoint = {
  host: string,
  port: uint16,
}

const keyValue = {
  key: string,
  value: string,
}

/** What a member of a streams group says of itself. */
export const StreamsGroupMemberMetadata = recordKind(
  19,
  'StreamsGroupMemberMetadata',
  message(
    'StreamsGroupMemberMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'StreamsGroupMemberMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      instanceId: string.orNull(),
      rackId: string.orNull(),
      clientId: string,
      clientHost: string,
      rebalanceTimeoutMs: int32.default(-1),
      topologyEpoch: int32,
      processId: string,
      userEndpoint: struct(endpoint).orNull().default(null),
      clientTags: array(keyValue),
    },
  ),
)

/** The epoch for which the target assignment of a streams group was made. */
export const StreamsGroupTargetAssignmentMetadata = recordKind(
  20,
  'StreamsGroupTargetAssignmentMetadata',
  message(
    'StreamsGroupTargetAssignmentMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'StreamsGroupTargetAssignmentMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      assignmentEpoch: int32,
      assignmentTimestamp: int64.tag(0, 0).default(0).ignorable(),
    },
  ),
)

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

/** The tasks a member of a streams group shall have. */
export const StreamsGroupTargetAssignmentMember = recordKind(
  21,
  'StreamsGroupTargetAssignmentMember',
  message(
    'StreamsGroupTargetAssignmentMemberKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'StreamsGroupTargetAssignmentMemberValue',
    { versions: [0, 0], flexible: 0 },
    {
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
    },
  ),
)

const ownedTaskIds = {
  subtopologyId: string,
  partitions: array(int32),
  assignmentEpochs: array(int32).orNull().tag(0, 0),
}

/** The tasks a member of a streams group has, and those it must still give back. */
export const StreamsGroupCurrentMemberAssignment = recordKind(
  22,
  'StreamsGroupCurrentMemberAssignment',
  message(
    'StreamsGroupCurrentMemberAssignmentKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'StreamsGroupCurrentMemberAssignmentValue',
    { versions: [0, 0], flexible: 0 },
    {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      activeTasks: array(ownedTaskIds),
      standbyTasks: array(ownedTaskIds),
      warmupTasks: array(ownedTaskIds),
      activeTasksPendingRevocation: array(ownedTaskIds),
      standbyTasksPendingRevocation: array(ownedTaskIds),
      warmupTasksPendingRevocation: array(ownedTaskIds),
    },
  ),
)

const topicConfig = {
  key: string,
  value: string,
}

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(topicConfig),
}

/** The topology of a streams group: its subtopologies and their topics. */
export const StreamsGroupTopology = recordKind(
  23,
  'StreamsGroupTopology',
  message(
    'StreamsGroupTopologyKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'StreamsGroupTopologyValue',
    { versions: [0, 0], flexible: 0 },
    {
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
    },
  ),
)
