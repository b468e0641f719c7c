import type { Source } from './source.ts'
import type { Token } from './tokens.ts'
import { reads } from './tokens.ts'
import type { Tree } from './tree.ts'

/** Where a piece of the outer world may be touched besides the runtime, and why. */
const ALLOWED: readonly { readonly file: string; readonly what: RegExp; readonly why: string }[] = [
  { file: 'packages/runtime/src/node.ts', what: /./, why: 'the one door to the world' },
  { file: 'packages/runtime/src/node/', what: /./, why: 'the rooms behind that door' },
  { file: 'packages/cli/src/main.ts', what: /./, why: 'a program begins with its process' },
  { file: 'packages/client/src/events.ts', what: /^console$/, why: 'the logger that users replace' },
]

const TIMERS = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
])
const OBJECTS = new Set(['performance', 'process', 'console', 'crypto', 'Bun', 'Deno'])
/** Modules that compute and nothing else. */
const PURE = new Set(['node:zlib', 'node:util', 'node:events', 'node:buffer', 'node:async_hooks'])
/** What of node:crypto only computes. */
const PURE_CRYPTO = new Set([
  'createHash',
  'createHmac',
  'createPublicKey',
  'createVerify',
  'pbkdf2',
  'pbkdf2Sync',
  'timingSafeEqual',
  'verify',
])

/** Uses of clock, timers, randomness, process, console, network and disk outside of the runtime's own files. */
export function touchesOfTheWorld(tree: Tree): string[] {
  const found: string[] = []
  for (const source of tree.sources) {
    if (!/^packages\/[^/]+\/src\//.test(source.path) || /\.test(-support)?\.ts$/.test(source.path)) continue
    for (const { what, line } of [...globals(source.tokens), ...modules(source)]) {
      if (ALLOWED.some((rule) => source.path.startsWith(rule.file) && rule.what.test(what))) continue
      found.push(`${source.path}:${line} uses ${what}; take it from the Runtime that was handed in`)
    }
  }
  return found
}

function globals(tokens: readonly Token[]): { what: string; line: number }[] {
  const found: { what: string; line: number }[] = []
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || !isFree(tokens, at)) return
    const name = token.text
    const next = tokens[at + 1]?.text
    let what: string | undefined
    if (TIMERS.has(name) && next !== ':') what = name
    if (OBJECTS.has(name) && (next === '.' || next === '[' || next === '?.')) what = name
    if (name === 'Date' && reads(tokens, at + 1, '.', 'now')) what = 'Date.now'
    if (name === 'Date' && reads(tokens, at - 1, 'new') && !hasArguments(tokens, at + 1)) what = 'new Date()'
    if (name === 'Math' && reads(tokens, at + 1, '.', 'random')) what = 'Math.random'
    if (name === 'AbortSignal' && reads(tokens, at + 1, '.', 'timeout')) what = 'AbortSignal.timeout'
    if (name === 'fetch' && next === '(' && !isMethod(tokens, at)) what = 'fetch'
    if (name === 'eval' && next === '(') what = 'eval'
    if (name === 'Function' && reads(tokens, at - 1, 'new')) what = 'new Function'
    if (what) found.push({ what, line: token.line })
  })
  return found
}

/** Whether the word at `at` is not a member of something else; globalThis counts as nothing. */
function isFree(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text
  if (before !== '.' && before !== '?.') return true
  return tokens[at - 2]?.text === 'globalThis'
}

function hasArguments(tokens: readonly Token[], at: number): boolean {
  return reads(tokens, at, '(') && !reads(tokens, at, '(', ')')
}

/** A method or function of that name is being declared. */
function isMethod(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]
  return ['async', 'function', '{', '}', ';', 'readonly', '*'].includes(before?.text ?? '{')
}

function modules(source: Source): { what: string; line: number }[] {
  return source.imports
    .filter(({ from }) => from.startsWith('node:') && !PURE.has(from))
    .filter(({ from, names }) => from !== 'node:crypto' || !names.every((name) => PURE_CRYPTO.has(name)))
    .map(({ from, line }) => ({ what: from, line }))
}
