import type { Import, Source } from './source.ts'
import type { Tree } from './tree.ts'
import { isTest, json, rooms, sourceOf, target } from './tree.ts'

const SUPPORT = /\.test-support\.ts$/

/** Files that nothing leads to, and shipped files that only a test leads to. */
export function deadFiles(tree: Tree): string[] {
  const live = reached(tree, entryPoints(tree))
  const tested = reached(tree, [...live, ...tree.sources.map(({ path }) => path).filter(isTest)])
  return tree.sources.flatMap(({ path }) => {
    if (isTest(path) || path.startsWith('scripts/') || live.has(path)) {
      return SUPPORT.test(path) && live.has(path)
        ? [`${path} supports tests but is reached from what ships`]
        : []
    }
    if (!tested.has(path)) return [`${path} is reached from nowhere; use it or remove it`]
    if (path.startsWith('packages/') && !SUPPORT.test(path)) {
      return [`${path} is reached by tests only; use it, remove it, or name it *.test-support.ts`]
    }
    return []
  })
}

/** Exports that no other file takes and that no package makes public. */
export function unusedExports(tree: Tree): string[] {
  const used = new Map<string, Set<string>>()
  const use = (path: string, names: readonly string[]) => {
    const known = used.get(path) ?? new Set()
    for (const name of names) known.add(name)
    used.set(path, known)
  }
  for (const source of tree.sources) {
    for (const entry of source.imports) {
      if (entry.from.startsWith('.') && !entry.reExports) use(target(source.path, entry.from), entry.names)
    }
  }
  const sources = new Map(tree.sources.map((source) => [source.path, source]))
  // What an entry point shows is public. What another file passes on is in use if that file's own name for it is.
  const pass = (path: string, wanted: (name: string) => boolean, seen: ReadonlySet<string>) => {
    const source = sources.get(path)
    if (!source || seen.has(path)) return
    use(path, source.exports.map(({ name }) => name).filter(wanted))
    for (const entry of source.imports) {
      if (!entry.reExports || !entry.from.startsWith('.')) continue
      const to = target(path, entry.from)
      const passed = passedOn(entry, wanted)
      use(
        to,
        sources
          .get(to)
          ?.exports.map(({ name }) => name)
          .filter(passed) ?? [],
      )
      pass(to, passed, new Set([...seen, path]))
    }
  }
  for (const entry of entryPoints(tree)) pass(entry, () => true, new Set())
  for (const [path, names] of [...used]) pass(path, (name) => names.has(name) || names.has('*'), new Set())
  return tree.sources.flatMap((source) => {
    const names = used.get(source.path)
    if (names?.has('*') || source.path.startsWith('scripts/')) return []
    return source.exports
      .filter(({ name }) => !names?.has(name))
      .filter(({ name, isType }) => !isType || mentions(source, name) < 2)
      .map(
        ({ name, line }) => `${source.path}:${line} exports ${name}, which nothing imports; keep it private`,
      )
  })
}

/** A type that is part of what the file's other exports take or return may be named by those who use them. */
function mentions(source: Source, name: string): number {
  return source.tokens.filter(({ kind, text }) => kind === 'word' && text === name).length
}

/** A star passes every name on, a list the listed ones. */
function passedOn(entry: Import, wanted: (name: string) => boolean): (name: string) => boolean {
  if (entry.names.includes('*')) return wanted
  return (name) => entry.names.includes(name)
}

/** Where programs and users come in: what the manifests name, the examples, and the scripts. */
function entryPoints(tree: Tree): string[] {
  const found: string[] = []
  for (const room of rooms(tree)) {
    const manifest = json(tree, `${room}/package.json`)
    const named = JSON.stringify([manifest['exports'] ?? {}, manifest['bin'] ?? {}])
    for (const [, name] of named.matchAll(/"(?:\.\/)?([^"]+\.js)"/g)) found.push(sourceOf(`${room}/${name}`))
  }
  const programs = tree.sources
    .map(({ path }) => path)
    .filter((path) => /^examples\/(\d-.*|tour)\.ts$/.test(path))
  const scripts = tree.sources.map(({ path }) => path).filter((path) => path.startsWith('scripts/'))
  return [...found, ...programs, ...scripts, ...started(tree, scripts)]
}

/** Compiled files that a script starts by their path. */
function started(tree: Tree, scripts: readonly string[]): string[] {
  return scripts.flatMap((path) =>
    [...(tree.texts.get(path) ?? '').matchAll(/['"`](\w[\w/-]*\/dist\/[\w/-]+\.js)/g)].map(([, name]) =>
      sourceOf(name ?? ''),
    ),
  )
}

function reached(tree: Tree, from: Iterable<string>): Set<string> {
  const sources = new Map<string, Source>(tree.sources.map((source) => [source.path, source]))
  const seen = new Set<string>()
  const waiting = [...from]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const source = sources.get(path)
    if (!source || seen.has(path)) continue
    seen.add(path)
    for (const entry of source.imports) if (entry.from.startsWith('.')) waiting.push(target(path, entry.from))
    // A worker or a child process is named by a URL beside the file that starts it.
    for (const token of source.tokens) {
      if (token.kind === 'string' && /^\.{1,2}\/.*\.js$/.test(token.text)) {
        waiting.push(target(path, token.text), target(path, token.text).replace(/\.js$/, '.ts'))
      }
    }
  }
  return seen
}
