import type { Disk } from '@samsa/runtime'
import type { SegmentStore } from './partition-log.ts'
import { FileBytes, Segment } from './segment.ts'

export interface FileStoreSettings {
  /** False after a crash: then everything is checked. */
  wasClosedInOrder: boolean
  /** `index.interval.bytes`: how far apart the entries of an index are. */
  indexIntervalBytes: number
}

/**
 * The directory of a partition in Kafka's layout: segments named by their first offset, each with the index files that
 * Kafka's own tools and brokers expect beside it.
 */
export function fileStore(disk: Disk, directory: string, settings: FileStoreSettings): SegmentStore {
  disk.makeDirectory(directory)
  const path = (baseOffset: number, suffix: string) =>
    `${directory}/${String(baseOffset).padStart(20, '0')}.${suffix}`
  const open = (baseOffset: number, create: boolean) =>
    new Segment(baseOffset, new FileBytes(disk.open(path(baseOffset, 'log'), { create })))
  return {
    wasClosedInOrder: settings.wasClosedInOrder,
    isDurable: true,
    load: () => {
      if (!settings.wasClosedInOrder) disk.syncDirectory(directory)
      return (disk.list(directory) ?? [])
        .filter((name) => /^\d{20}\.log$/.test(name))
        .map((name) => open(Number(name.slice(0, 20)), false))
    },
    create: (baseOffset) => {
      const segment = open(baseOffset, true)
      disk.syncDirectory(directory)
      return segment
    },
    seal: (segment) => {
      const { offsets, times } = indexesOf(segment, settings.indexIntervalBytes)
      disk.replace(path(segment.baseOffset, 'index'), offsets)
      disk.replace(path(segment.baseOffset, 'timeindex'), times)
    },
    remove: (segment) => {
      segment.bytes.close()
      for (const suffix of ['log', 'index', 'timeindex']) disk.remove(path(segment.baseOffset, suffix))
      disk.syncDirectory(directory)
    },
    close: () => {},
  }
}

/**
 * The offset index (8 bytes an entry: relative offset of the last record of a batch, the batch's position) and the
 * time index (12 bytes: timestamp, relative offset). Source: `OffsetIndex`, `TimeIndex`, `LogSegment.append`.
 */
function indexesOf(segment: Segment, intervalBytes: number): { offsets: Buffer; times: Buffer } {
  const offsets: number[][] = []
  const times: number[][] = []
  let sinceEntry = 0
  let greatest = -1
  let greatestOffset = -1
  let indexed = -1
  const time = () => {
    if (greatest <= indexed) return
    times.push([greatest, greatestOffset - segment.baseOffset])
    indexed = greatest
  }
  for (const { lastOffset, maxTimestamp, position, size } of segment.entries) {
    if (maxTimestamp > greatest) {
      greatest = maxTimestamp
      greatestOffset = lastOffset
    }
    if (sinceEntry > intervalBytes) {
      offsets.push([lastOffset - segment.baseOffset, position])
      time()
      sinceEntry = 0
    }
    sinceEntry += size
  }
  time()
  return { offsets: packed(offsets, 8), times: packed(times, 12) }
}

function packed(entries: number[][], size: number): Buffer {
  const bytes = Buffer.alloc(entries.length * size)
  entries.forEach(([first, second], index) => {
    const at = index * size
    if (size === 12) bytes.writeBigInt64BE(BigInt(first as number), at)
    else bytes.writeInt32BE(first as number, at)
    bytes.writeInt32BE(second as number, at + size - 4)
  })
  return bytes
}
