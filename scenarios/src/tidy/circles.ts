import { posix } from 'node:path'
import type { Tree } from './tree.ts'
import { isTest, target } from './tree.ts'

/** The rooms in which neither files nor folders import each other in a circle; tests may look wherever they like. */
const WITHOUT_CIRCLES = ['packages/protocol/src', 'packages/runtime/src']

/** Whom each file or folder imports. */
type Arrows = ReadonlyMap<string, ReadonlySet<string>>

/** Circles of imports, types included, between the files of a room and between its folders: what is in one cannot be read alone. */
export function circles(tree: Tree, rooms: readonly string[] = WITHOUT_CIRCLES): string[] {
  return rooms.flatMap((room) => {
    const files = arrows(tree, room, (path) => path)
    const folders = arrows(tree, room, (path) => folderOf(room, path))
    return [...new Set([...circlesOf(files), ...circlesOf(folders)])]
  })
}

/** A file at the top of a room stands for itself. */
function folderOf(room: string, path: string): string {
  const folder = posix.dirname(path)
  return folder === room ? path : folder
}

function arrows(tree: Tree, room: string, nodeOf: (path: string) => string): Arrows {
  const found = new Map<string, Set<string>>()
  for (const { path, imports } of tree.sources) {
    if (!path.startsWith(`${room}/`) || isTest(path)) continue
    const from = nodeOf(path)
    const known = found.get(from) ?? new Set()
    found.set(from, known)
    for (const each of imports) {
      const to = each.from.startsWith('.') ? nodeOf(target(path, each.from)) : from
      if (to !== from) known.add(to)
    }
  }
  return found
}

function circlesOf(all: Arrows): string[] {
  const found: string[] = []
  const seen = new Set<string>()
  const visit = (node: string, way: readonly string[]) => {
    const since = way.indexOf(node)
    if (since >= 0) found.push([...way.slice(since), node].join(' -> '))
    if (since >= 0 || seen.has(node)) return
    for (const next of all.get(node) ?? []) visit(next, [...way, node])
    seen.add(node)
  }
  for (const node of all.keys()) visit(node, [])
  return found
}
