import { api, array, bytes, int8, int16, int32, int64OrBigint, string } from '../schema/schema.ts'

/** Chooses a SASL mechanism. */
export const SaslHandshake = api(
  17,
  'SaslHandshake',
  { versions: [0, 1] },
  {
    mechanism: string,
  },
  {
    errorCode: int16,
    mechanisms: array(string),
  },
)

/** Carries the tokens of a SASL mechanism (KIP-152), with the session's lifetime (KIP-368). */
export const SaslAuthenticate = api(
  36,
  'SaslAuthenticate',
  { versions: [0, 2], flexible: 2 },
  {
    authBytes: bytes,
  },
  {
    errorCode: int16,
    errorMessage: string.orNull(),
    authBytes: bytes,
    sessionLifetimeMs: int64OrBigint.since(1).default(0).ignorable(),
  },
)

/** Access rules that match a filter. */
export const DescribeAcls = api(
  29,
  'DescribeAcls',
  { versions: [1, 3], flexible: 2 },
  {
    resourceTypeFilter: int8,
    resourceNameFilter: string.orNull(),
    patternTypeFilter: int8.default(3),
    principalFilter: string.orNull(),
    hostFilter: string.orNull(),
    operation: int8,
    permissionType: int8,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull(),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.default(3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
)

/** Adds access rules. */
export const CreateAcls = api(
  30,
  'CreateAcls',
  { versions: [1, 3], flexible: 2 },
  {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.default(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: string.orNull(),
    }),
  },
)

/** Removes the access rules that match filters. */
export const DeleteAcls = api(
  31,
  'DeleteAcls',
  { versions: [1, 3], flexible: 2 },
  {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: string.orNull(),
      patternTypeFilter: int8.default(3),
      principalFilter: string.orNull(),
      hostFilter: string.orNull(),
      operation: int8,
      permissionType: int8,
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    filterResults: array({
      errorCode: int16,
      errorMessage: string.orNull(),
      matchingAcls: array({
        errorCode: int16,
        errorMessage: string.orNull(),
        resourceType: int8,
        resourceName: string,
        patternType: int8.default(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
)

/** Which SCRAM credentials users have (KIP-554). */
export const DescribeUserScramCredentials = api(
  50,
  'DescribeUserScramCredentials',
  { versions: [0, 0], flexible: 0 },
  {
    users: array({
      name: string,
    }).orNull(),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull(),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.orNull(),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
)

/** Sets and removes SCRAM credentials (KIP-554). */
export const AlterUserScramCredentials = api(
  51,
  'AlterUserScramCredentials',
  { versions: [0, 0], flexible: 0 },
  {
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.orNull(),
    }),
  },
)

/** Creates a delegation token (KIP-48). */
export const CreateDelegationToken = api(
  38,
  'CreateDelegationToken',
  { versions: [1, 3], flexible: 2 },
  {
    ownerPrincipalType: string.orNull().since(3),
    ownerPrincipalName: string.orNull().since(3),
    renewers: array({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64OrBigint,
  },
  {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64OrBigint,
    expiryTimestampMs: int64OrBigint,
    maxTimestampMs: int64OrBigint,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32.default(0),
  },
)

/** Lengthens the life of a delegation token. */
export const RenewDelegationToken = api(
  39,
  'RenewDelegationToken',
  { versions: [1, 2], flexible: 2 },
  {
    hmac: bytes,
    renewPeriodMs: int64OrBigint,
  },
  {
    errorCode: int16,
    expiryTimestampMs: int64OrBigint,
    throttleTimeMs: int32.default(0),
  },
)

/** Ends a delegation token. */
export const ExpireDelegationToken = api(
  40,
  'ExpireDelegationToken',
  { versions: [1, 2], flexible: 2 },
  {
    hmac: bytes,
    expiryTimePeriodMs: int64OrBigint,
  },
  {
    errorCode: int16,
    expiryTimestampMs: int64OrBigint,
    throttleTimeMs: int32.default(0),
  },
)

/** Delegation tokens of owners. */
export const DescribeDelegationToken = api(
  41,
  'DescribeDelegationToken',
  { versions: [1, 3], flexible: 2 },
  {
    owners: array({
      principalType: string,
      principalName: string,
    }).orNull(),
  },
  {
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: string.since(3),
      tokenRequesterPrincipalName: string.since(3),
      issueTimestamp: int64OrBigint,
      expiryTimestamp: int64OrBigint,
      maxTimestamp: int64OrBigint,
      tokenId: string,
      hmac: bytes,
      renewers: array({
        principalType: string,
        principalName: string,
      }),
    }),
    throttleTimeMs: int32.default(0),
  },
)
