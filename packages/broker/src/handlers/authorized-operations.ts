/** Numbers of `AclOperation`. */
const READ = 3
const WRITE = 4
const CREATE = 5
const DELETE = 6
const ALTER = 7
const DESCRIBE = 8
const CLUSTER_ACTION = 9
const DESCRIBE_CONFIGS = 10
const ALTER_CONFIGS = 11
const IDEMPOTENT_WRITE = 12

/** Nobody has asked. */
const NOT_ASKED = -(2 ** 31)

const bits = (...operations: readonly number[]) => operations.reduce((sum, bit) => sum | (1 << bit), 0)

/** All that can be done with a resource (`AclEntry.supportedOperations`). */
const supported = {
  cluster: bits(CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE),
  group: bits(READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS),
  topic: bits(READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS),
}

/** What a client may do with a resource, one bit an operation: without an authorizer, all that there is (KIP-430). */
export function authorizedOperations(resource: keyof typeof supported, isAsked: boolean): number {
  return isAsked ? supported[resource] : NOT_ASKED
}
