import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from '../cluster/surroundings.ts'

/** Other people's tools, each installed by itself where it is missing. */

/** Where kcat is; on Debian it is installed if need be. */
export function kcat(): string {
  if (spawnSync('kcat', ['-V']).status === 0) return 'kcat'
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', 'kcat'],
  ]) {
    const done = spawnSync('apt-get', args, { encoding: 'utf8', timeout: 300_000 })
    if (done.status !== 0)
      throw new Error(`kcat is missing and could not be installed: ${done.error ?? done.stderr}`)
  }
  return 'kcat'
}

/** The interpreter of a virtual environment with kafka-python and every codec. */
export function python(): string {
  const home = join(cacheDirectory(), 'python')
  const interpreter = join(home, 'bin/python')
  const marker = join(home, 'complete')
  if (existsSync(marker)) return interpreter
  rmSync(home, { recursive: true, force: true })
  execFileSync('python3', ['-m', 'venv', home], { timeout: 120_000 })
  const packages = ['kafka-python==3.*', 'lz4', 'zstandard', 'python-snappy', 'crc32c']
  execFileSync(interpreter, ['-m', 'pip', '-q', 'install', ...packages], { timeout: 300_000, stdio: 'pipe' })
  writeFileSync(marker, '')
  return interpreter
}
