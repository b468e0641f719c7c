import type { Broker } from '@samsa/broker'

/** A partition as clients name it. */
export interface Target {
  readonly topic: string
  readonly partition: number
}

/** What all topics of a run have in common, and no other topic has. */
export const TOPICS = /^orders-\d+$/

/** A partition in a word: `orders-1-0`. */
export const placeOf = ({ topic, partition }: Target): string => `${topic}-${partition}`

/**
 * The topics of a run. Few are written to at a time; one that has had its share of records makes room for a new one, and
 * stays to be read.
 */
export class Pool {
  /** Partitions of each topic that there ever was. */
  readonly all = new Map<string, number>()
  /** Topics that are written to. */
  readonly active: string[] = []
  readonly #partitions: readonly number[]
  readonly #retireAfter: number
  readonly #configs: Record<string, string>
  readonly #listeners = new Set<() => void>()
  #written = 0
  #isOutgrown = false

  /** @param partitions of each topic that is written to */
  constructor(partitions: readonly number[], retireAfter: number, maxMessageBytes?: number) {
    this.#partitions = partitions
    this.#retireAfter = retireAfter
    this.#configs = maxMessageBytes === undefined ? {} : { 'max.message.bytes': String(maxMessageBytes) }
  }

  /** Every partition that there ever was. */
  get targets(): Target[] {
    return [...this.all].flatMap(([topic, partitions]) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    )
  }

  /** Calls back when there is a new topic; gives what takes the listener off. */
  onGrown(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** A record is sent to a topic in use. @returns a number that no other record has */
  count(): number {
    if (++this.#written % this.#retireAfter === 0) this.outgrow()
    return this.#written
  }

  /** The oldest topic makes room for a new one when the broker is there next. */
  outgrow(): void {
    this.#isOutgrown = true
  }

  /**
   * Makes the topics that are wanted and not there.
   * @throws Error for a topic that was there and is not any more
   */
  fill(broker: Broker): void {
    const lost = [...this.all.keys()].find((topic) => !broker.hasTopic(topic))
    if (lost !== undefined) throw new Error(`${lost} was made, and is not there any more`)
    if (this.#isOutgrown) this.active.shift()
    this.#isOutgrown = false
    while (this.active.length < this.#partitions.length) {
      const number = this.all.size + 1
      const topic = `orders-${number}`
      const partitions = this.#partitions[number % this.#partitions.length] as number
      broker.createTopic(topic, { partitions, configs: this.#configs })
      this.all.set(topic, partitions)
      this.active.push(topic)
      for (const listener of [...this.#listeners]) listener()
    }
  }
}
