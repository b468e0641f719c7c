import { posix } from 'node:path'
import type { Import, Source } from './source.ts'
import type { Tree } from './tree.ts'
import { json, rooms, target } from './tree.ts'

/** Which of our packages each room may import. What is not named here may import nothing of ours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/protocol': [],
  'packages/runtime': [],
  'packages/client': ['@samsa/protocol', '@samsa/runtime'],
  'packages/broker': ['@samsa/protocol', '@samsa/runtime'],
  'packages/console': ['@samsa/protocol', '@samsa/runtime', '@samsa/client'],
  'packages/cli': ['@samsa/protocol', '@samsa/runtime', '@samsa/client', '@samsa/broker', '@samsa/console'],
  scenarios: ['@samsa/protocol', '@samsa/runtime', '@samsa/client', '@samsa/broker', '@samsa/console'],
  examples: ['@samsa/protocol', '@samsa/runtime', '@samsa/client', '@samsa/broker'],
}

/** Folders inside a room that do not know each other: [who, whom]. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ['packages/client/src/producer', 'packages/client/src/consumer'],
  ['packages/client/src/consumer', 'packages/client/src/producer'],
  ['packages/broker/src/log', 'packages/broker/src/handlers'],
  ['packages/broker/src/log', 'packages/broker/src/coordinator'],
  ['packages/broker/src/coordinator', 'packages/broker/src/handlers'],
  ['packages/broker/src/coordinator', 'packages/broker/src/session.ts'],
  ['packages/protocol/src/records', 'packages/protocol/src/apis'],
  ['packages/protocol/src/compression', 'packages/protocol/src/records'],
]

/** Folders of a room from the bottom up: imports run downwards, and only tests look up. */
const FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'packages/client/src': [['time', 'config'], ['net'], ['cluster'], ['group', 'producer', 'consumer']],
}

/** Imports that go against the arrows of the design, reach into another package, or name an undeclared one. */
export function wrongArrows(tree: Tree): string[] {
  const found: string[] = []
  const owners = rooms(tree)
  for (const source of tree.sources) {
    const room = owners.find((folder) => source.path.startsWith(`${folder}/`))
    if (room === undefined) continue
    for (const entry of source.imports) {
      const wrong = entry.from.startsWith('.') ? relative(tree, source, room, entry) : bare(tree, room, entry)
      if (wrong) found.push(`${source.path}:${entry.line} imports '${entry.from}': ${wrong}`)
    }
  }
  return found
}

function relative(tree: Tree, source: Source, room: string, entry: Import): string | undefined {
  const to = target(source.path, entry.from)
  if (!to.startsWith(`${room}/`)) return 'import the other package by its name, not by a path'
  if (!tree.texts.has(to)) return 'there is no such file; a relative import names the source, ending in .ts'
  const stranger = STRANGERS.find(([who, whom]) => within(source.path, who) && within(to, whom))
  if (stranger) return `${stranger[0]} does not know ${stranger[1]}; share what both need one folder up`
  const floor = floorOf(source.path)
  const isUpwards = floor >= 0 && !source.path.includes('.test') && floorOf(to) > floor
  return isUpwards ? 'that stands a floor above; imports run downwards' : undefined
}

/** -1 for what stands on no floor: files beside the folders use all of them, and all may use them. */
function floorOf(path: string): number {
  for (const [room, floors] of Object.entries(FLOORS)) {
    const found = floors.findIndex((folders) => folders.some((folder) => within(path, `${room}/${folder}`)))
    if (found >= 0) return found
  }
  return -1
}

function bare(tree: Tree, room: string, entry: Import): string | undefined {
  if (entry.from.startsWith('node:')) return undefined
  const parts = entry.from.split('/')
  const name = parts.slice(0, entry.from.startsWith('@') ? 2 : 1).join('/')
  const manifest = json(tree, posix.join(room, 'package.json'))
  if (name === manifest['name']) return 'a package does not import itself'
  const ours = rooms(tree).some((folder) => json(tree, `${folder}/package.json`)['name'] === name)
  if (ours && parts.length > 2) return 'only the entry point of another package is public'
  if (ours && !MAY_IMPORT[room]?.includes(name))
    return `the arrows of the design do not lead from ${room} there`
  const declared = {
    ...(manifest['dependencies'] as object),
    ...(manifest['optionalDependencies'] as object),
  }
  return name in declared ? undefined : `the package.json of ${room} does not name it among its dependencies`
}

function within(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}
