import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { Host, SimWorld } from '@samsa/runtime'
import type { Cluster } from './cluster.ts'
import type { Surroundings } from './surroundings.ts'
import { sleep } from './surroundings.ts'

const TOPIC = 'doomed'
const STATE = Symbol.for('samsa.broker.state')
const SEND_EVERY_MS = 300
/** Within so long (virtual ms) after all is healed something that is sent anew has to be read. */
const LIMIT_MS = 20_000

const HOSTS = ['doomed-producer', 'doomed-reader', 'doomed-member'] as const
export const DOOMED_HOSTS: readonly string[] = HOSTS

interface State {
  readonly topics: { get(name: string): object | undefined }
  deleteTopic(topic: object): Promise<void>
}

/**
 * A topic that is deleted under a producer, a reader and a member of a group, and made anew later. What was in it is gone
 * by order; nobody may ask without a pause meanwhile, and everybody goes on with the new one.
 */
export class Doomed {
  readonly #surroundings: Surroundings
  readonly #world: SimWorld
  readonly #cluster: Cluster
  readonly #producer: KafkaProducer
  readonly #consumers: KafkaConsumer[] = []
  readonly #read: Set<string>[] = []
  readonly #working: Promise<void>[] = []
  #isOver = false
  #count = 0

  constructor(world: SimWorld, cluster: Cluster, surroundings: Surroundings) {
    this.#world = world
    this.#cluster = cluster
    this.#surroundings = surroundings
    cluster.broker?.createTopic(TOPIC, { partitions: 1 })
    const { bootstrapServers, logger } = surroundings
    const [sends, reads, joins] = HOSTS.map((name) => world.host(name)) as [Host, Host, Host]
    const common = { bootstrapServers, requestTimeoutMs: 2000 }
    this.#producer = new KafkaProducer({ ...common, deliveryTimeoutMs: 4000 }, { runtime: sends, logger })
    for (const runtime of [reads, joins]) {
      const isMember = runtime === joins
      const consumer = new KafkaConsumer(
        { ...common, autoOffsetReset: 'earliest', ...(isMember ? { groupId: TOPIC } : {}) },
        { runtime, logger },
      )
      if (isMember) consumer.subscribe([TOPIC])
      else consumer.assign([{ topic: TOPIC, partition: 0 }])
      this.#consumers.push(consumer)
      const read = new Set<string>()
      this.#read.push(read)
      this.#working.push(this.#consume(consumer, read, runtime))
    }
    this.#working.push(this.#produce())
  }

  /** Deletes the topic now. */
  async delete(): Promise<void> {
    const { broker } = this.#cluster
    const state = (broker as unknown as Record<symbol, State> | undefined)?.[STATE]
    const topic = state?.topics.get(TOPIC)
    if (topic) await state?.deleteTopic(topic)
  }

  /** Makes it anew. */
  remake(): void {
    const { broker } = this.#cluster
    if (broker && !broker.hasTopic(TOPIC)) broker.createTopic(TOPIC, { partitions: 1 })
  }

  /** All is healed: what is sent now is stored, and read by everybody. */
  async recover(): Promise<void> {
    this.remake()
    const { ledger } = this.#surroundings
    const deadline = this.#world.now + LIMIT_MS
    const host = this.#world.host(HOSTS[0])
    let last = 'nothing was tried'
    while (this.#world.now < deadline) {
      const value = `after ${++this.#count}`
      const isSent = await this.#producer.send({ topic: TOPIC, value }).then(
        () => true,
        (error: unknown) => {
          last = `sending failed: ${(error as Error).message}`
          return false
        },
      )
      await sleep(host, 1000)
      if (isSent && this.#read.every((read) => read.has(value))) return
      if (isSent) last = `${value} was not read by ${this.#read.map((read) => read.has(value)).join()}`
    }
    ledger.problem(`${LIMIT_MS} ms after healing a topic that was made anew does not work: ${last}`, 'doomed')
  }

  async close(): Promise<void> {
    this.#isOver = true
    await Promise.all([this.#producer.close(), ...this.#consumers.map((consumer) => consumer.close())])
    await Promise.all(this.#working)
  }

  async #produce(): Promise<void> {
    const host = this.#world.host(HOSTS[0])
    while (!this.#isOver) {
      this.#producer.send({ topic: TOPIC, value: `before ${++this.#count}` }).then(
        () => {},
        () => {},
      )
      await sleep(host, SEND_EVERY_MS)
    }
  }

  async #consume(consumer: KafkaConsumer, read: Set<string>, host: Host): Promise<void> {
    while (!this.#isOver) {
      try {
        for (const { value } of await consumer.poll({ timeoutMs: 500 })) read.add(String(value))
      } catch {
        // What is deleted may be told; what has to work again is looked at after healing.
        await sleep(host, 100)
      }
    }
  }
}
