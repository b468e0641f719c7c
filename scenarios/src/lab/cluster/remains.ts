import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from './wait-until.ts'

const START_LIMIT_MS = 120_000
const END_LIMIT_MS = 20_000
/** Only Linux tells. */
const MOUNTS = '/proc/mounts'

/**
 * Ends a program that has a cluster by a signal, and looks at what is left of it.
 * @param opening what makes the cluster: the name of a file here, of its function, and options for it
 * @returns processes, files and mounts that should not be there any more; empty when all is well
 */
export async function remainsAfter(
  signal: NodeJS.Signals,
  opening: { readonly file: string; readonly call: string; readonly options: object },
): Promise<string[]> {
  const place = mkdtempSync(join(tmpdir(), 'samsa-remains-'))
  const url = new URL(`./${opening.file}.js`, import.meta.url).href
  const code = `const { ${opening.call} } = await import(${JSON.stringify(url)})
    const { nodes } = await ${opening.call}(${JSON.stringify(opening.options)})
    console.log(JSON.stringify(nodes.map(({ pid }) => pid)))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: place },
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const tooLong = setTimeout(() => child.kill('SIGTERM'), START_LIMIT_MS)
  try {
    const said = await new Promise<string>((resolve) => {
      child.stdout.once('data', (data: Buffer) => resolve(data.toString()))
      child.once('exit', () => resolve('[]'))
    })
    const pids = JSON.parse(said) as number[]
    if (pids.length === 0) return ['the cluster did not start']
    child.kill(signal)
    await ended
    const alive = () => pids.filter(isAlive).map((pid) => `process ${pid}`)
    await waitUntil('all processes end', END_LIMIT_MS, async () => alive()[0]).catch(() => {})
    const files = signal === 'SIGKILL' ? [] : readdirSync(place).filter((name) => /^samsa-/.test(name))
    const mounts = existsSync(MOUNTS) ? readFileSync(MOUNTS, 'utf8').split('\n') : []
    return [...alive(), ...files, ...mounts.filter((mount) => mount.includes(place))]
  } finally {
    clearTimeout(tooLong)
    rmSync(place, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
