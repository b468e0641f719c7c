// npm run judge -- ROW... | controls | table | list | sim ... | check FILE...: clients and brokers under faults.
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

const programs = {
  sim: 'scenarios/dist/sim/main.js',
  check: 'scenarios/dist/lab/checker/main.js',
}
const programme = 'scenarios/dist/lab/programme/main.js'
const [first = '', ...rest] = process.argv.slice(2)
const isOther = Object.hasOwn(programs, first)

prepare()
const program = join(root, isOther ? programs[first] : programme)
run(
  process.execPath,
  ['--enable-source-maps', program, ...(isOther ? rest : process.argv.slice(2))],
  86_400_000,
)
