import type { ConsumerRecord } from './consumer-record.ts'
import type { AssignedPartition } from './positions.ts'

/** What a reader has of one partition. */
interface Lease {
  /** The partition's count of jumps when it was handed over; a lease from before a `seek` says nothing any more. */
  readonly jumps: number
  /** Offset of the first record that is not finished. */
  offset: number
  /** Offset behind the last record that was handed over. */
  end: number
}

/**
 * Somebody who is handed records: a `for await` loop, or the callers of `poll` and `next`. What he has in hand counts as
 * processed when he asks for more, or commits it.
 */
export class Reader {
  /** Mostly there is one lease at most; it is kept apart, since it changes with every record. */
  #partition: AssignedPartition | undefined
  #offset = -1
  #jumps = 0
  #record: ConsumerRecord<unknown, unknown> | undefined
  readonly #leases = new Map<AssignedPartition, Lease>()

  get hasSomething(): boolean {
    return this.#partition !== undefined || this.#leases.size > 0
  }

  /** One record is handed over; the one before is finished. */
  takeOne(partition: AssignedPartition, record: ConsumerRecord<unknown, unknown>): void {
    this.#partition = partition
    this.#offset = record.offset
    this.#jumps = partition.jumps
    this.#record = record
  }

  /** One record of several is handed over. */
  takeAlso(partition: AssignedPartition, offset: number): void {
    const known = this.#leases.get(partition)
    if (known) known.end = offset + 1
    else this.#leases.set(partition, { jumps: partition.jumps, offset, end: offset + 1 })
  }

  /** Everything in hand was processed. */
  finish(): void {
    this.#partition = undefined
    this.#record = undefined
    if (this.#leases.size > 0) this.#leases.clear()
  }

  /** Everything before an offset was processed. */
  finishBefore(partition: AssignedPartition, offset: number): void {
    if (this.#partition === partition && this.#offset < offset) {
      this.#partition = undefined
      this.#record = undefined
    }
    const lease = this.#leases.get(partition)
    if (!lease || lease.offset >= offset) return
    if (lease.end <= offset) this.#leases.delete(partition)
    else lease.offset = offset
  }

  /** Whether a record is in hand. */
  has(partition: AssignedPartition, offset: number): boolean {
    const first = this.unfinished(partition)
    if (first === undefined || offset < first) return false
    return this.#partition === partition ? offset === first : offset < (this.#leases.get(partition)?.end ?? 0)
  }

  /** Offset of the first record of a partition that is not finished; undefined when nothing of it is in hand. */
  unfinished(partition: AssignedPartition): number | undefined {
    if (this.#partition === partition && this.#jumps === partition.jumps) return this.#offset
    const lease = this.#leases.get(partition)
    return lease && lease.jumps === partition.jumps ? lease.offset : undefined
  }

  /** The record that is given back unfinished, with its partition, if it still can be handed over again. */
  giveBack(): { partition: AssignedPartition; record: ConsumerRecord<unknown, unknown> } | undefined {
    const [partition, record, jumps] = [this.#partition, this.#record, this.#jumps]
    this.finish()
    return partition && record && !partition.isGone && partition.jumps === jumps
      ? { partition, record }
      : undefined
  }
}
