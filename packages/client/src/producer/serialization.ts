import type { Header } from '@samsa/protocol'
import { ConfigError, KafkaError } from '../errors.ts'
import type { Content } from './accumulator.ts'
import type { Serializer } from './producer-config.ts'

/** Headers as `send` takes them: in order, or as a plain object. */
export type GivenHeaders =
  | readonly Header[]
  | Readonly<Record<string, Uint8Array | string | null>>
  | undefined

const FIELDS = new Set(['topic', 'key', 'value', 'headers', 'partition', 'timestamp'])

/** Bytes that a key or value takes; -1 for null. */
export function sizeOf(content: Content): number {
  if (content === null) return -1
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}

export function bytesOf(content: Content): Uint8Array | null {
  return typeof content === 'string' ? Buffer.from(content) : content
}

/**
 * Of a record without a value something else may have been meant, e.g. `messages`.
 * @throws ConfigError that names the field
 */
export function checkFields(topic: string, record: object): void {
  const unknown = Object.keys(record).find((name) => !FIELDS.has(name))
  if (unknown === undefined) return
  throw new ConfigError(
    unknown,
    undefined,
    `send to ${topic}: a record has no ${unknown} and this one no value; send({ topic, value, key, headers, partition, ` +
      'timestamp }) sends one record, and null as its value deletes its key',
  )
}

/** @throws ConfigError for a header that is not text, bytes or null under a name */
export function headersOf(topic: string, given: unknown): readonly Header[] | undefined {
  if (given === undefined) return undefined
  const headers: unknown = Array.isArray(given)
    ? given
    : typeof given === 'object' && given !== null
      ? Object.entries(given).map(([key, value]) => ({ key, value }))
      : [given]
  const wrong = (headers as unknown[]).find((header) => !isHeader(header))
  if (wrong === undefined) return headers as readonly Header[]
  throw new ConfigError(
    'headers',
    given,
    `send to ${topic}: ${whatIsWrong(wrong)}; headers: { name: 'text' } or [{ key: 'name', value: 'text' }], ` +
      'with text, a Uint8Array or null as values',
  )
}

function isHeader(header: unknown): header is Header {
  const { key, value } = (header ?? {}) as Partial<Header>
  return (
    typeof key === 'string' && (value === null || typeof value === 'string' || value instanceof Uint8Array)
  )
}

/** Names and types only: values of headers may be secrets. */
function whatIsWrong(header: unknown): string {
  const { key, value } = (header ?? {}) as Partial<Header>
  return typeof key === 'string'
    ? `the header ${key} is ${typeName(value)}`
    : `${typeName(header)} is no header`
}

/**
 * A key or value as it is sent.
 * @throws ConfigError that names the type that cannot be sent and the remedy; KafkaError SERIALIZATION when the
 * serializer threw
 */
export function serialized(
  what: 'key' | 'value',
  data: unknown,
  serializer: Serializer<never> | undefined,
  topic: string,
  headers: readonly Header[] | undefined,
): Content {
  const isSerialized = serializer !== undefined && data !== undefined
  const content = isSerialized ? serialize(what, data, serializer, topic, headers) : data
  if (typeof content === 'string' || content instanceof Uint8Array) return content
  if (content === null || (content === undefined && !isSerialized)) return null
  const advice = isSerialized
    ? `the ${what}Serializer must give text, a Uint8Array or null`
    : `only text, a Uint8Array or null can be sent as it is; set ${what}Serializer, e.g. ${what}Serializer: JSON.stringify`
  throw new ConfigError(what, content, `send to ${topic}: the ${what} is ${typeName(content)}; ${advice}`)
}

function serialize(
  what: 'key' | 'value',
  data: unknown,
  serializer: Serializer<never>,
  topic: string,
  headers: readonly Header[] | undefined,
): unknown {
  try {
    return serializer(data as never, { topic, headers })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new KafkaError('SERIALIZATION', `send to ${topic}: the ${what}Serializer threw: ${why}`, {
      cause: error,
    })
  }
}

/** What something is, in words. */
export function typeName(content: unknown): string {
  if (content === undefined || content === null) return String(content)
  if (Array.isArray(content)) return 'an array'
  if (typeof content === 'object') return `an object (${content.constructor?.name ?? 'Object'})`
  return `a ${typeof content}`
}
