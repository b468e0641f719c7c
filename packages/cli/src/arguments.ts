import { parseArgs } from 'node:util'
import type { Option, OptionTable, Values } from './command.ts'
import { UsageError } from './command.ts'

/** Options that every command has. */
export const commonOptions = {
  help: { kind: 'flag', short: 'h', about: 'print this' },
} as const satisfies OptionTable

/** What a command line says, by the table of its options. */
export interface Arguments<T extends OptionTable> {
  readonly options: Values<T>
  readonly positionals: readonly string[]
}

/**
 * Reads arguments strictly: an unknown option, a missing or surplus value, a number that is none is refused.
 * @throws UsageError that names the argument
 */
export function readArguments<T extends OptionTable>(args: readonly string[], table: T): Arguments<T> {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(table).map(([name, option]) => [name, parseOption(option)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values = initialValues(table)
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(table, token.name) ? table[token.name] : undefined
    if (!option) {
      const known = Object.keys(table).map((name) => `--${name}`)
      throw new UsageError(`unknown option ${token.rawName}`, { word: token.rawName, known })
    }
    const given = readValue(token.rawName, option, token.value, token.inlineValue)
    if (option.kind === 'list') (values[token.name] as unknown[]).push(given)
    else values[token.name] = given
  }
  return { options: values as Values<T>, positionals }
}

function parseOption({ kind, short }: Option) {
  return {
    type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
    multiple: true,
    ...(short === undefined ? {} : { short }),
  }
}

function initialValues(table: OptionTable): Record<string, unknown> {
  const initial = { flag: false, text: undefined, number: undefined }
  return Object.fromEntries(
    Object.entries(table).map(([name, { kind }]) => [name, kind === 'list' ? [] : initial[kind]]),
  )
}

function readValue(
  written: string,
  option: Option,
  value: string | undefined,
  isInline: boolean | undefined,
): string | number | boolean {
  if (option.kind === 'flag') {
    if (value === undefined) return true
    throw new UsageError(`${written} takes no value`)
  }
  if (value === undefined || value === '') throw new UsageError(`${written} needs a value: ${option.value}`)
  // `--topic --json` is a forgotten value, not a topic that is called --json.
  if (!isInline && value.startsWith('-') && !/^-\d/.test(value)) {
    throw new UsageError(
      `${written} needs a value: ${option.value}; if ${value} is meant to be it, write ${written}=${value}`,
    )
  }
  if (option.kind !== 'number') return value
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw new UsageError(`${written} needs a whole number, not ${JSON.stringify(value)}`)
}
