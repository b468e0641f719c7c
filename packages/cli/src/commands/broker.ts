import type { Broker, BrokerOptions } from '@samsa/broker'
import type { OptionTable, Values } from '../command.ts'
import { command, exit, UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { printable, styled } from '../terminal.ts'

const DEFAULT_PORT = 9092

const options = {
  port: {
    kind: 'number',
    short: 'p',
    value: 'PORT',
    about: 'where to listen; several brokers take as many ports in a row; 0: any free ones (9092)',
  },
  brokers: { kind: 'number', short: 'n', value: 'N', about: 'how many nodes, all in this process (1)' },
  host: { kind: 'text', value: 'HOST', about: 'address to listen on (127.0.0.1)' },
  'advertised-host': {
    kind: 'text',
    value: 'HOST',
    about: 'name or address that clients are sent to, where it is not --host',
  },
  'data-dir': {
    kind: 'text',
    short: 'd',
    value: 'DIR',
    about: 'keep everything in this directory, made if missing; without it all is in memory',
  },
  topic: {
    kind: 'list',
    short: 't',
    value: 'NAME[:PARTITIONS]',
    about: 'a topic to create unless it is there; may be repeated',
  },
  set: {
    kind: 'list',
    short: 'X',
    value: 'NAME=VALUE',
    about: "another setting by Kafka's name, e.g. num.partitions=3; may be repeated",
  },
  json: { kind: 'flag', about: 'once it listens, print one line of JSON instead of text' },
} as const satisfies OptionTable

type Options = Values<typeof options>

/** `samsa broker`: an embedded broker that runs until it is stopped. */
export const broker = command({
  name: 'broker',
  aliases: ['mock'],
  summary: 'start an embedded broker',
  about: [
    "A broker in one process that speaks Kafka's own protocol: any Kafka client connects to it. Made for a laptop and",
    'for tests; for more than one machine take Apache Kafka. It runs until Ctrl-C; a second Ctrl-C ends it at once.',
  ].join('\n'),
  options,
  examples: [
    { line: 'samsa broker', about: 'in memory, on port 9092' },
    {
      line: 'samsa broker --brokers 3 --topic orders:6',
      about: 'three nodes on ports 9092 to 9094, and a topic',
    },
    { line: 'samsa broker --data-dir ./kafka-data', about: 'keep records between runs' },
    { line: 'samsa broker --port 0 --json', about: 'any free port, told as JSON, for scripts' },
  ],
  run: ({ options: given, terminal }) => serve(given, terminal),
})

interface TopicWish {
  name: string
  /** Left out: the broker's default. */
  partitions?: number
}

async function serve(given: Options, terminal: Terminal): Promise<number> {
  const topics = given.topic.map(readTopic)
  const settings = brokerOptions(given, terminal)
  const { startBroker } = await import('@samsa/broker')
  if (terminal.stopped.aborted) return exit.done
  const running = await startBroker(settings).catch((error: Error) => {
    throw withAdvice(error, given)
  })
  try {
    for (const topic of topics) createTopic(running, topic, terminal)
    terminal.out(given.json ? `${asJson(running, given)}\n` : banner(running, given, terminal))
    await aborted(terminal.stopped)
  } finally {
    await running.close()
  }
  return exit.done
}

function brokerOptions(given: Options, terminal: Terminal): BrokerOptions {
  const { port = DEFAULT_PORT, brokers, host } = given
  const named = {
    port,
    brokers,
    host,
    advertisedHost: given['advertised-host'],
    dataDirectory: given['data-dir'],
  }
  const label = styled('yellow', 'warning:', terminal.errIsColoured)
  return {
    ...readSettings(given.set),
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
    onProblem: (remote, error) =>
      terminal.err(`${label} closed the connection from ${remote}: ${printable(error.message)}\n`),
  }
}

/** `orders:6`. The name of a topic has no colon, so nothing is ambiguous. */
function readTopic(written: string): TopicWish {
  const [, name, partitions] = /^([^:]+)(?::(\d{1,6}))?$/.exec(written) ?? []
  if (!name) throw new UsageError(`--topic needs NAME or NAME:PARTITIONS, not ${JSON.stringify(written)}`)
  return partitions === undefined ? { name } : { name, partitions: Number(partitions) }
}

function readSettings(written: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    written.map((each) => {
      const at = each.indexOf('=')
      if (at < 1) throw new UsageError(`--set needs NAME=VALUE, not ${JSON.stringify(each)}`)
      return [camelCase(each.slice(0, at).trim()), readSetting(each.slice(at + 1).trim())]
    }),
  )
}

/** `num.partitions` is `numPartitions` in this library. */
function camelCase(name: string): string {
  return name.replaceAll(/[._-]+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function readSetting(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  return /^-?\d{1,15}$/.test(value) ? Number(value) : value
}

function createTopic(running: Broker, { name, ...wish }: TopicWish, terminal: Terminal): void {
  if (running.hasTopic(name)) terminal.err(`topic ${name} is there already and stays as it is\n`)
  else running.createTopic(name, wish)
}

function banner(running: Broker, given: Options, terminal: Terminal): string {
  const servers = running.bootstrapServers
  const first = servers.split(',')[0] as string
  const bold = (text: string) => styled('bold', text, terminal.outIsColoured)
  const dim = (text: string) => styled('dim', text, terminal.outIsColoured)
  const where = given['data-dir'] === undefined ? 'in memory' : `in ${printable(given['data-dir'])}`
  return [
    `samsa broker listens on ${bold(servers)} (${where}); Ctrl-C stops it.`,
    `${dim('TypeScript')}  new KafkaProducer({ bootstrapServers: '${servers}' })`,
    `${dim('any tool')}    kcat -b ${first} -L`,
    '',
  ].join('\n')
}

function asJson(running: Broker, given: Options): string {
  const nodes = running.nodes.map(({ id, host, port }) => ({ id, host, port }))
  const dataDirectory = given['data-dir'] ?? null
  return JSON.stringify({ bootstrapServers: running.bootstrapServers, nodes, dataDirectory })
}

/** Adds the next step to what the broker says about a port that it cannot have. */
function withAdvice(error: Error, { port = DEFAULT_PORT, brokers = 1 }: Options): Error {
  if ((error.cause as { code?: string } | undefined)?.code !== 'EADDRINUSE') return error
  const other = port + 1000 <= 65_000 ? port + 1000 : 10_000
  const row = brokers > 1 ? ` (${brokers} in a row)` : ''
  error.message += `. Try: samsa broker --port ${other}${row}, or --port 0`
  return error
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
