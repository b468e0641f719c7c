// What `npm start` and `npm test` share: refuse an old Node, install what is missing, build. Plain JavaScript that an
// old Node can read, because it runs before anything was built.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const INSTALL_LIMIT_MS = 300_000
const BUILD_LIMIT_MS = 300_000

export function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    stop(
      `samsa needs Node 20.19 or newer; this is ${process.version}. Install one from nodejs.org and try again.`,
    )
  }
  if (!isInstalled()) {
    console.log('installing development tools (once) ...')
    run(
      'npm',
      ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
      INSTALL_LIMIT_MS,
      'npm could not install',
    )
  }
  run(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-b'],
    BUILD_LIMIT_MS,
    'the build failed',
  )
}

function isInstalled() {
  const marker = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(marker)) return false
  return statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** Runs a command to its end with its output shown; stops this process with its code when it fails. */
export function run(command, args, timeout, complaint, env = process.env) {
  const shell = process.platform === 'win32' && command === 'npm'
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', timeout, shell, env })
  if (result.status === 0) return
  const why = result.error ? result.error.message : (result.signal ?? `code ${result.status}`)
  stop(complaint ? `${complaint} (${why})` : '', result.status ?? 1)
}

function stop(message, code = 1) {
  if (message) console.error(message)
  process.exit(code)
}
