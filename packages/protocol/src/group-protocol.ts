import { codec, decode, encode } from './compile.ts'
import { MalformedError } from './kafka-error.ts'
import { Reader } from './reader.ts'
import type { Decoded, Encodable, Message, Shape } from './schema.ts'
import { array, bytes, int32, message, string } from './schema.ts'

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

/** The blob with its version in front, in the newest version. */
export function encodeSubscription(value: Encodable<typeof ConsumerProtocolSubscription.shape>): Uint8Array {
  return versioned(ConsumerProtocolSubscription, value)
}

export function encodeAssignment(value: Encodable<typeof ConsumerProtocolAssignment.shape>): Uint8Array {
  return versioned(ConsumerProtocolAssignment, value)
}

/** @throws MalformedError: other members' blobs come from other programs and are not to be trusted. */
export function decodeSubscription(blob: Uint8Array): Decoded<typeof ConsumerProtocolSubscription.shape> {
  return unversioned(ConsumerProtocolSubscription, blob)
}

export function decodeAssignment(blob: Uint8Array): Decoded<typeof ConsumerProtocolAssignment.shape> {
  return unversioned(ConsumerProtocolAssignment, blob)
}

function versioned<S extends Shape>(schema: Message<S>, value: Encodable<S>): Uint8Array {
  const body = encode(schema, schema.maxVersion, value)
  const blob = new Uint8Array(2 + body.length)
  new DataView(blob.buffer).setInt16(0, schema.maxVersion)
  blob.set(body, 2)
  return blob
}

/** A newer version is read as the newest that is known: later versions only append fields. */
function unversioned<S extends Shape>(schema: Message<S>, blob: Uint8Array): Decoded<S> {
  const given = new Reader(blob).int16()
  if (given < 0) throw new MalformedError(`${schema.name} has version ${given}`, 0)
  const version = Math.min(given, schema.maxVersion)
  const body = blob.subarray(2)
  if (given === version) return decode(schema, version, body)
  return codec(schema, version).decode(new Reader(body))
}
