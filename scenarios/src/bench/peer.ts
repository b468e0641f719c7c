import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTool } from '../foreign/run-tool.ts'
import { programOf, runtimes } from '../foreign/runtimes.ts'
import { confluentPython, goProgram, javaScriptClients } from '../foreign/tools.ts'
import { repository } from '../lab/cluster/surroundings.ts'
import type { Order, Result, Workload } from './peers/driver.ts'

/** A client that is measured. */
export interface Peer {
  readonly name: string
  /** The ratios of the table are to this peer's figures. */
  readonly isReference?: true
  readonly workloads: readonly Workload[]
  /** What it does otherwise than the others. */
  readonly changes?: Partial<Order>
  /**
   * Share of the messages that it sends when each is awaited: a client that makes a request of each would take
   * minutes, and its cost per message does not depend on their number.
   */
  readonly awaitedShare?: number
  /** Installs what it needs and gives the command that takes an order. */
  prepare(): Promise<Command>
}

interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly home: string
}

const NODE_24 = runtimes.find(({ name }) => name === 'Node 24')
const ALL: readonly Workload[] = ['produce', 'produce-awaited', 'consume']
/** One request for each awaited message. */
const WITHOUT_ACCUMULATOR = 0.01

const programs = {
  samsa: new URL('./peers/samsa.js', import.meta.url),
  kafkajs: new URL('./peers/kafkajs.js', import.meta.url),
  platformatic: new URL('./peers/platformatic.js', import.meta.url),
}

export const peers: readonly Peer[] = [
  {
    name: 'samsa',
    isReference: true,
    workloads: ALL,
    prepare: () => onNode24(programs.samsa),
  },
  {
    name: 'samsa, by poll',
    workloads: ['consume'],
    changes: { reading: 'poll' },
    prepare: () => onNode24(programs.samsa),
  },
  {
    name: "samsa on this machine's Node",
    workloads: ALL,
    prepare: async () => ({
      program: process.execPath,
      args: [fileURLToPath(programs.samsa)],
      home: repository,
    }),
  },
  { name: 'franz-go', workloads: ALL, prepare: franzGo },
  { name: 'librdkafka', workloads: ALL, prepare: librdkafka },
  {
    // It waits busily while idempotence is on, so both are worth knowing.
    name: 'librdkafka, idempotence off',
    workloads: ['produce', 'produce-awaited'],
    changes: { idempotence: false },
    prepare: librdkafka,
  },
  {
    name: 'kafkajs',
    workloads: ALL,
    awaitedShare: WITHOUT_ACCUMULATOR,
    prepare: () => onNode24(programs.kafkajs),
  },
  {
    name: 'platformatic',
    workloads: ALL,
    awaitedShare: WITHOUT_ACCUMULATOR,
    prepare: () => onNode24(programs.platformatic),
  },
]

async function onNode24(program: URL): Promise<Command> {
  if (!NODE_24) throw new Error('there is no Node 24 among the runtimes')
  const home = program === programs.samsa ? repository : await javaScriptClients()
  return { program: await programOf(NODE_24), args: ['--no-warnings', fileURLToPath(program)], home }
}

async function franzGo(): Promise<Command> {
  const source = join(repository, 'scenarios/src/bench/peers/franz-go')
  return { program: await goProgram(source, 'franz-go'), args: [], home: source }
}

async function librdkafka(): Promise<Command> {
  const source = join(repository, 'scenarios/src/bench/peers/librdkafka.py')
  return { program: confluentPython(), args: [source], home: repository }
}

/** Lets a peer do an order. @throws Error with what the peer said when it failed */
export async function carryOut(command: Command, order: Order, timeoutMs: number): Promise<Result> {
  const args = [...command.args, JSON.stringify({ ...order, home: command.home })]
  return JSON.parse(await runTool(command.program, args, undefined, timeoutMs)) as Result
}
