import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kindsOf } from './job.ts'
import { keptSeeds } from './kept.ts'
import { replayCommand, report } from './report.ts'
import { run } from './run.ts'

describe('seeds that have found something', () => {
  for (const { found, seed, scenario, restriction = {}, weakness, kinds = [] } of keptSeeds()) {
    const options = { seed, scenario, restriction }
    it(`${seed} ${scenario} is good, and has found ${found}`, async () => {
      const result = await run(options)
      assert.equal(result.findings.length, 0, `${report(result)}\n${replayCommand(result, restriction)}`)
    })
    if (!weakness) continue
    it(`${seed} ${scenario} finds ${found}`, async () => {
      const shown = kindsOf(await run({ ...options, weakness }))
      for (const kind of kinds) assert.ok(shown.has(kind), `${[...shown]}`)
    })
  }
})
