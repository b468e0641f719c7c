import { BatchHeader, BatchWriter, readBatches } from '@samsa/protocol'
import type { LogSettings } from './partition-log.ts'

/** What a topic without settings asks of its log. */
export const usualSettings: LogSettings = {
  maxMessageBytes: 1_048_588,
  segmentBytes: 1_073_741_824,
  isLogAppendTime: false,
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  compressionType: 'producer',
}

/** What a test says of a batch; the rest is as a plain producer sends it. */
export interface BatchWish {
  values: readonly (string | null)[]
  key?: string | null
  timestamp?: number
  producerId?: bigint
  epoch?: number
  sequence?: number
}

/** A batch as a producer sends it. */
export function batchOf({ values, key = null, timestamp = 1000, ...producer }: BatchWish): Uint8Array {
  const writer = new BatchWriter()
  for (const [index, value] of values.entries()) writer.append(timestamp + index, key, value, undefined)
  const { producerId = -1n, epoch: producerEpoch = -1, sequence: baseSequence = -1 } = producer
  return writer.finish({ producerId, producerEpoch, baseSequence })
}

/** The header of such a batch, as the log judges it. */
export function headerOf(wish: BatchWish): BatchHeader {
  return new BatchHeader(batchOf(wish))
}

/** `offset=value` of each record in a stretch of a log. */
export function recordsOf(bytes: Uint8Array): string[] {
  return [...readBatches(bytes)].flatMap((batch) => {
    batch.checkCrc()
    return batch.records().map((record) => `${record.offset}=${record.valueText}`)
  })
}
