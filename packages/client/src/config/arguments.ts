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

/** Most bytes of a topic's name; all characters that it may have are of one byte. */
const TOPIC_MAX = 249

/** Why no topic can have this name; undefined when one can. Source: `Topic.validate`. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return "must have a name, not ''"
  if (name === '.' || name === '..') return `must not be '${name}'`
  if (name.length > TOPIC_MAX) return `may have ${TOPIC_MAX} characters, not ${name.length}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return "may have letters a to z, digits, '.', '_' and '-' only"
  return undefined
}

/**
 * Refuses what can be no topic before it is asked for: a broker that is asked for it refuses the whole question.
 * @throws ConfigError that shows the right form, or says what is wrong with the name
 */
export function checkTopicName(call: string, topic: unknown): void {
  if (typeof topic === 'string' && topic !== '') {
    const problem = topicNameProblem(topic)
    if (problem === undefined) return
    throw new ConfigError('topic', shown(topic), `${call}: the name of a topic ${problem}: ${shown(topic)}`)
  }
  throw new ConfigError('topic', topic, `${call} needs a topic: ${call}('my.topic'), not ${shown(topic)}`)
}
