// What `npm start` and `npm test` share: refuse an old Node, install what is missing, build. Plain JavaScript that an
// old Node can read, because it runs before anything was built.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const INSTALL_LIMIT_MS = 300000
const BUILD_LIMIT_MS = 300000
const OLDEST_NODE = [20, 19]

export function prepare() {
  const refusal = refuseNode(process.versions.node)
  if (refusal) stop(refusal)
  if (!isInstalled(root)) {
    console.log('installing development tools (once) ...')
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
    run('npm', args, INSTALL_LIMIT_MS, {
      complaint: 'npm could not install the development tools',
      remedy: NETWORK,
    })
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  run(process.execPath, [tsc, '-b'], BUILD_LIMIT_MS, { complaint: 'the build failed' })
}

const NETWORK = 'This is the one step that needs the network; npm says above what it lacks. Then try again.'

/** Why this version of Node will not do; undefined when it does. */
export function refuseNode(version) {
  const [major, minor] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  const oldest = OLDEST_NODE.join('.')
  return `samsa needs Node ${oldest} or newer; this is ${version}. Install one from nodejs.org and try again.`
}

/** Whether what the lock file wants is there; compared by content, since a checkout changes times and not versions. */
export function isInstalled(folder) {
  const wanted = lockedPackages(join(folder, 'package-lock.json'))
  const found = lockedPackages(join(folder, 'node_modules/.package-lock.json'))
  return Object.keys(wanted).every((path) => {
    const { link, optional, version } = wanted[path]
    if (path.indexOf('node_modules/') !== 0 || optional) return true
    if (link) return existsSync(join(folder, path))
    return found[path] !== undefined && found[path].version === version
  })
}

function lockedPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}

/**
 * Runs a command to its end with its output shown; stops this process with its code when it fails.
 * `options`: `complaint` and `remedy` to say then; `cwd` and `env` of the command.
 */
export function run(command, args, timeout, options = {}) {
  const { complaint, remedy, cwd = root, env = process.env } = options
  const shell = process.platform === 'win32' && command === 'npm'
  const result = spawnSync(command, args, { cwd, stdio: 'inherit', timeout, shell, env })
  if (result.status === 0) return
  const isLate = result.error && result.error.code === 'ETIMEDOUT'
  const why = isLate
    ? `it took longer than ${timeout / 60000} minutes`
    : result.error
      ? result.error.message
      : result.signal || `code ${result.status}`
  if (complaint) stop(`${complaint} (${why}).${remedy ? ` ${remedy}` : ''}`, result.status || 1)
  stop(isLate || result.error || result.signal ? `${args[0]}: ${why}` : '', result.status || 1)
}

function stop(message, code = 1) {
  if (message) console.error(message)
  process.exit(code)
}
