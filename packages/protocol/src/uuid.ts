import { EncodeError } from './errors/kafka-error.ts'

/** The id that means "none": 16 zero bytes. Source: Kafka's `Uuid.ZERO_UUID`. */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'

/** 16 bytes as Kafka prints them: 22 characters of URL-safe base64 without padding. */
export function formatUuid(bytes: Uint8Array, start = 0): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('base64url', start, start + 16)
}

/**
 * The 16 bytes of a printed id, written to `into` at `at`. As Kafka's `Uuid.fromString` does, it takes padding (`==`)
 * behind the 22 characters.
 * @throws EncodeError when the text is not a printed id of 16 bytes.
 */
export function parseUuid(text: string, into: Uint8Array = new Uint8Array(16), at = 0): Uint8Array {
  const bytes =
    typeof text === 'string' && /^[\w-]{22}(==)?$/.test(text) ? Buffer.from(text, 'base64url') : undefined
  if (bytes?.length !== 16) {
    throw new EncodeError(`${JSON.stringify(text)} is not a uuid: 22 characters of URL-safe base64 are`)
  }
  into.set(bytes, at)
  return into
}
