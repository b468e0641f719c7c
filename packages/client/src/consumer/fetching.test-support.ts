import { BatchWriter } from '@samsa/protocol'
import { CompletedFetch } from './completed-fetch.ts'

/** For tests only: a batch of so many records from an offset on, whose values are their offsets. */
export function batchAt(baseOffset: number, count: number): Buffer {
  const writer = new BatchWriter()
  for (let index = 0; index < count; index++) writer.append(0, null, `${baseOffset + index}`, undefined)
  const bytes = Buffer.from(writer.finish({ codec: 'none', level: undefined }))
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  return bytes
}

/** For tests only: what an answer of t-0 holds. */
export function fetchOf(offset: number, records: Buffer): CompletedFetch {
  const rules = { checkCrcs: true, isCommittedOnly: false, maxDecompressedBytes: 1_000_000 }
  return new CompletedFetch(
    { topic: 't', partition: 0 },
    offset,
    { records, abortedTransactions: null },
    rules,
  )
}
