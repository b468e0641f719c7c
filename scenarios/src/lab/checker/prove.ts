import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { codes } from './anomalies.ts'
import { disagreement } from './brute-force.ts'
import { checkFiles } from './check-files.ts'
import { proveMutators } from './mutant-proof.ts'
import { textReport } from './report.ts'
import type { Size } from './small-history.ts'
import { smallHistories } from './small-history.ts'
import { syntheticHistory } from './synthetic-history.ts'
import { check } from './verdict.ts'

const usage = `node scenarios/dist/lab/checker/prove.js mutators [--histories 1000] [--from 1]
                                         | brute-force [--most 6]
                                         | scale [--records 10000000] [--handed] [--file FILE]

  mutators     breaks every clean history in every way: each must be found, and the clean ones must be clean
  brute-force  compares the checker with naive definitions on all histories of up to so many operations
  scale        checks a long history; with --file it is written there first and then read from it`

const EVERY_MS = 30_000

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    histories: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    most: { type: 'string', default: '6' },
    records: { type: 'string', default: '10000000' },
    handed: { type: 'boolean', default: false },
    file: { type: 'string' },
  },
})
const begun = performance.now()
switch (positionals[0]) {
  case 'mutators':
    mutators()
    break
  case 'brute-force':
    bruteForce()
    break
  case 'scale':
    await scale()
    break
  default:
    console.error(usage)
    process.exitCode = 2
}

function mutators(): void {
  const { clean, alarms, missed } = proveMutators(Number(values.from), Number(values.histories), progress())
  for (const line of [...alarms, ...missed].slice(0, 20)) console.log(line)
  const mutants = clean * codes.length
  console.log(`${clean} clean histories, ${alarms.length} false alarms`)
  console.log(
    `${mutants} broken ones (${codes.length} mutators), ${mutants - missed.length} found; ${seconds()}`,
  )
  if (alarms.length + missed.length > 0) process.exitCode = 1
}

function bruteForce(): void {
  const say = progress()
  let count = 0
  let wrong = 0
  for (const size of sizes(Number(values.most))) {
    let here = 0
    for (const history of smallHistories(size)) {
      here++
      say(`${count + here} histories`)
      const what = disagreement(history)
      if (what !== undefined && wrong++ < 20) console.log(what)
    }
    count += here
    console.log(`${JSON.stringify(size)}: ${here} histories`)
  }
  console.log(`${count} histories, ${wrong} on which the checker and the definitions disagree; ${seconds()}`)
  if (wrong > 0) process.exitCode = 1
}

/** All ways to divide so many operations; where there are few sends, with more offsets, or two partitions, too. */
function sizes(most: number): Size[] {
  const all: Size[] = []
  for (let operations = 0; operations <= most; operations++) {
    for (let sends = 0; sends <= operations; sends++) {
      const reads = operations - sends
      all.push({ sends, reads, offsets: 2, partitions: 1 })
      if (sends <= 3 && operations <= 5) all.push({ sends, reads, offsets: 3, partitions: 1 })
      if (sends <= 2 && operations <= 5) all.push({ sends, reads, offsets: 2, partitions: 2 })
    }
  }
  return all
}

async function scale(): Promise<void> {
  const records = Number(values.records)
  const { file, handed } = values
  if (file !== undefined) {
    const stream = createWriteStream(file)
    let lines = ''
    for (const event of syntheticHistory(records, handed)) {
      lines += `${JSON.stringify(event)}\n`
      if (lines.length < 1 << 20) continue
      if (!stream.write(lines)) await once(stream, 'drain')
      lines = ''
    }
    stream.end(lines)
    await once(stream, 'finish')
    console.log(`written: ${stream.bytesWritten} bytes; ${seconds()}`)
  }
  const since = performance.now()
  if (file !== undefined) console.log(checkFiles([file]).text)
  else console.log(textReport(check(syntheticHistory(records, handed))))
  const { user, system } = process.cpuUsage()
  const { maxRSS } = process.resourceUsage()
  console.log(`checked in ${((performance.now() - since) / 1000).toFixed(1)} s`)
  console.log(
    `whole process: ${((user + system) / 1e6).toFixed(1)} s of processor, ${Math.round(maxRSS / 1024)} MiB`,
  )
}

function seconds(): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`
}

/** Says now and then how far it is. */
function progress(): (text: string) => void {
  let next = performance.now() + EVERY_MS
  return (text) => {
    if (performance.now() < next) return
    next = performance.now() + EVERY_MS
    console.log(`${text}; ${seconds()}`)
  }
}
