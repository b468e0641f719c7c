import type { Logger } from '@samsa/client'
import { SimWorld, turn } from '@samsa/runtime'
import { Cluster } from './cluster.ts'
import { Crew } from './crew.ts'
import { happen } from './faults.ts'
import { Ledger } from './ledger.ts'
import type { Scenario } from './plan.ts'
import { BROKER, GROUP, MEMBERS, PRODUCERS, planOf, READER } from './plan.ts'

export interface RunOptions {
  readonly seed: number
  readonly scenario: Scenario
  /** Told every event and every word of the clients' logs. */
  readonly onLine?: (line: string) => void
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
  /** How often a member of the group was assigned partitions. */
  readonly assignments: number
  readonly sent: number
  readonly acknowledged: number
  readonly failed: number
  readonly handed: number
}

/** After healing everything must be done within this. Virtual milliseconds. */
const RECOVERY_LIMIT_MS = 60_000
/** How often it is looked whether that is so. */
const LOOK_MS = 20
/** Bursts that each producer sends after healing. */
const BURSTS_AFTER = 10
/** Time for what should not happen any more: a record that is handed over twice, a timer that was forgotten. */
const SILENCE_MS = 8000
const CLOSE_LIMIT_MS = 40_000
const READERS = [GROUP, READER]

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
  readonly #world: SimWorld
  readonly #cluster: Cluster
  readonly #plan
  #crew: Crew | undefined
  #ends: readonly number[] = []
  #recoveryMs = 0

  constructor(options: RunOptions) {
    const { seed, scenario, onLine } = options
    this.#options = options
    this.#plan = planOf(seed, scenario)
    const { network, disk } = this.#plan
    const listener = onLine ? { onLine } : {}
    this.#world = new SimWorld({ seed: `${seed} ${scenario}`, turn, network, disk, ...listener })
    this.#cluster = new Cluster(this.#world, scenario)
    const { network: ways } = this.#world
    this.ledger = new Ledger(() => MEMBERS.reduce((sum, name) => sum + ways.late(name), 0))
  }

  async run(): Promise<void> {
    const [world, cluster] = [this.#world, this.#cluster]
    await world.until(cluster.start(), 1000, 'the broker has started')
    const crew = this.#open()
    this.#crew = crew
    const { faults, healAt } = this.#plan
    const onError = (error: Error) => this.ledger.problem(`breaking or mending failed: ${error.stack}`)
    for (const fault of faults) world.at(fault.at, () => happen(fault, { world, cluster, crew }, onError))
    const sending = crew.producers.map((task) => task.sendWhile(() => world.now < healAt))
    await world.pass(healAt - world.now)
    world.network.healAll()
    crew.heal()
    await world.until(cluster.heal(), 1000, 'the broker is whole again')
    await this.#recover(crew, sending)
    await world.pass(SILENCE_MS)
    this.#ends = await world.until(crew.endOffsets(), 10_000, 'the ends of the logs are known')
    await world.until(crew.close(), CLOSE_LIMIT_MS, 'every client is closed')
    await world.until(cluster.stop(), 1000, 'the broker has stopped')
    await world.pass(SILENCE_MS)
    this.#checkLeaks()
  }

  result(wallMs: number): RunResult {
    const { seed, scenario } = this.#options
    return {
      seed,
      scenario,
      digest: this.#world.digest,
      findings: this.ledger.findings(READERS, this.#ends),
      virtualMs: this.#world.now,
      wallMs,
      events: this.#world.events,
      recoveryMs: this.#recoveryMs,
      faults: this.#plan.faults.length,
      brokerStarts: this.#cluster.starts,
      assignments: this.#crew?.assignments ?? 0,
      ...this.ledger.counts,
    }
  }

  #open(): Crew {
    return new Crew(this.#world, {
      bootstrapServers: this.#cluster.bootstrapServers,
      plan: this.#plan,
      ledger: this.ledger,
      logger: loggerTo(this.#options.onLine),
      note: (what, where, detail) => this.#world.note(what, where, detail),
    })
  }

  /** Everything is healed: what was begun must end, and new work must be done, in bounded time. */
  async #recover(crew: Crew, sending: readonly Promise<void>[]): Promise<void> {
    const world = this.#world
    const healed = world.now
    const more = Promise.all(sending).then(() =>
      Promise.all(crew.producers.map((task) => task.send(BURSTS_AFTER))),
    )
    await world.until(more, RECOVERY_LIMIT_MS, 'everything is sent')
    while (this.ledger.missing(READERS).length > 0) {
      await world.pass(LOOK_MS)
      this.#recoveryMs = world.now - healed
      if (this.#recoveryMs <= RECOVERY_LIMIT_MS) continue
      this.ledger.problem(`not everything is settled and read ${RECOVERY_LIMIT_MS} ms after healing`)
      break
    }
  }

  #checkLeaks(): void {
    for (const name of [...PRODUCERS, ...MEMBERS, READER, BROKER]) {
      const { timers } = this.#world.host(name)
      if (timers > 0) this.ledger.problem(`${name} has left ${timers} timers behind`)
    }
    const { connections } = this.#world.network
    if (connections.length > 0) {
      const which = connections.map(({ from, to }) => `${from} > ${to}`).join(', ')
      this.ledger.problem(`${connections.length} connections are left behind: ${which}`)
    }
  }
}

function loggerTo(onLine: ((line: string) => void) | undefined): Logger {
  const write = (level: string) => (message: string) => onLine?.(`             ${level} ${message}`)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
