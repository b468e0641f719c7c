// npm run fuzz [-- --seconds N --seed S ...]: damaged bytes for everything that reads bytes from outside.
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

prepare()
const program = join(root, 'scenarios/dist/fuzz/main.js')
// The collector is called before and after what --memory weighs.
run(process.execPath, ['--enable-source-maps', '--expose-gc', program, ...process.argv.slice(2)], 86_400_000)
