import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { runTool } from '../foreign/run-tool.ts'
import { programOf, runtimes } from '../foreign/runtimes.ts'
import { repository } from '../lab/cluster/surroundings.ts'

const TESTS_LIMIT_MS = 300_000
/** What may differ between versions: the packages, and client and broker together. The newest Node runs everything. */
const CORE = ['packages/', 'scenarios/dist/client/', 'scenarios/dist/faults/', 'scenarios/dist/hostile/']

describe('npm test passes on every Node that is supported', () => {
  const versions = runtimes.filter(({ name }) => name.startsWith('Node '))
  for (const runtime of versions) {
    const patterns = runtime === versions.at(-1) ? [] : CORE
    it(`on ${runtime.name}`, { timeout: TESTS_LIMIT_MS }, async () => {
      const program = await programOf(runtime)
      // A test runner that knows itself to be inside another one reports to that one instead.
      const { NODE_TEST_CONTEXT: _, SAMSA_TEST_RESULTS: __, PATH = '', ...env } = process.env
      const output = await runTool(
        program,
        [join(repository, 'scripts/test.mjs'), ...patterns],
        undefined,
        TESTS_LIMIT_MS,
        {
          ...env,
          PATH: `${dirname(program)}:${PATH}`,
        },
      )
      const count = (what: string) => Number(new RegExp(`^. ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? -1)
      assert.equal(count('fail'), 0)
      assert.ok(count('pass') > 100, output.slice(-2000))
    })
  }
})
