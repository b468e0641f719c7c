import {
  array,
  bigint64,
  bytes,
  int8,
  int32,
  int64,
  message,
  string,
  struct,
  uuid,
} from '../schema/schema.ts'
import { recordKind } from './record-kind.ts'

/** The epoch of a consumer group (KIP-848). */
export const ConsumerGroupMetadata = recordKind(
  3,
  'ConsumerGroupMetadata',
  message(
    'ConsumerGroupMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'ConsumerGroupMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      epoch: int32,
      metadataHash: bigint64.tag(0, 0).default(0n),
    },
  ),
)

/** Partitions of the topics a consumer group subscribes to; written by Kafka 3.7 to 4.0, since then only removed. */
export const ConsumerGroupPartitionMetadata = recordKind(
  4,
  'ConsumerGroupPartitionMetadata',
  message(
    'ConsumerGroupPartitionMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'ConsumerGroupPartitionMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      topics: array({
        topicId: uuid,
        topicName: string,
        numPartitions: int32,
        partitionMetadata: array({
          partition: int32,
          racks: array(string),
        }),
      }),
    },
  ),
)

/**
 * What a member of a consumer group says of itself. `classicMemberMetadata` is null unless it speaks the classic
 * protocol; whoever writes it says so, since Kafka reads a missing one as an empty one.
 */
export const ConsumerGroupMemberMetadata = recordKind(
  5,
  'ConsumerGroupMemberMetadata',
  message(
    'ConsumerGroupMemberMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'ConsumerGroupMemberMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      instanceId: string.orNull(),
      rackId: string.orNull(),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
      subscribedTopicRegex: string.orNull(),
      rebalanceTimeoutMs: int32.default(-1),
      serverAssignor: string.orNull(),
      classicMemberMetadata: struct({
        sessionTimeoutMs: int32,
        supportedProtocols: array({
          name: string,
          metadata: bytes,
        }),
      })
        .orNull()
        .tag(0, 0),
    },
  ),
)

/** The epoch for which the target assignment of a consumer group was made. */
export const ConsumerGroupTargetAssignmentMetadata = recordKind(
  6,
  'ConsumerGroupTargetAssignmentMetadata',
  message(
    'ConsumerGroupTargetAssignmentMetadataKey',
    { versions: [0, 0] },
    {
      groupId: string,
    },
  ),
  message(
    'ConsumerGroupTargetAssignmentMetadataValue',
    { versions: [0, 0], flexible: 0 },
    {
      assignmentEpoch: int32,
      assignmentTimestamp: int64.tag(0, 0).default(0).ignorable(),
    },
  ),
)

/** What a member of a consumer group shall have. */
export const ConsumerGroupTargetAssignmentMember = recordKind(
  7,
  'ConsumerGroupTargetAssignmentMember',
  message(
    'ConsumerGroupTargetAssignmentMemberKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'ConsumerGroupTargetAssignmentMemberValue',
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
  assignmentEpochs: array(int32).orNull().tag(0, 0),
}

/** What a member of a consumer group has, and what it must still give back. */
export const ConsumerGroupCurrentMemberAssignment = recordKind(
  8,
  'ConsumerGroupCurrentMemberAssignment',
  message(
    'ConsumerGroupCurrentMemberAssignmentKey',
    { versions: [0, 0] },
    {
      groupId: string,
      memberId: string,
    },
  ),
  message(
    'ConsumerGroupCurrentMemberAssignmentValue',
    { versions: [0, 0], flexible: 0 },
    {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: array(topicPartitions),
      partitionsPendingRevocation: array(topicPartitions),
    },
  ),
)

/** The topics that a regular expression of a consumer group matched, and when it was looked at. */
export const ConsumerGroupRegularExpression = recordKind(
  16,
  'ConsumerGroupRegularExpression',
  message(
    'ConsumerGroupRegularExpressionKey',
    { versions: [0, 0] },
    {
      groupId: string,
      regularExpression: string,
    },
  ),
  message(
    'ConsumerGroupRegularExpressionValue',
    { versions: [0, 0], flexible: 0 },
    {
      topics: array(string),
      version: int64,
      timestamp: int64,
    },
  ),
)
