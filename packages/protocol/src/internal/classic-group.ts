import { array, bytes, int32, int64, int64OrBigint, message, string, uuid } from '../schema/schema.ts'
import { recordKind } from './record-kind.ts'

/** A committed offset as Kafka before 0.9 stored it; read, never written. */
export const LegacyOffsetCommit = recordKind(
  0,
  'LegacyOffsetCommit',
  message(
    'LegacyOffsetCommitKey',
    { versions: [0, 0] },
    {
      group: string,
      topic: string,
      partition: int32,
    },
  ),
  message(
    'LegacyOffsetCommitValue',
    { versions: [0, 0] },
    {
      offset: int64OrBigint,
      metadata: string,
      commitTimestamp: int64OrBigint,
    },
  ),
)

/** How far a group has read of one partition. Without a value the offset is forgotten. */
export const OffsetCommit = recordKind(
  1,
  'OffsetCommit',
  message(
    'OffsetCommitKey',
    { versions: [0, 0] },
    {
      group: string,
      topic: string,
      partition: int32,
    },
  ),
  message(
    'OffsetCommitValue',
    { versions: [0, 4], flexible: 4 },
    {
      offset: int64OrBigint,
      leaderEpoch: int32.since(3).default(-1).ignorable(),
      metadata: string,
      commitTimestamp: int64OrBigint,
      expireTimestamp: int64OrBigint.since(1).until(1).default(-1).ignorable(),
      topicId: uuid.tag(0, 4).ignorable(),
    },
  ),
)

const memberMetadata = {
  memberId: string,
  groupInstanceId: string.orNull().since(3).default(null).ignorable(),
  clientId: string,
  clientHost: string,
  rebalanceTimeout: int32.since(1).default(-1).ignorable(),
  sessionTimeout: int32,
  subscription: bytes,
  assignment: bytes,
}

/** A classic group as its last rebalance left it. */
export const GroupMetadata = recordKind(
  2,
  'GroupMetadata',
  message(
    'GroupMetadataKey',
    { versions: [0, 0] },
    {
      group: string,
    },
  ),
  message(
    'GroupMetadataValue',
    { versions: [0, 4], flexible: 4 },
    {
      protocolType: string,
      generation: int32,
      protocol: string.orNull(),
      leader: string.orNull(),
      currentStateTimestamp: int64.since(2).default(-1).ignorable(),
      members: array(memberMetadata),
    },
  ),
)
