// npm run bench [-- PART...] [options]: figures to look at; see --help.
import { prepare } from './prepare.mjs'

prepare()
const { bench } = await import('../scenarios/dist/bench/bench.js')
await bench(process.argv.slice(2))
