import { commonOptions } from './arguments.ts'
import type { Command, Option } from './command.ts'
import { styled } from './terminal.ts'

const ABOUT = 'Apache Kafka for TypeScript: an embedded broker that speaks the real protocol, and tools.'

/** The overview: every command with its line. */
export function overview(commands: readonly Command[], isColoured: boolean): string {
  const heading = (text: string) => styled('bold', text, isColoured)
  return [
    ABOUT,
    '',
    `${heading('Usage')}  samsa COMMAND [OPTION...]`,
    '',
    heading('Commands'),
    ...columns([
      ...commands.map(({ name, aliases, summary }): [string, string] => [
        [name, ...aliases].join(', '),
        summary,
      ]),
      ['help [COMMAND]', 'say more of a command; so does samsa COMMAND --help'],
    ]),
    '',
    heading('Options'),
    ...columns([
      ['-h, --help', 'print this'],
      ['-V, --version', 'print the version'],
    ]),
    '',
    heading('Exit codes'),
    ...columns([
      ['0', 'done; also after Ctrl-C, and when the reader of a pipe has gone'],
      ['1', 'something was refused or failed'],
      ['2', 'the command line or a setting is wrong; nothing was done'],
    ]),
    '',
  ].join('\n')
}

/** Everything about one command. */
export function commandHelp(command: Command, isColoured: boolean): string {
  const heading = (text: string) => styled('bold', text, isColoured)
  const { name, aliases, summary, about, options, words, examples } = command
  return [
    `samsa ${name}: ${summary}`,
    ...(aliases.length > 0 ? [`Also: samsa ${aliases.join(', samsa ')}`] : []),
    '',
    about,
    '',
    `${heading('Usage')}  samsa ${name} [OPTION...]${words === undefined ? '' : ` [${words}]`}`,
    '',
    heading('Options'),
    ...columns(
      Object.entries({ ...options, ...commonOptions }).map(([option, spec]): [string, string] => [
        optionName(option, spec),
        spec.about,
      ]),
    ),
    '',
    heading('Examples'),
    ...examples.flatMap(({ line, about: why }) => [
      `  ${styled('dim', `# ${why}`, isColoured)}`,
      `  ${line}`,
    ]),
    '',
  ].join('\n')
}

function optionName(name: string, { short, value }: Option): string {
  return `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`
}

/** Two columns; the right one begins behind the longest of the left. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
