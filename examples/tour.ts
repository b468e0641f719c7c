/** `npm start`: the embedded broker, the five programs one after the other, and the rates for a file of lines. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBroker } from '@samsa/broker'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'

const PROGRAM_LIMIT_MS = 60_000
const programs = [
  ['1-send', 'send without waiting: the call returns at once, close() sends what is left'],
  ['2-send-and-wait', 'send and wait for the result, 60 s at most: here is where the record went'],
  ['3-group', 'read as a member of a group, from the beginning, committing every 5 s', '--max-messages', '2'],
  ['4-assign-and-seek', 'read partitions 0, 1 and 2 from chosen offsets', '--max-messages', '2'],
  ['5-error-handling', 'take the next message, process it, commit only if that went well'],
] as const

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '0' } },
})
const file = positionals[0] ?? fileURLToPath(new URL('../../README.md', import.meta.url))

try {
  await tour(file, Number(values.port))
} catch (error) {
  console.error(`\n${(error as Error).message}`)
  process.exitCode = 1
}

async function tour(file: string, port: number): Promise<void> {
  const lines = readLines(file)
  const started = performance.now()
  const broker = await startBroker({ port, brokers: 3, numPartitions: 3 })
  const took = (performance.now() - started).toFixed(1)
  say(`An embedded broker listens on ${broker.bootstrapServers} (3 nodes, started in ${took} ms).`)
  say(
    `It speaks Kafka's own protocol: kcat -b ${broker.bootstrapServers.split(',')[0]} -L works while this runs.`,
  )
  try {
    for (const [name, comment, ...more] of programs) {
      say(`\n── examples/${name}.ts: ${comment}`)
      await run(name, ['--bootstrap-servers', broker.bootstrapServers, ...more])
    }
    say(`\n── ${lines.length} lines of ${file}, sent and read back`)
    await showRates(broker.bootstrapServers, lines)
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

async function showRates(bootstrapServers: string, lines: readonly string[]): Promise<void> {
  const topic = 'lines'
  const sent = performance.now()
  const producer = new KafkaProducer({ bootstrapServers, compressionType: 'lz4' })
  const futures = lines.map((value) => producer.send({ topic, value }))
  await Promise.all(futures)
  const read = performance.now()
  await producer.close()
  const consumer = new KafkaConsumer({ bootstrapServers, groupId: 'tour', autoOffsetReset: 'earliest' })
  consumer.subscribe([topic])
  let count = 0
  let bytes = 0
  for await (const message of consumer) {
    bytes += message.value?.length ?? 0
    if (++count === lines.length) break
  }
  const done = performance.now()
  await consumer.close()
  say(`sent ${rate(lines.length, bytes, read - sent)}, each acknowledged`)
  say(`read ${rate(count, bytes, done - read)}, joining the group included`)
}

function rate(count: number, bytes: number, ms: number): string {
  const perSecond = Math.round((count / ms) * 1000).toLocaleString('en')
  const megabytes = (bytes / ms / 1000).toFixed(2)
  return `${count} messages in ${ms.toFixed(0)} ms: ${perSecond} messages/s, ${megabytes} MB/s`
}

function readLines(file: string): string[] {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(
      `cannot read ${file} (${(error as NodeJS.ErrnoException).code}); usage: npm start -- FILE`,
    )
  }
  const lines = content.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) throw new Error(`${file} has no lines; usage: npm start -- FILE`)
  return lines
}

function say(line: string): void {
  console.log(line)
}
