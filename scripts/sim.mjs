// npm run sim [-- --seed N | --seeds N ...]: the whole system from seeds, in virtual time.
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

prepare()
const program = join(root, 'scenarios/dist/sim/main.js')
run(process.execPath, ['--enable-source-maps', program, ...process.argv.slice(2)], 86_400_000)
