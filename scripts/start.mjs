// npm start [-- FILE] [--port N]
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

prepare()
run(process.execPath, [join(root, 'examples/dist/tour.js'), ...process.argv.slice(2)], 600_000, '')
