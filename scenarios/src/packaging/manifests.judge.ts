import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { runTool } from '../foreign/run-tool.ts'
import { cacheDirectory, repository } from '../lab/cluster/surroundings.ts'

const linters = ['publint@0.3', '@arethetypeswrong/cli@0.18']

describe('what others find in the packages', () => {
  const home = join(cacheDirectory(), 'package-linters')
  const program = (name: string) => join(home, 'node_modules/.bin', name)
  before(async () => {
    if (existsSync(program('attw')) && existsSync(program('publint'))) return
    mkdirSync(home, { recursive: true })
    const args = ['install', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund']
    await runTool('npm', [...args, ...linters], undefined, 300_000)
  })

  for (const name of ['protocol', 'runtime', 'client', 'broker', 'cli']) {
    const room = join(repository, 'packages', name)

    it(`publint has nothing to say about ${name}`, async () => {
      await runTool(program('publint'), ['run', room, '--strict'])
    })

    it(`arethetypeswrong has nothing to say about ${name}`, async () => {
      // ES modules only: CommonJS requires them, which every supported Node can (20.19 and newer).
      await runTool(program('attw'), ['--pack', room, '--profile', 'esm-only'])
    })
  }
})
