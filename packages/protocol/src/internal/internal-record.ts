import { codec, expectEnd } from '../schema/compile.ts'
import { Reader } from '../schema/reader.ts'
import type { Decoded, Encodable, Shape } from '../schema/schema.ts'
import { decodeVersioned, encodeVersioned } from '../schema/versioned.ts'
import { Writer } from '../schema/writer.ts'
import * as classicGroup from './classic-group.ts'
import * as consumerGroup from './consumer-group.ts'
import type { RecordKind } from './record-kind.ts'
import * as shareGroup from './share-group.ts'
import * as shareState from './share-state.ts'
import * as streamsGroup from './streams-group.ts'
import * as transactionLog from './transaction-log.ts'

const groups = { ...classicGroup, ...consumerGroup, ...shareGroup, ...streamsGroup }

/** Every kind of record that Kafka's coordinators store, by topic and name. */
export const internalRecords = {
  __consumer_offsets: groups,
  __transaction_state: { ...transactionLog },
  __share_group_state: { ...shareState },
}

/** An internal topic whose records this library knows. */
export type InternalTopic = keyof typeof internalRecords

type Kinds<T extends InternalTopic> = (typeof internalRecords)[T][keyof (typeof internalRecords)[T]]
type StoredRecord<K> =
  K extends RecordKind<infer Name, infer Key, infer Value>
    ? {
        readonly name: Name
        readonly key: Decoded<Key>
        /** Version of the value; undefined for a tombstone. */
        readonly version: number | undefined
        /** null: a tombstone, which removes what the key names. */
        readonly value: Decoded<Value> | null
      }
    : never

/** A decoded record of an internal topic; `name` says which kind it is. */
export type InternalRecord<T extends InternalTopic> = T extends InternalTopic ? StoredRecord<Kinds<T>> : never

const byType = new Map(
  Object.entries(internalRecords).map(([topic, kinds]) => [
    topic,
    new Map((Object.values(kinds) as RecordKind[]).map((kind) => [kind.type, kind])),
  ]),
)

/**
 * A record of an internal topic.
 * @returns undefined when the kind is not known: a newer Kafka wrote it. Kafka's coordinators pass such records over.
 * @throws UnsupportedVersionError when the value has a version that is not known.
 * @throws MalformedError for bytes that are no such record.
 */
export function decodeInternalRecord<T extends InternalTopic>(
  topic: T,
  key: Uint8Array,
  value: Uint8Array | null,
): InternalRecord<T> | undefined {
  const reader = new Reader(key)
  const kind = byType.get(topic)?.get(reader.int16())
  if (!kind) return undefined
  const decodedKey = codec(kind.key, 0).decode(reader)
  expectEnd(reader, kind.key.name, 0)
  const read = value === null ? { version: undefined, value: null } : decodeVersioned(kind.value, value)
  return { name: kind.name, key: decodedKey, ...read } as unknown as InternalRecord<T>
}

/**
 * Key of a record of an internal topic, with its type in front.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export function encodeInternalKey<K extends Shape>(
  kind: RecordKind<string, K, Shape>,
  key: Encodable<K>,
): Uint8Array {
  const writer = new Writer(64)
  writer.int16(kind.type)
  codec(kind.key, 0).encode(writer, key)
  return writer.finishContiguous()
}

/**
 * Value of a record of an internal topic, with its version in front.
 * @throws UnsupportedVersionError when the kind has no such version, or when that version lacks a field of the value.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export function encodeInternalValue<V extends Shape>(
  kind: RecordKind<string, Shape, V>,
  version: number,
  value: Encodable<V>,
): Uint8Array {
  return encodeVersioned(kind.value, version, value)
}
