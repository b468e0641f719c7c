import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { KafkaCluster } from '../lab/cluster/apache-kafka.ts'
import { startKafka } from '../lab/cluster/apache-kafka.ts'
import { differentValues, median, table } from './figures.ts'
import type { Peer } from './peer.ts'
import { carryOut, peers } from './peer.ts'
import type { Order, Result, Workload } from './peers/driver.ts'

export interface ClientBenchOptions {
  messages: number
  rounds: number
  nodes: number
  /** Names of peers and of workloads; all of them when empty. */
  peers: readonly string[]
  workloads: readonly string[]
  log: (line: string) => void
}

/** One run of one peer. */
export interface Run {
  peer: string
  workload: Workload
  round: number
  messages: number
  /** Nanoseconds of the client's processor time per message; undefined when the run is void. */
  cpuNsPerMessage: number | undefined
  messagesPerSecond: number | undefined
  client: string | undefined
  runtime: string | undefined
  /** Why the run is void. */
  error: string | undefined
}

const PARTITIONS = 6
const VALUE_SIZE = 100
const VALUES = 20_000
const RUN_LIMIT_MS = 180_000
const PRODUCED = 'bench-produced'
const FILLED = 'bench-filled'
const WARM = 'bench-warm'
/** The same for every peer. */
const settings = {
  valueSize: VALUE_SIZE,
  window: 1000,
  lingerMs: 5,
  batchSize: 65_536,
  idempotence: true,
  fetchMinBytes: 1,
  fetchMaxWaitMs: 500,
  fetchMaxBytes: 52_428_800,
  partitionBytes: 1_048_576,
}

/**
 * Processor time per message of samsa and its peers on a real Apache Kafka. Each run is a process of its own and is
 * measured from inside, after a fifth as many messages; peers take turns within a round, so that what the machine does
 * meanwhile hits all of them. A run is void unless the log's ends grew by exactly what was sent, and consumers read
 * exactly what was there.
 */
export async function clientBench(options: ClientBenchOptions): Promise<{ text: string; runs: Run[] }> {
  const chosen = peers.filter(({ name }) => options.peers.length === 0 || options.peers.includes(name))
  const commands = new Map<Peer, Awaited<ReturnType<Peer['prepare']>>>()
  for (const peer of chosen) commands.set(peer, await peer.prepare())
  options.log(`starting ${options.nodes} node(s) of Apache Kafka ...`)
  const kafka = await startKafka({ nodes: options.nodes, overrides: clusterSettings })
  const runs: Run[] = []
  try {
    const order = await prepared(kafka, options.messages)
    for (const workload of workloadsOf(chosen, options)) {
      for (let round = 0; round < options.rounds; round++) {
        // Another peer begins in each round, so that none is always the first.
        const turn = chosen.map((_, index) => chosen[(index + round) % chosen.length] as Peer)
        for (const peer of turn.filter(({ workloads }) => workloads.includes(workload))) {
          const group = `${workload}-${round}-${peer.name.replace(/\W+/g, '-')}`
          const mine: Order = {
            ...order,
            ...peer.changes,
            workload,
            group,
            ...counts(peer, workload, options),
          }
          const command = commands.get(peer) as Awaited<ReturnType<Peer['prepare']>>
          const run = await measured(kafka, peer, mine, round, () => carryOut(command, mine, RUN_LIMIT_MS))
          runs.push(run)
          options.log(shown(run))
        }
      }
    }
  } finally {
    await kafka.stop()
  }
  return { text: report(chosen, runs, options), runs }
}

const clusterSettings = {
  'num.partitions': String(PARTITIONS),
  // Produced records need not stay; those that are read are fewer than this.
  'log.retention.bytes': String(256 * 1024 * 1024),
  'log.segment.bytes': String(64 * 1024 * 1024),
}

function workloadsOf(chosen: readonly Peer[], options: ClientBenchOptions): Workload[] {
  const all = new Set(chosen.flatMap(({ workloads }) => workloads))
  return [...all].filter((workload) => options.workloads.length === 0 || options.workloads.includes(workload))
}

function counts(peer: Peer, workload: Workload, { messages }: ClientBenchOptions) {
  const share = workload === 'produce-awaited' ? (peer.awaitedShare ?? 1) : 1
  const mine = Math.max(1, Math.round(messages * share))
  return {
    messages: mine,
    warmMessages: workload.startsWith('produce') ? Math.ceil(mine / 5) : warmCount(messages),
  }
}

function warmCount(messages: number): number {
  return Math.ceil(messages / 5)
}

/** Makes the values and the topics, and fills those that are read. */
async function prepared(kafka: KafkaCluster, messages: number): Promise<Order> {
  const { bootstrapServers, directory } = kafka
  const valuesFile = join(directory, 'values')
  const values = differentValues(VALUES, VALUE_SIZE)
  writeFileSync(valuesFile, Buffer.concat(values))
  await using producer = new KafkaProducer({ bootstrapServers, batchSize: settings.batchSize })
  const counted = [
    [PRODUCED, PARTITIONS],
    [WARM, warmCount(messages)],
    [FILLED, messages],
  ] as const
  for (const [topic, count] of counted) {
    await producer.partitionsFor(topic)
    for (let index = 0; index < count; index++) {
      const future = producer.send({ topic, value: values[index % VALUES] as Buffer })
      if (index % 10_000 === 0) await future
    }
    await producer.flush()
    const found = await endOf(bootstrapServers, topic)
    if (found !== count) throw new Error(`${topic} has ${found} records, not ${count}`)
  }
  const names = { bootstrapServers, topic: PRODUCED, warmTopic: WARM, valuesFile }
  const given = {
    workload: 'produce',
    reading: 'each',
    group: '',
    messages,
    warmMessages: 0,
    home: '',
  } as const
  return { ...settings, ...names, ...given }
}

async function endOf(bootstrapServers: string, topic: string): Promise<number> {
  await using consumer = new KafkaConsumer({ bootstrapServers })
  const partitions = await consumer.partitionsFor(topic)
  const ends = await consumer.endOffsets(partitions.map((partition) => ({ topic, partition })))
  return ends.reduce((sum, end) => sum + end, 0)
}

async function measured(
  { bootstrapServers }: KafkaCluster,
  peer: Peer,
  order: Order,
  round: number,
  carryOut: () => Promise<Result>,
): Promise<Run> {
  const { workload, messages, warmMessages } = order
  const run = { peer: peer.name, workload, round, messages }
  order.topic = workload.startsWith('produce') ? PRODUCED : FILLED
  const before = await endOf(bootstrapServers, order.topic)
  let result: Result | undefined
  let error: string | undefined
  try {
    result = await carryOut()
  } catch (failure) {
    error = (failure as Error).message
  }
  const grown = (await endOf(bootstrapServers, order.topic)) - before
  const wanted = workload.startsWith('produce') ? messages + warmMessages : 0
  if (error === undefined && grown !== wanted) error = `the log grew by ${grown} records, not by ${wanted}`
  const cost = error === undefined ? result : undefined
  return {
    ...run,
    cpuNsPerMessage: cost && cost.cpuNs / messages,
    messagesPerSecond: cost && (messages / cost.wallNs) * 1e9,
    client: result?.client,
    runtime: result?.runtime,
    error,
  }
}

function shown({ workload, round, peer, cpuNsPerMessage, messagesPerSecond, error }: Run): string {
  const figures =
    cpuNsPerMessage === undefined
      ? `void: ${error?.slice(-300)}`
      : `${Math.round(cpuNsPerMessage)} ns/message, ${Math.round(messagesPerSecond ?? 0)} messages/s`
  return `${workload} round ${round + 1}, ${peer}: ${figures}`
}

function report(chosen: readonly Peer[], runs: readonly Run[], options: ClientBenchOptions): string {
  const reference = chosen.find(({ isReference }) => isReference)
  const parts = workloadsOf(chosen, options).map((workload) => {
    const mine = runs.filter((run) => run.workload === workload)
    const of = (peer: Peer | undefined) => mine.filter((run) => run.peer === peer?.name && !run.error)
    const rows = chosen
      .filter((peer) => peer.workloads.includes(workload))
      .map((peer) => row(peer, of(peer), of(reference), mine))
    const head = ['', 'ns/message', 'least', 'x samsa', 'messages/s', 'void', 'client', 'on']
    return `${workload}\n${table(head, rows)}`
  })
  const common = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  const scene = [
    `${options.nodes} node(s) of Apache Kafka`,
    `${PARTITIONS} partitions, replicated ${Math.min(3, options.nodes)} times`,
    `${options.messages} messages, ${options.rounds} rounds`,
    'acks all, no compression, no key',
    ...common,
  ]
  return [
    "Processor time of the client per message: user and system, all threads, from within, after warm-up; medians. 'x",
    "samsa' is the median of the ratios within each round: trust 2x and more, 30 % means nothing. The first second of a",
    'JavaScript client goes into compiling it: with --messages 1000000 its figures are those of a process that lives on.',
    `${scene.join('; ')}.`,
    ...parts.map((part) => `\n${part}`),
  ].join('\n')
}

function row(peer: Peer, runs: readonly Run[], references: readonly Run[], all: readonly Run[]): string[] {
  const cpu = runs.map(({ cpuNsPerMessage = Number.NaN }) => cpuNsPerMessage)
  const ratios = runs.flatMap(({ round, cpuNsPerMessage = Number.NaN }) => {
    const same = references.find((run) => run.round === round)?.cpuNsPerMessage
    return same === undefined ? [] : [cpuNsPerMessage / same]
  })
  const speeds = runs.map(({ messagesPerSecond = Number.NaN }) => messagesPerSecond)
  const voids = all.filter((run) => run.peer === peer.name && run.error).length
  const first = runs[0]
  const whole = (figure: number) => (Number.isNaN(figure) ? '-' : String(Math.round(figure)))
  const ratio = median(ratios)
  return [
    peer.name,
    whole(median(cpu)),
    cpu.length > 0 ? whole(Math.min(...cpu)) : '-',
    Number.isNaN(ratio) ? '-' : ratio.toFixed(2),
    whole(median(speeds)),
    String(voids),
    first?.client ?? '-',
    first?.runtime ?? '-',
  ]
}
