import type { KafkaError } from '@samsa/client'
import { KafkaProducer } from '@samsa/client'
import { partitionOfKey } from '@samsa/protocol'
import type { Host, Random } from '@samsa/runtime'
import type { ProducerPlan } from './client-plan.ts'
import type { Author } from './history.ts'
import type { SendPromise } from './ledger.ts'
import { placeOf } from './pool.ts'
import { recordValue } from './record.ts'
import type { Surroundings } from './surroundings.ts'
import { sleep } from './surroundings.ts'

const MOST_AT_ONCE = 5
const KEYS = 9
/** Longest padding of a record. Bytes. */
const MOST_PADDING = 60
/** Padding of a big one. Bytes. */
const BIG_PADDING = 900
/** A record that does not find room in the buffer takes this much at most. Bytes. */
const MOST_RECORD_BYTES = 1200

/** A producer that sends records that name themselves, at uneven times, and tells the ledger what became of each. */
export class ProducerTask {
  readonly name: string
  /** Resolves when it has sent all that it was to send. */
  readonly over: Promise<void>
  readonly #host: Host
  readonly #author: Author
  readonly #surroundings: Surroundings
  readonly #random: Random
  readonly #plan: ProducerPlan
  readonly #promise: SendPromise
  readonly #producer: KafkaProducer<string, string>
  readonly #sequences = new Map<string, number>()
  #bursts: number

  /** @param inc name of this incarnation */
  constructor(host: Host, inc: string, plan: ProducerPlan, surroundings: Surroundings) {
    const { random, bootstrapServers, logger, bursts } = surroundings
    this.name = plan.name
    this.#host = host
    this.#author = { who: plan.name, inc }
    this.#plan = plan
    this.#surroundings = surroundings
    this.#random = random.fork(`task ${inc}`)
    this.#bursts = bursts
    this.#promise = promiseOf(plan)
    this.#producer = new KafkaProducer({ ...plan.options, bootstrapServers }, { runtime: host, logger })
    surroundings.history.moment(this.#author, { f: 'open' })
    this.over = this.#work()
  }

  /** Sends only so many more bursts. */
  wind(bursts: number): void {
    this.#bursts = Math.min(this.#bursts, bursts)
  }

  /** The process was killed. */
  crash(): void {
    const { ledger, history } = this.#surroundings
    ledger.crash(this.#author.inc)
    history.moment(this.#author, { f: 'crash' })
  }

  async close(): Promise<void> {
    this.#bursts = 0
    await this.#producer.close()
    this.#surroundings.history.moment(this.#author, { f: 'close' })
  }

  /** Whether records take no more memory than was allowed. */
  get isWithinBudget(): boolean {
    const { bufferMemory = Number.POSITIVE_INFINITY } = this.#plan.options
    return this.#producer.metrics().bufferBytes <= bufferMemory + MOST_RECORD_BYTES
  }

  /** Sends bursts of records, so that batches fill and several are in flight. */
  async #work(): Promise<void> {
    for (; this.#bursts > 0; this.#bursts--) {
      for (let left = this.#random.whole(1, MOST_AT_ONCE); left > 0; left--) this.#send()
      await sleep(this.#host, this.#random.between(0, this.#plan.pauseMs))
    }
  }

  #padding(): number {
    const { bigChance = 0 } = this.#plan
    return bigChance > 0 && this.#random.chance(bigChance) ? BIG_PADDING : this.#random.whole(0, MOST_PADDING)
  }

  #send(): void {
    const { ledger, history, note, pool } = this.#surroundings
    const random = this.#random
    const topic = random.pick(pool.active)
    const count = pool.all.get(topic) as number
    const key = random.chance(0.4) ? `key ${random.whole(1, KEYS)}` : undefined
    const partition = key === undefined ? random.whole(0, count - 1) : partitionOfKey(Buffer.from(key), count)
    const tp = placeOf({ topic, partition })
    const seq = this.#sequences.get(tp) ?? 0
    this.#sequences.set(tp, seq + 1)
    const v = pool.count()
    const value = recordValue({ run: 'sim', inc: this.#author.inc, seq, tp, v }, this.#padding())
    const id = String(v)
    ledger.send(this.#author.inc, id, this.#promise)
    const op = history.begin(this.#author, { f: 'send', tp, v })
    const record = { topic, value, ...(key === undefined ? { partition } : { key }) }
    this.#producer.send(record).then(
      ({ partition: at, offset: off }) => {
        if (placeOf({ topic, partition: at }) !== tp)
          ledger.problem(`${id} was sent to ${tp} and is in ${at}`)
        ledger.acknowledge(id, tp, off)
        history.end(op, this.#author, { f: 'send', r: 'ok', off })
        note('acked', this.name, `${id} ${tp}-${off}`)
      },
      (error) => {
        const { code, sent, name, message } = error as KafkaError & { sent?: boolean }
        ledger.fail(id, sent === false)
        history.end(op, this.#author, { f: 'send', r: sent === false ? 'fail' : 'unk' })
        note('failed', this.name, `${id} ${code}`)
        // Everything else would be final, and nothing that goes wrong here is.
        if (code !== 'TIMEOUT' && !sent) ledger.problem(`sending ${id} failed: ${name}: ${message}`)
      },
    )
  }
}

/** What the settings promise. Without idempotence even one request in flight may be overtaken when it arrives late. */
function promiseOf({ options }: ProducerPlan): SendPromise {
  const { acks, enableIdempotence = true } = options
  return { isKept: acks !== 0, isIdempotent: enableIdempotence }
}
