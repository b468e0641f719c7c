import type { Decoded, Encodable } from './schema/schema.ts'
import { array, bytes, int32, message, string } from './schema/schema.ts'
import { decodeVersionedLeniently, encodeVersioned } from './schema/versioned.ts'

/** What a member of a classic consumer group says of itself when it joins. Source: `ConsumerProtocol`. */
export const ConsumerProtocolSubscription = message(
  'ConsumerProtocolSubscription',
  { versions: [0, 3] },
  {
    topics: array(string),
    userData: bytes.orNull().default(null),
    ownedPartitions: array({ topic: string, partitions: array(int32) })
      .since(1)
      .default([])
      .ignorable(),
    generationId: int32.since(2).default(-1).ignorable(),
    rackId: string.orNull(3).since(3).default(null).ignorable(),
  },
)

/** What the leader of a classic consumer group assigns to a member. Source: `ConsumerProtocol`. */
export const ConsumerProtocolAssignment = message(
  'ConsumerProtocolAssignment',
  { versions: [0, 3] },
  {
    assignedPartitions: array({ topic: string, partitions: array(int32) }),
    userData: bytes.orNull().default(null),
  },
)

/**
 * What a member says of itself, as it goes into JoinGroup: with its version in front, in the newest version.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export function encodeSubscription(value: Encodable<typeof ConsumerProtocolSubscription.shape>): Uint8Array {
  return encodeVersioned(ConsumerProtocolSubscription, ConsumerProtocolSubscription.maxVersion, value)
}

/**
 * What a member is assigned, as it goes into SyncGroup: with its version in front, in the newest version.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export function encodeAssignment(value: Encodable<typeof ConsumerProtocolAssignment.shape>): Uint8Array {
  return encodeVersioned(ConsumerProtocolAssignment, ConsumerProtocolAssignment.maxVersion, value)
}

/**
 * What a member says of itself. A newer version is read as the newest that is known.
 * @throws MalformedError: other members' blobs come from other programs and are not to be trusted.
 */
export function decodeSubscription(blob: Uint8Array): Decoded<typeof ConsumerProtocolSubscription.shape> {
  return decodeVersionedLeniently(ConsumerProtocolSubscription, blob).value
}

/**
 * What a member is assigned. A newer version is read as the newest that is known.
 * @throws MalformedError: the leader's blob comes from another program and is not to be trusted.
 */
export function decodeAssignment(blob: Uint8Array): Decoded<typeof ConsumerProtocolAssignment.shape> {
  return decodeVersionedLeniently(ConsumerProtocolAssignment, blob).value
}
