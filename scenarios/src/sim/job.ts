import type { Weakness } from './cluster.ts'
import { runJudged } from './judged.ts'
import type { Restriction, Scenario } from './plan.ts'
import { planOf } from './plan.ts'
import type { RunOptions, RunResult } from './run.ts'
import { run } from './run.ts'
import { shrink } from './shrink.ts'

/** What a worker is given to do. */
export interface Job {
  readonly seed: number
  readonly scenario: Scenario
  readonly restriction?: Restriction
  readonly weakness?: Weakness | undefined
}

export interface Done {
  readonly result: RunResult
  /** What both runs took together: by the worlds' clocks, by that of the wall, and of the processor. Milliseconds. */
  readonly spent: Spent
  /** The least of the plan that fails in the same way; undefined unless it was looked for. */
  readonly least?: Restriction
}

export interface Spent {
  readonly virtualMs: number
  readonly wallMs: number
  readonly cpuMs: number
}

/** Runs of one seed while it is reduced, at most. */
const MOST_TRIES = 60

/** Runs a seed twice, compares, and reduces it when it fails. */
export async function perform(job: Job): Promise<Done> {
  const { seed, scenario, restriction = {}, weakness } = job
  const options = { seed, scenario, restriction, weakness }
  const { result, spent } = await runTwice(options)
  const kinds = kindsOf(result)
  if (kinds.size === 0 || Object.keys(restriction).length > 0) return { result, spent }
  const failsAlike = async (less: Restriction) => {
    const found = kindsOf(await runJudged({ ...options, restriction: less }))
    return [...kinds].some((kind) => found.has(kind))
  }
  return { result, spent, least: await shrink(planOf(seed, scenario), failsAlike, MOST_TRIES) }
}

/** Two runs of the same seed have to be the same in every byte and every time. */
async function runTwice(options: RunOptions): Promise<{ result: RunResult; spent: Spent }> {
  const before = process.cpuUsage()
  const first = await runJudged(options)
  const second = await run(options)
  const { user, system } = process.cpuUsage(before)
  const spent = {
    virtualMs: first.virtualMs + second.virtualMs,
    wallMs: first.wallMs + second.wallMs,
    cpuMs: (user + system) / 1000,
  }
  if (first.digest === second.digest) return { result: first, spent }
  const what = `unstable: the second run has the hash ${second.digest}, the first ${first.digest}`
  return { result: { ...first, findings: [what, ...first.findings] }, spent }
}

/** The kinds of findings: what stands before the colon. */
export function kindsOf({ findings }: RunResult): Set<string> {
  return new Set(findings.map((finding) => finding.slice(0, finding.indexOf(':'))))
}
