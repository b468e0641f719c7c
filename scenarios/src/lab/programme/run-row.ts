import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkFiles } from '../checker/check-files.ts'
import type { Mode } from '../checker/mode.ts'
import type { Verdict } from '../checker/verdict.ts'
import type { ControlledCluster } from '../cluster/controlled-cluster.ts'
import { controlKafka } from '../cluster/controlled-kafka.ts'
import { controlSamsa } from '../cluster/controlled-samsa.ts'
import { delay } from '../cluster/surroundings.ts'
import { clients } from '../drivers/clients.ts'
import type { Ended, RunningDriver } from '../drivers/drivers.ts'
import { startDriver } from '../drivers/drivers.ts'
import { HistoryWriter } from '../drivers/history-writer.ts'
import type { DriverOptions } from '../drivers/options.ts'
import type { FaultProxy } from '../proxy/proxy.ts'
import { startProxy } from '../proxy/proxy.ts'
import type { DriverPlan } from './load.ts'
import type { Order } from './order.ts'
import type { Row } from './row.ts'
import { Stage } from './stage.ts'

/** Of each driver: its numbers of calls and its values begin at a multiple of this. */
const NUMBERS_EACH = 1e9
const WARM_UP_MS = 8_000
const AFTER_HEALING_MS = 10_000
/** When nobody produces any more readers still get a while. */
const TO_CATCH_UP_MS = 5_000
const DRAIN_LIMIT_MS = 120_000
const TOPIC = 'judge.input'
const TARGET = 'judge.output'

/** How a run ended. */
export interface RunResult {
  readonly verdict: Verdict
  /** What went wrong with the run itself: a driver that died, faults that could not be made. */
  readonly remarks: readonly string[]
}

interface Player {
  readonly who: string
  readonly plan: DriverPlan
  readonly driver: RunningDriver
}

/**
 * Runs a row with a client: starts the cluster and the load, makes the faults, heals, lets an independent reader
 * (Java's client) drain everything, and has the whole history checked.
 * @throws RoleMissing when the client cannot play one of the row's roles, NotPossible when the cluster cannot
 */
export async function runRow(row: Row, order: Order, signal: AbortSignal): Promise<RunResult> {
  const missing = row.load.find(({ role, client = order.client }) => !clients[client].roles.includes(role))
  if (missing) throw new RoleMissing(`${order.client} has no ${missing.role}, which ${row.id} needs`)
  mkdirSync(order.directory, { recursive: true })
  const run = new Run(row, order, signal)
  try {
    await run.play()
    await run.drain()
  } finally {
    await run.end()
  }
  return run.judged()
}

/** A client lacks what a row needs. */
export class RoleMissing extends Error {
  override readonly name = 'RoleMissing'
}

class Run {
  readonly #row: Row
  readonly #order: Order
  readonly #signal: AbortSignal
  readonly #history: HistoryWriter
  readonly #author: ReturnType<HistoryWriter['open']>
  readonly #files: string[] = []
  readonly #remarks: string[] = []
  readonly #players: Player[] = []
  readonly #proxies: FaultProxy[] = []
  #cluster: ControlledCluster | undefined
  #number = 0

  constructor(row: Row, order: Order, signal: AbortSignal) {
    this.#row = row
    this.#order = order
    this.#signal = signal
    const file = join(order.directory, 'judge.jsonl')
    this.#files.push(file)
    this.#history = new HistoryWriter(file, this.#nextNumber())
    this.#author = this.#history.open('judge', `${row.id} ${order.client} seed ${order.seed}`)
  }

  async play(): Promise<void> {
    const { load, topic, target, overrides = {}, features = {} } = this.#row
    const cluster =
      this.#order.cluster === 'kafka' ? await controlKafka({ overrides, features }) : await controlSamsa()
    this.#cluster = cluster
    const mode: Partial<Mode> = { ...this.#row.mode, expectedOps: this.#expectedOps() }
    this.#history.moment(this.#author, { f: 'mode', mode })
    const replicationFactor = cluster.kind === 'kafka' ? 3 : 1
    await cluster.createTopic(TOPIC, { replicationFactor, ...topic })
    if (target) await cluster.createTopic(TARGET, { replicationFactor, ...target })
    for (const plan of load) {
      for (let at = 0; at < (plan.count ?? 1); at++)
        await this.#start(plan, `${plan.role}-${this.#players.length + 1}`)
    }
    await delay(WARM_UP_MS, this.#signal)
    const stage = this.#stage(cluster)
    await this.#row.faults(stage)
    for (const proxy of this.#proxies) proxy.heal()
    this.#history.moment(this.#author, { f: 'heal', text: 'all' })
    await delay(this.#row.afterHealingMs ?? AFTER_HEALING_MS, this.#signal)
    await this.#stop(({ plan }) => plan.role === 'produce')
    await this.#stop(({ plan }) => plan.role === 'copy')
    await delay(TO_CATCH_UP_MS, this.#signal)
    await this.#stop(() => true)
  }

  /** By Java's client, at both levels of isolation, past the proxies. */
  async drain(): Promise<void> {
    for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
      const driver = await startDriver({
        ...this.#orderOf(`drain-${isolation}`, { drain: true, isolation }),
        client: 'java',
        role: 'consume',
        bootstrapServers: (this.#cluster as ControlledCluster).bootstrapServers,
        topics: [topicText(TOPIC, this.#row.topic.partitions), ...this.#targets()].join(','),
      })
      const tooLong = setTimeout(() => driver.kill9(), DRAIN_LIMIT_MS)
      const ended = await driver.done
      clearTimeout(tooLong)
      this.#look(`drain-${isolation}`, ended)
    }
  }

  async end(): Promise<void> {
    for (const { driver } of this.#players) driver.kill9()
    for (const [index, proxy] of this.#proxies.entries()) {
      writeFileSync(join(this.#order.directory, `proxy-${index + 1}.txt`), proxy.traceText(2_000))
      await proxy.close()
    }
    this.#history.close()
    await this.#cluster?.stop()
  }

  judged(): RunResult {
    const { verdict, torn } = checkFiles(this.#files)
    const remarks = torn.map(({ file, line }) => `${file}:${line} is torn`)
    return { verdict, remarks: [...this.#remarks, ...remarks] }
  }

  async #start(plan: DriverPlan, who: string): Promise<void> {
    const { bootstrapServers } = this.#cluster as ControlledCluster
    const { isProxied = false } = this.#row
    let reached = bootstrapServers
    if (isProxied) {
      const proxy = await startProxy({ bootstrapServers, seed: this.#order.seed + this.#proxies.length })
      this.#proxies.push(proxy)
      reached = proxy.bootstrapServers
    }
    const input = topicText(TOPIC, this.#row.topic.partitions)
    const output = this.#targets().join(',')
    const driver = await startDriver({
      ...this.#orderOf(who, plan.options ?? {}),
      client: plan.client ?? this.#order.client,
      role: plan.role,
      bootstrapServers: reached,
      ...(plan.role === 'copy' ? { from: input, to: output } : { topics: plan.isOfTarget ? output : input }),
    })
    const player = { who, plan, driver }
    this.#players.push(player)
    void driver.done.then((ended) => this.#look(who, ended))
  }

  #orderOf(who: string, options: Partial<DriverOptions>) {
    const { topics: _topics, from: _from, to: _to, ...rest } = options
    const history = join(this.#order.directory, `${who}.jsonl`)
    // It must be there for the merge, also when the driver never came so far.
    writeFileSync(history, '')
    this.#files.push(history)
    const first = this.#nextNumber()
    const seconds = Math.ceil(this.#order.minutes * 60 + 600)
    const run = `${this.#row.id}-${this.#order.seed}`
    return { ...rest, run, who, history, firstOp: first, firstValue: first, seconds }
  }

  #targets(): string[] {
    const { target } = this.#row
    return target ? [topicText(TARGET, target.partitions)] : []
  }

  async #stop(which: (player: Player) => boolean): Promise<void> {
    await Promise.all(this.#players.filter(which).map(({ driver }) => driver.stop()))
  }

  /** A driver that did not end well is a finding about the client only if the history says so; here it is told. */
  #look(who: string, { exitCode, complaints }: Ended): void {
    if (exitCode === 0) return
    this.#remarks.push(
      `${who} ended with ${exitCode}: ${complaints.trim().split('\n').slice(-3).join(' | ')}`,
    )
  }

  #stage(cluster: ControlledCluster): Stage {
    const groups = [...new Set(this.#row.load.flatMap(({ options }) => options?.group ?? []))]
    return new Stage({
      cluster,
      proxies: this.#proxies,
      topic: TOPIC,
      groups,
      durationMs: this.#order.minutes * 60_000,
      seed: this.#order.seed,
      signal: this.#signal,
      note: (f, text) => this.#history.moment(this.#author, { f, text }),
    })
  }

  /** A tenth of what the producers offer: with less the run shows nothing. */
  #expectedOps(): number {
    const offered = this.#row.load.reduce(
      (sum, { count = 1, options }) => sum + count * (options?.rate ?? 0),
      0,
    )
    return Math.ceil((offered * this.#order.minutes * 60) / 10)
  }

  #nextNumber(): number {
    return ++this.#number * NUMBERS_EACH
  }
}

const topicText = (name: string, partitions: number) => `${name}:${partitions}`
