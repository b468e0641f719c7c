import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../foreign/run-tool.ts'
import { cacheDirectory, delay } from './surroundings.ts'

/** The judge: a real Apache Kafka of several nodes on loopback, from Maven's jars. */
const KAFKA_VERSION = '4.3.1'
const START_LIMIT_MS = 120_000
const STOP_LIMIT_MS = 20_000
const CLUSTER_ID = 'c2Ftc2EtanVkZ2UtY2x1c3Q'

export interface KafkaNode {
  readonly id: number
  readonly port: number
  /** Of its process; undefined while it is down. */
  readonly pid: number | undefined
  /** Hard: as a power cut of the process. */
  kill9(): Promise<void>
  /** In order, by SIGTERM. */
  stop(): Promise<void>
  start(): Promise<void>
}

export interface KafkaCluster {
  readonly bootstrapServers: string
  readonly nodes: readonly KafkaNode[]
  readonly directory: string
  stop(): Promise<void>
}

export interface ClusterOptions {
  nodes?: number
  /** Settings of server.properties that are set beside the usual ones. */
  overrides?: Readonly<Record<string, string>>
}

/** The class path of Kafka's jars, fetched once into the cache, and settings of the log by which only errors are said. */
export function kafkaClassPath(): { classPath: string; quietLog: string } {
  const home = join(cacheDirectory(), `kafka-${KAFKA_VERSION}`)
  const jars = join(home, 'libs')
  if (!existsSync(jars)) fetchJars(home, jars)
  writeFileSync(join(home, 'log4j2.xml'), LOG4J)
  const quietLog = join(home, 'log4j2-quiet.xml')
  writeFileSync(quietLog, LOG4J.replace('level="INFO"', 'level="ERROR"'))
  return { classPath: join(jars, '*'), quietLog }
}

function fetchJars(home: string, jars: string): void {
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'pom.xml'), pom())
  const partial = join(home, 'libs.partial')
  rmSync(partial, { recursive: true, force: true })
  const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`]
  const fetched = spawnSync('mvn', args, { cwd: home, encoding: 'utf8', timeout: 300_000 })
  if (fetched.status !== 0) {
    throw new Error(
      `Kafka's jars could not be fetched; Maven and Java 17 or newer are needed.\n${fetched.error ?? fetched.stdout}`,
    )
  }
  renameSync(partial, jars)
}

function pom(): string {
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>judge</groupId><artifactId>judge</artifactId><version>1</version><dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
${dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION)}
${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3')}
${dependency('org.apache.logging.log4j', 'log4j-core', '2.24.3')}
</dependencies></project>\n`
}

const LOG4J = `<Configuration status="ERROR"><Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
<Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers></Configuration>\n`

/** Runs one of Kafka's own tools to its end and gives what it printed. */
export function kafkaTool(mainClass: string, args: readonly string[], input?: string): Promise<string> {
  const { classPath, quietLog } = kafkaClassPath()
  const log = `-Dlog4j2.configurationFile=${quietLog}`
  const options = ['-Xmx256m', '-XX:TieredStopAtLevel=1', log, '-cp', classPath]
  return runTool('java', [...options, mainClass, ...args], input)
}

/** Starts the cluster; every node has printed that it is ready when this resolves. */
export async function startKafka(options: ClusterOptions = {}): Promise<KafkaCluster> {
  const { classPath } = kafkaClassPath()
  const count = options.nodes ?? 3
  const ports = await freePorts(count * 2)
  const directory = mkdtempSync(join(tmpdir(), 'samsa-kafka-'))
  const nodes = Array.from(
    { length: count },
    (_, index) => new Node(index + 1, ports, count, directory, classPath, options.overrides ?? {}),
  )
  const killAll = () => {
    for (const node of nodes) node.killNow()
  }
  // A runner that gives up ends its test files by SIGTERM; the cluster must not outlive them.
  const killAllAndEnd = () => {
    killAll()
    process.exit(143)
  }
  process.once('exit', killAll)
  process.once('SIGTERM', killAllAndEnd)
  process.once('SIGINT', killAllAndEnd)
  const cluster: KafkaCluster = {
    bootstrapServers: nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
    nodes,
    directory,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill9()))
      process.removeListener('exit', killAll)
      process.removeListener('SIGTERM', killAllAndEnd)
      process.removeListener('SIGINT', killAllAndEnd)
      rmSync(directory, { recursive: true, force: true })
    },
  }
  try {
    for (const node of nodes) node.format()
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

class Node implements KafkaNode {
  readonly id: number
  readonly port: number
  readonly #file: string
  readonly #log: string
  readonly #classPath: string
  #process: ChildProcess | undefined

  constructor(
    id: number,
    ports: readonly number[],
    count: number,
    directory: string,
    classPath: string,
    overrides: Readonly<Record<string, string>>,
  ) {
    this.id = id
    this.port = ports[id - 1] as number
    this.#classPath = classPath
    this.#file = join(directory, `node-${id}.properties`)
    this.#log = join(directory, `node-${id}.log`)
    const controller = (node: number) => ports[count + node - 1] as number
    const voters = Array.from(
      { length: count },
      (_, index) => `${index + 1}@127.0.0.1:${controller(index + 1)}`,
    )
    const replicas = String(Math.min(3, count))
    const least = String(Math.min(2, count))
    const settings: Record<string, string> = {
      'process.roles': 'broker,controller',
      'node.id': String(id),
      'controller.quorum.voters': voters.join(','),
      listeners: `PLAINTEXT://127.0.0.1:${this.port},CONTROLLER://127.0.0.1:${controller(id)}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${this.port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      'log.dirs': join(directory, `data-${id}`),
      'num.partitions': '3',
      'default.replication.factor': replicas,
      'min.insync.replicas': least,
      'offsets.topic.replication.factor': replicas,
      'offsets.topic.num.partitions': '4',
      'transaction.state.log.replication.factor': replicas,
      'transaction.state.log.min.isr': least,
      'transaction.state.log.num.partitions': '4',
      'share.coordinator.state.topic.replication.factor': replicas,
      'share.coordinator.state.topic.min.isr': least,
      'share.coordinator.state.topic.num.partitions': '4',
      'group.initial.rebalance.delay.ms': '0',
      'message.max.bytes': '25000000',
      'replica.fetch.max.bytes': '26000000',
      'log.cleaner.dedupe.buffer.size': '4194304',
      // A killed leader's partitions come back after this; Kafka's own 9 s would only lengthen the fault tests.
      'broker.session.timeout.ms': '3000',
      'broker.heartbeat.interval.ms': '500',
      ...overrides,
    }
    writeFileSync(
      this.#file,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  format(): void {
    const args = [
      '-cp',
      this.#classPath,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      CLUSTER_ID,
      '-c',
      this.#file,
    ]
    const formatted = spawnSync('java', args, { encoding: 'utf8', timeout: 60_000 })
    if (formatted.status !== 0)
      throw new Error(`node ${this.id} could not be formatted: ${formatted.error ?? formatted.stderr}`)
  }

  async start(): Promise<void> {
    const before = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').length : 0
    const output = openSync(this.#log, 'a')
    const home = join(cacheDirectory(), `kafka-${KAFKA_VERSION}`)
    const java = ['-Xms256m', '-Xmx512m', `-Dlog4j2.configurationFile=${join(home, 'log4j2.xml')}`]
    const child = spawn('java', [...java, '-cp', this.#classPath, 'kafka.Kafka', this.#file], {
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    this.#process = child
    const deadline = performance.now() + START_LIMIT_MS
    for (;;) {
      const log = readFileSync(this.#log, 'utf8').slice(before)
      if (log.includes('Kafka Server started')) return
      if (child.exitCode !== null)
        throw new Error(`node ${this.id} ended while starting:\n${log.slice(-2000)}`)
      if (performance.now() > deadline)
        throw new Error(`node ${this.id} did not start in ${START_LIMIT_MS} ms:\n${log.slice(-2000)}`)
      await delay(100)
    }
  }

  killNow(): void {
    this.#process?.kill('SIGKILL')
  }

  async kill9(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    const tooLong = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    await ended
    clearTimeout(tooLong)
    this.#process = undefined
  }
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer()
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
