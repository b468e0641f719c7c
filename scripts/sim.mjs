// npm run sim [-- --seed N | --seeds N ... | mends]: the whole system from seeds, in virtual time.
import { join } from 'node:path'
import { mends } from './mends.mjs'
import { prepare, root, run } from './prepare.mjs'

const [first, ...rest] = process.argv.slice(2)
prepare()
if (first === 'mends') mends(rest)
else {
  const program = join(root, 'scenarios/dist/sim/main.js')
  run(process.execPath, ['--enable-source-maps', program, ...process.argv.slice(2)], 86_400_000)
}
