import type { Logger } from '@samsa/client'
import { SimWorld, turn } from '@samsa/runtime'
import { GROUPS, groupOf } from './client-plan.ts'
import type { Weakness } from './cluster.ts'
import { Cluster } from './cluster.ts'
import type { Counts } from './coverage.ts'
import { Coverage } from './coverage.ts'
import { Crew } from './crew.ts'
import { DOOMED_HOSTS, Doomed } from './doomed.ts'
import { DRAINERS, Drain } from './drain.ts'
import { BROKER } from './fault-plan.ts'
import { happen } from './faults.ts'
import { Handling } from './handling.ts'
import type { Recorder } from './history.ts'
import { Historian } from './history.ts'
import { Invariants } from './invariants.ts'
import { Ledger } from './ledger.ts'
import type { Plan, Restriction, Scenario } from './plan.ts'
import { planOf, restricted } from './plan.ts'
import { Pool } from './pool.ts'
import { Storms } from './storms.ts'
import type { Surroundings } from './surroundings.ts'

export interface RunOptions {
  readonly seed: number
  readonly scenario: Scenario
  /** What is left out of the seed's plan. */
  readonly restriction?: Restriction
  /** What the broker is robbed of. */
  readonly weakness?: Weakness | undefined
  /** Told every event and every word of the clients' logs. */
  readonly onLine?: (line: string) => void
  /** Given the history of the run. */
  readonly record?: Recorder
}

export interface RunResult {
  readonly seed: number
  readonly scenario: Scenario
  /** Hash of everything that happened. */
  readonly digest: string
  /** What was wrong; empty when all was well. */
  readonly findings: readonly string[]
  readonly virtualMs: number
  readonly wallMs: number
  readonly events: number
  /** How long after healing everything was done. Virtual milliseconds. */
  readonly recoveryMs: number
  readonly faults: number
  readonly brokerStarts: number
  readonly powerCuts: number
  readonly topics: number
  /** How often a member of a group was assigned partitions. */
  readonly assignments: number
  readonly sent: number
  readonly acknowledged: number
  readonly failed: number
  readonly handed: number
  readonly coverage: Counts
}

/** After healing everything must be done within this. Virtual milliseconds. */
const RECOVERY_LIMIT_MS = 60_000
/** How often it is looked whether that is so, and whether topics are wanted. */
const LOOK_MS = 20
const FILL_MS = 100
/** Bursts that each producer sends after healing. */
const BURSTS_AFTER = 10
/** Time for what should not happen any more: a record that is handed over twice, a timer that was forgotten. */
const SILENCE_MS = 8000
const CLOSE_LIMIT_MS = 40_000
const START_LIMIT_MS = 10_000

/** Runs one seed from an empty world to the end, and judges it. */
export async function run(options: RunOptions): Promise<RunResult> {
  const started = performance.now()
  const simulation = new Simulation(options)
  const onUnhandled = (reason: unknown) => simulation.ledger.problem(`unhandled rejection: ${reason}`)
  process.on('unhandledRejection', onUnhandled)
  try {
    await simulation.run()
  } catch (error) {
    simulation.ledger.problem(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    // Rejections are reported a turn after nobody took care of them.
    await turn()
    process.removeListener('unhandledRejection', onUnhandled)
  }
  return simulation.result(performance.now() - started)
}

class Simulation {
  readonly ledger: Ledger
  readonly #options: RunOptions
  readonly #plan: Plan
  readonly #world: SimWorld
  readonly #pool: Pool
  readonly #cluster: Cluster
  readonly #coverage: Coverage
  readonly #historian: Historian
  readonly #handling: Handling
  readonly #invariants = new Invariants((what) => this.ledger.problem(what, 'invariant'))
  readonly #storms: Storms
  #crew: Crew | undefined
  #doomed: Doomed | undefined
  #ends: ReadonlyMap<string, number> = new Map()
  #recoveryMs = 0

  constructor(options: RunOptions) {
    const { seed, scenario, onLine, weakness, restriction = {}, record } = options
    this.#options = options
    this.#plan = restricted(planOf(seed, scenario), restriction)
    const { network, disk, drift, clients, partitions, retireAfter, maxMessageBytes } = this.#plan
    this.#world = new SimWorld({
      seed: `${seed} ${scenario}`,
      turn,
      network,
      disk,
      drift,
      observe: (machine, state, event) => this.#coverage.count(machine, state, event),
      onStep: () => this.#check(),
      ...(onLine ? { onLine } : {}),
    })
    const now = () => this.#world.now
    this.#coverage = new Coverage(now)
    this.#historian = new Historian(record, now)
    this.#pool = new Pool(partitions, retireAfter, maxMessageBytes)
    this.#storms = new Storms(
      now,
      () => this.#pool.targets.length,
      (what, kind) => this.ledger.problem(what, kind),
    )
    const isDurable = scenario === 'crashes' || scenario === 'storms'
    const storms = isUsual(scenario) ? undefined : this.#storms
    this.#cluster = new Cluster(this.#world, this.#pool, { isDurable, weakness, storms })
    const members = clients.filter((client) => groupOf(client) !== undefined)
    const readers = clients.flatMap((client) =>
      client.role === 'consumer' && !client.group ? [client.name] : [],
    )
    const groups = GROUPS.filter((group) => members.some((member) => groupOf(member) === group))
    const { network: ways } = this.#world
    this.ledger = new Ledger([...groups, ...readers], () =>
      members.reduce((sum, { name }) => sum + ways.late(name), 0),
    )
    this.#handling = new Handling((what, kind) => this.ledger.problem(what, kind), now)
  }

  async run(): Promise<void> {
    const [world, cluster, pool] = [this.#world, this.#cluster, this.#pool]
    await world.until(cluster.start(), START_LIMIT_MS, 'the broker has started')
    const crew = new Crew(world, this.#plan.clients, this.#surroundings())
    this.#crew = crew
    const { faults, healAt, quietAt } = this.#plan
    if (faults.some(({ kind }) => kind === 'doom'))
      this.#doomed = new Doomed(world, cluster, this.#surroundings())
    const onError = (error: Error) => this.ledger.problem(`breaking or mending failed: ${error.stack}`)
    for (const fault of faults) {
      world.at(fault.at, () => {
        this.#coverage.begin(fault.kind, fault.forMs)
        this.#tell('fault', fault.kind)
        happen(fault, { world, cluster, crew, pool, doomed: this.#doomed }, onError)
      })
    }
    this.#fill()
    await world.pass(healAt - world.now)
    await this.#heal(crew)
    await this.#recover(crew)
    await world.pass(Math.max(0, quietAt - world.now) + SILENCE_MS)
    await this.#checkLag(crew)
    const drain = new Drain(world, this.#surroundings())
    this.#ends = await world.until(drain.run(), RECOVERY_LIMIT_MS, 'fresh clients have read everything')
    if (this.#doomed)
      await world.until(this.#doomed.recover(), RECOVERY_LIMIT_MS, 'the topic made anew works')
    await world.until(
      Promise.all([drain.close(), crew.close(), this.#doomed?.close()]),
      CLOSE_LIMIT_MS,
      'every client is closed',
    )
    await world.until(cluster.stop(), START_LIMIT_MS, 'the broker has stopped')
    await world.pass(SILENCE_MS)
    this.#checkLeaks()
  }

  result(wallMs: number): RunResult {
    const { seed, scenario } = this.#options
    return {
      seed,
      scenario,
      digest: this.#world.digest,
      findings: this.ledger.findings(this.#ends),
      virtualMs: this.#world.now,
      wallMs,
      events: this.#world.events,
      recoveryMs: this.#recoveryMs,
      faults: this.#plan.faults.length,
      brokerStarts: this.#cluster.starts,
      powerCuts: this.#cluster.powerCuts,
      topics: this.#pool.all.size,
      assignments: this.#crew?.assignments ?? 0,
      ...this.ledger.counts,
      coverage: this.#coverage.counts,
    }
  }

  #surroundings(): Surroundings {
    return {
      bootstrapServers: this.#cluster.bootstrapServers,
      pool: this.#pool,
      ledger: this.ledger,
      history: this.#historian,
      handling: this.#handling,
      logger: loggerTo(this.#options.onLine),
      random: this.#world.random,
      bursts: this.#plan.bursts,
      isDamaging: this.#plan.faults.some(({ kind }) => kind === 'damage'),
      note: (what, where, detail) => this.#world.note(what, where, detail),
    }
  }

  #tell(f: 'fault' | 'heal', text: string): void {
    this.#historian.moment({ who: 'world', inc: 'world' }, { f, text })
  }

  /** Looks now and then whether topics are wanted. */
  #fill(): void {
    const { broker } = this.#cluster
    if (broker) this.#pool.fill(broker)
    if (this.#world.now < this.#plan.healAt) this.#world.at(this.#world.now + FILL_MS, () => this.#fill())
  }

  #check(): void {
    const { broker } = this.#cluster
    if (broker) this.#invariants.check(broker)
    for (const producer of this.#crew?.producers ?? [])
      if (!producer.isWithinBudget)
        this.ledger.problem(`${producer.name} holds more than bufferMemory`, 'memory')
  }

  async #heal(crew: Crew): Promise<void> {
    this.#world.network.healAll()
    this.#tell('heal', '')
    await this.#world.until(this.#cluster.heal(), START_LIMIT_MS, 'the broker is whole again')
    crew.heal()
    crew.calm()
  }

  /** Everything is healed: what was begun must end, and new work must be done, in bounded time. */
  async #recover(crew: Crew): Promise<void> {
    const world = this.#world
    const healed = world.now
    const { producers } = crew
    for (const producer of producers) producer.wind(BURSTS_AFTER)
    await world.until(Promise.all(producers.map(({ over }) => over)), RECOVERY_LIMIT_MS, 'everything is sent')
    while (!this.ledger.isSettled) {
      await world.pass(LOOK_MS)
      this.#recoveryMs = world.now - healed
      if (this.#recoveryMs <= RECOVERY_LIMIT_MS) continue
      this.ledger.problem(
        `not everything is settled and read ${RECOVERY_LIMIT_MS} ms after healing`,
        'progress',
      )
      break
    }
  }

  /** Everything is handled: what groups have committed is at the ends of their partitions. */
  async #checkLag(crew: Crew): Promise<void> {
    const [worker] = crew.workers
    if (!worker) return
    const lags = await this.#world.until(worker.lag(this.#pool.targets), START_LIMIT_MS, 'the lag is known')
    for (const { tp, committed, end } of lags)
      if (committed < end - crew.slackOf(worker.group))
        this.ledger.problem(
          `${worker.group} has committed ${committed} of ${tp}, which ends at ${end}`,
          'lag',
        )
  }

  #checkLeaks(): void {
    for (const name of [
      ...this.#plan.clients.map(({ name }) => name),
      ...DRAINERS,
      ...(this.#doomed ? DOOMED_HOSTS : []),
      BROKER,
    ]) {
      const { timers } = this.#world.host(name)
      if (timers > 0) this.ledger.problem(`${name} has left ${timers} timers behind`, 'leak')
    }
    const { connections } = this.#world.network
    if (connections.length > 0) {
      const which = connections.map(({ from, to }) => `${from} > ${to}`).join(', ')
      this.ledger.problem(`${connections.length} connections are left behind: ${which}`, 'leak')
    }
  }
}

/** Worlds as they were before they were widened: nobody counts their questions. */
function isUsual(scenario: Scenario): boolean {
  return scenario !== 'orderly' && scenario !== 'wide'
}

function loggerTo(onLine: ((line: string) => void) | undefined): Logger {
  const write = (level: string) => (message: string) => onLine?.(`             ${level} ${message}`)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
