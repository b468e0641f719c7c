import type { BatchHeader, RecordView } from '@samsa/protocol'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  codecNames,
  BatchHeader as Header,
  readBatches,
} from '@samsa/protocol'

/** Kafka's name of the code, and what exactly is wrong. */
export interface AppendRefusal {
  error: string
  detail: string
  /** Which records of the batch are to blame, counted from 0; without it the batch as a whole is. */
  records?: number[]
}

/** What a topic asks of the batches that are sent to it. */
export interface BatchRules {
  /** `message.max.bytes` */
  maxMessageBytes: number
  /** `segment.bytes` */
  segmentBytes: number
  /** `message.timestamp.type=LogAppendTime`: timestamps of producers are overwritten and not looked at. */
  isLogAppendTime: boolean
  /** `message.timestamp.before.max.ms` */
  timestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms` */
  timestampAfterMaxMs: number
  /** `cleanup.policy` has `compact`: records need keys. */
  isCompacted: boolean
  /** `compression.type`: a codec, `uncompressed`, or `producer` for whatever producers send. */
  compressionType: string
}

/** What the records of a batch may become when they are looked into: far beyond what honest producers send. */
const MOST_DECOMPRESSED_BYTES = 256 * 1024 * 1024

export const refuse = (error: string, detail: string): AppendRefusal => ({ error, detail })

/**
 * Takes what a client sent: a copy, with timestamps and codec as the topic wants them, or why it may not be appended.
 * Rules and their order are Kafka's (`ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords`,
 * `LogValidator`).
 */
export function admitBatch(records: Uint8Array, rules: BatchRules, now: number): AppendRefusal | BatchHeader {
  if (records.length < BATCH_HEADER_BYTES) return refuse('INVALID_RECORD', 'a whole batch is needed')
  const sent = new Header(records)
  const refusal = refusesFrame(sent, records.length, rules) ?? refusesHeader(sent)
  if (refusal) return refusal
  const header = new Header(Buffer.from(records))
  // Who stamps is the topic's business, not the producer's.
  if (header.isLogAppendTime) header.stampCreateTime(header.maxTimestampBigInt)
  const read = readRecords(header, rules, now)
  if ('error' in read) return read
  const kept = recompressed(header, rules)
  if (kept !== header && kept.sizeInBytes > Math.min(rules.maxMessageBytes, rules.segmentBytes))
    return refuse('MESSAGE_TOO_LARGE', `recompressed the batch has ${kept.sizeInBytes} bytes`)
  if (rules.isLogAppendTime) kept.stampLogAppendTime(now)
  else if (kept.maxTimestamp !== read.maxTimestamp) kept.stampCreateTime(read.maxTimestamp)
  return kept
}

function refusesFrame(header: BatchHeader, length: number, rules: BatchRules): AppendRefusal | undefined {
  const { magic, sizeInBytes } = header
  if (magic !== 2) return refuse('INVALID_RECORD', `only batches of magic 2 are taken, not ${magic}`)
  if (sizeInBytes < BATCH_HEADER_BYTES || sizeInBytes > length)
    return refuse('CORRUPT_MESSAGE', `the batch says ${sizeInBytes} bytes, ${length} came`)
  if (sizeInBytes < length) return refuse('INVALID_RECORD', 'only one batch for each partition is allowed')
  if (header.baseOffset !== 0)
    return refuse('INVALID_RECORD', 'the base offset of a batch that is sent must be 0')
  if (length > rules.maxMessageBytes) {
    const detail = `${length} bytes are more than max.message.bytes ${rules.maxMessageBytes}`
    return refuse('MESSAGE_TOO_LARGE', detail)
  }
  if (!header.isIntact()) return refuse('CORRUPT_MESSAGE', 'the CRC-32C does not match')
  if (length > rules.segmentBytes)
    return refuse('RECORD_LIST_TOO_LARGE', `${length} bytes are more than segment.bytes`)
  return undefined
}

function refusesHeader(header: BatchHeader): AppendRefusal | undefined {
  const { count, lastOffsetDelta, producerId, baseSequence, codec } = header
  if (count <= 0 || lastOffsetDelta !== count - 1)
    return refuse('INVALID_RECORD', `${count} records with a last offset delta of ${lastOffsetDelta}`)
  if (header.isControl) return refuse('INVALID_RECORD', 'clients may not write control records')
  if (producerId >= 0n && baseSequence < 0)
    return refuse('INVALID_RECORD', 'a producer id without a sequence')
  if (codec > 4) return refuse('UNSUPPORTED_COMPRESSION_TYPE', `codec ${codec} is not known`)
  if (header.isTransactional)
    return refuse('INVALID_TXN_STATE', 'there is no open transaction for this partition')
  return undefined
}

/** Reads every record, so that nothing is stored that cannot be read back. */
function readRecords(
  header: BatchHeader,
  rules: BatchRules,
  now: number,
): AppendRefusal | { maxTimestamp: number } {
  const earliest = now - rules.timestampBeforeMaxMs
  const latest = now + rules.timestampAfterMaxMs
  const keyless: number[] = []
  const untimely: number[] = []
  let maxTimestamp = -1
  try {
    const [batch] = readBatches(header.bytes, { maxDecompressedBytes: MOST_DECOMPRESSED_BYTES })
    const views = batch?.records() ?? []
    for (let index = 0; index < views.length; index++) {
      const record = views[index] as RecordView
      const { offset, timestamp, keySize } = record
      if (record.headersSize > 0) void record.headers
      if (offset !== index) return refuse('INVALID_RECORD', `record ${index} has the offset ${offset}`)
      if (rules.isCompacted && keySize < 0) keyless.push(index)
      // -1 stands for no time, and for one that is no safe integer.
      const isTimely =
        timestamp === -1 ? record.timestampBigInt === -1n : timestamp >= earliest && timestamp <= latest
      if (!rules.isLogAppendTime && !isTimely) untimely.push(index)
      maxTimestamp = Math.max(maxTimestamp, timestamp)
    }
  } catch (error) {
    return refuse('INVALID_RECORD', (error as Error).message)
  }
  if (untimely.length > 0)
    return {
      ...refuse('INVALID_TIMESTAMP', `timestamps must be from ${earliest} to ${latest}`),
      records: untimely,
    }
  if (keyless.length > 0)
    return { ...refuse('INVALID_RECORD', 'a compacted topic needs keys'), records: keyless }
  return { maxTimestamp }
}

/** The same records in the codec that the topic wants (`compression.type`). */
function recompressed(header: BatchHeader, { compressionType }: BatchRules): BatchHeader {
  if (compressionType === 'producer') return header
  const codec = codecNames.find((name) => name === compressionType) ?? 'none'
  if (codecNames[header.codec] === codec) return header
  const writer = new BatchWriter(header.sizeInBytes)
  for (const batch of readBatches(header.bytes, { maxDecompressedBytes: MOST_DECOMPRESSED_BYTES })) {
    for (const { timestamp, key, value, headers } of batch.records())
      writer.append(timestamp, key, value, headers)
  }
  const { producerId, producerEpoch, baseSequence } = header
  return new Header(writer.finish({ codec, producerId, producerEpoch, baseSequence }))
}
