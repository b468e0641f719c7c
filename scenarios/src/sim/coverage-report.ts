import type { Counts } from './coverage.ts'
import { sumOf } from './coverage.ts'
import { possiblePairs } from './machines.ts'

/** Most lines about faults that a pair was never met under. */
const MOST_LINES = 40

/**
 * What was met and what never was, for people: pairs of state and event, and each of them with each fault. A pair that is
 * never met is a gap of whoever draws the plans; one that nobody thought possible is a gap of the table of pairs.
 */
export function coverageReport(all: readonly Counts[]): string {
  const triples = new Set(Object.keys(sumOf(all)))
  const faults = [...new Set([...triples].map((name) => name.slice(name.lastIndexOf('/') + 1)))].sort()
  const met = new Set([...triples].map((name) => name.slice(0, name.lastIndexOf('/'))))
  const possible = possiblePairs()
  const isMet = (pair: string, fault: string) => triples.has(`${pair}/${fault}`)
  const partly = possible
    .filter((pair) => met.has(pair))
    .map((pair) => ({ pair, never: faults.filter((fault) => !isMet(pair, fault)) }))
    .filter(({ never }) => never.length > 0)
    .sort((a, b) => b.never.length - a.never.length)
  const count = possible.reduce((sum, pair) => sum + faults.filter((fault) => isMet(pair, fault)).length, 0)
  return [
    `coverage: ${possible.filter((pair) => met.has(pair)).length} of ${possible.length} pairs of state and event, ${count} of ${possible.length * faults.length} with each of ${faults.length} faults`,
    ...section(
      'never met',
      possible.filter((pair) => !met.has(pair)),
    ),
    ...section(
      'met, and not in the table of what is possible',
      [...met].filter((pair) => !possible.includes(pair)).sort(),
    ),
    ...section(
      'never met under these faults',
      partly.map(({ pair, never }) => `${pair}: ${never.join(', ')}`),
    ),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const shown = lines.slice(0, MOST_LINES).map((line) => `    ${line.replaceAll('/', ' ')}`)
  const more = lines.length > MOST_LINES ? [`    ... and ${lines.length - MOST_LINES} more`] : []
  return [`  ${title}:`, ...shown, ...more]
}
