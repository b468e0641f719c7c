import type { TopicPartition } from '../cluster/topic-partition.ts'
import { KafkaError } from '../errors.ts'

/** Offsets that cannot be read, and why. */
export interface UnreadableSpan extends TopicPartition {
  firstOffset: number
  lastOffset: number
  cause: unknown
}

/**
 * Records that are there cannot be read: their batch is damaged, breaks Kafka's rules, is compressed in a way that is
 * not known here, or would become larger than `maxDecompressedBatchBytes`. What comes before them was handed over, the
 * other partitions go on, and the position stays: the batch is fetched again, and the error comes again, until `seek`
 * goes past it. `cause` says what is wrong. Source: KIP-334.
 */
export class UnreadableBatchError extends KafkaError {
  override readonly name = 'UnreadableBatchError'
  readonly topic: string
  readonly partition: number
  /** The first offset that cannot be read. */
  readonly firstOffset: number
  /** The last offset of its batch: those in between are passed over with it. */
  readonly lastOffset: number

  constructor({ topic, partition, firstOffset, lastOffset, cause }: UnreadableSpan) {
    const which =
      firstOffset === lastOffset ? `offset ${firstOffset}` : `offsets ${firstOffset} to ${lastOffset}`
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '')
    // The limits of the reader are known by their own names; here it is one setting.
    const isTooLarge = /the limit of \d+ bytes|maxDecompressedBytes/.test(why)
    const hint = isTooLarge ? ' (raise maxDecompressedBatchBytes to read them)' : ''
    super(
      'UNREADABLE_BATCH',
      `${topic}-${partition} cannot be read at ${which}: ${why}${hint}. To go on without them: ` +
        `consumer.seek({ topic: '${topic}', partition: ${partition} }, ${lastOffset + 1})`,
      { cause },
    )
    this.topic = topic
    this.partition = partition
    this.firstOffset = firstOffset
    this.lastOffset = lastOffset
  }
}
