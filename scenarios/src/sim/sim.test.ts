import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HistoryEvent } from '../lab/checker/history.ts'
import { runJudged } from './judged.ts'
import type { Scenario } from './plan.ts'
import { planOf, scenarioOf } from './plan.ts'
import { replayCommand, report } from './report.ts'
import type { RunResult } from './run.ts'
import { run } from './run.ts'

/** Few seeds, so that it is quick; `npm run sim -- --seeds N` runs many. */
const SEEDS = [1, 2, 3, 4]

async function good(seed: number, scenario: Scenario): Promise<RunResult> {
  const result = await runJudged({ seed, scenario })
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
    assert.equal(results.length, 2 * SEEDS.length)
    assert.equal(new Set(results.map(({ digest }) => digest)).size, results.length)
  })

  it('runs the same from the same seed', async () => {
    for (const { seed, scenario, wallMs: _, ...first } of [
      results[0],
      results[SEEDS.length],
    ] as RunResult[]) {
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
    assert.ok(sum(({ powerCuts }) => powerCuts) > 2)
    assert.ok(sum(({ topics }) => topics) > 3 * results.length)
    assert.ok(sum(({ assignments }) => assignments) > 2 * results.length)
    // Under some of the plans a record may be on its way for less time than the broker is down.
    assert.ok(sum(({ acknowledged }) => acknowledged) > 0.7 * sum(({ sent }) => sent))
    for (const { acknowledged } of results) assert.ok(acknowledged > 100)
  })

  it('drew clients and faults of every kind', () => {
    const plans = Array.from({ length: 50 }, (_, seed) => planOf(seed, scenarioOf(seed)))
    const kinds = new Set(plans.flatMap(({ faults }) => faults.map(({ kind }) => kind)))
    assert.equal(kinds.size, 19)
    const clients = plans.flatMap((plan) => plan.clients)
    assert.equal(
      new Set(clients.map((client) => (client.role === 'producer' ? client.options.acks : ''))).size,
      4,
    )
    assert.ok(clients.some((client) => client.role === 'consumer' && !client.group))
  })

  it('tells its history', async () => {
    const events: HistoryEvent[] = []
    const { sent, handed } = await run({ seed: 2, scenario: 'faults', record: (event) => events.push(event) })
    const count = (f: string, ph: 'b' | 'e') =>
      events.filter((event) => event.f === f && event.ph === ph).length
    assert.equal(count('send', 'b'), sent)
    assert.equal(count('send', 'e'), sent)
    assert.equal(count('drain', 'b'), 2)
    const read = events.flatMap((event) => ('recs' in event ? Object.values(event.recs) : []))
    assert.equal(read.flat().length / 3, handed)
    for (const [index, { t }] of events.entries()) assert.ok(t >= (events[index - 1]?.t ?? 0))
  })
})
