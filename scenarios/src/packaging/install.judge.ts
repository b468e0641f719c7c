import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runTool } from '../foreign/run-tool.ts'
import { programOf, runtimes } from '../foreign/runtimes.ts'
import { repository } from '../lab/cluster/surroundings.ts'

const packages = ['protocol', 'runtime', 'client', 'broker', 'cli']
const npmQuietly = ['--ignore-scripts', '--no-audit', '--no-fund']
const RUN_LIMIT_MS = 60_000

/** As a user's project is: empty, with nothing but the packed packages installed. */
describe('the packed packages in an empty project', () => {
  let project: string
  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'samsa-install-'))
    const tarballs = join(project, 'tarballs')
    mkdirSync(tarballs)
    const rooms = packages.flatMap((name) => ['--workspace', `packages/${name}`])
    await runTool('npm', ['pack', '--prefix', repository, '--pack-destination', tarballs, '--json', ...rooms])
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')
    const files = packages.map((name) => join(tarballs, `${fileName(name)}.tgz`))
    await runTool('npm', ['install', '--prefix', project, ...npmQuietly, ...files], undefined, 300_000)
    await compileFirstSnippet(project)
    writeFileSync(join(project, 'old-style.cjs'), oldStyle)
  })
  after(() => rmSync(project, { recursive: true, force: true }))

  for (const runtime of runtimes) {
    it(`run README's first snippet on ${runtime.name}`, async () => {
      const program = await programOf(runtime)
      const output = await runTool(
        program,
        [...runtime.args, join(project, 'first.js')],
        undefined,
        RUN_LIMIT_MS,
      )
      assert.match(output, /^RecordMetadata\(topic='my\.topic', partition=0, offset=0, /m)
      assert.match(output, /^ConsumerRecord\(topic='my\.topic', .*key='k', value='Hello kafka!'/m)
    })
  }

  it('are required by CommonJS on the oldest Node', async () => {
    const [oldest] = runtimes
    assert.ok(oldest)
    const output = await runTool(
      await programOf(oldest),
      [join(project, 'old-style.cjs')],
      undefined,
      RUN_LIMIT_MS,
    )
    assert.equal(output, 'KafkaProducer startBroker\n')
  })

  it('bring the command', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      version: string
    }
    const command = join(project, 'node_modules/.bin/samsa')
    assert.match(await runTool(command, ['--version']), new RegExp(version.replaceAll('.', '\\.')))
  })

  it('have no install script and nothing native', () => {
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>
    }
    const scripted = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript)
    assert.deepEqual(scripted, [])
    assert.ok(Object.keys(lock.packages).length <= packages.length + 4, Object.keys(lock.packages).join(', '))
  })
})

const oldStyle = `
const { KafkaProducer } = require('@samsa/client')
const { startBroker } = require('@samsa/broker')
console.log(KafkaProducer.name, startBroker.name)
`

function fileName(room: string): string {
  const file = join(repository, 'packages', room, 'package.json')
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string }
  return `${name.replace('@', '').replace('/', '-')}-${version}`
}

/** Compiles it as a strict user would, with nothing but the installed packages' own types. */
async function compileFirstSnippet(project: string): Promise<void> {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8')
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
  assert.ok(snippet, 'README.md has a snippet')
  writeFileSync(join(project, 'first.ts'), snippet)
  const options = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    outDir: '.',
  }
  const typeRoots = [join(repository, 'node_modules/@types')]
  const config = { compilerOptions: { ...options, typeRoots }, files: ['first.ts'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  await runTool(process.execPath, [compiler, '-p', project])
}
