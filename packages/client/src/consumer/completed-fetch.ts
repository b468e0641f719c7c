import type { RecordBatch, RecordView } from '@samsa/protocol'
import {
  BATCH_HEADER_BYTES,
  BatchHeader,
  CorruptRecordError,
  controlType,
  readBatches,
} from '@samsa/protocol'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { PartitionAnswer } from './fetch-request.ts'
import { UnreadableBatchError } from './unreadable-batch.ts'

const ABORT_MARKER = 0
/** What a record that is kept on its own takes in memory, about. */
const COPY_BYTES = 200

type Records = Pick<PartitionAnswer, 'records' | 'abortedTransactions'>

/** How the answers of a consumer are read. */
export interface ReadRules {
  checkCrcs: boolean
  isCommittedOnly: boolean
  maxDecompressedBytes: number
}

/** What comes next: a batch with records for the user, offsets with nothing for him, or what cannot be read. */
export type Step =
  | { kind: 'records'; batch: RecordBatch }
  | { kind: 'nothing'; end: number }
  | { kind: 'unreadable'; error: UnreadableBatchError }

/**
 * What one answer holds of a partition, batch by batch. Transactions that were aborted are hidden here: an answer lists
 * those of its whole stretch, so nothing needs to be known of the answers before. Source: `CompletedFetch`.
 */
export class CompletedFetch {
  /** Size as it came. */
  readonly bytes: number
  /** Where the next fetch begins. */
  readonly nextOffset: number
  /** Leader epoch of the last batch; -1 when there is none. */
  readonly lastEpoch: number
  readonly #place: TopicPartition
  readonly #rules: ReadRules
  readonly #batches: RecordBatch[] = []
  readonly #aborted: { producerId: bigint; firstOffset: number }[]
  readonly #abortedProducers = new Set<bigint>()
  #broken: UnreadableBatchError | undefined
  #at = 0

  constructor(place: TopicPartition, offset: number, part: Records, rules: ReadRules) {
    const records = part.records ?? new Uint8Array(0)
    this.#place = place
    this.#rules = rules
    this.bytes = records.length
    let next = offset
    try {
      for (const batch of readBatches(records, { maxDecompressedBytes: rules.maxDecompressedBytes })) {
        if (batch.lastOffset < offset) continue
        this.#batches.push(batch)
        next = batch.lastOffset + 1
      }
      if (this.#batches.length === 0) {
        const what = 'the answer holds no complete batch, although brokers send one at least (KIP-74)'
        throw new CorruptRecordError(what, 0, offset)
      }
    } catch (cause) {
      // What comes before a bad batch is good; the next fetch begins at the bad one and tells.
      const at = cause instanceof CorruptRecordError ? cause.position : 0
      if (this.#batches.length === 0) this.#broken = unreadable(place, spanAt(records, at, offset), cause)
    }
    this.nextOffset = next
    this.lastEpoch = this.#batches.at(-1)?.leaderEpoch ?? -1
    this.#aborted = rules.isCommittedOnly ? [...(part.abortedTransactions ?? [])] : []
    this.#aborted.sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** What stands for offsets that the broker itself could not read. */
  static broken(place: TopicPartition, offset: number, error: UnreadableBatchError): CompletedFetch {
    const rules = { checkCrcs: true, isCommittedOnly: false, maxDecompressedBytes: 0 }
    const fetch = new CompletedFetch(place, offset, { records: null, abortedTransactions: null }, rules)
    fetch.#broken = error
    return fetch
  }

  /** Whether everything was taken. */
  get isOver(): boolean {
    return this.#at >= this.#batches.length && !this.#broken
  }

  /** Whether it begins with what cannot be read. */
  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** Whether what comes next is compressed and so large that it should not be unpacked in passing. */
  isLarge(bytes: number): boolean {
    const batch = this.#batches[this.#at]
    return batch !== undefined && batch.codec !== 0 && batch.sizeInBytes >= bytes
  }

  /** The next step; undefined behind the last one. */
  next(): Step | undefined {
    const batch = this.#batches[this.#at]
    if (!batch) {
      const error = this.#broken
      this.#broken = undefined
      return error && { kind: 'unreadable', error }
    }
    this.#at++
    try {
      if (this.#rules.checkCrcs) batch.checkCrc()
      return this.#isVisible(batch)
        ? { kind: 'records', batch }
        : { kind: 'nothing', end: batch.lastOffset + 1 }
    } catch (cause) {
      return { kind: 'unreadable', error: unreadable(this.#place, batch, cause) }
    }
  }

  /** Whether the isolation level lets a batch through; markers end their producer's aborted stretch. */
  #isVisible(batch: RecordBatch): boolean {
    const isHidden = this.#rules.isCommittedOnly && batch.isTransactional
    while (isHidden && (this.#aborted[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= batch.lastOffset) {
      this.#abortedProducers.add((this.#aborted.shift() as { producerId: bigint }).producerId)
    }
    if (batch.isControl) {
      const type = controlType(batch.records()[0]?.key ?? null)
      if (type === ABORT_MARKER) this.#abortedProducers.delete(batch.producerId)
      return false
    }
    return !(isHidden && this.#abortedProducers.has(batch.producerId))
  }
}

/** The error of a batch, or of what is left of it. */
export function unreadable(
  { topic, partition }: TopicPartition,
  { baseOffset, lastOffset }: { baseOffset: number; lastOffset: number },
  cause: unknown,
): UnreadableBatchError {
  return new UnreadableBatchError({ topic, partition, firstOffset: baseOffset, lastOffset, cause })
}

/**
 * The records of a batch; where one of them cannot be read, those before it, and the error of the rest.
 * @param maxBytes memory that may be taken for those before
 */
export function readable(
  place: TopicPartition,
  batch: RecordBatch,
  maxBytes: number,
): { records: readonly RecordView[]; error?: UnreadableBatchError } {
  try {
    return { records: batch.records() }
  } catch (cause) {
    const records = recordsBefore(batch, maxBytes)
    const last = records.at(-1)
    const rest = { baseOffset: last ? last.offset + 1 : firstOf(batch), lastOffset: batch.lastOffset }
    return { records, error: unreadable(place, rest, cause) }
  }
}

/** Those before the first that cannot be read: the cursor as it stood at each, since it is one object for all of them. */
function recordsBefore(batch: RecordBatch, maxBytes: number): RecordView[] {
  const records: RecordView[] = []
  try {
    const cursor = batch.cursor()
    for (let room = maxBytes; cursor.next() && room > 0; room -= COPY_BYTES) {
      records.push(Object.assign(Object.create(Object.getPrototypeOf(cursor)), cursor))
    }
    // All can be read: what is wrong is not one of them.
    return []
  } catch {
    return records
  }
}

/** The base offset of an old format is known only by reading it. */
function firstOf(batch: RecordBatch): number {
  try {
    return batch.baseOffset
  } catch {
    return batch.lastOffset
  }
}

/** Which offsets a batch that cannot be parsed has, as far as its header can be believed. */
function spanAt(bytes: Uint8Array, at: number, asked: number): { baseOffset: number; lastOffset: number } {
  const unknown = { baseOffset: asked, lastOffset: asked }
  if (bytes.length - at < BATCH_HEADER_BYTES) return unknown
  const { baseOffset, lastOffset, lastOffsetDelta } = new BatchHeader(bytes, at)
  const isCredible = baseOffset >= 0 && lastOffsetDelta >= 0 && lastOffset >= asked && baseOffset <= asked
  return isCredible && Number.isSafeInteger(lastOffset + 1) ? { baseOffset, lastOffset } : unknown
}
