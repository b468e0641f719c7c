import type { BatchHeader } from '@samsa/protocol'
import { addSequence } from '@samsa/protocol'

/** How many batches of a producer are remembered: as many as it may have in flight (`ProducerStateEntry`). */
const REMEMBERED_BATCHES = 5

/** `producer.id.expiration.ms` and how often it is looked at (`producer.id.expiration.check.interval.ms`). */
const EXPIRATION_MS = 86_400_000
const EXPIRATION_CHECK_MS = 600_000

interface RememberedBatch {
  firstSequence: number
  lastSequence: number
  baseOffset: number
  lastOffset: number
  timestamp: number
}

interface ProducerEntry {
  epoch: number
  batches: RememberedBatch[]
}

export type SequenceVerdict =
  | { kind: 'next' }
  | { kind: 'duplicate'; baseOffset: number; timestamp: number }
  | { kind: 'error'; code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'INVALID_PRODUCER_EPOCH'; detail: string }

/**
 * What a partition remembers of idempotent producers, so that a batch that is sent twice is stored once.
 * Source: `ProducerStateManager`, `ProducerAppendInfo`.
 */
export class ProducerState {
  readonly #producers = new Map<bigint, ProducerEntry>()
  #checkedAt: number | undefined

  /** Judges a batch that is to be appended; changes nothing. */
  judge(header: BatchHeader): SequenceVerdict {
    const { producerId, producerEpoch: epoch, baseSequence: first, lastSequence: last } = header
    const known = this.#producers.get(producerId)
    if (!known) return { kind: 'next' } // Its state may have expired; any beginning is taken since KIP-360.
    if (epoch < known.epoch) {
      const detail = `epoch ${epoch} of producer ${producerId} is older than ${known.epoch}`
      return { kind: 'error', code: 'INVALID_PRODUCER_EPOCH', detail }
    }
    if (epoch > known.epoch) {
      if (first === 0) return { kind: 'next' }
      const detail = `a new epoch of producer ${producerId} begins at sequence ${first}, not 0`
      return { kind: 'error', code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', detail }
    }
    const twin = known.batches.find((batch) => batch.firstSequence === first && batch.lastSequence === last)
    if (twin) return { kind: 'duplicate', baseOffset: twin.baseOffset, timestamp: twin.timestamp }
    const previous = known.batches.at(-1)
    if (!previous || first === addSequence(previous.lastSequence, 1)) return { kind: 'next' }
    const detail = `producer ${producerId} sent sequence ${first} after ${previous.lastSequence}`
    return { kind: 'error', code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', detail }
  }

  /** Remembers a batch that was appended, or read back after a restart. */
  apply(header: BatchHeader): void {
    const { producerId, producerEpoch: epoch, baseSequence: firstSequence, lastSequence } = header
    if (producerId < 0n || firstSequence < 0) return
    let entry = this.#producers.get(producerId)
    if (!entry || entry.epoch !== epoch) {
      entry = { epoch, batches: [] }
      this.#producers.set(producerId, entry)
    }
    const { baseOffset, lastOffset, maxTimestamp: timestamp } = header
    entry.batches.push({ firstSequence, lastSequence, baseOffset, lastOffset, timestamp })
    if (entry.batches.length > REMEMBERED_BATCHES) entry.batches.shift()
  }

  /**
   * Forgets producers whose last records are more than a day old; looks only now and then, and not right after a start:
   * records may bear old times, and what is sent again because of the restart has to be known.
   */
  forget(now: number): void {
    this.#checkedAt ??= now
    if (now - this.#checkedAt < EXPIRATION_CHECK_MS) return
    this.#checkedAt = now
    for (const [id, { batches }] of this.#producers) {
      const last = batches.at(-1)
      if (last && now - last.timestamp >= EXPIRATION_MS) this.#producers.delete(id)
    }
  }
}
