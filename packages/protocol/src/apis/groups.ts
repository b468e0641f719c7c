import { api, array, boolean, bytes, int16, int32, string } from '../schema/schema.ts'

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
