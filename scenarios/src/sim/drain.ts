import { KafkaConsumer } from '@samsa/client'
import type { SimWorld } from '@samsa/runtime'
import type { Author } from './history.ts'
import { placeOf } from './pool.ts'
import { nameIn } from './record.ts'
import type { Surroundings } from './surroundings.ts'

const LEVELS = ['read_uncommitted', 'read_committed'] as const
type Isolation = (typeof LEVELS)[number]

/** Hosts of the clients that read everything at the end. */
export const DRAINERS = LEVELS.map((level) => `drain-${level}`)

/** Fresh clients that read every partition from its beginning to its end, at each isolation level. */
export class Drain {
  readonly #surroundings: Surroundings
  readonly #consumers: ReadonlyMap<Isolation, KafkaConsumer<string, string>>

  constructor(world: SimWorld, surroundings: Surroundings) {
    this.#surroundings = surroundings
    const { bootstrapServers, logger } = surroundings
    this.#consumers = new Map(
      LEVELS.map((isolationLevel) => {
        const options = {
          bootstrapServers,
          isolationLevel,
          autoOffsetReset: 'earliest',
          valueDeserializer: 'string',
          keyDeserializer: 'string',
        } as const
        const surroundings = { runtime: world.host(`drain-${isolationLevel}`), logger }
        return [isolationLevel, new KafkaConsumer<string, string>(options, surroundings)]
      }),
    )
  }

  /** @returns offsets behind the last records of all partitions, up to which everything was read */
  async run(): Promise<Map<string, number>> {
    const [uncommitted, committed] = await Promise.all(
      [...this.#consumers].map(([level, consumer]) => this.#drain(level, consumer)),
    )
    const ends = uncommitted as Map<string, number>
    for (const [tp, end] of ends) {
      const other = committed?.get(tp)
      if (other !== end)
        this.#surroundings.ledger.problem(`${tp} ends at ${end}, and with read_committed at ${other}`)
    }
    return ends
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.close()))
  }

  async #drain(iso: Isolation, consumer: KafkaConsumer<string, string>): Promise<Map<string, number>> {
    const { pool, history } = this.#surroundings
    const author = { who: `drain-${iso}`, inc: `drain-${iso}` }
    const { targets } = pool
    const offsets = await consumer.endOffsets(targets)
    const ends = new Map(targets.map((target, index) => [placeOf(target), offsets[index] as number]))
    const left = new Map([...ends].filter(([, end]) => end > 0))
    if (targets.length > 0) consumer.assign(targets)
    while (left.size > 0) await this.#poll(iso, consumer, author, left)
    history.moment(author, { f: 'drain', iso, offs: Object.fromEntries(ends) })
    return ends
  }

  async #poll(
    iso: Isolation,
    consumer: KafkaConsumer<string, string>,
    author: Author,
    left: Map<string, number>,
  ): Promise<void> {
    const { ledger, history } = this.#surroundings
    const op = history.begin(author, { f: 'poll', iso, drain: true })
    const recs: Record<string, number[]> = {}
    for (const record of await consumer.poll({ timeoutMs: 1000 })) {
      const tp = placeOf(record)
      const named = nameIn(record.value)
      const { offset } = record
      recs[tp] = [...(recs[tp] ?? []), offset, named?.v ?? -1, named ? 1 : 0]
      if (named) ledger.hand(author.who, { reader: author.inc, stint: 0, tp, offset, value: String(named.v) })
      if (offset + 1 >= (left.get(tp) ?? 0)) left.delete(tp)
    }
    history.end(op, author, { f: 'poll', recs })
  }
}
