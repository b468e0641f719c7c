// Runs every check one after the other, goes on after a failure, and counts. Only `.ci/run` calls it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './prepare.mjs'

const TESTS_LIMIT_MS = 15 * 60_000
/** The longest runs all tests on each Node that is supported: four times two to three minutes. */
const JUDGE_LIMIT_MS = 20 * 60_000
const results = mkdtempSync(join(tmpdir(), 'samsa-ci-'))
const failures = []
let passed = 0
let failed = 0

process.once('exit', () => rmSync(results, { recursive: true, force: true }))
counted('npm test', 'npm', ['test'], TESTS_LIMIT_MS)
single('npm run check', 'npm', ['run', 'check'])
// Each change of what is simulated moves on to seeds that were never tried before.
const { first, count } = JSON.parse(readFileSync(join(root, 'scenarios/sim-first-seed.json'), 'utf8'))
const seeds = ['--from', `${first}`, '--seeds', `${count}`, '--minutes', '10']
single('npm run judge -- sim', 'npm', ['run', 'judge', '--', 'sim', ...seeds])
prerequisites()
for (const file of judges()) {
  const args = ['--enable-source-maps', '--unhandled-rejections=strict', '--test', ...reporters(file), file]
  counted(file.slice(root.length + 1), process.execPath, args, JUDGE_LIMIT_MS)
}
for (const failure of failures) console.log(`failed: ${failure}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** Runs tests that write their results to a file, and counts them; a run without results is one failure. */
function counted(title, command, args, timeout) {
  const started = performance.now()
  console.log(`\n== ${title}`)
  const file = resultsOf(args.at(-1))
  const env = { ...process.env, SAMSA_TEST_RESULTS: file }
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], timeout, env })
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const count = (name) => Number(new RegExp(`<!-- ${name} (\\d+) -->`).exec(text)?.[1] ?? 0)
  const bad = count('fail') + count('cancelled')
  passed += count('pass')
  failed += bad
  const fine = done.status === 0 && bad === 0 && count('pass') > 0
  if (!fine && bad === 0) failed++
  if (!fine)
    failures.push(`${title} (${done.error?.message ?? done.signal ?? `${bad} failed, code ${done.status}`})`)
  console.log(
    `== ${title}: ${count('pass')} passed, ${bad} failed, ${Math.round((performance.now() - started) / 1000)} s`,
  )
}

/** A check that passes or fails as a whole. */
function single(title, command, args) {
  console.log(`\n== ${title}`)
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: TESTS_LIMIT_MS,
  })
  if (done.status === 0) passed++
  else {
    failed++
    failures.push(title)
  }
}

function judges() {
  const dist = join(root, 'scenarios/dist')
  if (!existsSync(dist)) return []
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.judge.js') && isWanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => existsSync(file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')))
    .sort()
}

/** The long ones are run by hand (docs/judge.md), or here when asked for. */
function isWanted(name) {
  return process.env.SAMSA_LONG === '1' || !name.endsWith('.long.judge.js')
}

function reporters(file) {
  return [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=junit',
    `--test-reporter-destination=${resultsOf(file)}`,
  ]
}

function resultsOf(name) {
  return join(results, `${name.replace(/[^a-z0-9]+/gi, '-')}.xml`)
}

/** What the judges are written in; the rest they fetch themselves. */
function prerequisites() {
  const wanted = { java: 'default-jdk-headless', mvn: 'maven', python3: 'python3-venv' }
  const missing = Object.entries(wanted)
    .filter(([program]) => spawnSync(program, ['--version']).error)
    .map(([, name]) => name)
  if (missing.length === 0) return
  single('apt-get update', 'apt-get', ['update', '-qq'])
  single(`apt-get install ${missing.join(' ')}`, 'apt-get', ['install', '-y', '-qq', ...missing])
}
