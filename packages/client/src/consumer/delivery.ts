import type { RecordView } from '@samsa/protocol'
import type { Deserializers } from './consumer-config.ts'
import { ConsumerRecord } from './consumer-record.ts'
import type { AssignedPartition, Positions } from './positions.ts'
import { Reader } from './reader.ts'

export interface DeliveryOptions {
  positions: Positions
  deserializers: Deserializers<unknown, unknown> | undefined
  /** Makes the next records of a partition's buffer ready; false when there are none. */
  open: (partition: AssignedPartition) => boolean
  /** The last record that was made ready has been handed over: more can be fetched. */
  onEmptied: () => void
}

interface GivenBack {
  partition: AssignedPartition
  record: ConsumerRecord<unknown, unknown>
  jumps: number
}

/**
 * Hands records over and knows who has which. Committable is the lowest offset of a partition that nobody has in hand and
 * that waits for nobody: where nothing is in hand that is the position, so markers, aborted records and what compaction
 * took away are committed too, although nobody was given them.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #readers = new Set<Reader>()
  /** Records whose loop ended without asking for the next: they are handed over again, before all others. */
  readonly #givenBack: GivenBack[] = []
  readonly #whenFree = new Set<() => void>()
  /** Where records were committed by hand that lie behind others which somebody still has in hand. */
  readonly #ahead = new WeakMap<AssignedPartition, { jumps: number; end: number }>()
  /** Callbacks of the user that have to end before anything is handed over. */
  #holds = 0

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  reader(): Reader {
    const reader = new Reader()
    this.#readers.add(reader)
    return reader
  }

  /** A loop has ended, by a `break` or an error: what it had in hand comes again. */
  leave(reader: Reader): void {
    const back = reader.giveBack()
    this.#readers.delete(reader)
    if (back && this.#options.positions.current(back.partition))
      this.#givenBack.push({ ...back, jumps: back.partition.jumps })
    this.#freed()
  }

  /** What a reader had in hand was processed. */
  finish(reader: Reader): void {
    reader.finish()
    if (this.#whenFree.size > 0) this.#freed()
  }

  /** The next record that is there. */
  take(reader: Reader): ConsumerRecord<unknown, unknown> | undefined {
    for (;;) {
      if (this.#holds > 0) return undefined
      if (this.#givenBack.length > 0) {
        const again = this.#again()
        if (again) {
          reader.takeOne(again.partition, again.record)
          return again.record
        }
      }
      const partition = this.#options.positions.next()
      if (!partition) return undefined
      const record = this.#next(partition)
      if (!record) continue
      reader.takeOne(partition, record)
      return record
    }
  }

  /** Records that are there. An error ends the list; it comes again with the next call, when nothing is before it. */
  collect(reader: Reader, most: number): ConsumerRecord<unknown, unknown>[] {
    const records: ConsumerRecord<unknown, unknown>[] = []
    while (records.length < most && this.#holds === 0) {
      const again = this.#givenBack.length > 0 ? this.#again() : undefined
      const partition = again?.partition ?? this.#options.positions.next()
      if (!partition) break
      try {
        const record = again?.record ?? this.#next(partition)
        if (!record) continue
        reader.takeAlso(partition, record.offset)
        records.push(record)
      } catch (error) {
        if (records.length === 0) throw error
        break
      }
    }
    return records
  }

  /** Nothing is handed over until the promise has settled. */
  async during(callback: Promise<void>): Promise<void> {
    this.#holds++
    try {
      await callback
    } finally {
      this.#holds--
    }
  }

  /** Offset of the first record of a partition that is not finished; undefined while the position is not known. */
  committable(partition: AssignedPartition): number | undefined {
    const { position } = partition
    if (position === undefined || partition.isStale) return undefined
    return Math.min(position, this.#lowestInHand(partition) ?? position)
  }

  /** What may be committed of these partitions and was not yet. */
  uncommitted(partitions: readonly AssignedPartition[]): { partition: AssignedPartition; offset: number }[] {
    return partitions.flatMap((partition) => {
      const offset = this.committable(partition)
      return offset === undefined || offset === partition.committed ? [] : [{ partition, offset }]
    })
  }

  /**
   * A record was processed, so its user says; in a list of `poll` those before it too.
   * @returns what may be committed by that: no further than what somebody else has in hand, and as far as what was
   * finished ahead of it
   */
  finishRecord(partition: AssignedPartition, offset: number): number {
    const end = offset + 1
    for (const reader of this.#readers) if (reader.has(partition, offset)) reader.finishBefore(partition, end)
    this.#dropGivenBack(partition, offset)
    this.#freed()
    const ahead = this.#ahead.get(partition)
    const wanted = ahead && ahead.jumps === partition.jumps ? Math.max(end, ahead.end) : end
    const lowest = this.#lowestInHand(partition) ?? wanted
    if (lowest < wanted) this.#ahead.set(partition, { jumps: partition.jumps, end: wanted })
    else this.#ahead.delete(partition)
    return Math.min(wanted, lowest)
  }

  /** Everything of a partition before an offset was processed, so its user says. */
  finishBefore(partition: AssignedPartition, offset: number): void {
    for (const reader of this.#readers) reader.finishBefore(partition, offset)
    for (const { record } of [...this.#givenBack])
      if (record.offset < offset) this.#dropGivenBack(partition, record.offset)
    this.#freed()
  }

  /** Whether there is one reader at most who has something in hand. */
  get isAlone(): boolean {
    return [...this.#readers].filter(({ hasSomething }) => hasSomething).length <= 1
  }

  /** Counts moves of positions without a record. */
  get skips(): number {
    return this.#options.positions.skips
  }

  /** Everything in hand was processed. */
  finishAll(): void {
    for (const reader of this.#readers) reader.finish()
    this.#freed()
  }

  /**
   * Resolves when nothing of these partitions is in anybody's hand, or they are gone.
   * @param isAwaited whether a reader is waited for, asked again whenever something is `released`
   */
  free(partitions: readonly AssignedPartition[], isAwaited: (reader: Reader) => boolean): Promise<void> {
    const isHeld = (partition: AssignedPartition) =>
      !partition.isGone &&
      [...this.#readers].some((reader) => reader.unfinished(partition) !== undefined && isAwaited(reader))
    return new Promise((resolve) => {
      const look = () => {
        if (partitions.some(isHeld)) return
        this.#whenFree.delete(look)
        resolve()
      }
      this.#whenFree.add(look)
      look()
    })
  }

  /** Partitions are gone, or their positions moved: whoever waits for what was in hand of them looks again. */
  released(): void {
    this.#freed()
  }

  #lowestInHand(partition: AssignedPartition): number | undefined {
    let lowest: number | undefined
    for (const reader of this.#readers) {
      const offset = reader.unfinished(partition)
      if (offset !== undefined) lowest = Math.min(lowest ?? offset, offset)
    }
    for (const back of this.#givenBack)
      if (isWaiting(back, partition)) lowest = Math.min(lowest ?? back.record.offset, back.record.offset)
    return lowest
  }

  #freed(): void {
    for (const look of [...this.#whenFree]) look()
  }

  #again(): GivenBack | undefined {
    for (let index = 0; index < this.#givenBack.length; index++) {
      const back = this.#givenBack[index] as GivenBack
      const { partition } = back
      const isStale = partition.isGone || back.jumps !== partition.jumps
      if (!isStale && (partition.isPaused || partition.isRevoking)) continue
      this.#givenBack.splice(index--, 1)
      if (!isStale) return back
    }
    return undefined
  }

  #dropGivenBack(partition: AssignedPartition, offset: number): void {
    const at = this.#givenBack.findIndex(
      (back) => isWaiting(back, partition) && back.record.offset === offset,
    )
    if (at >= 0) this.#givenBack.splice(at, 1)
  }

  #next(partition: AssignedPartition): ConsumerRecord<unknown, unknown> | undefined {
    const { positions, open, onEmptied } = this.#options
    if (partition.recordIndex >= partition.records.length && !open(partition)) return undefined
    const view = partition.records[partition.recordIndex]
    if (!view) return undefined
    const record = this.#made(partition, view)
    partition.recordIndex++
    partition.position = view.offset + 1
    partition.leaderEpoch = partition.recordsEpoch
    if (partition.recordIndex >= partition.records.length) {
      partition.position = partition.recordsEnd
      partition.records = []
      partition.recordIndex = 0
      positions.rotate(partition)
      onEmptied()
    }
    return record
  }

  /** A record that cannot be deserialized stays, and is told again in its partition's next turn; the others go on. */
  #made(partition: AssignedPartition, view: RecordView): ConsumerRecord<unknown, unknown> {
    try {
      return new ConsumerRecord(partition, partition.recordsEpoch, view, this.#options.deserializers)
    } catch (error) {
      this.#options.positions.rotate(partition)
      throw error
    }
  }
}

function isWaiting(back: GivenBack, partition: AssignedPartition): boolean {
  return back.partition === partition && back.jumps === partition.jumps
}
