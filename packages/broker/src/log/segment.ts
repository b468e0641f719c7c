import { BATCH_HEADER_BYTES, BatchHeader } from '@samsa/protocol'
import type { DiskFile } from '@samsa/runtime'

/** Where the bytes of a segment are kept. */
export interface SegmentBytes {
  readonly size: number
  append(batch: Uint8Array): void
  /** The bytes from `start` to `end`; both are batch boundaries. */
  read(start: number, end: number): Uint8Array
  truncate(size: number): void
  /** Forces what was appended to the medium. */
  sync(): Promise<void>
  syncNow(): void
  close(): void
}

/** What is known of a stored batch without reading it. */
export interface BatchEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly leaderEpoch: number
  readonly position: number
  readonly size: number
}

function entryOf(header: BatchHeader, position: number): BatchEntry {
  const { baseOffset, lastOffset, maxTimestamp, leaderEpoch, sizeInBytes: size } = header
  return { baseOffset, lastOffset, maxTimestamp, leaderEpoch, position, size }
}

/** What was read is not what had been written: the disk, or somebody who wrote to the file, damaged it. */
export class DamagedBatchError extends Error {
  override readonly name = 'DamagedBatchError'
}

/**
 * Refuses bytes of a batch whose place is not its own any more. Offset and length of a batch are outside of its checksum,
 * so no reader could tell; what the checksum covers is for readers to check.
 * @throws DamagedBatchError
 */
function expectInPlace(bytes: Uint8Array, at: number, entry: BatchEntry): void {
  const { baseOffset, lastOffset, leaderEpoch, size } = entry
  const isWhole = bytes.length - at >= size
  const header = new BatchHeader(bytes, at)
  const isInPlace =
    isWhole &&
    header.baseOffset === baseOffset &&
    header.sizeInBytes === size &&
    header.leaderEpoch === leaderEpoch &&
    header.magic === 2 &&
    header.lastOffset === lastOffset
  if (isInPlace) return
  const what = `the batch of offset ${baseOffset} at byte ${entry.position} of its segment`
  throw new DamagedBatchError(`${what} is damaged: its offsets, epoch or length are not as they were written`)
}

/** A stretch of a partition's log: its batches in order, and a table of where each is. */
export class Segment {
  readonly baseOffset: number
  readonly bytes: SegmentBytes
  readonly entries: BatchEntry[] = []
  maxTimestamp = -1

  constructor(baseOffset: number, bytes: SegmentBytes) {
    this.baseOffset = baseOffset
    this.bytes = bytes
  }

  get nextOffset(): number {
    const last = this.entries.at(-1)
    return last ? last.lastOffset + 1 : this.baseOffset
  }

  append(header: BatchHeader): void {
    const entry = entryOf(header, this.bytes.size)
    this.bytes.append(header.bytes)
    this.note(entry)
  }

  /** Takes a batch into the table that is in the bytes already. */
  note(entry: BatchEntry): void {
    this.entries.push(entry)
    if (entry.maxTimestamp > this.maxTimestamp) this.maxTimestamp = entry.maxTimestamp
  }

  /** Index of the first batch that ends at or after an offset; the number of batches when there is none. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.entries[middle] as BatchEntry).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  batch(entry: BatchEntry): Uint8Array {
    return this.batches([entry])
  }

  /**
   * The bytes of batches that follow one another.
   * @throws DamagedBatchError
   */
  batches(entries: readonly BatchEntry[]): Uint8Array {
    const [first] = entries
    const last = entries.at(-1)
    if (!first || !last) return new Uint8Array(0)
    const bytes = this.bytes.read(first.position, last.position + last.size)
    for (const entry of entries) expectInPlace(bytes, entry.position - first.position, entry)
    return bytes
  }
}

/** A segment in memory: the batches as they came. */
export class MemoryBytes implements SegmentBytes {
  size = 0
  readonly #chunks: { at: number; bytes: Uint8Array }[] = []

  append(batch: Uint8Array): void {
    this.#chunks.push({ at: this.size, bytes: batch })
    this.size += batch.length
  }

  read(start: number, end: number): Uint8Array {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#chunks[middle] as { at: number }).at < start) low = middle + 1
      else high = middle
    }
    const pieces: Uint8Array[] = []
    for (let at = start; at < end; low++) {
      const { bytes } = this.#chunks[low] as { bytes: Uint8Array }
      pieces.push(bytes)
      at += bytes.length
    }
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
  }

  truncate(size: number): void {
    while (this.#chunks.length > 0 && (this.#chunks.at(-1) as { at: number }).at >= size) this.#chunks.pop()
    this.size = size
  }

  async sync(): Promise<void> {}
  syncNow(): void {}
  close(): void {}
}

/** A segment in a file of Kafka's format. */
export class FileBytes implements SegmentBytes {
  size: number
  readonly #file: DiskFile

  constructor(file: DiskFile) {
    this.#file = file
    this.size = file.size()
  }

  append(batch: Uint8Array): void {
    this.#file.write(this.size, [batch])
    this.size += batch.length
  }

  read(start: number, end: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(end - start)
    const read = this.#file.read(start, bytes)
    return read === bytes.length ? bytes : bytes.subarray(0, read)
  }

  truncate(size: number): void {
    this.#file.truncate(size)
    this.size = size
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  syncNow(): void {
    this.#file.syncNow()
  }

  close(): void {
    this.#file.close()
  }
}

/** Whether a batch's offsets can stand where it does: behind those before it, and within reach of the segment's index. */
function follows({ baseOffset, lastOffset }: BatchHeader, segment: Segment): boolean {
  return (
    baseOffset >= segment.nextOffset && lastOffset >= baseOffset && lastOffset - segment.baseOffset < 2 ** 31
  )
}

/** How many bytes are read at once while a segment is scanned. */
const SCAN_BYTES = 1024 * 1024

/**
 * Fills a segment's table from its bytes.
 * @param check whether checksums are verified, as after a crash
 * @returns how many bytes hold whole, good batches; the rest is to be cut off
 */
export function scanSegment(segment: Segment, check: boolean, each: (header: BatchHeader) => void): number {
  const { bytes } = segment
  let position = 0
  let window: Buffer = Buffer.alloc(0)
  let windowAt = 0
  while (bytes.size - position >= BATCH_HEADER_BYTES) {
    const need = (size: number) => {
      if (position >= windowAt && position + size <= windowAt + window.length) return
      windowAt = position
      const read = bytes.read(position, Math.min(bytes.size, position + Math.max(size, SCAN_BYTES)))
      window = Buffer.from(read.buffer, read.byteOffset, read.byteLength)
    }
    need(BATCH_HEADER_BYTES)
    let header = new BatchHeader(window, position - windowAt)
    const size = header.sizeInBytes
    const isWhole = header.magic === 2 && size >= BATCH_HEADER_BYTES && position + size <= bytes.size
    if (!isWhole || !follows(header, segment)) return position
    if (check) {
      need(size)
      header = new BatchHeader(window, position - windowAt)
      if (!header.isIntact()) return position
    }
    segment.note(entryOf(header, position))
    each(header)
    position += size
  }
  return position
}
