import { partitionOfKey } from '@samsa/protocol'

/** What the built-in partitioner must know of a topic at the moment. */
export interface TopicView {
  /** All partitions, with or without a leader. */
  partitions: number
  /** Those that have a leader. */
  available: readonly number[]
  /** Batches that wait, by partition. */
  queueLength: (partition: number) => number
  /** Whether its broker takes nothing for so long that the partition is left out; undefined where that is not counted. */
  isSlow?: ((partition: number) => boolean) | undefined
}

/**
 * Kafka's built-in rule: a key decides among all partitions; without one a partition is kept for about a batch's worth
 * of bytes, so that batches fill, and the next one is drawn with more weight for shorter queues.
 * Source: KIP-794, `BuiltInPartitioner`.
 */
export class StickyPartitioner {
  readonly #batchSize: number
  readonly #isAdaptive: boolean
  readonly #random: () => number
  #current = -1
  #bytes = 0

  constructor(options: { batchSize: number; isAdaptive: boolean; random: () => number }) {
    this.#batchSize = Math.max(1, options.batchSize)
    this.#isAdaptive = options.isAdaptive
    this.#random = options.random
  }

  ofKey(key: Uint8Array, view: TopicView): number {
    return partitionOfKey(key, view.partitions)
  }

  /** The partition for the next record without a key. */
  current(view: TopicView): number {
    if (this.#current < 0 || this.#current >= view.partitions) this.#switch(view)
    return this.#current
  }

  /** A record of so many bytes went to the current partition; `isReady` when that made a batch ready. */
  account(bytes: number, isReady: boolean, view: TopicView): void {
    this.#bytes += bytes
    if ((this.#bytes >= this.#batchSize && isReady) || this.#bytes >= 2 * this.#batchSize) this.#switch(view)
  }

  #switch(view: TopicView): void {
    this.#bytes = 0
    const all = Array.from({ length: view.partitions }, (_, index) => index)
    const led = view.available.length > 0 ? view.available : all
    const quick = view.isSlow ? led.filter((partition) => !view.isSlow?.(partition)) : led
    const choices = this.#isAdaptive && quick.length > 0 ? quick : led
    const lengths = choices.map((partition) => view.queueLength(partition))
    const longest = Math.max(...lengths)
    const isEven = lengths.every((length) => length === longest)
    if (!this.#isAdaptive || choices.length < 2 || isEven) {
      this.#current = choices[Math.floor(this.#random() * choices.length)] as number
      return
    }
    const weights = lengths.map((length) => longest + 1 - length)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    let drawn = this.#random() * total
    this.#current = choices[choices.length - 1] as number
    for (let index = 0; index < choices.length; index++) {
      drawn -= weights[index] as number
      if (drawn >= 0) continue
      this.#current = choices[index] as number
      break
    }
  }
}
