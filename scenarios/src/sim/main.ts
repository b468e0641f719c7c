import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { coverageReport } from './coverage-report.ts'
import type { Done, Job } from './job.ts'
import type { Options } from './options.ts'
import { optionsOf, usage } from './options.ts'
import { replayCommand, report, summary } from './report.ts'
import type { RunResult } from './run.ts'
import { run } from './run.ts'
import { performAll, serve, WORKER } from './workers.ts'

/** From so many runs on it is told what was never met. */
const LONG = 100

const args = process.argv.slice(2)
if (args.includes(WORKER)) serve()
else await main(readOptions())

async function main(options: Options): Promise<void> {
  const started = performance.now()
  const [only] = options.jobs
  const all: { job: Job; done: Done }[] = []
  if (only && (options.isTraced || options.history !== undefined)) {
    const before = process.cpuUsage()
    const result = await watched(only, options)
    const { user, system } = process.cpuUsage(before)
    const { virtualMs, wallMs } = result
    all.push({ job: only, done: { result, spent: { virtualMs, wallMs, cpuMs: (user + system) / 1000 } } })
  } else {
    const byName = new Map(options.jobs.map((job) => [`${job.seed} ${job.scenario}`, job]))
    await performAll(options.jobs, options.workers, fileURLToPath(import.meta.url), (done) => {
      const { seed, scenario, findings } = done.result
      const job = byName.get(`${seed} ${scenario}`) as Job
      all.push({ job, done })
      if (findings.length > 0 || options.jobs.length === 1) tell(job, done)
      if (performance.now() - started > options.minutes * 60_000) return false
      return findings.length === 0 || !options.isUntilFound
    })
  }
  const wallMs = performance.now() - started
  console.log(
    summary(
      all.map(({ done }) => done),
      wallMs,
    ),
  )
  if (all.length >= LONG) console.log(coverageReport(all.map(({ done }) => done.result.coverage)))
  const failed = all.filter(({ done }) => done.result.findings.length > 0)
  if (failed.length === 0) return
  const commands = failed.map(
    ({ job, done }) => `  ${replayCommand(job, done.least ?? job.restriction, job.weakness)}`,
  )
  console.log(`replay with (--trace shows every event):\n${commands.join('\n')}`)
  process.exitCode = 1
}

/** Runs one seed once, and shows or keeps all that happens. */
async function watched(job: Job, { isTraced, history }: Options): Promise<RunResult> {
  const file = history === undefined ? undefined : createWriteStream(history)
  const result = await run({
    ...job,
    ...(isTraced ? { onLine: console.log } : {}),
    ...(file ? { record: (event) => void file.write(`${JSON.stringify(event)}\n`) } : {}),
  })
  file?.end()
  console.log(report(result))
  return result
}

function tell(job: Job, { result, least }: Done): void {
  console.log(report(result))
  if (least) console.log(`  the least that shows it: ${replayCommand(job, least, job.weakness)}`)
}

function readOptions(): Options {
  try {
    return optionsOf(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}
