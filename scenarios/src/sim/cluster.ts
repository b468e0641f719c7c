import type { Broker } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { SimWorld } from '@samsa/runtime'
import type { Scenario } from './plan.ts'
import { BROKER, FIRST_PORT, NODES, PARTITIONS, TOPIC } from './plan.ts'

/** The broker of a world, which can be stopped, killed and started again on its disk. */
export class Cluster {
  /** How often it was started. */
  starts = 0
  readonly #world: SimWorld
  readonly #dataDirectory: string | undefined
  #broker: Broker | undefined
  #isStarting = false

  constructor(world: SimWorld, scenario: Scenario) {
    this.#world = world
    this.#dataDirectory = scenario === 'crashes' ? '/var/lib/samsa' : undefined
  }

  get bootstrapServers(): string {
    return Array.from({ length: NODES }, (_, index) => `${BROKER}:${FIRST_PORT + index}`).join(',')
  }

  /** The running broker; undefined while it is down. */
  get broker(): Broker | undefined {
    return this.#broker
  }

  /** Starts the broker if it does not run; everything that it had stored is there again. */
  async start(): Promise<void> {
    if (this.#broker || this.#isStarting) return
    this.#isStarting = true
    try {
      const broker = await startBroker({
        runtime: this.#world.host(BROKER),
        host: BROKER,
        port: FIRST_PORT,
        brokers: NODES,
        // Small segments, so that they roll.
        logSegmentBytes: 20_000,
        ...(this.#dataDirectory ? { dataDirectory: this.#dataDirectory } : {}),
      })
      if (!broker.hasTopic(TOPIC)) broker.createTopic(TOPIC, { partitions: PARTITIONS })
      this.#broker = broker
      this.starts++
    } finally {
      this.#isStarting = false
    }
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    const broker = this.#broker
    this.#broker = undefined
    await broker?.close()
  }

  /** Ends it at once; call it while nothing runs, from an event of the world. */
  kill(keepsPower: boolean): void {
    if (!this.#broker) return
    this.#broker = undefined
    if (keepsPower) this.#world.kill(BROKER)
    else this.#world.cutPower(BROKER)
  }

  /** Starts whatever is down. */
  async heal(): Promise<void> {
    await this.start()
    for (let node = 1; node <= NODES; node++) await this.#broker?.startNode(node)
  }
}
