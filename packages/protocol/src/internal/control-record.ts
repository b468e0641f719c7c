import { codec } from '../schema/compile.ts'
import { Reader } from '../schema/reader.ts'
import type { Decoded, Message, Shape } from '../schema/schema.ts'
import { array, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema/schema.ts'
import { decodeVersionedLeniently, encodeVersioned } from '../schema/versioned.ts'

/** Key of a control record, with its version in front: which kind it is. `ControlRecordType` has the kinds. */
export const ControlRecordTypeSchema = message(
  'ControlRecordTypeSchema',
  { versions: [0, 0] },
  {
    type: int16,
  },
)

/** Value of the markers `COMMIT` and `ABORT`, with its version in front. */
export const EndTxnMarker = message(
  'EndTxnMarker',
  { versions: [0, 0] },
  {
    coordinatorEpoch: int32,
  },
)

const voter = {
  voterId: int32,
  voterDirectoryId: uuid.since(1),
}

/** Value of `LEADER_CHANGE`, the first record of a leader of the metadata quorum (KIP-595). */
export const LeaderChangeMessage = message(
  'LeaderChangeMessage',
  { versions: [0, 1], flexible: 0 },
  {
    version: int16,
    leaderId: int32,
    voters: array(voter),
    grantingVoters: array(voter),
  },
)

/** Value of `SNAPSHOT_HEADER`, which begins a metadata snapshot (KIP-630). */
export const SnapshotHeaderRecord = message(
  'SnapshotHeaderRecord',
  { versions: [0, 0], flexible: 0 },
  {
    version: int16,
    lastContainedLogTimestamp: int64,
  },
)

/** Value of `SNAPSHOT_FOOTER`, which ends a metadata snapshot (KIP-630). */
export const SnapshotFooterRecord = message(
  'SnapshotFooterRecord',
  { versions: [0, 0], flexible: 0 },
  {
    version: int16,
  },
)

/** Value of `KRAFT_VERSION`: the level of the quorum protocol (KIP-853). */
export const KRaftVersionRecord = message(
  'KRaftVersionRecord',
  { versions: [0, 0], flexible: 0 },
  {
    version: int16,
    kRaftVersion: int16,
  },
)

/** Value of `KRAFT_VOTERS`: who votes in the metadata quorum (KIP-853). */
export const VotersRecord = message(
  'VotersRecord',
  { versions: [0, 0], flexible: 0 },
  {
    version: int16,
    voters: array({
      voterId: int32,
      voterDirectoryId: uuid,
      endpoints: array({
        name: string,
        host: string,
        port: uint16,
      }),
      kRaftVersionFeature: struct({
        minSupportedVersion: int16,
        maxSupportedVersion: int16,
      }),
    }),
  },
)

const endTxn = { message: EndTxnMarker, prefixed: true } as const

/** The kinds of control records by their number. Source: `ControlRecordType`. */
const kinds = [
  { type: 'ABORT', ...endTxn },
  { type: 'COMMIT', ...endTxn },
  { type: 'LEADER_CHANGE', message: LeaderChangeMessage, prefixed: false },
  { type: 'SNAPSHOT_HEADER', message: SnapshotHeaderRecord, prefixed: false },
  { type: 'SNAPSHOT_FOOTER', message: SnapshotFooterRecord, prefixed: false },
  { type: 'KRAFT_VERSION', message: KRaftVersionRecord, prefixed: false },
  { type: 'KRAFT_VOTERS', message: VotersRecord, prefixed: false },
] as const

type Kind = (typeof kinds)[number]
type ControlRecordOf<K> = K extends { type: infer T; message: Message<infer S> }
  ? { readonly type: T; readonly value: Decoded<S> }
  : never

/** Kafka's names of the kinds of control records. */
export type ControlRecordType = Kind['type']

/** A decoded control record; `type` says which kind it is. */
export type ControlRecord = ControlRecordOf<Kind>

/**
 * A record of a control batch. Versions newer than the known ones are read as the newest known, as Kafka does.
 * @returns undefined when the kind is not known: consumers pass it over, as they do all control records.
 * @throws MalformedError for bytes that are no such record.
 */
export function decodeControlRecord(key: Uint8Array, value: Uint8Array): ControlRecord | undefined {
  const { type } = decodeVersionedLeniently(ControlRecordTypeSchema, key).value
  const kind = kinds[type]
  if (!kind) return undefined
  const message = kind.message as unknown as Message<Shape>
  const decoded = kind.prefixed
    ? decodeVersionedLeniently(message, value).value
    : decodeSelfVersioned(message, value)
  return { type: kind.type, value: decoded } as unknown as ControlRecord
}

/** Key of a control record of the given kind. */
export function controlRecordKey(type: ControlRecordType): Uint8Array {
  return encodeVersioned(ControlRecordTypeSchema, 0, { type: kinds.findIndex((kind) => kind.type === type) })
}

/** Messages of the metadata quorum begin with a field `version`, which says how they are written. */
function decodeSelfVersioned<S extends Shape>(message: Message<S>, bytes: Uint8Array): Decoded<S> {
  const version = Math.min(Math.max(new Reader(bytes).int16(), 0), message.maxVersion)
  return codec(message, version).decode(new Reader(bytes))
}
