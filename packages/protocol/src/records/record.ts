/** A header as it is given for sending. */
export interface Header {
  key: string
  value: Uint8Array | string | null
}

/** A header as it was received. */
export interface ReceivedHeader {
  key: string
  value: Uint8Array | null
}

/** Whose clock a timestamp is of: the producer's, the broker's, or nobody's (magic 0 has none). */
export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

/**
 * A record as a view of its batch: a few numbers, and the content only when it is asked for. It keeps the memory of
 * the whole batch alive; copy what is to be kept for long.
 */
export interface RecordView {
  /** Position in the partition. */
  readonly offset: number
  /**
   * Milliseconds since the epoch; -1 when there is none, and when it is no safe integer, as where a producer wrote
   * nanoseconds: `timestampBigInt` has it then.
   */
  readonly timestamp: number
  /** The same exactly, whatever the producer wrote: any number of 64 bits. Made when it is asked for. */
  readonly timestampBigInt: bigint
  readonly timestampType: TimestampType
  /** Bytes; negative for null. */
  readonly keySize: number
  /** Bytes; negative for null. */
  readonly valueSize: number
  /** Bytes that the headers take on the wire; 0 when there are none. */
  readonly headersSize: number
  /** A view, not a copy. */
  readonly key: Buffer | null
  /** A view, not a copy. */
  readonly value: Buffer | null
  /** The key read as UTF-8; cheaper than `key.toString()`. */
  readonly keyText: string | null
  /** The value read as UTF-8; cheaper than `value.toString()`. */
  readonly valueText: string | null
  /**
   * In order, duplicates kept; values are views.
   * @throws CorruptRecordError when they cannot be read, or are more than `ReadOptions.maxHeaders`
   */
  readonly headers: ReceivedHeader[]
}

/**
 * Walks over the records of a batch and is itself the record where it stands, so that no object is made for those
 * that are passed over. Before the first `next()`, and after the one that says false, it stands nowhere.
 */
export interface RecordCursor extends RecordView {
  /**
   * Goes to the next record; false behind the last one.
   * @throws CorruptRecordError when that record, or what is behind the last one, breaks the rules
   */
  next(): boolean
}
