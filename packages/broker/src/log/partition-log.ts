import type { BatchHeader } from '@samsa/protocol'
import { readBatches } from '@samsa/protocol'
import type { Weaknesses } from '../weaknesses.ts'
import type { AppendRefusal, BatchRules } from './batch-validator.ts'
import { admitBatch, refuse } from './batch-validator.ts'
import { ProducerState } from './producer-state.ts'
import type { BatchEntry, Segment } from './segment.ts'
import { MemoryBytes, Segment as MemorySegment, scanSegment } from './segment.ts'

/** Makes and removes the segments of one partition; in memory or in a directory. */
export interface SegmentStore {
  /** What is there already, oldest first. */
  load(): Segment[]
  create(baseOffset: number): Segment
  remove(segment: Segment): void
  /** A segment will not be written to any more. */
  seal(segment: Segment): void
  /** False after a crash: then checksums are verified and a torn end is cut off. */
  readonly wasClosedInOrder: boolean
  /** Whether appended batches must be forced to the medium before they count. */
  readonly isDurable: boolean
  close(): void
}

/** In memory nothing is there before and nothing has to be forced. */
export const memoryStore = (): SegmentStore => ({
  load: () => [],
  create: (baseOffset) => new MemorySegment(baseOffset, new MemoryBytes()),
  remove: () => {},
  seal: () => {},
  wasClosedInOrder: true,
  isDurable: false,
  close: () => {},
})

/** What a log has to know of its topic. */
export type LogSettings = BatchRules & Weaknesses

export interface AppendContext {
  leaderEpoch: number
  /** Wall clock. */
  now: number
}

export interface Appended {
  baseOffset: number
  /** -1 unless the topic stamps records itself. */
  logAppendTime: number
  /** Resolves when the batch is durable; rejects with a DiskError when it never will be. */
  durable: Promise<void> | undefined
}

/**
 * The log of one partition: batches as producers sent them, in segments. Offsets are given here, and here a batch that
 * is sent twice is recognised. The high watermark is what readers may see: with a durable store, only what a crash
 * cannot take back.
 */
export class PartitionLog {
  readonly settings: LogSettings
  readonly #store: SegmentStore
  readonly #segments: Segment[]
  readonly #producers = new ProducerState()
  readonly #listeners = new Set<() => void>()
  #logStartOffset: number
  #highWatermark: number
  #syncing: Promise<void> | undefined
  #broken: Error | undefined

  constructor(store: SegmentStore, settings: LogSettings, logStartOffset = 0) {
    this.#store = store
    this.settings = settings
    this.#segments = store.load()
    this.#recover()
    // What was deleted on request stays deleted, also when damage took everything above it.
    if (this.#segments.length > 0 && this.logEndOffset < logStartOffset)
      for (const segment of this.#segments.splice(0)) store.remove(segment)
    if (this.#segments.length === 0) this.#segments.push(store.create(logStartOffset))
    this.#logStartOffset = Math.max(logStartOffset, (this.#segments[0] as Segment).baseOffset)
    this.#highWatermark = this.logEndOffset
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  get logEndOffset(): number {
    return this.#active.nextOffset
  }

  get highWatermark(): number {
    return this.#highWatermark
  }

  /** Without transactions all that is visible is decided. */
  get lastStableOffset(): number {
    return this.#highWatermark
  }

  get sizeInBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes.size, 0)
  }

  /** Calls back whenever the high watermark or the beginning moves. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Appends one batch. After a failure of the disk nothing more is appended until the log is opened anew.
   */
  append(records: Uint8Array, context: AppendContext): Appended | AppendRefusal {
    if (this.#broken) return refuse('KAFKA_STORAGE_ERROR', this.#broken.message)
    const header = admitBatch(records, this.settings, context.now)
    if ('error' in header) return header
    this.#producers.forget(context.now)
    if (header.producerId >= 0n) {
      const verdict = this.#producers.judge(header)
      if (verdict.kind === 'error') return refuse(verdict.code, verdict.detail)
      if (verdict.kind === 'duplicate') {
        const logAppendTime = this.settings.isLogAppendTime ? verdict.timestamp : -1
        return { baseOffset: verdict.baseOffset, logAppendTime, durable: this.#flush() }
      }
    }
    header.baseOffset = this.logEndOffset
    header.leaderEpoch = context.leaderEpoch
    const { baseOffset } = header
    try {
      this.#rollIfFull(header.sizeInBytes)
      this.#active.append(header)
    } catch (error) {
      this.#broken = error as Error
      return refuse('KAFKA_STORAGE_ERROR', this.#broken.message)
    }
    this.#producers.apply(header)
    const durable = this.#flush()
    return { baseOffset, logAppendTime: this.settings.isLogAppendTime ? context.now : -1, durable }
  }

  /**
   * Whole batches, the first being the one that holds `offset`.
   * @param maxBytes bound of the answer; a first batch that is larger is given all the same when `atLeastOne`
   * @throws DamagedBatchError
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Uint8Array {
    const segment = this.#segmentOf(offset)
    if (!segment || offset >= this.#highWatermark) return new Uint8Array(0)
    const begin = segment.indexOf(offset)
    const first = segment.entries[begin]
    if (!first) return new Uint8Array(0)
    let end = begin
    for (; end < segment.entries.length; end++) {
      const entry = segment.entries[end] as BatchEntry
      if (entry.baseOffset >= this.#highWatermark) break
      const isGiven = entry === first && atLeastOne
      if (entry.position + entry.size - first.position > maxBytes && !isGiven) break
    }
    return segment.batches(segment.entries.slice(begin, end))
  }

  /** The first record whose timestamp is at or after `timestamp`; looked up inside batches too. */
  offsetForTime(timestamp: number): { offset: number; timestamp: number; leaderEpoch: number } | undefined {
    for (const segment of this.#segments) {
      if (segment.maxTimestamp < timestamp) continue
      for (const entry of segment.entries) {
        if (entry.maxTimestamp < timestamp || entry.lastOffset < this.#logStartOffset) continue
        if (entry.baseOffset >= this.#highWatermark) return undefined
        const [batch] = readBatches(segment.batch(entry))
        const found = batch
          ?.records()
          .find((record) => record.timestamp >= timestamp && record.offset >= this.#logStartOffset)
        if (found) return { offset: found.offset, timestamp: found.timestamp, leaderEpoch: entry.leaderEpoch }
      }
    }
    return undefined
  }

  /** The first record with the greatest timestamp (KIP-734). */
  maxTimestampRecord(): { offset: number; timestamp: number; leaderEpoch: number } | undefined {
    let greatest = -1
    for (const { maxTimestamp, lastOffset } of this.#visible())
      if (lastOffset >= this.#logStartOffset) greatest = Math.max(greatest, maxTimestamp)
    return greatest < 0 ? undefined : this.offsetForTime(greatest)
  }

  /** The epoch that the first record was written in; that of now for an empty log. */
  firstEpoch(currentEpoch: number): number {
    for (const { lastOffset, leaderEpoch } of this.#visible())
      if (lastOffset >= this.#logStartOffset) return leaderEpoch
    return currentEpoch
  }

  /**
   * Where an epoch ended: the end offset of the largest epoch that is not above it. An epoch older than all that are
   * known ended before the first of them began. Source: `LeaderEpochFileCache.endOffsetFor`.
   */
  endOffsetForEpoch(epoch: number, currentEpoch: number): { epoch: number; endOffset: number } {
    if (epoch === currentEpoch) return { epoch, endOffset: this.logEndOffset }
    if (epoch < 0 || epoch > currentEpoch) return { epoch: -1, endOffset: -1 }
    let found: number | undefined
    for (const { entries } of this.#segments) {
      for (const { leaderEpoch, baseOffset, lastOffset } of entries) {
        if (lastOffset < this.#logStartOffset) continue
        const begin = Math.max(baseOffset, this.#logStartOffset)
        if (leaderEpoch > epoch) return { epoch: found ?? epoch, endOffset: begin }
        found = leaderEpoch
      }
    }
    return { epoch: found ?? epoch, endOffset: this.logEndOffset }
  }

  /** Moves the beginning forward; whole segments below it go. */
  deleteRecordsBefore(offset: number): void {
    this.#logStartOffset = Math.max(this.#logStartOffset, offset)
    while (this.#segments.length > 1 && (this.#segments[0] as Segment).nextOffset <= this.#logStartOffset) {
      this.#store.remove(this.#segments.shift() as Segment)
    }
    this.wake()
  }

  /** Every batch, oldest first; for replaying internal topics. */
  *batches(): Generator<Uint8Array, void> {
    for (const segment of this.#segments) for (const entry of segment.entries) yield segment.batch(entry)
  }

  /** Wakes whoever waits for this log: its leader moved, or it is gone. */
  wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /**
   * Forces what was appended and lets go of the files; nothing can be appended any more.
   * @returns whether everything is on the medium and the next start may trust it unseen
   */
  close(): boolean {
    const isSound = this.#broken === undefined && this.#finish()
    this.#broken ??= new Error('the log is closed')
    for (const segment of this.#segments) segment.bytes.close()
    this.#store.close()
    this.wake()
    return isSound
  }

  #finish(): boolean {
    try {
      if (this.#store.isDurable) this.#active.bytes.syncNow()
      // Who still waits for a force of its own has it now.
      this.#highWatermark = this.logEndOffset
      this.#store.seal(this.#active)
      return true
    } catch (error) {
      this.#broken = error as Error
      return false
    }
  }

  *#visible(): Generator<BatchEntry, void> {
    for (const { entries } of this.#segments)
      for (const entry of entries) if (entry.baseOffset < this.#highWatermark) yield entry
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment
  }

  #segmentOf(offset: number): Segment | undefined {
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const segment = this.#segments[index] as Segment
      if (segment.baseOffset <= offset)
        return segment.nextOffset > offset ? segment : this.#segments[index + 1]
    }
    return this.#segments[0]
  }

  #rollIfFull(incoming: number): void {
    const active = this.#active
    const isFull = active.bytes.size > 0 && active.bytes.size + incoming > this.settings.segmentBytes
    if (!isFull && this.logEndOffset - active.baseOffset < 2 ** 31 - 1) return
    if (this.#store.isDurable) active.bytes.syncNow()
    this.#store.seal(active)
    this.#segments.push(this.#store.create(active.nextOffset))
  }

  /** One force at a time; whoever appends meanwhile waits for the next one, which covers all of them. */
  #flush(): Promise<void> | undefined {
    if (!this.#store.isDurable || this.settings.acknowledgesUnforced) {
      this.#advance(this.logEndOffset)
      return undefined
    }
    if (this.#highWatermark === this.logEndOffset) return undefined
    const running = this.#syncing
    const next: Promise<void> = (running ?? Promise.resolve()).then(() => {
      const end = this.logEndOffset
      if (this.#highWatermark >= end) return
      if (this.#broken) throw this.#broken
      return this.#active.bytes.sync().then(
        () => this.#advance(end),
        (error: Error) => {
          // Closing forces too, and may have taken the file away from under this force.
          if (this.#highWatermark < end) throw error
        },
      )
    })
    // A force that failed must not be tried again: the system marks the pages clean although they are not.
    next.catch((error: Error) => {
      this.#broken ??= error
    })
    this.#syncing = next
    return next
  }

  #advance(end: number): void {
    this.#highWatermark = Math.max(this.#highWatermark, end)
    this.wake()
  }

  /** Reads the tables back; after a crash everything from the first batch that is torn or damaged on is cut off. */
  #recover(): void {
    const check = !this.#store.wasClosedInOrder
    const { skipsChecksums = false, forgetsProducers = false } = this.settings
    const remember = (header: BatchHeader) => {
      if (!forgetsProducers) this.#producers.apply(header)
    }
    for (let index = 0; index < this.#segments.length; index++) {
      const segment = this.#segments[index] as Segment
      const good = scanSegment(segment, check && !skipsChecksums, remember)
      if (good === segment.bytes.size) continue
      segment.bytes.truncate(good)
      for (const later of this.#segments.splice(index + 1)) this.#store.remove(later)
    }
    // A process that was killed leaves bytes that only the system's memory may have; from now on they count.
    if (check && this.#store.isDurable) this.#segments.at(-1)?.bytes.syncNow()
  }
}
