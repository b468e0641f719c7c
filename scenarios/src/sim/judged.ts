import type { HistoryEvent } from '../lab/checker/history.ts'
import type { Mode } from '../lab/checker/mode.ts'
import { check } from '../lab/checker/verdict.ts'
import type { Plan } from './plan.ts'
import { planOf, restricted } from './plan.ts'
import type { RunOptions, RunResult } from './run.ts'
import { run } from './run.ts'

/** Of the checker's findings so many are told; the ledger has named its own. */
const TOLD = 20

/**
 * Runs a seed, and has its history checked as that of a real cluster would be: what the checker finds comes behind the
 * findings of the run's own ledger, which knows each producer's settings, where the checker is told the weakest of them.
 */
export async function runJudged(options: RunOptions): Promise<RunResult> {
  const { seed, scenario, restriction = {} } = options
  const plan = restricted(planOf(seed, scenario), restriction)
  const mode: HistoryEvent = {
    t: 0,
    op: 0,
    ph: 'b',
    who: 'world',
    inc: 'world',
    f: 'mode',
    mode: modeOf(plan),
  }
  const events: HistoryEvent[] = [mode]
  const result = await run({ ...options, record: (event) => events.push(event) })
  return { ...result, findings: [...result.findings, ...checked(events)] }
}

function checked(events: readonly HistoryEvent[]): string[] {
  try {
    return check(events)
      .findings.slice(0, TOLD)
      .map(({ code, tp, text }) => `${code}: ${tp ? `${tp} ` : ''}${text}`)
  } catch (error) {
    return [`history: ${(error as Error).message}`]
  }
}

function modeOf({ clients, quietAt }: Plan): Partial<Mode> {
  const producers = clients.flatMap((client) => (client.role === 'producer' ? [client.options] : []))
  const asked = producers.map(({ acks }) => String(acks))
  return {
    acks: asked.includes('0') ? '0' : asked.includes('1') ? '1' : 'all',
    idempotent: producers.every(({ enableIdempotence }) => enableIdempotence !== false),
    // How long something may take is the ledger's to say: it knows when everything was healed.
    deliveryMs: quietAt + 100_000,
    callMs: quietAt + 100_000,
    expectedFaults: 0,
  }
}
