import { MalformedError } from '../errors/kafka-error.ts'
import { codec, expectEnd } from './compile.ts'
import { Reader } from './reader.ts'
import type { Decoded, Encodable, Message, Shape } from './schema.ts'
import { Writer } from './writer.ts'

/** A value that was stored with its version, and that version. */
export interface Versioned<T> {
  version: number
  value: T
}

/**
 * Bytes of a message with its version in front (int16), as brokers and group members store them.
 * @throws UnsupportedVersionError when the message has no such version, or when that version lacks a field of the value.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export function encodeVersioned<S extends Shape>(
  message: Message<S>,
  version: number,
  value: Encodable<S>,
): Uint8Array {
  const coder = codec(message, version)
  const writer = new Writer(64)
  writer.int16(version)
  coder.encode(writer, value)
  return writer.finishContiguous()
}

/**
 * Reads a message that has its version in front (int16). Bytes that are left over are an error.
 * @throws UnsupportedVersionError for a version that this library does not know.
 * @throws MalformedError for bytes that are no such message.
 */
export function decodeVersioned<S extends Shape>(
  message: Message<S>,
  bytes: Uint8Array,
): Versioned<Decoded<S>> {
  const reader = new Reader(bytes)
  const version = reader.int16()
  const value = codec(message, version).decode(reader)
  expectEnd(reader, message.name, version)
  return { version, value }
}

/**
 * As `decodeVersioned`, but a version that is newer than any known is read as the newest known, since such messages
 * only ever get fields appended; what is behind is then passed over.
 * @throws MalformedError for a negative version and for bytes that are no such message.
 */
export function decodeVersionedLeniently<S extends Shape>(
  message: Message<S>,
  bytes: Uint8Array,
): Versioned<Decoded<S>> {
  const version = new Reader(bytes).int16()
  if (version < message.minVersion) throw new MalformedError(`${message.name} has version ${version}`, 0)
  if (version <= message.maxVersion) return decodeVersioned(message, bytes)
  const reader = new Reader(bytes.subarray(2))
  return { version, value: codec(message, message.maxVersion).decode(reader) }
}
