import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { repository } from '../lab/cluster/surroundings.ts'
import { wrongArrows } from './arrows.ts'
import { circles } from './circles.ts'
import { overlong, ratchetFindings } from './lengths.ts'
import { lockFindings, unevenManifests } from './manifests.ts'
import { deadFiles, unusedExports } from './reach.ts'
import { avoidedTests, machineTraces } from './strangers.ts'
import { readTree } from './tree.ts'
import { touchesOfTheWorld } from './world.ts'

describe('the repository is tidy', () => {
  const tree = readTree(repository)
  const rules: readonly (readonly [string, () => string[]])[] = [
    ['every import follows the arrows of the design', () => wrongArrows(tree)],
    ['no import leads in a circle', () => circles(tree)],
    ['only the runtime touches the world', () => touchesOfTheWorld(tree)],
    ['every file is reached from an entry point', () => deadFiles(tree)],
    ['every export is imported or public', () => unusedExports(tree)],
    ['no test is skipped, focused or empty', () => avoidedTests(tree)],
    ['nothing tells which machine it was written on', () => machineTraces(tree)],
    ['the packages agree and have what a published package needs', () => unevenManifests(tree)],
    ['the lock file is in step with the manifests', () => lockFindings(tree)],
  ]
  for (const [title, rule] of rules) {
    it(title, () => {
      const found = rule()
      assert.equal(found.length, 0, `\n  ${found.join('\n  ')}`)
    })
  }

  it('files and functions keep their length, those of the ratchet shrink (npm run ratchet lowers it)', () => {
    const ratchet = JSON.parse(readFileSync(join(repository, 'scenarios/tidy-ratchet.json'), 'utf8'))
    const found = ratchetFindings(overlong(tree), ratchet)
    assert.equal(found.length, 0, `\n  ${found.join('\n  ')}`)
  })

  it('saw the sources at all', () => {
    for (const path of ['packages/client/src/index.ts', 'packages/broker/src/index.ts', 'scripts/test.mjs']) {
      assert.ok(tree.texts.has(path), path)
    }
    assert.ok(tree.sources.length > 100, `${tree.sources.length} sources`)
  })
})
