import type { TopicPartition } from '../cluster/topic-partition.ts'
import { KafkaError } from '../errors.ts'

/** Where a log parts from what was read of it. */
export interface Divergence {
  offset: number
  leaderEpoch: number
}

/**
 * The log was cut below the position, as an unclean election of a leader does: what was read behind `divergentOffset` is
 * not in it any more, and other records may stand there. Thrown where `autoOffsetReset` is 'none'; else the consumer
 * goes on at the divergence and tells it as `offsetReset`. Source: KIP-320, `LogTruncationException`.
 */
export class LogTruncationError extends KafkaError {
  override readonly name = 'LogTruncationError'
  readonly topic: string
  readonly partition: number
  /** The position that is not in the log. */
  readonly offset: number
  /** Up to here the log is what was read; undefined when the broker does not know. */
  readonly divergentOffset: number | undefined

  constructor({ topic, partition }: TopicPartition, offset: number, divergence: Divergence | undefined) {
    const known = divergence
      ? `what was read is in it up to ${divergence.offset}: ` +
        `consumer.seek({ topic: '${topic}', partition: ${partition} }, ${divergence.offset})`
      : 'where what was read ends is not known: seek to an offset, or to an end'
    super(
      'LOG_TRUNCATION',
      `the log of ${topic}-${partition} was cut below offset ${offset} and autoOffsetReset is 'none'; ${known}`,
    )
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.divergentOffset = divergence?.offset
  }
}
