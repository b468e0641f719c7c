import { parseArgs } from 'node:util'
import type { Scenario } from './plan.ts'
import { scenarios } from './plan.ts'
import { replayCommand, report, summary } from './report.ts'
import type { RunResult } from './run.ts'
import { run } from './run.ts'

const usage = `npm run sim -- [--seed N | --seeds N [--from N]] [--scenario ${scenarios.join('|')}] [--trace]

  --seed N      runs one seed
  --seeds N     runs so many seeds, one after the other. Default 20
  --from N      the first of them. Default 1
  --scenario S  runs only this one. Default: each seed runs both
  --trace       prints every event and what the clients log`

const { seeds, chosen, isTraced } = read(process.argv.slice(2))
const results: RunResult[] = []
for (const seed of seeds) {
  for (const scenario of chosen) {
    const result = await run({ seed, scenario, ...(isTraced ? { onLine: console.log } : {}) })
    results.push(result)
    if (result.findings.length > 0 || seeds.length === 1) console.log(report(result))
  }
}
const failed = results.filter(({ findings }) => findings.length > 0)
console.log(
  summary(
    results,
    results.reduce((total, { wallMs }) => total + wallMs, 0),
  ),
)
if (failed.length > 0) {
  console.log(
    `replay with (--trace shows every event):\n${failed.map((result) => `  ${replayCommand(result)}`).join('\n')}`,
  )
  process.exitCode = 1
}

function read(args: string[]): { seeds: number[]; chosen: readonly Scenario[]; isTraced: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string' },
        from: { type: 'string' },
        scenario: { type: 'string' },
        trace: { type: 'boolean' },
      },
    })
    const scenario = scenarios.find((name) => name === values.scenario)
    if (values.scenario !== undefined && !scenario) throw new Error(`there is no scenario ${values.scenario}`)
    const seeds =
      values.seed !== undefined
        ? [whole('seed', values.seed)]
        : Array.from({ length: whole('seeds', values.seeds ?? '20') }, (_, index) => {
            return whole('from', values.from ?? '1') + index
          })
    return { seeds, chosen: scenario ? [scenario] : scenarios, isTraced: values.trace ?? false }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

function whole(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new Error(`--${name} must be a whole number, not ${text}`)
}
