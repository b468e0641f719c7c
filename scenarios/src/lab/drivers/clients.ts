import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTool } from '../../foreign/run-tool.ts'
import { programOf, runtimes } from '../../foreign/runtimes.ts'
import { confluentPython, goProgram, javaScriptClients, python } from '../../foreign/tools.ts'
import { KAFKA_VERSION, kafkaClassPath } from '../cluster/apache-kafka.ts'
import { cacheDirectory, repository } from '../cluster/surroundings.ts'
import type { Role } from './options.ts'

export type ClientName =
  | 'samsa'
  | 'java'
  | 'confluent-kafka'
  | 'kafka-python'
  | 'kafkajs'
  | 'platformatic'
  | 'franz-go'

/** A client that a driver can be started with. */
export interface Client {
  /** Of the client's library. */
  readonly version: string
  readonly roles: readonly Role[]
  /** Whether it can read partitions of its own choice for ever (`--assign`); every one can drain. */
  readonly canAssign: boolean
  /** Installs or compiles what is missing and gives what to start. */
  prepare(): Promise<Command>
}

interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const ALL_ROLES: readonly Role[] = ['produce', 'consume', 'copy', 'churn']
const WITHOUT_TRANSACTIONS: readonly Role[] = ['produce', 'consume', 'churn']
/** Programs in other languages stand beside their source; only TypeScript has a build. */
const sources = join(repository, 'scenarios/src/lab/drivers')
const JAVA_OPTIONS = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

export const clients: Readonly<Record<ClientName, Client>> = {
  samsa: {
    version: '0.1.0',
    roles: WITHOUT_TRANSACTIONS,
    canAssign: true,
    prepare: async () => ({
      program: process.execPath,
      args: script(new URL('./samsa.js', import.meta.url)),
    }),
  },
  java: { version: KAFKA_VERSION, roles: ALL_ROLES, canAssign: true, prepare: java },
  'confluent-kafka': {
    version: '2.16.1',
    roles: ALL_ROLES,
    canAssign: true,
    prepare: async () => pythonCommand(confluentPython(), 'confluent.py'),
  },
  'kafka-python': {
    version: '3.0.12',
    roles: ALL_ROLES,
    canAssign: true,
    prepare: async () => pythonCommand(python(), 'kafka_python.py'),
  },
  kafkajs: {
    version: '2.2.4',
    roles: ALL_ROLES,
    canAssign: false,
    prepare: async () => ({
      program: process.execPath,
      args: script(new URL('./kafkajs.js', import.meta.url)),
      env: { CLIENTS_HOME: await javaScriptClients(), KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    }),
  },
  platformatic: { version: '2.12.1', roles: ALL_ROLES, canAssign: true, prepare: platformatic },
  'franz-go': {
    version: '1.22.3',
    roles: ALL_ROLES,
    canAssign: true,
    prepare: async () => ({
      program: await goProgram(join(sources, 'franz-go'), 'franz-go-driver'),
      args: [],
    }),
  },
}

function script(program: URL): string[] {
  return ['--no-warnings', fileURLToPath(program)]
}

/** It needs a newer Node than the oldest that this repository supports. */
async function platformatic(): Promise<Command> {
  const newer = runtimes.find(({ name }) => name === 'Node 24')
  if (!newer) throw new Error('there is no Node 24 among the runtimes')
  return {
    program: await programOf(newer),
    args: script(new URL('./platformatic.js', import.meta.url)),
    env: { CLIENTS_HOME: await javaScriptClients() },
  }
}

function pythonCommand(program: string, name: string): Command {
  return { program, args: [join(sources, 'python', name)], env: { PYTHONDONTWRITEBYTECODE: '1' } }
}

/** Compiled once for each state of the sources. */
async function java(): Promise<Command> {
  const folder = join(sources, 'java')
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => join(folder, name))
  const state = createHash('sha256')
  for (const file of files) state.update(readFileSync(file))
  const home = join(cacheDirectory(), 'java-driver', state.digest('hex').slice(0, 16))
  const { classPath, quietLog } = kafkaClassPath()
  if (!existsSync(home)) {
    const partial = `${home}.${process.pid}`
    mkdirSync(partial, { recursive: true })
    await runTool('javac', ['-d', partial, '-cp', classPath, ...files])
    // Another process may have been as fast.
    if (existsSync(home)) rmSync(partial, { recursive: true })
    else renameSync(partial, home)
  }
  const log = `-Dlog4j2.configurationFile=${quietLog}`
  return { program: 'java', args: [...JAVA_OPTIONS, log, '-cp', `${home}:${classPath}`, 'Driver'] }
}
