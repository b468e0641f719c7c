// npm test [-- PATTERN ...]: every test that needs only Node, from the compiled sources.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

prepare()
const rooms = [
  'packages/protocol',
  'packages/runtime',
  'packages/client',
  'packages/broker',
  'packages/cli',
  'scenarios',
]
const patterns = process.argv.slice(2)
const files = rooms.flatMap((room) => testsBelow(join(root, room, 'dist')))
const chosen =
  patterns.length > 0 ? files.filter((file) => patterns.some((part) => file.includes(part))) : files
if (chosen.length === 0) {
  console.error(`no test file matches ${patterns.join(', ')}`)
  process.exit(1)
}
const reporters = process.env.SAMSA_TEST_RESULTS
  ? [
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=junit',
      `--test-reporter-destination=${process.env.SAMSA_TEST_RESULTS}`,
    ]
  : []
// A promise that nobody looks after is a failure, in every test.
const flags = ['--enable-source-maps', '--unhandled-rejections=strict', '--test', '--test-timeout=120000']
run(process.execPath, [...flags, ...reporters, ...chosen], 1200000)

/** Sources that were removed leave their compiled tests behind; only those with a source count. */
function testsBelow(dist) {
  if (!existsSync(dist)) return []
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => existsSync(file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')))
    .sort()
}
