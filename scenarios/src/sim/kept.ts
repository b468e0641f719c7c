import { readFileSync } from 'node:fs'
import type { Weakness } from './cluster.ts'
import type { Restriction, Scenario } from './plan.ts'

/** A seed that has found something once, or has to find a broker that is weak on purpose. */
export interface KeptSeed {
  /** What was wrong. */
  readonly found: string
  /** At which commit it failed. What a seed stands for may be another thing since then. */
  readonly commit?: string
  /** What the broker is robbed of, and of which kinds some findings must be then; without it there are none. */
  readonly weakness?: Weakness
  readonly kinds?: readonly string[]
  readonly seed: number
  readonly scenario: Scenario
  readonly restriction?: Restriction
}

/** All of them, from the file that keeps them. */
export function keptSeeds(): KeptSeed[] {
  return JSON.parse(readFileSync(new URL('../../sim-seeds.json', import.meta.url), 'utf8')) as KeptSeed[]
}
