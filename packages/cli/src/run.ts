import { commonOptions, readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { exit, UsageError } from './command.ts'
import { commands } from './commands/index.ts'
import { commandHelp, overview } from './help.ts'
import type { Terminal } from './terminal.ts'
import { printable, styled } from './terminal.ts'
import { version } from './version.ts'

/**
 * Runs `samsa` with the arguments behind its name.
 * @param args e.g. `['broker', '--port', '0']`
 * @returns the exit code: 0 done, 1 failed, 2 the command line or a setting is wrong. Never rejects
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args
  try {
    switch (first) {
      case undefined:
      case '-h':
      case '--help':
        terminal.out(overview(commands, terminal.outIsColoured))
        return exit.done
      case '-V':
      case '--version':
        terminal.out(`samsa ${version}\n`)
        return exit.done
      case 'help':
        return help(rest, terminal)
      default:
        return await runCommand(find(first), rest, terminal)
    }
  } catch (error) {
    return await report(error, first, terminal)
  }
}

async function runCommand(command: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  // Help is given whatever else is on the line, also beside what would be refused.
  if (args.includes('--help') || args.includes('-h')) return help([command.name], terminal)
  const { options, positionals } = readArguments(args, { ...command.options, ...commonOptions })
  if (positionals.length > 0 && command.words === undefined) {
    throw new UsageError(`samsa ${command.name} takes options only, not ${JSON.stringify(positionals[0])}`)
  }
  return command.run({ options, words: positionals, terminal })
}

function help([name]: readonly string[], terminal: Terminal): number {
  const isColoured = terminal.outIsColoured
  terminal.out(name === undefined ? overview(commands, isColoured) : commandHelp(find(name), isColoured))
  return exit.done
}

function find(name: string): Command {
  const found = commands.find((command) => command.name === name || command.aliases.includes(name))
  if (found) return found
  if (name.startsWith('-')) {
    throw new UsageError(`unknown option ${name}`, { word: name, known: ['--help', '--version'] })
  }
  const known = ['help', ...commands.flatMap((each) => [each.name, ...each.aliases])]
  throw new UsageError(`unknown command ${name}`, { word: name, known })
}

/** Prints an error for a person: what went wrong and the next step; a stack only for our own mistakes. */
async function report(error: unknown, command: string | undefined, terminal: Terminal): Promise<number> {
  const message = error instanceof Error ? error.message : String(error)
  const code = (error as { code?: unknown } | undefined)?.code
  const near = error instanceof UsageError ? await nearest(error) : ''
  terminal.err(`${styled('red', 'error:', terminal.errIsColoured)} ${printable(message)}${near}\n`)
  if (error instanceof UsageError || code === 'CONFIG') {
    const isCommand = commands.some((each) => each.name === command || each.aliases.includes(command ?? ''))
    terminal.err(`Try: samsa ${isCommand ? `${command} ` : ''}--help\n`)
    return exit.usage
  }
  if (typeof code !== 'string' && error instanceof Error) terminal.err(`${error.stack}\n`)
  return exit.failed
}

async function nearest({ word, known }: UsageError): Promise<string> {
  if (!word) return ''
  const { nearestName } = await import('@samsa/protocol')
  const found = nearestName(word, known)
  return found ? `; did you mean ${found}?` : ''
}
