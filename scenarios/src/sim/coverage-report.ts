import type { Counts } from './coverage.ts'
import { sumOf } from './coverage.ts'

/** Most lines of what was never met. */
const MOST_LINES = 60

/**
 * What was met and what never was, for people. Whatever state, event and fault was met at all counts as one that can be
 * met with the others of its machine.
 */
export function coverageReport(all: readonly Counts[]): string {
  const triples = new Set(Object.keys(sumOf(all)))
  const parts = [...triples].map((name) => name.split('/') as [string, string, string, string])
  const faults = [...new Set(parts.map(([, , , fault]) => fault))].sort()
  const pairs = [...new Set(parts.map(([machine, state, event]) => `${machine}/${state}/${event}`))].sort()
  const missing = pairs.flatMap((pair) => {
    const never = faults.filter((fault) => !triples.has(`${pair}/${fault}`))
    return never.length > 0 ? [`    ${pair.replaceAll('/', ' ')}: ${never.join(', ')}`] : []
  })
  const shown = missing.slice(0, MOST_LINES)
  if (missing.length > shown.length) shown.push(`    ... and ${missing.length - shown.length} more`)
  return [
    `coverage: ${pairs.length} pairs of state and event, ${triples.size} of ${pairs.length * faults.length} with each of ${faults.length} faults`,
    ...(shown.length > 0 ? ['  never met under:', ...shown] : []),
  ].join('\n')
}
