import { ConfigError } from '../errors.ts'

/** Most characters of a value in a message. */
const SHOWN_LENGTH = 200

/** A value as it was given, for messages: in one line, cut, and never an error of its own. */
export function shown(value: unknown): string {
  if (value === undefined || typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'number') return String(value)
  let text: string
  try {
    text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value)
  } catch {
    text = 'an object'
  }
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text
}

/**
 * A number where an object is wanted would be taken as no limit at all, so it is refused.
 * @throws ConfigError that shows the right form
 */
export function checkTimeout(call: string, options: { timeoutMs?: number | undefined }): void {
  const timeoutMs = typeof options === 'object' ? options?.timeoutMs : Number.NaN
  if (timeoutMs === undefined || (typeof timeoutMs === 'number' && timeoutMs >= 0)) return
  const given = shown(typeof options === 'object' ? timeoutMs : options)
  throw new ConfigError(
    'timeoutMs',
    options,
    `${call} takes a time so: ${call}({ timeoutMs: 60_000 }), not ${given}`,
  )
}

/** @throws ConfigError that shows the right form */
export function checkTopic(call: string, topic: unknown): void {
  if (typeof topic === 'string' && topic !== '') return
  throw new ConfigError('topic', topic, `${call} needs a topic: ${call}('my.topic'), not ${shown(topic)}`)
}
