import { styleText } from 'node:util'

/** Where a command writes and what it is told from outside: the process, or a test's stand-in. */
export interface Terminal {
  /** Data, and what was asked for. */
  out(text: string): void
  /** Everything else: problems, progress. */
  err(text: string): void
  /**
   * What is in a file, or what is piped in when there is no name; nothing once `stopped` is aborted.
   * @throws Error when it cannot be read or has more than `maxBytes`; UsageError when nothing is piped in
   */
  read(file: string | undefined, maxBytes: number): Promise<Uint8Array>
  /** Whether what goes to `out` may carry colours. */
  readonly outIsColoured: boolean
  /** Whether what goes to `err` may carry colours. */
  readonly errIsColoured: boolean
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, and when nobody reads `out` any more: stop in order. */
  readonly stopped: AbortSignal
}

/**
 * Whether a stream may be coloured: a terminal, unless NO_COLOR is set (no-color.org); FORCE_COLOR decides when it is
 * set, 0 meaning no.
 */
export function wantsColour(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = environment
  if (no) return false
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTerminal && term !== 'dumb'
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow'

/** Text with a style, or as it is where there are no colours. */
export function styled(style: Style, text: string, isColoured: boolean): string {
  // What is coloured was decided before; node's own look at stdout would decide about another stream.
  return isColoured ? styleText(style, text, { validateStream: false }) : text
}

/** Control characters made visible, so that what came from outside cannot drive the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const code = (character.codePointAt(0) as number).toString(16).padStart(2, '0')
    return `\\x${code}`
  })
}
