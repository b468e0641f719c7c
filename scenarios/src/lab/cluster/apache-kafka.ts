import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../../foreign/run-tool.ts'
import { atTheEnd } from './at-the-end.ts'
import type { ControlledNode } from './controlled-cluster.ts'
import type { ProcessState } from './node-process.ts'
import { NodeProcess } from './node-process.ts'
import { freePorts } from './ports.ts'
import { cacheDirectory } from './surroundings.ts'

/** The judge: a real Apache Kafka of several nodes on loopback, from Maven's jars. */
export const KAFKA_VERSION = '4.3.1'
const FORMAT_LIMIT_MS = 60_000
const CLUSTER_ID = 'c2Ftc2EtanVkZ2UtY2x1c3Q'

export interface KafkaCluster {
  readonly bootstrapServers: string
  readonly nodes: readonly ControlledNode[]
  readonly directory: string
  stop(): Promise<void>
}

export interface ClusterOptions {
  nodes?: number
  /** Settings of server.properties that are set beside the usual ones. */
  overrides?: Readonly<Record<string, string>>
  /** The same for one node alone. */
  overridesOf?: (node: number) => Readonly<Record<string, string>>
  /** Levels of features, e.g. `transaction.version`; those that are left out have the release's. */
  features?: Readonly<Record<string, number>>
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
  const nodes = Array.from({ length: count }, (_, index) => {
    const overrides = { ...options.overrides, ...options.overridesOf?.(index + 1) }
    return new Node(index + 1, ports, count, directory, classPath, overrides)
  })
  const forget = atTheEnd(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  const cluster: KafkaCluster = {
    bootstrapServers: nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
    nodes,
    directory,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill9()))
      forget()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  try {
    await Promise.all(nodes.map((node) => node.format(options.features)))
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

class Node implements ControlledNode {
  readonly id: number
  readonly port: number
  readonly #file: string
  readonly #classPath: string
  readonly #process: NodeProcess

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
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`)
    writeFileSync(this.#file, lines.join(''))
    const log4j = join(cacheDirectory(), `kafka-${KAFKA_VERSION}`, 'log4j2.xml')
    const java = ['-Xms256m', '-Xmx512m', `-Dlog4j2.configurationFile=${log4j}`, '-cp', classPath]
    this.#process = new NodeProcess({
      name: `node ${id}`,
      command: 'java',
      args: [...java, 'kafka.Kafka', this.#file],
      log: join(directory, `node-${id}.log`),
      ready: 'Kafka Server started',
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get state(): ProcessState {
    return this.#process.state
  }

  /** Prepares its directories; once, before its first start. */
  async format(features: Readonly<Record<string, number>> = {}): Promise<void> {
    const tool = ['-XX:TieredStopAtLevel=1', '-cp', this.#classPath, 'kafka.tools.StorageTool', 'format']
    const levels = Object.entries(features).flatMap(([name, level]) => ['-f', `${name}=${level}`])
    await runTool(
      'java',
      [...tool, '-t', CLUSTER_ID, '-c', this.#file, ...levels],
      undefined,
      FORMAT_LIMIT_MS,
    )
  }

  start(): Promise<void> {
    return this.#process.start()
  }

  kill9(): Promise<void> {
    return this.#process.kill9()
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  freeze(): void {
    this.#process.freeze()
  }

  thaw(): void {
    this.#process.thaw()
  }
}
