import { DiskError } from '../runtime.ts'
import { FileContent } from './file.ts'
import type { Random } from './random.ts'

type Node = FileContent | Directory

/** The names in a directory, twice: as programs see them, and as they are on the medium. */
class Directory {
  now = new Map<string, Node>()
  medium = new Map<string, Node>()
}

/** One change of names, which a power cut takes back as a whole or not at all. */
interface Entry {
  readonly directory: Directory
  readonly name: string
  /** undefined: the name goes. */
  readonly node: Node | undefined
}

/** Messages of the system's errors, as libuv words them. */
const words: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'illegal operation on a directory',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EEXIST: 'file already exists',
  EBADF: 'bad file descriptor',
}

/** @returns the error that the system would give */
export function systemError(code: string, operation: string, path: string): DiskError {
  return new DiskError(code, path, `${path}: ${code}: ${words[code]}, ${operation} '${path}'`)
}

/**
 * Directories and files. Names that were made, renamed or removed are on the medium once their directory was forced;
 * until then a power cut may take them back: the last ones first, as a file system with a journal does, or any of them,
 * as one without does.
 */
export class FileTree {
  readonly #root = new Directory()
  #unforced: (readonly Entry[])[] = []

  /** The file at a path. @throws DiskError ENOENT, ENOTDIR, EISDIR */
  file(path: string, create: boolean): FileContent {
    const { directory, name } = this.#place('open', path)
    const found = name === '' ? directory : directory.now.get(name)
    if (found instanceof Directory) throw systemError('EISDIR', 'open', path)
    if (found) return found
    if (!create) throw systemError('ENOENT', 'open', path)
    const file = new FileContent()
    this.#change([{ directory, name, node: file }])
    return file
  }

  /** Names in a directory, sorted; undefined when it is missing. @throws DiskError ENOTDIR */
  list(path: string): string[] | undefined {
    const found = this.#find(path)
    if (found === undefined) return undefined
    if (!(found instanceof Directory)) throw systemError('ENOTDIR', 'scandir', path)
    return [...found.now.keys()].sort()
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined
  }

  /** @throws DiskError EEXIST, ENOTDIR */
  makeDirectory(path: string): void {
    let directory = this.#root
    const names = namesOf(path)
    for (const [index, name] of names.entries()) {
      let next = directory.now.get(name)
      if (next instanceof FileContent)
        throw systemError(index === names.length - 1 ? 'EEXIST' : 'ENOTDIR', 'mkdir', path)
      if (!next) {
        next = new Directory()
        this.#change([{ directory, name, node: next }])
      }
      directory = next
    }
  }

  /** @throws DiskError ENOENT, EISDIR, ENOTDIR, ENOTEMPTY */
  rename(from: string, to: string): void {
    const source = this.#place('rename', from)
    const target = this.#place('rename', to)
    const node = source.directory.now.get(source.name)
    const replaced = target.directory.now.get(target.name)
    if (!node) throw systemError('ENOENT', 'rename', from)
    if (node === replaced) return
    if (replaced instanceof Directory && !(node instanceof Directory))
      throw systemError('EISDIR', 'rename', from)
    if (replaced instanceof FileContent && node instanceof Directory)
      throw systemError('ENOTDIR', 'rename', from)
    if (replaced instanceof Directory && replaced.now.size > 0) throw systemError('ENOTEMPTY', 'rename', from)
    this.#change([
      { ...source, node: undefined },
      { ...target, node },
    ])
  }

  /** Removes a file; does nothing when it is missing. @throws DiskError EISDIR, ENOTDIR */
  remove(path: string): void {
    const found = this.#find(path)
    if (found === undefined) return
    if (found instanceof Directory) throw systemError('EISDIR', 'unlink', path)
    this.#change([{ ...this.#place('unlink', path), node: undefined }])
  }

  /** Removes a directory with all it holds, or a file. */
  removeAll(path: string): void {
    const found = this.#find(path)
    if (found instanceof Directory) for (const name of found.now.keys()) this.removeAll(`${path}/${name}`)
    if (found) this.#change([{ ...this.#place('rm', path), node: undefined }])
  }

  /** The names of a directory are on the medium, with whatever was renamed into it or out of it. */
  force(path: string): void {
    const found = this.#find(path)
    if (found === undefined) throw systemError('ENOENT', 'open', path)
    if (!(found instanceof Directory)) return
    const wanted = new Set([found])
    const forced = new Set<readonly Entry[]>()
    // A change needs those before it in the same directories: the journal is written in order.
    for (const change of [...this.#unforced].reverse()) {
      if (!change.some(({ directory }) => wanted.has(directory))) continue
      forced.add(change)
      for (const { directory } of change) wanted.add(directory)
    }
    for (const change of this.#unforced) if (forced.has(change)) apply(change, 'medium')
    this.#unforced = this.#unforced.filter((change) => !forced.has(change))
  }

  /** The power was cut: names and contents that were not forced are there or not, as the seed wants. */
  forget(random: Random): void {
    const stopped = new Set<Directory>()
    const hasJournal = random.chance(0.5)
    for (const change of this.#unforced) {
      const isKept = change.every(({ directory }) => !stopped.has(directory)) && random.chance(0.5)
      if (isKept) apply(change, 'medium')
      else if (hasJournal) for (const { directory } of change) stopped.add(directory)
    }
    this.#unforced = []
    restore(this.#root, random)
  }

  #change(entries: readonly Entry[]): void {
    apply(entries, 'now')
    this.#unforced.push(entries)
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of namesOf(path)) {
      if (!(node instanceof Directory)) return undefined
      node = node.now.get(name)
    }
    return node
  }

  #place(operation: string, path: string): { directory: Directory; name: string } {
    const names = namesOf(path)
    const name = names.pop() ?? ''
    const directory = this.#find(names.join('/'))
    if (directory === undefined) throw systemError('ENOENT', operation, path)
    if (!(directory instanceof Directory)) throw systemError('ENOTDIR', operation, path)
    return { directory, name }
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

function apply(change: readonly Entry[], where: 'now' | 'medium'): void {
  for (const { directory, name, node } of change) {
    if (node) directory[where].set(name, node)
    else directory[where].delete(name)
  }
}

function restore(directory: Directory, random: Random): void {
  directory.now = new Map(directory.medium)
  for (const node of directory.now.values()) {
    if (node instanceof Directory) restore(node, random)
    else node.forget(random)
  }
}
