import type { KafkaError, Logger } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { Host, Random } from '@samsa/runtime'
import type { Ledger } from './ledger.ts'
import type { Plan } from './plan.ts'
import { GROUP, PARTITIONS, TOPIC } from './plan.ts'

/** What the clients of a run have in common. */
export interface Surroundings {
  readonly bootstrapServers: string
  readonly plan: Plan
  readonly ledger: Ledger
  readonly logger: Logger
  /** Takes something that a client has seen into the trace. */
  readonly note: (what: string, where: string, detail: string) => void
}

/** Pause after an error. Milliseconds. */
const ERROR_PAUSE_MS = 100
const MOST_AT_ONCE = 5

/** A producer that sends numbered records at uneven times and tells the ledger what became of each. */
export class ProducerTask {
  readonly host: Host
  readonly #surroundings: Surroundings
  readonly #random: Random
  readonly #producer: KafkaProducer<string, string>
  #count = 0

  constructor(host: Host, random: Random, surroundings: Surroundings) {
    this.host = host
    this.#random = random
    this.#surroundings = surroundings
    const { plan, bootstrapServers, logger } = surroundings
    this.#producer = new KafkaProducer({ ...plan.producer, bootstrapServers }, { runtime: host, logger })
  }

  /** Sends bursts of records, so that batches fill and several are in flight, for as long as it is told to. */
  async sendWhile(isWanted: () => boolean): Promise<void> {
    while (isWanted()) {
      for (let left = this.#random.whole(1, MOST_AT_ONCE); left > 0; left--) this.#sendOne()
      await sleep(this.host, this.#random.between(0, this.#surroundings.plan.sendPauseMs))
    }
  }

  /** Sends some more. */
  send(count: number): Promise<void> {
    let left = count
    return this.sendWhile(() => left-- > 0)
  }

  close(): Promise<void> {
    return this.#producer.close()
  }

  #sendOne(): void {
    const { ledger, note } = this.#surroundings
    const random = this.#random
    const value = `${this.host.name}:${++this.#count} ${'.'.repeat(random.whole(0, 60))}`
    ledger.send(this.host.name, value)
    const record = {
      topic: TOPIC,
      value,
      ...(random.chance(0.3) ? { key: `key ${random.whole(1, 9)}` } : {}),
      ...(random.chance(0.3) ? { partition: random.whole(0, PARTITIONS - 1) } : {}),
    }
    this.#producer.send(record).then(
      ({ partition, offset }) => {
        ledger.acknowledge(value, partition, offset)
        note('acked', this.host.name, `${value} ${partition}-${offset}`)
      },
      (error) => {
        const { code, sent, name, message } = error as KafkaError & { sent?: boolean }
        ledger.fail(value, sent === false)
        note('failed', this.host.name, `${value} ${code}`)
        // Everything else would be final, and nothing that goes wrong here is.
        if (code !== 'TIMEOUT' && !sent) ledger.problem(`sending ${value} failed: ${name}: ${message}`)
      },
    )
  }
}

/** A consumer that takes down everything that it is given; a member of the group, or one with all partitions. */
export class ConsumerTask {
  readonly host: Host
  readonly #surroundings: Surroundings
  readonly #random: Random
  readonly #consumer: KafkaConsumer<string, string>
  readonly #group: string
  #stint = 0
  #isHolding = false
  #inHand: [number, number] | undefined

  /** @param nextStint gives each assignment of a member its number; left out for the reader of all partitions */
  constructor(host: Host, random: Random, surroundings: Surroundings, nextStint?: () => number) {
    this.host = host
    this.#random = random
    this.#surroundings = surroundings
    this.#group = nextStint ? GROUP : host.name
    const { plan, bootstrapServers, logger } = surroundings
    const groupId = nextStint ? { groupId: GROUP } : {}
    this.#consumer = new KafkaConsumer(
      { ...plan.consumer, ...groupId, bootstrapServers },
      { runtime: host, logger },
    )
    if (nextStint) {
      this.#watch(nextStint)
      this.#consumer.subscribe([TOPIC])
    } else {
      this.#isHolding = true
      this.#consumer.assign(partitions())
    }
  }

  /** Reads until the consumer is closed. */
  async read(): Promise<void> {
    const { ledger } = this.#surroundings
    for (;;) {
      try {
        const { value: record, done } = await this.#consumer.next()
        if (done) return
        const { partition, offset, value } = record
        this.#take(partition, offset, value)
        if (this.#random.chance(0.1)) await this.#work(partition, offset)
        ledger.finish(this.#group, partition, offset)
      } catch (error) {
        const { code, name, message } = error as KafkaError
        if (code === 'CLOSED') return
        if (code !== 'TIMEOUT') ledger.problem(`${this.host.name} failed to read: ${name}: ${message}`)
        await sleep(this.host, ERROR_PAUSE_MS)
      }
    }
  }

  /** Offsets behind the last records of all partitions. */
  endOffsets(): Promise<number[]> {
    return this.#consumer.endOffsets(partitions())
  }

  /** Closes; the record in hand counts as done then. */
  close(): Promise<void> {
    if (this.#inHand) this.#surroundings.ledger.finish(this.#group, ...this.#inHand)
    return this.#consumer.close()
  }

  async #work(partition: number, offset: number): Promise<void> {
    this.#inHand = [partition, offset]
    await sleep(this.host, this.#random.between(0, this.#surroundings.plan.workMs))
    this.#inHand = undefined
  }

  #take(partition: number, offset: number, value: string): void {
    const { ledger, note } = this.#surroundings
    const { name } = this.host
    if (!this.#isHolding)
      ledger.problem(`${name} was given ${partition}-${offset} of a partition that was taken from it`)
    ledger.hand(this.#group, { reader: name, stint: this.#stint, partition, offset, value })
    note('handed', name, `${partition}-${offset} ${value}`)
  }

  #watch(nextStint: () => number): void {
    const { ledger, note } = this.#surroundings
    const { name } = this.host
    const numbers = (list: readonly { partition: number }[]) => list.map(({ partition }) => partition)
    this.#consumer.on('assigned', ({ partitions }) => {
      this.#stint = nextStint()
      this.#isHolding = true
      ledger.assign(name, this.#stint, numbers(partitions))
      note('assigned', name, numbers(partitions).join())
    })
    this.#consumer.on('revoked', ({ partitions }) => {
      this.#isHolding = false
      note('revoked', name, numbers(partitions).join())
    })
    this.#consumer.on('lost', ({ partitions }) => {
      this.#isHolding = false
      note('lost', name, numbers(partitions).join())
    })
    this.#consumer.on('committed', ({ offsets }) => {
      for (const { partition, offset } of offsets) ledger.commit(this.#group, partition, offset)
      note('committed', name, offsets.map(({ partition, offset }) => `${partition}-${offset}`).join())
    })
    this.#consumer.on('commitFailed', ({ error }) => note('commitFailed', name, error.message))
    this.#consumer.on('offsetReset', ({ partition, from, to }) =>
      ledger.problem(`${name} was moved from ${from} to ${to} in partition ${partition}`),
    )
  }
}

function partitions(): { topic: string; partition: number }[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: TOPIC, partition }))
}

function sleep(host: Host, ms: number): Promise<void> {
  return new Promise((resolve) => void host.timer(host.now() + ms, resolve))
}
