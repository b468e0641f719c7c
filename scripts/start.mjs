// npm start [-- FILE] [--port N]
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

const LIMIT_MS = 600000

prepare()
// npm runs scripts in the folder of package.json; a file is named as seen from where the user is.
const isNpm = process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD
const cwd = isNpm ? process.env.INIT_CWD : process.cwd()
run(process.execPath, [join(root, 'examples/dist/tour.js'), ...process.argv.slice(2)], LIMIT_MS, { cwd })
