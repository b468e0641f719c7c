import type { Token } from './tokens.ts'
import { reads, tokenise } from './tokens.ts'

/** A source file as the rules see it. */
export interface Source {
  /** From the top of the repository, with slashes. */
  readonly path: string
  readonly text: string
  readonly tokens: readonly Token[]
  readonly imports: readonly Import[]
  readonly exports: readonly Export[]
}

/** One import, re-export or dynamic import. */
export interface Import {
  readonly from: string
  readonly line: number
  /** What is taken, by its name in the other file; '*' is everything. */
  readonly names: readonly string[]
  readonly reExports: boolean
}

export interface Export {
  readonly name: string
  readonly line: number
  readonly isType: boolean
}

const DECLARATIONS = new Set(['const', 'let', 'var', 'function', 'class', 'interface', 'type'])

export function parseSource(path: string, text: string): Source {
  const tokens = tokenise(text)
  const imports: Import[] = []
  const exports: Export[] = []
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || tokens[at - 1]?.text === '.') return
    if (token.text === 'import') readImport(tokens, at, imports)
    if (token.text === 'export') readExport(tokens, at, imports, exports)
  })
  return { path, text, tokens, imports, exports }
}

function readImport(tokens: readonly Token[], at: number, found: Import[]): void {
  const line = tokens[at]?.line ?? 0
  if (reads(tokens, at + 1, '(', 'STRING')) {
    found.push({ from: tokens[at + 2]?.text ?? '', line, names: ['*'], reExports: false })
    return
  }
  if (reads(tokens, at + 1, 'STRING')) {
    found.push({ from: tokens[at + 1]?.text ?? '', line, names: [], reExports: false })
    return
  }
  if (reads(tokens, at + 1, '.')) return
  const { names, end } = clause(tokens, at + 1)
  const from = fromAt(tokens, end)
  if (from !== undefined) found.push({ from, line, names: names.map(([name]) => name), reExports: false })
}

function readExport(tokens: readonly Token[], at: number, imports: Import[], exports: Export[]): void {
  const line = tokens[at]?.line ?? 0
  let next = at + 1
  if (reads(tokens, next, 'default')) {
    exports.push({ name: 'default', line, isType: false })
    return
  }
  while (reads(tokens, next, 'abstract') || reads(tokens, next, 'async') || reads(tokens, next, 'declare'))
    next++
  const word = tokens[next]?.text ?? ''
  const isType = word === 'interface' || word === 'type'
  const list = reads(tokens, next, '{') || reads(tokens, next, '*') || reads(tokens, next, 'type', '{')
  if (DECLARATIONS.has(word) && !list) {
    if (reads(tokens, next + 1, '*')) next++
    const name = tokens[next + 1]
    if (name?.kind === 'word') exports.push({ name: name.text, line, isType })
    else if (name?.text === '{' || name?.text === '[') {
      for (const [, shown] of clause(tokens, next + 1).names) exports.push({ name: shown, line, isType })
    }
    return
  }
  const { names, end } = clause(tokens, next)
  const from = fromAt(tokens, end)
  for (const [, shown] of names) if (shown !== '*') exports.push({ name: shown, line, isType: false })
  if (from !== undefined) imports.push({ from, line, names: names.map(([name]) => name), reExports: true })
}

/** The names between `import` or `export` and `from`, each as [there, here]. */
function clause(tokens: readonly Token[], start: number): { names: [string, string][]; end: number } {
  const names: [string, string][] = []
  let at = start
  if (reads(tokens, at, 'type') && !reads(tokens, at, 'type', 'from')) at++
  if (tokens[at]?.kind === 'word' && !reads(tokens, at, 'from', 'STRING')) {
    names.push(['default', tokens[at]?.text ?? ''])
    at++
    if (reads(tokens, at, ',')) at++
  }
  if (reads(tokens, at, '*')) {
    const named = reads(tokens, at + 1, 'as')
    names.push(['*', named ? (tokens[at + 2]?.text ?? '') : '*'])
    at += named ? 3 : 1
  }
  if (reads(tokens, at, '{') || reads(tokens, at, '[')) {
    for (at++; at < tokens.length && !reads(tokens, at, '}') && !reads(tokens, at, ']'); at++) {
      if (tokens[at]?.kind !== 'word') continue
      if (reads(tokens, at, 'type') && tokens[at + 1]?.kind === 'word' && !reads(tokens, at + 1, 'as')) at++
      const there = tokens[at]?.text ?? ''
      const renamed = reads(tokens, at + 1, 'as') || reads(tokens, at + 1, ':')
      if (renamed) at += 2
      names.push([there, tokens[at]?.text ?? ''])
    }
    at++
  }
  return { names, end: at }
}

function fromAt(tokens: readonly Token[], at: number): string | undefined {
  return reads(tokens, at, 'from', 'STRING') ? tokens[at + 1]?.text : undefined
}
