import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cacheDirectory } from '../lab/cluster/surroundings.ts'
import { clientBench } from './client-bench.ts'
import { protocolBench } from './protocol-bench.ts'
import { startupBench } from './startup-bench.ts'

const PARTS = ['client', 'startup', 'protocol'] as const
const USAGE = `npm run bench [-- PART...] [options]
parts: ${PARTS.join(', ')}; all of them when none is named
  --messages N     messages of a run (client 300000, startup 100000)
  --rounds N       how often each is measured (3)
  --milliseconds N how long a row of the protocol part is measured in each round (200)
  --nodes N        nodes of Apache Kafka (3)
  --peer NAME      only this peer; may be repeated
  --workload NAME  only this workload; may be repeated`

/** `npm run bench`: figures to look at, not a test. The last line names the file with every single figure. */
export async function bench(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      messages: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      milliseconds: { type: 'string', default: '200' },
      nodes: { type: 'string', default: '3' },
      peer: { type: 'string', multiple: true, default: [] },
      workload: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.find((part) => !(PARTS as readonly string[]).includes(part))
  if (unknown !== undefined || values.help) {
    console.log(unknown === undefined ? USAGE : `there is no part ${unknown}\n${USAGE}`)
    process.exitCode = unknown === undefined ? 0 : 1
    return
  }
  const isWanted = (part: (typeof PARTS)[number]) => positionals.length === 0 || positionals.includes(part)
  const rounds = whole('rounds', values.rounds)
  const messages = (otherwise: number) => whole('messages', values.messages ?? String(otherwise))
  const log = (line: string) => console.error(line)
  const found: Record<string, unknown> = {
    at: new Date().toISOString(),
    processors: cpus().map(({ model }) => model),
  }
  if (isWanted('client')) {
    const { peer, workload, nodes } = values
    const given = { messages: messages(300_000), rounds, nodes: whole('nodes', nodes), log }
    const { text, runs } = await clientBench({ ...given, peers: peer, workloads: workload })
    found['client'] = runs
    console.log(`\n${text}`)
  }
  if (isWanted('startup')) {
    const { text, starts } = await startupBench({ messages: messages(100_000), rounds, log })
    found['startup'] = starts
    console.log(`\n${text}`)
  }
  if (isWanted('protocol')) {
    const milliseconds = whole('milliseconds', values.milliseconds)
    const { text, runs } = await protocolBench({ rounds, milliseconds, peers: values.peer, log })
    found['protocol'] = runs
    console.log(`\n${text}`)
  }
  const folder = join(cacheDirectory(), 'bench')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${String(found['at']).replace(/\W/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`)
  console.log(`\n${file}`)
}

function whole(name: string, given: string): number {
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  throw new Error(`--${name} ${given} is not a whole number from 1`)
}
