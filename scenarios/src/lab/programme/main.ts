import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NotPossible } from '../cluster/controlled-cluster.ts'
import { cacheDirectory, repository } from '../cluster/surroundings.ts'
import type { ClientName } from '../drivers/clients.ts'
import { clients } from '../drivers/clients.ts'
import { readLedger, recordRun } from './ledger.ts'
import type { Order } from './order.ts'
import { reportOf } from './report.ts'
import type { Row } from './row.ts'
import { rows } from './rows/index.ts'
import type { RunResult } from './run-row.ts'
import { RoleMissing, runRow } from './run-row.ts'
import { tableOf } from './table.ts'

const USAGE = `npm run judge -- ROW... [--client NAME|all] [--cluster kafka|samsa] [--minutes N] [--seed N] [--runs N] [--no-record]
npm run judge -- controls            the rows that have to find something
npm run judge -- table               the recorded runs, side by side
npm run judge -- list                every row and every client
npm run judge -- sim [--seeds N ...] the simulator
npm run judge -- check FILE...       a history that was written before

  --client NAME   whom it is about: ${Object.keys(clients).join(', ')}. Default samsa
  --cluster KIND  Apache Kafka of three nodes (default) or samsa's broker as a process
  --minutes N     how long there are faults. Default 1
  --seed N        the same seed draws the same faults. Default 1
  --runs N        so many runs, with a seed more each. Default 1
  --no-record     leaves the ledger as it is
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: 'string', default: 'samsa' },
    cluster: { type: 'string', default: 'kafka' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    'no-record': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort())

function usage(what: string): never {
  console.error(`${what}\n\n${USAGE}`)
  process.exit(2)
}

function numberOf(name: 'minutes' | 'seed' | 'runs'): number {
  const number = Number(values[name])
  if (!(number > 0)) usage(`--${name} needs a number above 0, not "${values[name]}"`)
  return number
}

function chosenClients(): ClientName[] {
  const names = Object.keys(clients) as ClientName[]
  if (values.client === 'all') return names
  if (!names.includes(values.client as ClientName)) usage(`there is no client "${values.client}"`)
  return [values.client as ClientName]
}

function chosenRows(): Row[] {
  if (positionals.length === 0) usage('which row?')
  return positionals.flatMap((name) => {
    const found = rows.filter(({ id, mustFind }) => (name === 'controls' ? mustFind : id === name))
    if (found.length === 0)
      usage(`there is no row "${name}"; there are ${rows.map(({ id }) => id).join(', ')}`)
    return found
  })
}

async function runAll(): Promise<void> {
  if (values.cluster !== 'kafka' && values.cluster !== 'samsa')
    usage(`there is no cluster "${values.cluster}"`)
  const [minutes, seed, runs] = [numberOf('minutes'), numberOf('seed'), numberOf('runs')]
  let isGreen = true
  for (const row of chosenRows()) {
    for (const client of chosenClients()) {
      for (let at = 0; at < runs && !stopping.signal.aborted; at++) {
        const name = `${row.id}-${client}-${values.cluster}-${seed + at}`
        const directory = join(cacheDirectory(), 'judge', `${name}-${Date.now()}`)
        isGreen =
          (await runOne(row, { client, cluster: values.cluster, minutes, seed: seed + at, directory })) &&
          isGreen
      }
    }
  }
  process.exitCode = isGreen ? 0 : 1
}

/** @returns whether it went as it has to: nothing found, or in a control what has to be found */
async function runOne(row: Row, order: Order): Promise<boolean> {
  const title = `${row.id} (${row.title}), ${order.client} on ${order.cluster}, seed ${order.seed}, ${order.minutes} min`
  console.log(`\n── ${title}`)
  if (row.clusters && !row.clusters.includes(order.cluster)) {
    console.log(`not run: needs ${row.clusters.join(' or ')}`)
    return true
  }
  let result: RunResult
  try {
    result = await runRow(row, order, stopping.signal)
  } catch (error) {
    if (!(error instanceof RoleMissing || error instanceof NotPossible)) throw error
    console.log(`not run: ${error.message}`)
    return true
  }
  const { text, isGreen, entry } = reportOf(row, order, result)
  console.log(text)
  mkdirSync(order.directory, { recursive: true })
  writeFileSync(join(order.directory, 'report.txt'), `${title}\n${text}\n`)
  if (!values['no-record'] && !stopping.signal.aborted) recordRun({ ...entry, commit: commit() })
  return isGreen
}

function commit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: repository, encoding: 'utf8' }).stdout.trim()
  const isChanged = git('status', '--porcelain', '--', 'packages', 'scenarios/src') !== ''
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? '+' : ''}`
}

function list(): void {
  for (const { id, title, mustFind } of rows)
    console.log(`${id.padEnd(12)} ${title}${mustFind ? ` [must find ${mustFind.join(' or ')}]` : ''}`)
  console.log('')
  for (const [name, { version, roles }] of Object.entries(clients))
    console.log(`${name.padEnd(16)} ${version.padEnd(8)} ${roles.join(', ')}`)
}

if (values.help) console.log(USAGE)
else if (positionals[0] === 'table') console.log(tableOf(readLedger(), rows))
else if (positionals[0] === 'list') list()
else await runAll()
