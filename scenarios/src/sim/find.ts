import { parseArgs } from 'node:util'
import { kindsOf } from './job.ts'
import { runJudged } from './judged.ts'
import type { Scenario } from './plan.ts'

/**
 * Runs seeds one after the other until one has a finding of a kind that is looked for, and writes what it found as one
 * line of JSON: `{ seed, kinds, tried }`, `seed` null where none had. For `mends`.
 */
const { values } = parseArgs({
  options: {
    ...{ from: { type: 'string' }, seeds: { type: 'string' }, scenario: { type: 'string' } },
    kinds: { type: 'string' },
  },
})
const { from = '1', seeds = '1', scenario = 'faults', kinds = '' } = values
const wanted = new Set(kinds.split(','))
let [found, tried]: [object | undefined, number] = [undefined, 0]
while (!found && tried < Number(seeds)) {
  const seed = Number(from) + tried++
  const shown = [...kindsOf(await runJudged({ seed, scenario: scenario as Scenario }))]
  if (shown.some((kind) => wanted.has(kind)))
    found = { seed, kinds: shown.filter((kind) => wanted.has(kind)) }
}
console.log(JSON.stringify({ seed: null, kinds: [], ...found, tried }))
