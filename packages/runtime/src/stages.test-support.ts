import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { nodeRuntime, turn } from './node.ts'
import type { Runtime } from './runtime.ts'
import { SimWorld } from './sim.ts'

/** What the real world and the simulated one have in common: one text says how both behave. */
export interface Stage {
  readonly name: string
  readonly runtime: Runtime
  /** A directory of its own. */
  readonly directory: string
  /** Runs a test's work, with the time going on. */
  run(work: () => Promise<void>): Promise<void>
}

const scratch = mkdtempSync(join(tmpdir(), 'samsa-runtime-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const LIMIT_MS = 30_000
const world = new SimWorld({ seed: 'contract', turn })
export const stages: readonly Stage[] = [
  { name: 'node.ts', runtime: nodeRuntime(), directory: scratch, run: (work) => work() },
  {
    name: 'sim.ts',
    runtime: world.host('host'),
    directory: '/data',
    run: (work) => world.until(work(), LIMIT_MS),
  },
]
