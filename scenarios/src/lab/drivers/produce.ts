import { existsSync } from 'node:fs'
import type { DriverClient, Outgoing, Partition, ProducerAdapter } from './client.ts'
import type { Author, HistoryWriter } from './history-writer.ts'
import type { DriverOptions } from './options.ts'
import { partitionsOf } from './options.ts'
import { recordText } from './record-text.ts'
import type { Settlement } from './settlement.ts'
import { endOfSend } from './settlement.ts'
import type { Stop } from './stop.ts'
import { within } from './stop.ts'
import type { Tally } from './tally.ts'

/** How often is looked at what is due, at least. Milliseconds. */
const TICK_MS = 5
/** A client may settle so long after its own limit; after that the record has no end in the history. Milliseconds. */
const SETTLE_GRACE_MS = 15_000

/** Sends records by turns to every partition, at a rate and with a bounded number under way. */
export async function produce(client: DriverClient, options: DriverOptions, world: World): Promise<void> {
  const { history, stop } = world
  const producer = await client.producer(options)
  const sends = new Sends(options, world, history.open(options.who, client.title), producer)
  await sends.run()
  const patience = stop.patience(options.deliveryTimeoutMs + SETTLE_GRACE_MS)
  await within(sends.settled(), patience)
  const end = history.begin(sends.author, { f: 'close' })
  await within(producer.close(stop.patience(SETTLE_GRACE_MS)), stop.patience(SETTLE_GRACE_MS))
  // A client that had its time and did not settle stays without an end; one that was hurried is not to blame.
  if (stop.isHurried) sends.giveUp()
  end()
}

export interface World {
  history: HistoryWriter
  stop: Stop
  tally: Tally
}

type Ending = (settlement: Settlement) => void

class Sends {
  readonly author: Author
  readonly #options: DriverOptions
  readonly #world: World
  readonly #producer: ProducerAdapter
  readonly #sequences = new Map<string, number>()
  readonly #partitions
  readonly #open = new Set<Ending>()
  readonly #calls = new Set<Promise<void>>()
  #begun = 0

  constructor(options: DriverOptions, world: World, author: Author, producer: ProducerAdapter) {
    this.author = author
    this.#options = options
    this.#world = world
    this.#producer = producer
    this.#partitions = partitionsOf(options.topics)
  }

  async run(): Promise<void> {
    const { stop } = this.#world
    const { rate, records, stopOn, lingerMs, window } = this.#options
    const since = performance.now()
    const most = records > 0 ? records : Number.POSITIVE_INFINITY
    while (!stop.isAsked && this.#begun < most && !(stopOn && existsSync(stopOn))) {
      const due = rate > 0 ? Math.floor(((performance.now() - since) / 1000) * rate) - this.#begun : window
      const room = Math.min(due, window - this.#open.size, most - this.#begun)
      if (room > 0 && this.#calls.size < this.#producer.callsAtOnce) this.#send(room)
      await stop.pause(
        Math.max(TICK_MS, this.#producer.callsAtOnce === Number.POSITIVE_INFINITY ? 0 : lingerMs),
      )
    }
  }

  #send(count: number): void {
    const records: Outgoing[] = []
    const endings: Ending[] = []
    for (let index = 0; index < count; index++) {
      const { topic, partition, tp } = this.#partitions[this.#begun % this.#partitions.length] as Partition
      const seq = this.#sequences.get(tp) ?? 0
      this.#sequences.set(tp, seq + 1)
      const v = this.#options.firstValue + this.#begun++
      const { run, valueBytes, keys } = this.#options
      const value = recordText({ run, inc: this.author.inc, seq, txn: '', tp, v }, valueBytes)
      records.push({ topic, partition, key: keys ? String(v) : undefined, value })
      endings.push(this.#begin(tp, v))
    }
    // A record that is found in the log must have a begin, even when this process is killed in the next moment.
    this.#world.history.flush()
    const call = this.#producer.send(records, (index, settlement) => endings[index]?.(settlement))
    this.#calls.add(call)
    void call.finally(() => this.#calls.delete(call))
  }

  #begin(tp: string, v: number): Ending {
    const end = this.#world.history.begin(this.author, { f: 'send', tp, v })
    const ending: Ending = (settlement) => {
      this.#open.delete(ending)
      const ended = endOfSend(settlement)
      this.#world.tally.count(ended.r)
      end(ended)
    }
    this.#open.add(ending)
    return ending
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls)
  }

  giveUp(): void {
    for (const ending of [...this.#open]) ending({ code: 'GIVEN_UP' })
  }
}
