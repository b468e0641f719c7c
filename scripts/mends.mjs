// npm run sim -- mends [WORD ...]: switches each mend off, in a copy of the project, and lets the simulator find it.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { root } from './prepare.mjs'

/** A mend that is not found within so many seeds is not found. */
const SEEDS = 200
const LIMIT_MS = 15 * 60_000
/** What a copy does without. */
const LEFT_OUT = new Set(['node_modules', '.git', '.cache', '.ci', 'coverage'])

function mends(words) {
  const all = JSON.parse(readFileSync(join(root, 'scenarios/mends.json'), 'utf8'))
  const chosen = all.filter(({ mend }) => words.every((word) => mend.includes(word)))
  const { first } = JSON.parse(readFileSync(join(root, 'scenarios/sim-first-seed.json'), 'utf8'))
  const copy = mkdtempSync(join(tmpdir(), 'samsa-mends-'))
  let missed = 0
  try {
    copyProject(copy)
    console.log(
      '| mend | scenario | first seed that finds it | as | seeds run |\n| --- | --- | --- | --- | --- |',
    )
    for (const mend of chosen) {
      const { seed, kinds, tried } = withoutMend(copy, mend, first)
      if (seed === null) missed++
      console.log(`| ${mend.mend} | ${mend.scenario} | ${seed ?? 'none'} | ${kinds.join(', ')} | ${tried} |`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  if (missed > 0) console.log(`${missed} of ${chosen.length} were not found within ${SEEDS} seeds`)
  process.exitCode = missed === 0 ? 0 : 1
}

function copyProject(copy) {
  cpSync(root, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) })
  // Packages of others are shared, our own are those of the copy.
  mkdirSync(join(copy, 'node_modules/@samsa'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@samsa' || name === 'samsa') continue
    symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name))
  }
  for (const name of ['broker', 'client', 'protocol', 'runtime'])
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@samsa', name))
}

function withoutMend(copy, { mend, file, mended, broken, scenario, kinds }, first) {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(mended).length !== 2) throw new Error(`${file} does not hold the text of "${mend}" once`)
  writeFileSync(
    path,
    text.replace(mended, () => broken),
  )
  try {
    node(copy, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'scenarios', '--noCheck'])
    for (let tried = 0; tried < SEEDS; ) {
      const found = find(copy, scenario, kinds, first + tried, SEEDS - tried)
      tried += found.tried
      // A seed that finds it with the mend as well shows something else.
      if (found.seed === null || find(root, scenario, kinds, found.seed, 1).seed === null)
        return { ...found, tried }
    }
    return { seed: null, kinds: [], tried: SEEDS }
  } finally {
    writeFileSync(path, text)
  }
}

function find(cwd, scenario, kinds, from, seeds) {
  const program = join(cwd, 'scenarios/dist/sim/find.js')
  const asked = { from, seeds, scenario, kinds: kinds.join() }
  const args = Object.entries(asked).flatMap(([name, value]) => [`--${name}`, String(value)])
  return JSON.parse(node(cwd, [program, ...args]))
}

function node(cwd, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    timeout: LIMIT_MS,
  })
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stdout}${stderr}`)
  return stdout
}

mends(process.argv.slice(2))
