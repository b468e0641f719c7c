import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Scenario } from './plan.ts'
import { replayCommand, report } from './report.ts'
import type { RunResult } from './run.ts'
import { run } from './run.ts'

/** Few seeds, so that it is quick; `npm run sim -- --seeds N` runs many. */
const SEEDS = [1, 2, 3, 4, 5]

async function good(seed: number, scenario: Scenario): Promise<RunResult> {
  const result = await run({ seed, scenario })
  assert.equal(result.findings.length, 0, `${report(result)}\nreplay with: ${replayCommand(result)}`)
  return result
}

describe('the whole system, from seeds', () => {
  const results: RunResult[] = []
  for (const scenario of ['faults', 'crashes'] as const) {
    for (const seed of SEEDS) {
      it(`keeps its promises under ${scenario} of seed ${seed}`, async () => {
        results.push(await good(seed, scenario))
      })
    }
  }

  it('runs differently from each seed', () => {
    assert.equal(results.length, 10)
    assert.equal(new Set(results.map(({ digest }) => digest)).size, results.length)
  })

  it('runs the same from the same seed', async () => {
    for (const { seed, scenario, wallMs: _, ...first } of [results[0], results[5]] as RunResult[]) {
      const { wallMs: __, ...again } = await run({ seed, scenario })
      assert.deepEqual(again, { seed, scenario, ...first })
    }
  })

  it('did something worth judging', () => {
    const sum = (of: (result: RunResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    assert.ok(sum(({ acknowledged }) => acknowledged) > 5000)
    assert.ok(sum(({ faults }) => faults) > 50)
    assert.ok(sum(({ brokerStarts }) => brokerStarts) > results.length + 5)
    assert.ok(sum(({ assignments }) => assignments) > 2 * results.length)
    // Under some of the plans a record may be on its way for less time than the broker is down.
    assert.ok(sum(({ acknowledged }) => acknowledged) > 0.8 * sum(({ sent }) => sent))
    for (const { acknowledged } of results) assert.ok(acknowledged > 100)
  })
})
