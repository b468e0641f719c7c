import { parseArgs } from 'node:util'
import { checkFiles } from './check-files.ts'
import { HistoryError } from './history.ts'

const usage = `node scenarios/dist/lab/checker/main.js FILE... [--json FILE] [--svg DIRECTORY]

  FILE         histories as JSON lines, one a process, of one run
  --json FILE  writes the verdict there
  --svg DIR    draws every partition that has an anomaly

exit code: 0 clean, 1 broken, 2 wrong arguments or a history that makes no sense, 4 inconclusive`

const exits = { clean: 0, broken: 1, inconclusive: 4 } as const
const WRONG = 2

const { paths, json, svg } = read(process.argv.slice(2))
try {
  const { verdict, text } = checkFiles(paths, { ...(json ? { json } : {}), ...(svg ? { svg } : {}) })
  console.log(text)
  process.exitCode = exits[verdict.result]
} catch (error) {
  if (!(error instanceof HistoryError) && (error as NodeJS.ErrnoException).code === undefined) throw error
  console.error((error as Error).message)
  process.exitCode = WRONG
}

function read(args: string[]): { paths: string[]; json: string | undefined; svg: string | undefined } {
  try {
    const options = { json: { type: 'string' }, svg: { type: 'string' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    if (positionals.length === 0) throw new Error('which files?')
    return { paths: positionals, json: values.json, svg: values.svg }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(WRONG)
  }
}
