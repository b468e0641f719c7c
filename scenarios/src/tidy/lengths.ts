import type { Source } from './source.ts'
import type { Token } from './tokens.ts'
import { partner, reads } from './tokens.ts'
import type { Tree } from './tree.ts'

export const FILE_LINES_MAX = 400
export const FUNCTION_LINES_MAX = 70

/** A file by its path or a function by `path#name`, with its number of lines. */
export type Lengths = Readonly<Record<string, number>>

/** Everything that is longer than its limit, in the order of its name. */
export function overlong(tree: Tree): Lengths {
  const found: Record<string, number> = {}
  for (const source of tree.sources) {
    const lines = source.text.split('\n').length - (source.text.endsWith('\n') ? 1 : 0)
    if (lines > FILE_LINES_MAX) found[source.path] = lines
    for (const body of functions(source)) {
      const key = `${source.path}#${body.name}`
      if (body.lines > FUNCTION_LINES_MAX) found[key] = Math.max(found[key] ?? 0, body.lines)
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What differs between the lengths found and the ratchet: longer, new, or shorter than the ratchet still says. */
export function ratchetFindings(found: Lengths, ratchet: Lengths): string[] {
  const names = [...new Set([...Object.keys(found), ...Object.keys(ratchet)])].sort()
  return names.flatMap((name) => {
    const [lines, limit] = [found[name], ratchet[name]]
    const usual = name.includes('#') ? FUNCTION_LINES_MAX : FILE_LINES_MAX
    if (lines === limit) return []
    if (lines === undefined) return [`${name} is within ${usual} lines now: take it out of the ratchet`]
    if (limit === undefined)
      return [`${name} has ${lines} lines, over ${usual}: look for the second noun in it`]
    if (lines > limit)
      return [`${name} has ${lines} lines, more than the ${limit} it may have: it only shrinks`]
    return [`${name} has ${lines} lines, the ratchet says ${limit}: lower it`]
  })
}

interface FunctionBody {
  readonly name: string
  readonly lines: number
}

/** Each function, method and arrow with a block body. What only groups tests is no function of that kind. */
export function functions(source: Pick<Source, 'tokens'>): FunctionBody[] {
  const { tokens } = source
  const found: FunctionBody[] = []
  tokens.forEach((token, at) => {
    if (token.kind !== 'mark') return
    if (token.text === '=>' && reads(tokens, at + 1, '{')) {
      const start = arrowStart(tokens, at)
      if (!groupsTests(tokens, start)) found.push(measure(tokens, arrowName(tokens, start), start, at + 1))
    }
    if (token.text === '(' && mayDeclare(tokens, at)) {
      const body = bodyAfter(tokens, partner(tokens, at) + 1)
      if (body !== undefined) found.push(measure(tokens, nameBefore(tokens, at), at, body))
    }
  })
  return found
}

const STATEMENTS = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'with',
  'await',
  'return',
  'super',
  'import',
])

/** `name(`, `name<T>(`, `function (` — what a declaration of parameters may begin with. */
function mayDeclare(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]
  if (before?.text === '>' || before?.text === ']') return true
  return (before?.kind === 'word' && !STATEMENTS.has(before.text)) || before?.kind === 'string'
}

/** Where the block after a list of parameters begins, past the type of the result. */
function bodyAfter(tokens: readonly Token[], after: number): number | undefined {
  if (reads(tokens, after, '{')) return after
  if (!reads(tokens, after, ':')) return undefined
  for (let at = after + 1; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as Token
    const before = tokens[at - 1] as Token
    const inType = before.kind === 'mark' ? !')]}>'.includes(before.text) : TYPE_WORDS.has(before.text)
    if (text === '{' && kind === 'mark' && !inType) return at
    if (kind === 'mark' && '([{'.includes(text)) at = partner(tokens, at)
    else if (kind === 'mark' && ['=', '=>', ';', ')', ']', '}'].includes(text)) return undefined
    else if (
      kind === 'word' &&
      before.kind === 'word' &&
      !TYPE_WORDS.has(before.text) &&
      !TYPE_WORDS.has(text)
    ) {
      return undefined
    }
  }
  return undefined
}

const TYPE_WORDS = new Set('is asserts keyof typeof readonly extends infer unique new'.split(' '))

function measure(tokens: readonly Token[], name: string, start: number, open: number): FunctionBody {
  const first = tokens[start]?.line ?? 0
  const last = (tokens[partner(tokens, open)] ?? tokens.at(-1))?.line ?? first
  return { name, lines: last - first + 1 }
}

/** Where the parameters of an arrow begin. */
function arrowStart(tokens: readonly Token[], arrow: number): number {
  let depth = 0
  for (let at = arrow - 1; at > 0; at--) {
    const text = tokens[at]?.kind === 'mark' ? tokens[at]?.text : ''
    if (text === ')' || text === ']' || text === '}') depth++
    if (text === '(' || text === '[' || text === '{') depth--
    if (depth < 0) return at + 1
    const opens = text === '(' && depth === 0
    if (opens || (depth === 0 && ['=', ',', ';'].includes(text ?? ''))) return opens ? at : at + 1
    if (depth === 0 && at === arrow - 1 && text === '') return at
  }
  return arrow
}

function arrowName(tokens: readonly Token[], start: number): string {
  let at = start - 1
  if (reads(tokens, at, 'async')) at--
  if (reads(tokens, at, '=') || reads(tokens, at, ':')) return tokens[at - 1]?.text ?? '(arrow)'
  const call = tokens[at]?.text === ',' ? tokens[at - 1] : undefined
  if (call?.kind === 'string') return call.text
  return '(arrow)'
}

function nameBefore(tokens: readonly Token[], at: number): string {
  let name = at - 1
  // The parameters of a type stand between the name and the parenthesis.
  for (let depth = 0; name > 0; name--) {
    if (reads(tokens, name, '>')) depth++
    else if (reads(tokens, name, '<')) depth--
    else if (depth === 0 && tokens[name]?.kind !== 'mark') break
  }
  return tokens[name]?.text ?? '(function)'
}

function groupsTests(tokens: readonly Token[], start: number): boolean {
  for (let at = start - 1; at > Math.max(0, start - 12); at--) {
    if (tokens[at]?.kind === 'mark' && tokens[at]?.text === '(') {
      return ['describe', 'suite'].includes(tokens[at - 1]?.text ?? '')
    }
  }
  return false
}
