import { api, array, boolean, bytes, int16, int32, string } from '../schema/schema.ts'

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
