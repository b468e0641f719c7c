/** Every document says only what is true: its snippets compile and run, its commands work, its links lead somewhere. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { repository } from '../lab/cluster/surroundings.ts'
import type { Block } from './document.ts'
import { blocksOf, linksOf, namesInTables } from './document.ts'
import { SnippetProject } from './snippet-project.ts'

/** Snippets that a document may show without their being run, over all documents. */
const MOST_NOT_RUN = 3

const documents = [
  ...['.', 'docs'].flatMap((folder) =>
    readdirSync(join(repository, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
  ...['packages', '.'].flatMap((folder) =>
    readdirSync(join(repository, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
      .map((entry) => join(folder, entry.name, 'README.md'))
      .filter((path) => existsSync(join(repository, path))),
  ),
].sort()
const textOf = (document: string) => readFileSync(join(repository, document), 'utf8')
const blocks = documents.flatMap((document) => blocksOf(document, textOf(document)))
const snippets = blocks.filter(({ language }) => language === 'ts')

describe('the snippets of the documents', () => {
  const project = new SnippetProject()
  let complaints: string[] = []
  before(async () => {
    complaints = await project.compile(snippets)
  })
  after(() => project.remove())

  it('are there', () => {
    assert.ok(snippets.length >= 15, `${snippets.length} snippets in ${documents.join(', ')}`)
  })

  it('compile as strict TypeScript', () => {
    assert.deepEqual(complaints, [])
  })

  it('are run, all but a few that say why not', () => {
    const left = snippets.filter(({ notRun }) => notRun !== undefined)
    assert.ok(left.length <= MOST_NOT_RUN, left.map(({ document, line }) => `${document}:${line}`).join(', '))
  })

  for (const snippet of snippets.filter(({ notRun }) => notRun === undefined)) {
    it(`${snippet.document}:${snippet.line} runs`, async () => {
      const { code, signal, out, err } = await project.runSnippet(snippet)
      const output = `\n${out}${err}`
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, output)
      assert.equal(err, '', output)
      const shown = outputShownFor(snippet)
      if (shown !== undefined) assert.equal(timeless(out), timeless(shown))
    })
  }

  const commands = blocks
    .filter(({ language, notRun }) => language === 'sh' && notRun === undefined)
    .flatMap((block) =>
      block.code.split('\n').map((line, index) => ({ block, line, at: block.line + index })),
    )
    .map(({ line, ...rest }) => ({ ...rest, line: line.replace(/ +#.*$/, '').trim() }))
    .filter(({ line }) => line !== '')

  for (const { block, line, at } of commands) {
    it(`${block.document}:${at} "${line}" is a command that works`, async () => {
      await tryCommand(project, line)
    })
  }
})

describe('the documents', () => {
  it('link only to what is there', () => {
    const links = documents.flatMap((document) => linksOf(document, textOf(document)))
    assert.ok(links.length > 0)
    const dead = links.filter(
      ({ document, target }) => !existsSync(join(repository, dirname(document), target)),
    )
    assert.deepEqual(dead, [])
  })

  it('name settings that exist', () => {
    for (const document of ['README.md', 'README.zh-CN.md']) {
      for (const name of namesInTables(textOf(document), /^(producer|生产者)$/))
        assert.doesNotThrow(() => new KafkaProducer({ [name]: undefined }), `${document}: ${name}`)
      for (const name of namesInTables(textOf(document), /^(consumer|消费者)$/))
        assert.doesNotThrow(() => new KafkaConsumer({ [name]: undefined }), `${document}: ${name}`)
    }
    assert.ok(namesInTables(textOf('README.md'), /^producer$/).length > 5)
    assert.ok(namesInTables(textOf('README.md'), /^consumer$/).length > 5)
  })
})

/** A block of language `text` that follows a snippet is what the snippet prints. */
function outputShownFor(snippet: Block): string | undefined {
  const next = blocks[blocks.indexOf(snippet) + 1]
  return next?.language === 'text' && next.document === snippet.document ? next.code : undefined
}

/** Times differ from run to run. */
function timeless(output: string): string {
  return output.replaceAll(/timestamp=\d+/g, 'timestamp=0')
}

/** A line of a `sh` block: `samsa ...` is run; npm's scripts must exist; what is installed must be ours. */
async function tryCommand(project: SnippetProject, line: string): Promise<void> {
  const [program, ...args] = line.split(/ +/) as [string, ...string[]]
  if (program === 'npx' || program === 'samsa') {
    const words = program === 'npx' ? args.slice(1) : args
    assert.ok(program === 'samsa' || args[0] === 'samsa', line)
    await trySamsa(project, words)
    return
  }
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
  if (program === 'npm' && args[0] === 'install') {
    const ours = readdirSync(join(repository, 'packages')).map(
      (name) => (JSON.parse(textOf(join('packages', name, 'package.json'))) as { name: string }).name,
    )
    for (const name of args.slice(1)) assert.ok(name.startsWith('-') || ours.includes(name), name)
    return
  }
  if (program === 'npm') {
    const script = args[0] === 'run' ? args[1] : args[0]
    assert.ok(script !== undefined && Object.hasOwn(scripts, script), `${line}: there is no such script`)
    return
  }
  assert.ok(program === 'git' || existsSync(join(repository, program)), `${line}: nobody knows ${program}`)
}

/** A broker gets free ports instead of those that are shown, and Ctrl-C once it listens. */
async function trySamsa(project: SnippetProject, words: readonly string[]): Promise<void> {
  const isBroker = words[0] === 'broker' && !words.includes('--help')
  const { code, signal, out, err } = await project.run(
    [join(repository, 'packages/cli/bin/samsa.js'), ...words, ...(isBroker ? ['--port', '0'] : [])],
    isBroker ? { interruptAfter: /\n/ } : {},
  )
  assert.deepEqual({ code, signal, err }, { code: 0, signal: null, err: '' })
  assert.notEqual(out, '')
}
