import type { Weakness } from './cluster.ts'
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
  /** A failing seed is reduced. */
  readonly isShrinking: boolean
}

export interface Done {
  readonly result: RunResult
  /** The least of the plan that fails in the same way; undefined unless it was looked for. */
  readonly least?: Restriction
}

/** Runs of one seed while it is reduced, at most. */
const MOST_TRIES = 60

/** Runs a seed twice, compares, and reduces it when it fails. */
export async function perform(job: Job): Promise<Done> {
  const { seed, scenario, restriction = {}, weakness } = job
  const options = { seed, scenario, restriction, weakness }
  const result = await runTwice(options)
  const kinds = kindsOf(result)
  if (!job.isShrinking || kinds.size === 0 || Object.keys(restriction).length > 0) return { result }
  const failsAlike = async (less: Restriction) => {
    const found = kindsOf(await run({ ...options, restriction: less }))
    return [...kinds].some((kind) => found.has(kind))
  }
  return { result, least: await shrink(planOf(seed, scenario), failsAlike, MOST_TRIES) }
}

/** Two runs of the same seed have to be the same in every byte and every time. */
export async function runTwice(options: RunOptions): Promise<RunResult> {
  const first = await run(options)
  const second = await run(options)
  if (first.digest === second.digest) return { ...first, wallMs: first.wallMs + second.wallMs }
  const what = `unstable: the second run has the hash ${second.digest}, the first ${first.digest}`
  return { ...first, findings: [what, ...first.findings] }
}

/** The kinds of findings: what stands before the colon. */
function kindsOf({ findings }: RunResult): Set<string> {
  return new Set(findings.map((finding) => finding.slice(0, finding.indexOf(':'))))
}
