// npm run fuzz [-- --seconds N --seed S ...]: hostile bytes for everything that reads bytes.
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

prepare()
const program = join(root, 'scenarios/dist/fuzz/main.js')
run(process.execPath, ['--enable-source-maps', '--expose-gc', program, ...process.argv.slice(2)], 86_400_000)
