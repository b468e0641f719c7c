import { nearestName } from '@samsa/protocol'
import { ConfigError } from '../errors.ts'
import { remedyElsewhere } from './settings-elsewhere.ts'

/** Kafka's types of settings (`ConfigDef.Type`), and FUNCTION for what only a program can give. */
export type SettingType = 'INT' | 'LONG' | 'BOOLEAN' | 'STRING' | 'LIST' | 'FUNCTION'

/** One setting: its type and default, and how a given value is checked and brought into form. */
export interface Setting<T> {
  readonly type: SettingType
  readonly default: T
  /** Least and greatest value of a number; greatest size in bytes of a text. */
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Throws a plain Error whose message is the rule; `parseConfig` adds the name and the value. Or a ConfigError. */
  readonly parse: (value: unknown) => T
}

export type SettingTable = { readonly [name: string]: Setting<any> }
/** What parsing a table gives: every setting, with defaults. */
export type Parsed<T extends SettingTable> = { readonly [K in keyof T]: T[K]['default'] }
/** What a user may give. */
export type Given<T extends SettingTable> = { readonly [K in keyof T]?: T[K]['default'] | undefined }

/** The greatest INT of the wire. */
export const INT_MAX: number = 2 ** 31 - 1
/** A LONG goes to 2^63 - 1 on the wire; a number is exact to here. */
export const LONG_MAX: number = Number.MAX_SAFE_INTEGER
/** Most bytes of a text on the wire (int16). */
const STRING_MAX = 32_767

/** Free text, or undefined while it is not given. All texts of this kind go over the wire. */
export function text(initial: string): Setting<string>
export function text(
  initial?: undefined,
  problem?: (value: string) => string | undefined,
): Setting<string | undefined>
export function text(
  initial?: string,
  problem: (value: string) => string | undefined = () => undefined,
): Setting<string | undefined> {
  return {
    type: 'STRING',
    default: initial,
    max: STRING_MAX,
    parse: (value) => {
      if (typeof value !== 'string') throw new Error('must be text')
      const size = Buffer.byteLength(value)
      if (size > STRING_MAX) throw new Error(`may have ${STRING_MAX} bytes, not ${size}`)
      if (/\p{Surrogate}/u.test(value)) throw new Error('must be well-formed text, without half a character')
      const wrong = problem(value)
      if (wrong) throw new Error(wrong)
      return value
    },
  }
}

/** A whole number within bounds; a string of digits, as in a properties file, is taken too. */
export function whole(initial: number, min = 0, max: number = INT_MAX): Setting<number> {
  return {
    type: max > INT_MAX ? 'LONG' : 'INT',
    default: initial,
    min,
    max,
    parse: (value) => {
      const number = typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value
      if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max)
        return number
      throw new Error(
        `must be a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ''}`,
      )
    },
  }
}

/** A duration or interval in milliseconds; an INT where Kafka has one, which is 24 days at most. */
export function milliseconds(initial: number, min = 0, max: number = INT_MAX): Setting<number> {
  return whole(initial, min, max)
}

export function flag(initial: boolean): Setting<boolean> {
  return {
    type: 'BOOLEAN',
    default: initial,
    parse: (value) => {
      if (typeof value === 'boolean') return value
      const word = String(value).trim().toLowerCase()
      if (typeof value === 'string' && (word === 'true' || word === 'false')) return word === 'true'
      throw new Error('must be true or false')
    },
  }
}

/** One of a few words; Kafka is not strict about case, so neither are we. */
export function oneOf<const W extends string>(initial: W, words: readonly W[]): Setting<W> {
  return {
    type: 'STRING',
    default: initial,
    parse: (value) => {
      const found = words.find((word) => word.toLowerCase() === String(value).toLowerCase())
      if (found !== undefined) return found
      throw new Error(`must be one of ${words.map((word) => `'${word}'`).join(', ')}`)
    },
  }
}

/** Anything that `accepts` does; for functions and objects. */
export function custom<T>(rule: string, accepts: (value: unknown) => value is T): Setting<T | undefined> {
  return {
    type: 'FUNCTION',
    default: undefined,
    parse: (value) => {
      if (accepts(value)) return value
      throw new Error(rule)
    },
  }
}

/** A list of texts, or one text with commas. */
export function list(initial: readonly string[]): Setting<readonly string[]> {
  return {
    type: 'LIST',
    default: initial,
    parse: (value) => {
      const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value
      const good = Array.isArray(items) && items.every((item) => typeof item === 'string' && item !== '')
      if (good) return items
      throw new Error('must be a list of texts')
    },
  }
}

/** `host:port`, several with commas or as a list; the port may be left out and is then 9092. */
export interface BootstrapAddress {
  host: string
  port: number
}

export function parseBootstrapServers(value: unknown): readonly BootstrapAddress[] {
  const rule = "must be 'host:port' or several of them, e.g. 'kafka1:9092,kafka2:9092'"
  const items = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(items)) throw new Error(rule)
  const addresses = items
    .map((item) => (typeof item === 'string' ? item.trim() : item))
    .filter((item) => item !== '')
    .map((item) => parseAddress(item, rule))
  if (addresses.length === 0) throw new Error(rule)
  return addresses
}

function parseAddress(item: unknown, rule: string): BootstrapAddress {
  const match =
    typeof item === 'string'
      ? /^(?:(\w+):\/\/)?(\[[0-9a-fA-F:.%]+\]|[^\s:[\]/]+)(?::(\d+))?$/.exec(item)
      : null
  if (!match) throw new Error(`${rule} ([::1]:9092 for IPv6)`)
  const [, scheme = '', host = '', port = '9092'] = match
  // Kafka takes the name of a listener in front, `PLAINTEXT://`; this is another protocol.
  if (/^https?$/i.test(scheme)) throw new Error(`is not reached by ${scheme}; write '${host}:${port}'`)
  if (Number(port) < 1 || Number(port) > 65535) throw new Error('needs a port from 1 to 65535')
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/**
 * Brings what a user gave into form: a frozen object with every setting of the table.
 * Names are Kafka's in camelCase; Kafka's dotted names are taken too, so a `client.properties` can be passed on.
 * @throws ConfigError for an unknown name (with the nearest one), or a value against its rule.
 */
export function parseConfig<T extends SettingTable>(
  owner: string,
  table: T,
  given: object | undefined,
): Parsed<T> {
  if (typeof (given ?? {}) !== 'object' || Array.isArray(given)) {
    const form = `new ${owner}({ bootstrapServers: 'localhost:9092' })`
    throw new ConfigError('', given, `${owner}: settings are an object: ${form}, not ${shown('', given)}`)
  }
  const parsed: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(table)) parsed[name] = setting.default
  for (const [written, value] of Object.entries(given ?? {})) {
    const name = camelCase(written)
    const setting = Object.hasOwn(table, name) ? table[name] : undefined
    if (!setting) throw unknownSetting(owner, table, written, value)
    if (value === undefined) continue
    try {
      parsed[name] = setting.parse(value)
    } catch (error) {
      if (error instanceof ConfigError) throw error
      throw new ConfigError(
        name,
        isSecret(name) ? undefined : value,
        `${owner}: ${written} ${(error as Error).message}, not ${shown(name, value)}`,
      )
    }
  }
  return Object.freeze(parsed) as Parsed<T>
}

function unknownSetting(owner: string, table: SettingTable, written: string, value: unknown): ConfigError {
  const name = camelCase(written)
  const nearest = nearestName(name, Object.keys(table))
  const remedy = remedyElsewhere(name) ?? (nearest ? `did you mean ${nearest}?` : 'leave it out')
  const kept = isSecret(written) ? undefined : value
  return new ConfigError(written, kept, `${owner}: unknown setting ${written}; ${remedy}`)
}

/** `auto.commit.interval.ms` and `auto_commit_interval_ms` become `autoCommitIntervalMs`. */
function camelCase(name: string): string {
  return name.replaceAll(/[._-]+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Whether a setting was given, under whichever of its names. */
export function isGiven(given: object, name: string): boolean {
  return Object.entries(given).some(([written, value]) => value !== undefined && camelCase(written) === name)
}

/** Values of settings that may hold a secret are never printed, nor carried by errors, which get printed too. */
function isSecret(name: string): boolean {
  return /password|passphrase|secret|jaas|token|credential|private|^ssl/i.test(name)
}

function shown(name: string, value: unknown): string {
  if (isSecret(name) && (typeof value === 'string' || typeof value === 'object')) return 'the value given'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return shortened(JSON.stringify(value))
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? JSON.stringify(value) : 'an object'
  return String(value)
}

/** A value that is refused for its length would be the whole message. */
function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
