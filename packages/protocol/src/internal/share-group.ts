import { array, bigint64, int8, int32, int64, message, string, uuid } from '../schema/schema.ts'
import { recordKind } from './record-kind.ts'

/** The epoch of a share group. */
export const ShareGroupMetadata = recordKind(
  11,
  'ShareGroupMetadata',
  message(
    'ShareGroupMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'ShareGroupMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      epoch: int32,
      metadataHash: bigint64,
    },
  ),
)

/** What a member of a share group says of itself (KIP-932). */
export const ShareGroupMemberMetadata = recordKind(
  10,
  'ShareGroupMemberMetadata',
  message(
    'ShareGroupMemberMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'ShareGroupMemberMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      rackId: string.orNull(),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
    },
  ),
)

/** The epoch for which the target assignment of a share group was made. */
export const ShareGroupTargetAssignmentMetadata = recordKind(
  12,
  'ShareGroupTargetAssignmentMetadata',
  message(
    'ShareGroupTargetAssignmentMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'ShareGroupTargetAssignmentMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      assignmentEpoch: int32,
      assignmentTimestamp: int64.tag(0, 0).default(0).ignorable(),
    },
  ),
)

/** What a member of a share group shall have. */
export const ShareGroupTargetAssignmentMember = recordKind(
  13,
  'ShareGroupTargetAssignmentMember',
  message(
    'ShareGroupTargetAssignmentMemberKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'ShareGroupTargetAssignmentMemberValue',
    { versions: [0, 0], flexible: 0 },
    {
      topicPartitions: array({
        topicId: uuid,
        partitions: array(int32),
      }),
    },
  ),
)

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
}

/** What a member of a share group has. */
export const ShareGroupCurrentMemberAssignment = recordKind(
  14,
  'ShareGroupCurrentMemberAssignment',
  message(
    'ShareGroupCurrentMemberAssignmentKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'ShareGroupCurrentMemberAssignmentValue',
    { versions: [0, 0], flexible: 0 },
    {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: array(topicPartitions),
    },
  ),
)

const topicPartitionsInfo = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
}

const topicInfo = {
  topicId: uuid,
  topicName: string,
}

/** Which share partitions of a group are being set up, are set up, or are being removed. */
export const ShareGroupStatePartitionMetadata = recordKind(
  15,
  'ShareGroupStatePartitionMetadata',
  message(
    'ShareGroupStatePartitionMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'ShareGroupStatePartitionMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      initializingTopics: array(topicPartitionsInfo),
      initializedTopics: array(topicPartitionsInfo),
      deletingTopics: array(topicInfo),
    },
  ),
)
