import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Source } from './source.ts'
import { parseSource } from './source.ts'

/** What of the repository the rules look at: its texts by path, the parsed sources among them. */
export interface Tree {
  readonly texts: ReadonlyMap<string, string>
  readonly sources: readonly Source[]
}

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.cache'])
const SOURCE = /\.(ts|mts|js|mjs)$/
/** Data, not prose or code; some of it is not text at all. */
const DATA = /(^|\/)testdata\/|\.(bin|png|gz|zst|lz4|snappy)$/

export function readTree(top: string): Tree {
  const texts = new Map<string, string>()
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(top, folder), { withFileTypes: true })) {
      if (LEFT_OUT.has(entry.name)) continue
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile() && !DATA.test(path)) texts.set(path, readFileSync(join(top, path), 'utf8'))
    }
  }
  walk('')
  return treeOf(texts)
}

/** A tree made up of texts, as the rules' own tests use. */
export function treeOf(texts: Iterable<readonly [string, string]>): Tree {
  const all = new Map(texts)
  const sources = [...all]
    .filter(([path]) => SOURCE.test(path) && !path.startsWith('api/'))
    .map(([path, text]) => parseSource(path, text))
  return { texts: all, sources }
}

/** The JSON file at `path`; an empty object when there is none. */
export function json(tree: Tree, path: string): Record<string, unknown> {
  return JSON.parse(tree.texts.get(path) ?? '{}')
}

/** The folders of the workspace, as the root `package.json` names them. */
export function rooms(tree: Tree): string[] {
  return (json(tree, 'package.json')['workspaces'] ?? []) as string[]
}

/** The file that a relative import in `path` leads to; for what was compiled, its source. */
export function target(path: string, from: string): string {
  return sourceOf(posix.join(posix.dirname(path), from))
}

/** The source of a compiled file; any other path as it is. */
export function sourceOf(path: string): string {
  return path.replace(/^(.*?)\/dist\/(.*)\.js$/, (_, room, name) => {
    return room === 'examples' ? `${room}/${name}.ts` : `${room}/src/${name}.ts`
  })
}

export function isTest(path: string): boolean {
  return /\.(test|judge|bench)\.ts$/.test(path)
}
