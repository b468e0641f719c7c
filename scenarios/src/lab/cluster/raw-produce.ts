import { BatchWriter, decodeResponse, errorOf, Produce } from '@samsa/protocol'
import { Asker } from '../../wire/asker.ts'

/** The newest version that names topics. */
const VERSION = 12
const TIMEOUT_MS = 5_000

interface RawProduce {
  readonly topic: string
  readonly partition: number
  readonly value: Uint8Array | string
  /** -1: all in-sync replicas; 1: the leader. Default -1. */
  readonly acks?: number
  readonly clientId?: string
}

/** What a node says to one record, without a client that tries again. */
export async function produceRaw(
  { port }: { readonly port: number },
  { topic, partition, value, acks = -1, clientId = 'raw' }: RawProduce,
): Promise<{ error: string; baseOffset: number; throttleTimeMs: number }> {
  const batch = new BatchWriter()
  batch.append(Date.now(), null, value, undefined)
  const partitionData = [{ index: partition, records: batch.finish() }]
  const asker = await Asker.dial('127.0.0.1', port, clientId)
  try {
    const body = { acks, timeoutMs: TIMEOUT_MS, topicData: [{ name: topic, partitionData }] }
    const answer = decodeResponse(Produce, VERSION, await asker.ask(Produce, VERSION, body))
    const [told] = answer.responses[0]?.partitionResponses ?? []
    const { errorCode = -1, baseOffset = -1 } = told ?? {}
    return { error: errorOf(errorCode).name, baseOffset, throttleTimeMs: answer.throttleTimeMs }
  } finally {
    asker.close()
  }
}
