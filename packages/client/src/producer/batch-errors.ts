import { ConnectionError, KafkaError, ServerError, TimeoutError } from '../errors.ts'
import type { PartitionAnswer } from './produce-request.ts'
import type { ProducerBatch } from './producer-batch.ts'

const MAY_BE_STORED = 'an earlier attempt may have been stored all the same'

/**
 * The time of a batch is over. `sent` says whether its records may be stored all the same.
 * @param cause the last problem, where none belongs to the batch itself
 */
export function expired(batch: ProducerBatch, now: number, cause: Error | undefined): TimeoutError {
  const sent = batch.mayBeStored
  const hint = sent
    ? 'It had been sent, so it may be stored all the same'
    : batch.wasWritten
      ? 'It is not stored; deliveryTimeoutMs says how long is tried'
      : 'It was never sent; is there a leader, and can it be reached? deliveryTimeoutMs says how long is tried'
  const what = `${records(batch)} to be acknowledged by ${nameOf(batch)}`
  return new TimeoutError(what, now - batch.createdAt, { cause: batch.lastError ?? cause, sent, hint })
}

/** What the records of a batch learn that `close` did not wait for, or that a failed producer cannot send. */
export function abandoned(batch: ProducerBatch, reason: Error): Error {
  if (!batch.mayBeStored || !(reason instanceof KafkaError)) return reason
  const message = `${reason.message}; it had been sent, so it may be stored all the same`
  return new KafkaError(reason.code, message, { cause: reason })
}

/** The error of a batch that was refused, while an earlier attempt of it may be stored. */
export function inDoubt(batch: ProducerBatch, refusal: Error, isNumberRefused: boolean): Error {
  if (isNumberRefused) {
    const what =
      `${records(batch)} for ${nameOf(batch)} got no answer, and when sent again they were refused ` +
      `(${refusal.message}); they may be stored all the same`
    return new ConnectionError(what, nameOf(batch), true, { cause: refusal })
  }
  if (!(refusal instanceof ServerError)) return refusal
  const { errorCode, api, topic, partition } = refusal
  return new ServerError(errorCode, { api, topic, partition, about: MAY_BE_STORED }, { cause: refusal })
}

/** The numbers of a batch have become worthless while nobody knew whether it is stored. */
export function disowned(batch: ProducerBatch): ConnectionError {
  const what =
    `${records(batch)} for ${nameOf(batch)} got no answer before the cluster became another one; ` +
    'they may be stored in the one before, and are not sent to this one'
  return new ConnectionError(what, nameOf(batch), true, { cause: batch.lastError })
}

/** The answer to a request says nothing of a batch. */
export function unnamed(batch: ProducerBatch): ConnectionError {
  return new ConnectionError(`the answer to Produce leaves ${nameOf(batch)} out`, nameOf(batch), true)
}

/**
 * What the broker has against single records of a batch (KIP-467), by their place in it, and what the others are told:
 * all of them failed, but nothing is wrong with these. One that is named alone has the code of the partition; of several,
 * each is an invalid record with words of its own. Source: `Sender.completeBatch`.
 */
export function recordErrors(
  batch: ProducerBatch,
  answer: PartitionAnswer,
  whole: ServerError,
): { named: ReadonlyMap<number, Error>; others: Error } | undefined {
  const { topic, partition, count } = batch
  const given = answer.recordErrors.filter(({ batchIndex }) => batchIndex >= 0 && batchIndex < count)
  if (given.length === 0) return undefined
  const code = given.length === 1 ? answer.errorCode : INVALID_RECORD
  const named = new Map(
    given.map(({ batchIndex, batchIndexErrorMessage }): [number, Error] => {
      const detail = batchIndexErrorMessage ?? answer.errorMessage
      const about = `record ${batchIndex} of its batch`
      return [batchIndex, new ServerError(code, { api: 'Produce', topic, partition, detail, about })]
    }),
  )
  const others = new KafkaError(
    'BATCH_REFUSED',
    `the record for ${nameOf(batch)} is not stored, because it was part of the same batch as a record that was refused; ` +
      `nothing is wrong with it that is known, so send it again. The refusal of the other: ${whole.message}`,
    { cause: whole },
  )
  return { named, others }
}

const INVALID_RECORD = 87

function nameOf({ topic, partition }: ProducerBatch): string {
  return `${topic}-${partition}`
}

function records({ count }: ProducerBatch): string {
  return `${count} record${count === 1 ? '' : 's'}`
}
