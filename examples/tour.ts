/** `npm start`: the embedded broker, the five programs one after the other, and the rates for a file of lines. */
import { spawn } from 'node:child_process'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBroker } from '@samsa/broker'
import { checkFile, LINE_LIMIT_BYTES, linesAgain, linesOf } from './lines.ts'
import type { Passage } from './rates.ts'
import { REQUEST_LIMIT_BYTES, readLines, sendLines } from './rates.ts'

const USAGE = 'usage: npm start -- [FILE] [--port N]'
const PROGRAM_LIMIT_MS = 60_000
/** A file that is sent sooner says little about a rate, so it is sent again and again for so long. */
const ENOUGH_MS = 1_000
const programs = [
  ['1-send', 'Send without waiting: the call returns at once, close() sends what is left.'],
  ['2-send-and-wait', 'Send and wait for the result, 60 s at most. This is where the record went:'],
  [
    '3-group',
    'Read as a member of a group, from the beginning, committing every 5 s:',
    '--max-messages',
    '2',
  ],
  ['4-assign-and-seek', 'Read partitions 0, 1 and 2 from chosen offsets:', '--max-messages', '2'],
  ['5-error-handling', 'Take the next message, process it, and commit only if that went well:'],
] as const

// Whoever closes the pipe has seen enough.
process.stdout.on('error', () => process.exit(0))
try {
  const { file, port } = readArguments()
  checkFile(file)
  await tour(file, port)
} catch (error) {
  console.error(`\n${(error as Error).message}`)
  process.exitCode = 1
}

function readArguments(): { file: string; port: number } {
  const readme = fileURLToPath(new URL('../../README.md', import.meta.url))
  try {
    const options = { port: { type: 'string', default: '0' } } as const
    const { values, positionals } = parseArgs({ allowPositionals: true, options })
    const port = /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN
    if (!(port <= 65535)) throw new Error(`--port takes a number from 0 to 65535, not ${values.port}`)
    if (positionals.length > 1) throw new Error(`one file at a time, not ${positionals.join(' ')}`)
    return { file: resolve(positionals[0] ?? readme), port }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`)
  }
}

async function tour(file: string, port: number): Promise<void> {
  const started = performance.now()
  const broker = await startBroker({
    port,
    brokers: 3,
    numPartitions: 3,
    messageMaxBytes: REQUEST_LIMIT_BYTES,
  })
  const took = (performance.now() - started).toFixed(0)
  const { bootstrapServers } = broker
  say(`An embedded broker of 3 nodes was started in ${took} ms and listens on ${bootstrapServers}.`)
  say("It speaks Kafka's own protocol; until the tour is over, any Kafka client can look at it, e.g.")
  say(`  kcat -b ${bootstrapServers.split(',')[0]} -L`)
  try {
    for (const [name, comment, ...more] of programs) {
      say(`\n── examples/${name}.ts\n${comment}`)
      await run(name, ['--bootstrap-servers', bootstrapServers, ...more])
    }
    await showRates(bootstrapServers, file)
  } finally {
    await broker.close()
  }
  say('\nThe same programs run on Apache Kafka: only --bootstrap-servers changes.')
}

function run(name: string, args: readonly string[]): Promise<void> {
  const program = fileURLToPath(new URL(`${name}.js`, import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit', timeout: PROGRAM_LIMIT_MS })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`examples/${name}.ts ended with ${signal ?? `code ${code}`}`))
    })
  })
}

async function showRates(bootstrapServers: string, file: string): Promise<void> {
  const near = relative(process.cwd(), file)
  say(
    `\n── ${near.startsWith('..') ? file : near}\nEach line is a message: sent with lz4 to 3 partitions, and read back by a group.`,
  )
  const sent = await sendLines(bootstrapServers, 'lines', linesOf(file))
  if (sent.tooLong > 0)
    say(`left out  lines of more than ${number(LINE_LIMIT_BYTES)} bytes: ${number(sent.tooLong)}`)
  if (sent.count === 0) return
  await readBack(bootstrapServers, 'lines', sent)
  if (sent.ms >= ENOUGH_MS) return
  say('That was too short to say much, so the same lines again and again for a second:')
  const more = await sendLines(bootstrapServers, 'more.lines', linesAgain(file, ENOUGH_MS))
  await readBack(bootstrapServers, 'more.lines', more)
}

async function readBack(bootstrapServers: string, topic: string, sent: Passage): Promise<void> {
  say(`sent      ${rate(sent)}, every one acknowledged`)
  const read = await readLines(bootstrapServers, topic, sent.count)
  say(`read      ${rate(read)}`)
  if (read.bytes !== sent.bytes || read.checksum !== sent.checksum)
    throw new Error(`what was read is not what was sent: ${read.bytes} bytes instead of ${sent.bytes}`)
}

function rate({ count, bytes, ms }: Passage): string {
  const megabytes = (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)
  const perSecond = `${number((count / ms) * 1000)} messages/s, ${(bytes / ms / 1000).toFixed(1)} MB/s`
  return `${number(count)} messages, ${megabytes} MB in ${number(ms)} ms: ${perSecond}`
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function say(line: string): void {
  console.log(line)
}
