import type { Broker, BrokerOptions } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { SimWorld } from '@samsa/runtime'
import { BROKER, FIRST_PORT, NODES } from './fault-plan.ts'
import { gatedRuntime } from './gate.ts'
import type { Pool } from './pool.ts'
import type { Storms } from './storms.ts'

/** What the broker can be robbed of, to see whether it is found. */
export const weaknesses = ['acknowledgesUnforced', 'skipsChecksums', 'forgetsProducers'] as const
export type Weakness = (typeof weaknesses)[number]

/** The broker's own key for them. */
const WEAKNESSES = Symbol.for('samsa.broker.weaknesses')
/** Small segments, so that they roll. */
const SEGMENT_BYTES = 20_000

export interface ClusterOptions {
  /** Whether the broker keeps its records on a disk. */
  readonly isDurable: boolean
  readonly weakness?: Weakness | undefined
  /** Counts what is asked for; without it nobody does. */
  readonly storms?: Storms | undefined
}

/** The broker of a world, which can be stopped, killed and started again on its disk. */
export class Cluster {
  /** How often it was started. */
  starts = 0
  /** How often its power was cut. */
  powerCuts = 0
  readonly #world: SimWorld
  readonly #pool: Pool
  readonly #options: BrokerOptions
  readonly #storms: Storms | undefined
  #broker: Broker | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  /** Counts starts and ends, so that one that was killed amid its start is not taken for running. */
  #life = 0

  constructor(world: SimWorld, pool: Pool, { isDurable, weakness, storms }: ClusterOptions) {
    this.#storms = storms
    this.#world = world
    this.#pool = pool
    this.#options = {
      host: BROKER,
      port: FIRST_PORT,
      brokers: NODES,
      logSegmentBytes: SEGMENT_BYTES,
      ...(isDurable ? { dataDirectory: '/var/lib/samsa' } : {}),
      ...(weakness ? { [WEAKNESSES]: { [weakness]: true } } : {}),
    }
  }

  get bootstrapServers(): string {
    return Array.from({ length: NODES }, (_, index) => `${BROKER}:${FIRST_PORT + index}`).join(',')
  }

  /** The running broker; undefined while it is down. */
  get broker(): Broker | undefined {
    return this.#broker
  }

  /** Starts the broker if it does not run; everything that it had stored is there again. */
  start(): Promise<void> {
    if (this.#broker) return Promise.resolve()
    this.#starting ??= this.#launch()
    return this.#starting
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    const broker = this.#broker
    if (!broker) return
    this.#broker = undefined
    this.#stopping = broker.close()
    await this.#stopping
    this.#stopping = undefined
  }

  /** Ends it at once, also amid its start or stop; call it while nothing runs, from an event of the world. */
  kill(keepsPower: boolean): void {
    if (!this.#broker && !this.#starting && !this.#stopping) return
    this.#life++
    this.#broker = undefined
    this.#starting = undefined
    this.#stopping = undefined
    if (keepsPower) this.#world.kill(BROKER)
    else {
      this.powerCuts++
      this.#world.cutPower(BROKER)
    }
  }

  /** Starts whatever is down. */
  async heal(): Promise<void> {
    await this.start()
    for (let node = 1; node <= NODES; node++) await this.#broker?.startNode(node)
  }
  async #launch(): Promise<void> {
    const life = ++this.#life
    try {
      await this.#stopping
      const host = this.#world.host(BROKER)
      const runtime = this.#storms ? gatedRuntime(host, this.#storms) : host
      // Who starts reads everything, and could not tell what is damaged from what was never forced.
      this.#world.damageReads(BROKER, 0)
      const broker = await startBroker({ runtime, ...this.#options })
      if (life !== this.#life) return
      this.#broker = broker
      this.starts++
      this.#pool.fill(broker)
    } finally {
      if (life === this.#life) this.#starting = undefined
    }
  }
}
