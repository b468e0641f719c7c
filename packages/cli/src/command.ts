import type { Terminal } from './terminal.ts'

/** One option of a command: what help says of it and how it is read. */
export interface Option {
  /** `flag` takes no value; `text` and `number` take one; `list` takes one each time it is given. */
  readonly kind: 'flag' | 'text' | 'number' | 'list'
  /** One letter. */
  readonly short?: string
  /** How the value is called in help: `PORT`. */
  readonly value?: string
  readonly about: string
}

export type OptionTable = { readonly [name: string]: Option }

type ValueOf<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'number'
    ? number | undefined
    : O['kind'] extends 'list'
      ? string[]
      : string | undefined

/** What was given for each option: a flag left out is false, a list left out is empty. */
export type Values<T extends OptionTable> = { readonly [Name in keyof T]: ValueOf<T[Name]> }

/** What the user typed, read by the command's table, and where to write. */
export interface Invocation<T extends OptionTable> {
  readonly options: Values<T>
  /** What stands beside the options; empty for a command that takes none. */
  readonly words: readonly string[]
  readonly terminal: Terminal
}

/** One command: the table from which arguments are read and help is printed, and what it does. */
export interface Command<T extends OptionTable = OptionTable> {
  readonly name: string
  readonly aliases: readonly string[]
  /** One line for the list of commands. */
  readonly summary: string
  /** What help says below the first line. */
  readonly about: string
  readonly options: T
  /** How what may stand beside the options is called in help: `HEX...`; left out, nothing may. */
  readonly words?: string
  /** Lines that can be typed as they are. */
  readonly examples: readonly { readonly line: string; readonly about: string }[]
  /** Gives the exit code. What is expensive to load is loaded here, so that help is quick. */
  readonly run: (invocation: Invocation<T>) => Promise<number>
}

/** Gives a command its types; any command is then one of the same table. */
export function command<const T extends OptionTable>(spec: Command<T>): Command {
  return spec as unknown as Command
}

/** What the process ends with. The same for every command, so that scripts can tell. */
export const exit = {
  done: 0,
  /** Something was refused or failed. */
  failed: 1,
  /** The command line or a setting is wrong; nothing was done. */
  usage: 2,
} as const

/** The command line is wrong. Of an unknown word it also says which ones there are, so that a near one can be named. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly word: string | undefined
  readonly known: readonly string[]

  constructor(
    message: string,
    unknown: { word: string; known: readonly string[] } = { word: '', known: [] },
  ) {
    super(message)
    this.word = unknown.word
    this.known = unknown.known
  }
}
