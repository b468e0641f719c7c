// npm run sim [-- --seed N | --seeds N ... | mends]: the whole system from seeds, in virtual time.
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

const [first, ...rest] = process.argv.slice(2)
prepare()
const isMends = first === 'mends'
const program = join(root, isMends ? 'scripts/mends.mjs' : 'scenarios/dist/sim/main.js')
run(
  process.execPath,
  ['--enable-source-maps', program, ...(isMends ? rest : process.argv.slice(2))],
  86_400_000,
)
