import type { Tree } from './tree.ts'
import { json, rooms } from './tree.ts'

type Entry = Readonly<Record<string, unknown>>

const SHARED = ['version', 'license', 'type'] as const
const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

/** Where the packages differ that are released together, or lack what a published package needs. */
export function unevenManifests(tree: Tree): string[] {
  const root = json(tree, 'package.json')
  return rooms(tree).flatMap((room) => {
    const manifest = json(tree, `${room}/package.json`)
    const path = `${room}/package.json`
    const found: string[] = SHARED.filter((field) => manifest[field] !== root[field]).map(
      (field) => `${path} has ${field} ${manifest[field]}, the workspace ${root[field]}`,
    )
    for (const [name, version] of Object.entries(ours(tree, manifest))) {
      if (version !== root['version']) found.push(`${path} wants ${name} ${version}, not ${root['version']}`)
    }
    if (manifest['private'] === true) return found
    if (JSON.stringify(manifest['engines']) !== JSON.stringify(root['engines'])) {
      found.push(`${path} has engines ${JSON.stringify(manifest['engines'])}, the workspace others`)
    }
    const files = (manifest['files'] ?? []) as string[]
    for (const file of ['README.md', 'LICENSE']) {
      if (!files.includes(file)) found.push(`${path} does not list ${file} in files`)
      if (!tree.texts.has(`${room}/${file}`)) found.push(`${room} has no ${file}`)
    }
    if (!files.includes('!dist/**/*.test*')) found.push(`${path} would ship its compiled tests`)
    const licence = tree.texts.get(`${room}/LICENSE`)
    if (licence !== undefined && licence !== tree.texts.get('LICENSE')) {
      found.push(`${room}/LICENSE differs from the one at the top`)
    }
    const scripts = Object.keys((manifest['scripts'] ?? {}) as object)
    for (const script of scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))) {
      found.push(`${path} runs a script at ${script}`)
    }
    return found
  })
}

function ours(tree: Tree, manifest: Entry): Record<string, string> {
  const names = new Set(rooms(tree).map((room) => json(tree, `${room}/package.json`)['name']))
  const all = Object.entries((manifest['dependencies'] ?? {}) as Record<string, string>)
  return Object.fromEntries(all.filter(([name]) => names.has(name)))
}

/** Where the lock file and the manifests say different things, and what it must not hold. */
export function lockFindings(tree: Tree): string[] {
  const packages = (json(tree, 'package-lock.json')['packages'] ?? {}) as Record<string, Entry>
  const found: string[] = []
  for (const room of ['', ...rooms(tree)]) {
    const path = room === '' ? 'package.json' : `${room}/package.json`
    const locked = packages[room]
    const manifest = json(tree, path)
    if (!locked) {
      found.push(`package-lock.json does not know ${path}; run npm install`)
      continue
    }
    for (const field of ['version', 'engines', 'bin', ...DEPENDENCIES]) {
      if (sorted(locked[field]) === sorted(manifest[field])) continue
      found.push(`package-lock.json is behind ${path} in ${field}; run npm install`)
    }
  }
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || entry['link'] === true) continue
    if (typeof entry['integrity'] !== 'string') found.push(`package-lock.json has no integrity for ${path}`)
    if (entry['resolved'] !== undefined)
      found.push(`package-lock.json says where ${path} was downloaded from`)
    if (entry['hasInstallScript'] === true) found.push(`${path} runs a script when it is installed`)
  }
  return found
}

/** Like JSON, with the fields in one order; an empty object is as good as none. */
function sorted(value: unknown): string {
  const entries = Object.entries((value ?? {}) as object).sort(([a], [b]) => (a < b ? -1 : 1))
  return typeof value === 'string' ? value : JSON.stringify(entries)
}
