/** A piece of TypeScript source; comments and white space are left out. */
export interface Token {
  readonly kind: 'word' | 'string' | 'template' | 'regex' | 'number' | 'mark'
  /** For a string: what is between the quotes. */
  readonly text: string
  /** Counted from 1. */
  readonly line: number
}

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /\d(?:[eE][+-]?\d|[\w.])*/y
const MARK = /=>|\?\.(?!\d)|\.\.\.|[{}()[\].,;:?<>=!&|+\-*/%^~@]/y
const REGEX = /\/(?:[^\\/\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
/** After these words a slash begins a regular expression, after any other it divides. */
const BEFORE_A_VALUE = new Set(
  'return typeof case in of delete void throw new else do yield await instanceof'.split(' '),
)

/**
 * Cuts source text into tokens. TypeScript 7 offers JavaScript no scanner of its own, and the rules need no more than
 * this: to know code from comments, strings, templates and regular expressions.
 */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  // For each `${` that is open: how many braces are open inside of it.
  const substitutions: number[] = []
  let at = text.startsWith('#!') ? text.indexOf('\n') : 0
  let line = 1
  const take = (kind: Token['kind'], end: number, shown = text.slice(at, end)) => {
    tokens.push({ kind, text: shown, line })
    move(end)
  }
  const move = (end: number) => {
    for (; at < end; at++) if (text[at] === '\n') line++
  }
  while (at >= 0 && at < text.length) {
    const rest = (pattern: RegExp) => {
      pattern.lastIndex = at
      return pattern.exec(text)?.[0].length ?? 0
    }
    const c = text[at] ?? ''
    const open = substitutions.length - 1
    if (/\s/.test(c)) move(at + 1)
    else if (text.startsWith('//', at)) move(endOf(text, '\n', at))
    else if (text.startsWith('/*', at)) move(endOf(text, '*/', at + 2) + 2)
    else if (c === "'" || c === '"') {
      const end = closing(text, at + 1, c)
      take('string', end + 1, text.slice(at + 1, end))
    } else if (c === '`' || (c === '}' && substitutions[open] === 0)) {
      if (c === '}') substitutions.pop()
      const end = templateEnd(text, at + 1)
      if (text[end] === '$') substitutions.push(0)
      take('template', end + (text[end] === '$' ? 2 : 1))
    } else if (rest(WORD) > 0) take('word', at + rest(WORD))
    else if (rest(NUMBER) > 0) take('number', at + rest(NUMBER))
    else if (c === '/' && valueMayFollow(tokens.at(-1)) && rest(REGEX) > 0) take('regex', at + rest(REGEX))
    else if (rest(MARK) > 0) {
      const depth = substitutions[open]
      if (depth !== undefined && c === '{') substitutions[open] = depth + 1
      if (depth !== undefined && c === '}') substitutions[open] = depth - 1
      take('mark', at + rest(MARK))
    } else throw new SyntaxError(`line ${line}: the scanner does not know ${JSON.stringify(c)}`)
  }
  return tokens
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from)
  return end < 0 ? text.length : end
}

function closing(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1
  return at
}

/** Where the template's text ends: at its last back quote, or at the dollar sign of a substitution. */
function templateEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
  return at
}

function valueMayFollow(before: Token | undefined): boolean {
  if (!before) return true
  if (before.kind === 'word') return BEFORE_A_VALUE.has(before.text)
  if (before.kind === 'template') return before.text.endsWith('${')
  return before.kind === 'mark' && !')]}'.includes(before.text)
}

/** The index of the bracket that closes the one at `open`; the end of the tokens if none does. */
export function partner(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as Token
    if (kind !== 'mark') continue
    if (text === '(' || text === '[' || text === '{') depth++
    else if ((text === ')' || text === ']' || text === '}') && --depth === 0) return at
  }
  return tokens.length
}

/** Whether the marks and words from `at` on read as given; strings match by the word STRING. */
export function reads(tokens: readonly Token[], at: number, ...expected: readonly string[]): boolean {
  return expected.every((text, ahead) => {
    const token = tokens[at + ahead]
    if (!token) return false
    if (text === 'STRING') return token.kind === 'string'
    return (token.kind === 'word' || token.kind === 'mark') && token.text === text
  })
}
