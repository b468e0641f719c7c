import type { Token } from './tokens.ts'
import { partner, reads } from './tokens.ts'
import type { Tree } from './tree.ts'
import { isTest } from './tree.ts'

const TEST_WORDS = new Set(['test', 'it', 'describe', 'suite', 't', 'context'])
const AVOIDED = new Set(['skip', 'only', 'todo'])

/** Tests that are skipped, focused or still to be written. */
export function avoidedTests(tree: Tree): string[] {
  return tree.sources
    .filter(({ path }) => isTest(path))
    .flatMap(({ path, tokens }) =>
      tokens.flatMap((token, at) => {
        const word = isAvoided(tokens, at)
        return word ? [`${path}:${token.line} ${word}: a test runs or is not there`] : []
      }),
    )
}

function isAvoided(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at]
  if (token?.kind !== 'word' || !TEST_WORDS.has(token.text)) return undefined
  const member = tokens[at + 2]?.text ?? ''
  if (reads(tokens, at + 1, '.') && AVOIDED.has(member)) return `${token.text}.${member}`
  if (!reads(tokens, at + 1, '(')) return undefined
  // The options stand between the title and the function: test('title', { skip: true }, ...).
  const end = partner(tokens, at + 1)
  for (let next = at + 2; next < end && !reads(tokens, next, '=>'); next++) {
    if (!reads(tokens, next, '{')) continue
    const close = partner(tokens, next)
    const option = tokens.slice(next, close).find(({ kind, text }) => kind === 'word' && AVOIDED.has(text))
    return option && `${token.text} with ${option.text}`
  }
  return undefined
}

/** What stands in a file only because of the machine it was written on. */
const OF_ONE_MACHINE: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.*])\/(?:work|farm|root|tmp\/bash_jobs)\/[\w.-]/, 'a path of one machine'],
  [/(?<![\w./-])\/(?:home|Users)\/[a-z][\w-]*\//, "a path into somebody's home"],
  [/\b[A-Z]:\\{1,2}Users\\{1,2}\w/, "a path into somebody's home"],
  [/\bhttps?:\/\/(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+/, 'an address of a private network'],
  [/\bhttps?:\/\/[\w.-]+\.(?:internal|corp|lan|intranet)\b/, 'a host of a private network'],
  [/^[ \t]*(?:@[\w-]+:)?(?:registry|index-url)\s*=/m, 'a package registry of its own'],
  [/"resolved": "https?:/, 'a download address'],
]

/** Paths, hosts and registries that exist on one machine only. */
export function machineTraces(tree: Tree): string[] {
  return [...tree.texts].flatMap(([path, text]) =>
    OF_ONE_MACHINE.flatMap(([pattern, what]) => {
      const match = pattern.exec(text)
      if (!match) return []
      const line = text.slice(0, match.index).split('\n').length
      return [`${path}:${line} holds ${what}: ${match[0].trim()}`]
    }),
  )
}
