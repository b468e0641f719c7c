import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { repository } from '../lab/cluster/surroundings.ts'
import { tokenise } from '../tidy/tokens.ts'
import type { Stage } from './stage.ts'
import { hostile } from './stage.ts'

const LIMIT_MS = 60_000
const tour = join(repository, 'examples/dist/tour.js')
const start = join(repository, 'scripts/start.mjs')
const { refuseNode, isInstalled } = (await import(
  pathToFileURL(join(repository, 'scripts/prepare.mjs')).href
)) as { refuseNode(version: string): string | undefined; isInstalled(folder: string): boolean }

interface Ended {
  code: number | null
  out: string
  err: string
}

/** Runs a program of Node to its end. */
function program(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = repository,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { npm_lifecycle_event: _, ...clean } = process.env
    const child = spawn(process.execPath, [file, ...args], {
      cwd,
      env: { ...clean, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
    })
    const ended: Ended = { code: null, out: '', err: '' }
    child.stdout.on('data', (text) => {
      ended.out += text
    })
    child.stderr.on('data', (text) => {
      ended.err += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...ended, code }))
  })
}

function folder(stage: Stage): string {
  const path = mkdtempSync(join(tmpdir(), 'samsa-start-'))
  stage.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

hostile('a Node that is too old is told so, in words that it can read', async () => {
  for (const version of ['14.21.3', '18.20.4', '20.18.3'])
    assert.equal(
      refuseNode(version),
      `samsa needs Node 20.19 or newer; this is ${version}. Install one from nodejs.org and try again.`,
    )
  for (const version of ['20.19.0', '20.20.1', '22.0.0', '26.1.0'])
    assert.equal(refuseNode(version), undefined)
  // A file that cannot be parsed, or imports what is not there, fails before it can say anything.
  for (const name of ['prepare', 'start', 'test', 'sim']) {
    const tokens = tokenise(readFileSync(join(repository, 'scripts', `${name}.mjs`), 'utf8'))
    const newer = tokens.filter(
      ({ text }) => ['??=', '||=', '&&=', 'await', '#'].includes(text) || text.startsWith('#'),
    )
    assert.deepEqual(newer, [], name)
    const imported = tokens.flatMap(({ text }, at) => (text === 'from' ? [tokens[at + 1]?.text ?? ''] : []))
    for (const from of imported)
      assert.match(from, /^(node:(child_process|fs|path|url)|\.\/prepare\.mjs)$/, name)
  }
})

hostile('what is installed is told by versions, not by times', async (stage) => {
  const path = folder(stage)
  const lock = (file: string, packages: object) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), JSON.stringify({ packages }))
  }
  const tool = (version: string) => ({ 'node_modules/tool': { version } })
  const own = {
    '': {},
    'packages/a': {},
    'node_modules/a': { link: true },
    'node_modules/x': { version: '1', optional: true },
  }
  lock('package-lock.json', { ...own, ...tool('2.0.0') })
  assert.equal(isInstalled(path), false)
  lock('node_modules/.package-lock.json', tool('2.0.0'))
  assert.equal(isInstalled(path), false, 'a package of our own is not linked')
  mkdirSync(join(path, 'node_modules/a'))
  assert.equal(isInstalled(path), true)
  lock('package-lock.json', { ...own, ...tool('2.0.1') })
  assert.equal(isInstalled(path), false)
  assert.equal(isInstalled(repository), true)
})

hostile('without a network the first time fails in plain words, and later times need none', async (stage) => {
  const path = folder(stage)
  for (const name of ['scripts', 'package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(repository, name), join(path, name), { recursive: true })
  const { workspaces } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
    workspaces: string[]
  }
  for (const workspace of workspaces)
    cpSync(join(repository, workspace, 'package.json'), join(path, workspace, 'package.json'))
  const unplugged = {
    npm_config_registry: 'http://127.0.0.1:1/',
    npm_config_cache: join(path, 'cache'),
    npm_config_fetch_retries: '0',
    npm_config_noproxy: '127.0.0.1',
    npm_config_update_notifier: 'false',
  }
  const first = await program(join(path, 'scripts/start.mjs'), [], unplugged, path)
  assert.match(first.out, /^installing development tools \(once\) \.\.\.$/m)
  assert.match(
    first.err,
    /^npm could not install the development tools \(code 1\)\. This is the one step that needs the network; npm says above what it lacks\. Then try again\.$/m,
  )
  assert.notEqual(first.code, 0)
  // Where everything is there, npm is not even asked: this one would fail.
  const npm = join(path, 'npm')
  writeFileSync(npm, '#!/bin/sh\necho npm was asked >&2\nexit 9\n')
  chmodSync(npm, 0o755)
  const later = await program(start, ['no/such/file'], { PATH: `${path}${delimiter}${process.env['PATH']}` })
  assert.equal(
    later.err,
    `\ncannot send ${join(repository, 'no/such/file')}: there is no such file; usage: npm start -- FILE\n`,
  )
  assert.equal(later.code, 1)
})

hostile('a file is named as seen from where the user is, also through npm', async (stage) => {
  const path = folder(stage)
  writeFileSync(join(path, 'empty.txt'), '')
  const said = `\ncannot send ${join(path, 'empty.txt')}: it is empty; usage: npm start -- FILE\n`
  assert.equal((await program(start, ['empty.txt'], {}, path)).err, said)
  const ofNpm = { npm_lifecycle_event: 'start', INIT_CWD: path }
  assert.equal((await program(start, ['empty.txt'], ofNpm)).err, said)
})

hostile('what cannot be toured is said before anything is started', async (stage) => {
  const path = folder(stage)
  const usage = 'usage: npm start -- [FILE] [--port N]'
  const cases: readonly (readonly [args: string[], said: string])[] = [
    [
      [join(path, 'none')],
      `cannot send ${join(path, 'none')}: there is no such file; usage: npm start -- FILE`,
    ],
    [[path], `cannot send ${path}: it is a directory; usage: npm start -- FILE`],
    [[join(tour, 'x')], `cannot send ${join(tour, 'x')}: there is no such file; usage: npm start -- FILE`],
    [['a', 'b'], `one file at a time, not a b\n${usage}`],
    [['--port', '70000'], `--port takes a number from 0 to 65535, not 70000\n${usage}`],
    [['--port', 'first'], `--port takes a number from 0 to 65535, not first\n${usage}`],
  ]
  for (const [args, said] of cases)
    assert.deepEqual(await program(tour, args), { code: 1, out: '', err: `\n${said}\n` })
  const unknown = await program(tour, ['--prot', '1'])
  assert.match(unknown.err, /^\nUnknown option '--prot'/)
  assert.ok(unknown.err.endsWith(`\n${usage}\n`) && unknown.code === 1)
})

hostile('a port that is taken', async (stage) => {
  const address = await stage.listen(net.createServer())
  const port = address.split(':')[1] as string
  const said = `\nport ${port} on 127.0.0.1 is taken by another program; choose another port, or 0 for any free one\n`
  assert.deepEqual(await program(tour, ['--port', port]), { code: 1, out: '', err: said })
})

hostile(
  'the tour takes any file: bytes that are no text, empty lines, lines too long, no line feed at the end',
  async (stage) => {
    const file = join(folder(stage), 'anything')
    const strange = Buffer.from([0xff, 0xfe, 0, 0x80])
    const tooLong = Buffer.alloc(21 * 1024 * 1024, 'x')
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('a\n\n\nb\r\n'), strange, Buffer.from('\n'), tooLong, Buffer.from('\nend')]),
    )
    const { code, out, err } = await program(tour, [file])
    assert.equal(err, '')
    assert.equal(code, 0)
    assert.match(out, /^left out {2}lines of more than 20,971,520 bytes: 1$/m)
    assert.match(out, /^sent {6}6 messages, .* messages\/s, .* MB\/s, every one acknowledged$/m)
    assert.match(out, /^read {6}6 messages, .* messages\/s, .* MB\/s$/m)
    for (const name of ['1-send', '2-send-and-wait', '3-group', '4-assign-and-seek', '5-error-handling'])
      assert.ok(out.includes(`\n── examples/${name}.ts\n`), name)
    assert.match(
      out,
      /^RecordMetadata\(topic='my\.topic', partition=\d, offset=\d, timestamp=\d+, serializedKeySize=-1, serializedValueSize=12\)$/m,
    )
    const records = out.match(
      /^ConsumerRecord\(topic='my\.topic', .* key=null, value='Hello kafka!', headers=\{\}\)$/gm,
    )
    assert.equal(records?.length, 5)
  },
)
