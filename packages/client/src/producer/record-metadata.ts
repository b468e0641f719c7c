/** Where a record went. */
export class RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** Position in the partition; -1 when the broker did not say (acks 0, or a retry of what was already there). */
  readonly offset: number
  /** Milliseconds since the epoch: the record's own, or the broker's where the topic uses log append time. */
  readonly timestamp: number
  /** Bytes; -1 for null. */
  readonly serializedKeySize: number
  /** Bytes; -1 for null. */
  readonly serializedValueSize: number

  constructor(
    topic: string,
    partition: number,
    offset: number,
    timestamp: number,
    serializedKeySize: number,
    serializedValueSize: number,
  ) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.timestamp = timestamp
    this.serializedKeySize = serializedKeySize
    this.serializedValueSize = serializedValueSize
  }

  toString(): string {
    const { topic, partition, offset, timestamp, serializedKeySize: key, serializedValueSize: value } = this
    return (
      `RecordMetadata(topic='${topic}', partition=${partition}, offset=${offset}, timestamp=${timestamp}, ` +
      `serializedKeySize=${key}, serializedValueSize=${value})`
    )
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
