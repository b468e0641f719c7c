import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { repository } from '../lab/cluster/surroundings.ts'

/** The packages whose declarations are kept in `api/`, by their room. */
export const published = ['protocol', 'runtime', 'client', 'broker', 'cli'] as const

/** A top-level statement of a declaration file, with the docstring before it. */
interface Statement {
  readonly text: string
  /** What it declares; undefined for imports, re-exports and the empty export. */
  readonly name: string | undefined
}

interface Module {
  /** From the package's `dist`, e.g. `producer/producer`. */
  readonly path: string
  readonly statements: readonly Statement[]
  /** Local name -> where it comes from, for names of this package. */
  readonly imports: ReadonlyMap<string, Name>
  /** Local name -> the other package that it comes from. */
  readonly foreign: ReadonlyMap<string, string>
}

/** A name and the module that declares it; of another package, its name as `module`. */
interface Name {
  readonly module: string
  readonly name: string
}

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|let|function|enum) ([\w$]+)/m
const RE_EXPORT = /^export (?:type )?(\*|\{[^}]*\}) from '([^']+)';$/m
const IMPORT = /^import (?:type )?(\{[^}]*\}) from '([^']+)';$/m
/** How the compiler names a type that a file does not import. */
const INLINE_IMPORT = /import\("(\.[^"]+)"\)\.([\w$]+)/g

/** What a declaration becomes, e.g. a shorter one; its text as the compiler wrote it, with the docstring. */
export type Edit = (text: string, name: string) => string

/**
 * Everything a package makes public, in one text: each public declaration, and the private types that they mention,
 * by module and in the order of the source. It is what the compiler wrote, so it is never out of step with the types.
 * @param room a folder of `packages/`, built
 * @param edit what is to become of each declaration; what only the text before it mentions is left out
 * @throws Error when two modules use one name for different things, which would make the text ambiguous
 */
export function declarationsOf(room: string, edit: Edit = (text) => text): string {
  const modules = new Map<string, Module>()
  const load = (path: string): Module => {
    const known = modules.get(path) ?? readModule(room, path, edit)
    modules.set(path, known)
    return known
  }
  const shown = publicNames(load, 'index')
  const own = shown.filter(({ module }) => !isForeign(module))
  const wanted = new Map<string, Set<string>>()
  for (const { module, name } of own) want(load, wanted, module, name)
  refuseAmbiguity(room, wanted)
  const parts = [...wanted.keys()].sort().map((path) => {
    const names = wanted.get(path) as Set<string>
    const isPublic = (name: string) => own.some((each) => each.module === path && each.name === name)
    const kept = load(path).statements.filter(({ name }) => name !== undefined && names.has(name))
    return `// ${path}\n${kept.map((each) => flattened(each, isPublic(each.name as string))).join('\n')}`
  })
  const text = parts.join('\n\n')
  const foreign = [...wanted.keys()].flatMap((path) => [...load(path).foreign])
  const mentioned = foreign.filter(([name]) => new RegExp(`\\b${name}\\b`).test(code(text)))
  const passedOn = shown
    .filter(({ module }) => isForeign(module))
    .map(({ name, module }): [string, string] => [name, module])
  const head = [...lines('import', mentioned), ...lines('export', passedOn)].join('\n')
  return `${[head, text].filter((part) => part !== '').join('\n\n')}\n`
}

function isForeign(module: string): boolean {
  return /^(?:@|node:)/.test(module)
}

/** One line for each package that names come from. */
function lines(word: 'import' | 'export', names: readonly (readonly [string, string])[]): string[] {
  const packages = [...new Set(names.map(([, from]) => from))].sort()
  return packages.map((from) => {
    const taken = new Set(names.filter((each) => each[1] === from).map(([name]) => name))
    return `${word} { ${[...taken].sort().join(', ')} } from '${from}';`
  })
}

function readModule(room: string, path: string, edit: Edit): Module {
  const file = join(repository, 'packages', room, 'dist', `${path}.d.ts`)
  if (!existsSync(file)) throw new Error(`${relative(repository, file)} is missing; npm run build makes it`)
  const statements = split(readFileSync(file, 'utf8')).map(({ text, name }) => ({
    text: name === undefined ? text : edit(text, name),
    name,
  }))
  const imports = new Map<string, Name>()
  const foreign = new Map<string, string>()
  for (const { text } of statements) {
    const [, names, from] = IMPORT.exec(text) ?? []
    if (names === undefined || from === undefined) continue
    for (const [there, here] of named(names)) {
      if (isForeign(from)) foreign.set(here, from)
      else imports.set(here, { module: resolve(path, from), name: there })
    }
  }
  return { path, statements, imports, foreign }
}

/** The compiler indents what is inside a statement, so that one begins wherever a line begins with a word. */
function split(text: string): Statement[] {
  const found: string[] = []
  let isDocstring = false
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('//#')) continue
    const begins = /^(?:[a-z]|\/\*\*)/.test(line) && !isDocstring
    if (begins) found.push(line)
    else found.push(`${found.pop()}\n${line}`)
    isDocstring = line.startsWith('/**') || (isDocstring && line.startsWith(' *'))
  }
  return found.map((statement) => ({ text: statement, name: DECLARATION.exec(statement)?.[1] }))
}

/** `{ a, type b as c }` as [there, here]. */
function named(list: string): [string, string][] {
  return list
    .slice(1, -1)
    .split(',')
    .map((item) => item.trim().replace(/^type /, ''))
    .filter((item) => item !== '')
    .map((item) => {
      const [there = '', here = there] = item.split(' as ')
      return [there, here]
    })
}

function resolve(from: string, to: string): string {
  return posix.join(dirname(from).split(sep).join('/'), to).replace(/\.(?:ts|js)$/, '')
}

function publicNames(load: (path: string) => Module, path: string): Name[] {
  return load(path).statements.flatMap(({ text, name }) => {
    if (name !== undefined) return /^export /m.test(text) ? [{ module: path, name }] : []
    const [, list, from] = RE_EXPORT.exec(text) ?? []
    if (list === undefined || from === undefined) return []
    if (isForeign(from)) return named(list).map(([there]) => ({ module: from, name: there }))
    const below = publicNames(load, resolve(path, from))
    if (list === '*') return below
    return named(list).map(([there]) => {
      const found = below.find((each) => each.name === there)
      if (!found) throw new Error(`${path} passes ${there} on, which ${from} does not have`)
      return found
    })
  })
}

/** Marks a declaration as wanted, and what it mentions. */
function want(
  load: (path: string) => Module,
  wanted: Map<string, Set<string>>,
  path: string,
  name: string,
): void {
  const module = load(path)
  const own = module.statements.filter((each) => each.name === name)
  if (own.length === 0) {
    const passed = module.imports.get(name) ?? publicNames(load, path).find((each) => each.name === name)
    if (passed && !isForeign(passed.module)) want(load, wanted, passed.module, passed.name)
    return
  }
  const names = wanted.get(path) ?? new Set()
  wanted.set(path, names)
  if (names.has(name)) return
  names.add(name)
  for (const { text } of own) {
    for (const [, from = '', mentioned = ''] of text.matchAll(INLINE_IMPORT))
      want(load, wanted, resolve(path, from), mentioned)
    for (const word of new Set(code(text).match(/[\w$]+/g))) {
      const from = module.imports.get(word)
      if (from) want(load, wanted, from.module, from.name)
      else if (module.statements.some((each) => each.name === word)) want(load, wanted, path, word)
    }
  }
}

function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '')
}

function refuseAmbiguity(room: string, wanted: ReadonlyMap<string, ReadonlySet<string>>): void {
  const owners = new Map<string, string>()
  for (const [path, names] of wanted) {
    for (const name of names) {
      const other = owners.get(name)
      if (other)
        throw new Error(`${room}: ${name} is declared by ${other} and by ${path}; give one another name`)
      owners.set(name, path)
    }
  }
}

function flattened({ text }: Statement, isPublic: boolean): string {
  const bare = text.replace(INLINE_IMPORT, '$2')
  return isPublic ? bare : bare.replace(/^export /m, '')
}
