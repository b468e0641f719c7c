import type { FinishOptions } from '@samsa/protocol'
import { BatchWriter, readBatches } from '@samsa/protocol'
import type { LogSettings } from './log/partition-log.ts'

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

/** A record that is more than its value. */
export interface SentRecord {
  key?: string | null
  value?: string | null
  timestamp?: number
}

export interface BatchOptions extends FinishOptions {
  /** The key of every record that names none. */
  key?: string | null
  /** Of the first record; each next one is a millisecond later, unless it says when it is. */
  timestamp?: number
}

/** A batch as a producer sends it. */
export function batchOf(
  records: readonly (string | null | SentRecord)[],
  { key = null, timestamp = 1_000, ...finish }: BatchOptions = {},
): Uint8Array {
  const writer = new BatchWriter()
  for (const [index, record] of records.entries()) {
    const given = typeof record === 'object' && record !== null ? record : { value: record }
    writer.append(
      given.timestamp ?? timestamp + index,
      'key' in given ? given.key : key,
      given.value ?? null,
      undefined,
    )
  }
  return Uint8Array.from(writer.finish(finish))
}

/** `offset=value` of each record in a stretch of a log. */
export function recordsOf(bytes: Uint8Array | null): string[] {
  return [...readBatches(bytes ?? new Uint8Array(0))].flatMap((batch) => {
    batch.checkCrc()
    return batch.records().map((record) => `${record.offset}=${record.valueText}`)
  })
}
