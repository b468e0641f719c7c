import type { Header } from '@samsa/protocol'
import { ConfigError } from '../errors.ts'
import type { Content } from './accumulator.ts'
import type { Serializer } from './producer-config.ts'

/** Headers as `send` takes them: in order, or as a plain object. */
export type GivenHeaders =
  | readonly Header[]
  | Readonly<Record<string, Uint8Array | string | null>>
  | undefined

/** Bytes; -1 for null. */
export function sizeOf(content: Content): number {
  if (content === null) return -1
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}

export function bytesOf(content: Content): Uint8Array | null {
  return typeof content === 'string' ? Buffer.from(content) : content
}

/** @throws ConfigError for a header that has no name, or whose value cannot be sent as it is */
export function headersOf(topic: string, given: GivenHeaders): readonly Header[] | undefined {
  if (given === undefined || given === null) return undefined
  const headers: readonly Header[] = Array.isArray(given)
    ? given
    : Object.entries(given).map(([key, value]) => ({ key, value }))
  for (const header of headers) {
    const { key, value } = header ?? {}
    const isGood = value === null || typeof value === 'string' || value instanceof Uint8Array
    if (typeof key === 'string' && isGood) continue
    throw new ConfigError(
      'headers',
      given,
      `send to ${topic}: a header needs a name and a value of text, a Uint8Array or null; ` +
        `${typeof key === 'string' ? `the value of ${key} is ${typeof value}` : 'one has no name'}`,
    )
  }
  return headers
}

/**
 * A key or value as it can be written.
 * @throws ConfigError for what is neither text nor bytes nor null; whatever the serializer throws
 */
export function serialized(
  what: 'key' | 'value',
  data: unknown,
  serializer: Serializer<unknown> | undefined,
  topic: string,
  headers: readonly Header[] | undefined,
): Content {
  const content = serializer && data !== undefined ? serializer(data, { topic, headers }) : data
  if (typeof content === 'string' || content instanceof Uint8Array) return content
  if (content === null || content === undefined) return null
  const type = Array.isArray(content)
    ? 'an array'
    : typeof content === 'object'
      ? `an object (${content.constructor?.name ?? 'Object'})`
      : `a ${typeof content}`
  const advice = serializer
    ? `the ${what}Serializer must give text, a Uint8Array or null`
    : `only text, a Uint8Array or null can be sent as it is; set ${what}Serializer, e.g. ${what}Serializer: JSON.stringify`
  throw new ConfigError(what, content, `send to ${topic}: the ${what} is ${type}; ${advice}`)
}
