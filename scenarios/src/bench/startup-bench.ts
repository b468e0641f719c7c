import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { KafkaProducer } from '@samsa/client'
import { startKafka } from '../lab/cluster/apache-kafka.ts'
import { median, table } from './figures.ts'

/** One start of a broker. Milliseconds and bytes. */
export interface Start {
  broker: 'embedded' | 'Apache Kafka'
  listeningAfterCallMs: number | undefined
  firstRecordAfterCallMs: number
  firstRecordAfterProcessMs: number | undefined
  rssAfterStart: number
  rssAfterRecords: number
}

export interface StartupBenchOptions {
  messages: number
  rounds: number
  log: (line: string) => void
}

const ANSWER_LIMIT_MS = 60_000
const VALUE_SIZE = 100
const MIB = 1024 * 1024

/**
 * How long a broker takes to its first acknowledged record, and how much memory it holds then and after so many
 * records, which another process sends. Apache Kafka is of one node and formatted beforehand is not counted: its time
 * is from the call of the starter, which formats too, and so only the order of magnitude says something.
 */
export async function startupBench(options: StartupBenchOptions): Promise<{ text: string; starts: Start[] }> {
  const starts: Start[] = []
  for (let round = 0; round < options.rounds; round++) {
    for (const start of [embedded, apacheKafka]) {
      const one = await start(options.messages)
      starts.push(one)
      options.log(
        `start-up round ${round + 1}, ${one.broker}: first record after ${one.firstRecordAfterCallMs.toFixed(0)} ms`,
      )
    }
  }
  return { text: report(starts, options.messages), starts }
}

async function embedded(messages: number): Promise<Start> {
  const child = fork(fileURLToPath(new URL('./embedded.js', import.meta.url)))
  try {
    const said = await answer(child)
    const rssAfterStart = await rssOf(child)
    await sendTo(said['bootstrapServers'] as unknown as string, messages)
    return {
      broker: 'embedded',
      listeningAfterCallMs: said['listeningAfterCallMs'],
      firstRecordAfterCallMs: said['firstRecordAfterCallMs'] as number,
      firstRecordAfterProcessMs: said['firstRecordAfterProcessMs'],
      rssAfterStart,
      rssAfterRecords: await rssOf(child),
    }
  } finally {
    child.kill('SIGKILL')
  }
}

async function rssOf(child: ChildProcess): Promise<number> {
  const answered = answer(child)
  child.send('rss')
  return (await answered)['rss'] as number
}

async function answer(child: ChildProcess): Promise<Record<string, number>> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS)
  const ended = once(child, 'exit', { signal: limit }).then(([code]) => {
    throw new Error(`the process of the embedded broker ended with ${code}`)
  })
  const [said] = await Promise.race([once(child, 'message', { signal: limit }), ended])
  ended.catch(() => {})
  return said
}

async function apacheKafka(messages: number): Promise<Start> {
  const called = performance.now()
  const kafka = await startKafka({ nodes: 1 })
  try {
    const listening = performance.now()
    await sendTo(kafka.bootstrapServers, 1)
    const acknowledged = performance.now()
    const pid = kafka.nodes[0]?.pid
    const rssAfterStart = rssOfProcess(pid)
    await sendTo(kafka.bootstrapServers, messages)
    return {
      broker: 'Apache Kafka',
      listeningAfterCallMs: listening - called,
      firstRecordAfterCallMs: acknowledged - called,
      firstRecordAfterProcessMs: undefined,
      rssAfterStart,
      rssAfterRecords: rssOfProcess(pid),
    }
  } finally {
    await kafka.stop()
  }
}

/** Resident bytes of another process, as Linux tells them. */
function rssOfProcess(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

async function sendTo(bootstrapServers: string, messages: number): Promise<void> {
  await using producer = new KafkaProducer({ bootstrapServers, lingerMs: 0 })
  const value = Buffer.alloc(VALUE_SIZE, 'x')
  for (let sent = 1; sent <= messages; sent++) {
    const future = producer.send({ topic: 'filled', value })
    if (sent % 10_000 === 0 || sent === messages) await future
  }
  await producer.flush()
}

function report(starts: readonly Start[], messages: number): string {
  const rows = (['embedded', 'Apache Kafka'] as const).map((broker) => {
    const mine = starts.filter((start) => start.broker === broker)
    const of = (field: keyof Start, unit = 1) => {
      const figures = mine.map((start) => start[field]).filter((figure) => typeof figure === 'number')
      return figures.length > 0 ? (median(figures) / unit).toFixed(0) : '-'
    }
    return [
      broker,
      of('listeningAfterCallMs'),
      of('firstRecordAfterCallMs'),
      of('firstRecordAfterProcessMs'),
      of('rssAfterStart', MIB),
      of('rssAfterRecords', MIB),
    ]
  })
  const head = ['', 'call to listening, ms', 'call to first record, ms', 'process to first record, ms']
  return [
    `Start-up and memory on Node ${process.versions.node}; medians. The call is startBroker(), or that of the starter of one`,
    `node of Apache Kafka, formatting included. Memory is resident, in MiB, at the start and after ${messages} records.`,
    `\n${table([...head, 'MiB at start', 'MiB after'], rows)}`,
  ].join('\n')
}
