import type { Produce, Response } from '@samsa/protocol'
import { ConnectionError, ServerError, TimeoutError } from '../errors.ts'
import type { ProducerBatch } from './producer-batch.ts'

/** The time of a batch is over. `sent` says whether its records may be stored all the same. */
export function expired(batch: ProducerBatch, now: number): TimeoutError {
  const sent = batch.isOutcomeUnknown || batch.mayStillArrive || batch.isInFlight
  const hint = sent
    ? 'It had been sent, so it may be stored all the same'
    : 'It was never sent; is there a leader, and can it be reached? deliveryTimeoutMs says how long is tried'
  const what = `${records(batch)} to be acknowledged by ${batch.topic}-${batch.partition}`
  return new TimeoutError(what, now - batch.createdAt, { cause: batch.lastError, sent, hint })
}

/** Nobody can say whether the records are stored: an attempt got no answer, and the number of the next one was refused. */
export function undecidable(batch: ProducerBatch, refusal: Error): ConnectionError {
  const address = `${batch.topic}-${batch.partition}`
  return new ConnectionError(
    `${records(batch)} for ${address} got no answer, and when sent again they were refused (${refusal.message}); they may be stored all the same`,
    address,
    true,
    { cause: refusal },
  )
}

type PartitionAnswer = Response<typeof Produce>['responses'][number]['partitionResponses'][number]

/** What the broker has against single records of a batch (KIP-467), by their place in it. */
export function recordErrors(batch: ProducerBatch, answer: PartitionAnswer): Map<number, Error> {
  const { topic, partition } = batch
  return new Map(
    answer.recordErrors.map(({ batchIndex, batchIndexErrorMessage: detail }): [number, Error] => {
      const about = `record ${batchIndex} of its batch`
      return [
        batchIndex,
        new ServerError(answer.errorCode, { api: 'Produce', topic, partition, detail, about }),
      ]
    }),
  )
}

function records({ count }: ProducerBatch): string {
  return `${count} record${count === 1 ? '' : 's'}`
}
