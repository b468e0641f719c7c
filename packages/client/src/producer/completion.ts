import type { CodecName } from '@samsa/protocol'
import { splitBatch } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { Action } from '../cluster/recovery.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { backoffOf } from '../cluster/retry.ts'
import {
  AuthenticationError,
  ConnectionError,
  EncodeError,
  KafkaError,
  ServerError,
  TimeoutError,
  UnsupportedVersionError,
} from '../errors.ts'
import type { Accumulator } from './accumulator.ts'
import { inDoubt, recordErrors, unnamed } from './batch-errors.ts'
import type { Outcome } from './batch-result.ts'
import type { BatchEvent } from './delivery.ts'
import { eventOfRefusal } from './delivery.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { PartitionAnswer, ProduceAnswer, ProduceRequest } from './produce-request.ts'
import { leaderHints, produceOutcomes } from './produce-request.ts'
import { ProducerBatch } from './producer-batch.ts'
import type { ProducerConfig } from './producer-config.ts'
import type { ProducerIds } from './producer-id.ts'

export interface CompletionOptions {
  cluster: Cluster
  config: ProducerConfig
  accumulator: Accumulator
  ids: ProducerIds
  /** A batch was settled; its records have their outcome. */
  onSettled: (batch: ProducerBatch, error: Error | undefined) => void
}

/** Does what `delivery.ts` decides: answers and their absence become outcomes of records, retries, splits and gaps. */
export class Completion {
  readonly #options: CompletionOptions

  constructor(options: CompletionOptions) {
    this.#options = options
  }

  /** A request was answered. */
  answered(request: ProduceRequest, answer: ProduceAnswer): void {
    const { cluster } = this.#options
    const outcomes = produceOutcomes(request, answer)
    const { hints, endpoints } = leaderHints(outcomes, answer)
    for (const { batch, answer: part } of outcomes) {
      if (!part) this.#putOff(batch, 'unnamed', unnamed(batch))
      else if (part.errorCode === 0) this.stored(batch, part.baseOffset, part.logAppendTimeMs)
      else this.#refused(batch, part)
    }
    if (hints.length > 0) cluster.learnLeaders(hints, endpoints)
  }

  /** A batch was acknowledged. */
  stored(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void {
    this.#observe(batch, 'stored')
    const queue = this.#queueOf(batch)
    if (queue.isFailing) this.#options.cluster.complaints.healed(this.#complaint(queue))
    queue.isFailing = false
    this.meet(batch, 'stored', undefined, { baseOffset, logAppendTime, error: undefined })
  }

  /** A request got no answer, or could not be sent. */
  unanswered(batch: ProducerBatch, error: Error): void {
    const isSent = hasLeft(error)
    const action = recover(error, recovery.produce)
    this.#observe(batch, isSent ? 'unanswered' : 'unsent')
    if (action === 'refresh') this.#options.cluster.requestRefresh()
    const event = this.#eventOf(batch, action, false)
    const isTriedOn = event === 'putOff' || event === 'turnedAway'
    this.#putOff(batch, isTriedOn ? (isSent ? 'unanswered' : 'unsent') : event, error)
  }

  /** A batch goes from state to state, and what follows is done. The records learn the outcome, or the error. */
  meet(batch: ProducerBatch, event: BatchEvent, error: Error | undefined, outcome?: Outcome): void {
    const { accumulator, cluster } = this.#options
    const now = cluster.runtime.now()
    const queue = this.#queueOf(batch)
    if (event === 'expired') this.#observe(batch, 'expire')
    const isNumberRefused = event === 'outOfSequence' || event === 'outOfTurn' || event === 'stateLost'
    for (const effect of queue.meet(batch, event, now)) {
      if (effect === 'wait') batch.retryAt = now + backoffOf(cluster, batch.attempts - 1)
      else if (effect === 'split') this.#split(queue, batch)
      else if (effect === 'succeed') this.#settle(batch, outcome ?? outcomeOf(undefined))
      else if (effect === 'fail') this.#settle(batch, outcome ?? outcomeOf(error))
      else if (effect === 'failInDoubt') {
        const isPlain = event === 'disowned' || !error
        // What is wrong with a record was wrong with it in an earlier attempt too.
        const told = outcome?.recordErrors ? outcome : undefined
        this.#settle(batch, told ?? outcomeOf(isPlain ? error : inDoubt(batch, error, isNumberRefused)))
      }
    }
    accumulator.tidy(queue)
  }

  /** Said once, when a partition has been failing for ten seconds. */
  failing(queue: PartitionQueue, error: Error): void {
    queue.isFailing = true
    this.#options.cluster.complaints.failed(this.#complaint(queue), error)
  }

  #complaint({ topic, partition }: PartitionQueue): string {
    const { deliveryTimeoutMs } = this.#options.config
    return `records cannot be sent to ${topic}-${partition}, each is tried for ${deliveryTimeoutMs} ms (deliveryTimeoutMs)`
  }

  #refused(batch: ProducerBatch, part: PartitionAnswer): void {
    const { topic, partition } = batch
    const { errorCode, errorMessage: detail, logStartOffset } = part
    const error = new ServerError(errorCode, { api: 'Produce', topic, partition, detail })
    const { code } = error
    let action: Action = recover(error, recovery.produce)
    // Where the partition moved meanwhile, the broker cannot say what it knows of (`TransactionManager.canRetry`).
    if (code === 'UNKNOWN_PRODUCER_ID' && logStartOffset < 0) action = 'retry'
    const isStateLost = code === 'UNKNOWN_PRODUCER_ID' || code === 'INVALID_PRODUCER_ID_MAPPING'
    if (isStateLost && action === 'sequence') this.#options.ids.renew(batch.identity)
    this.#observe(batch, `refused: ${action}`)
    if (action === 'refresh') this.#options.cluster.requestRefresh()
    const event = this.#eventOf(batch, action, isStateLost)
    if (event === 'stored') this.meet(batch, event, undefined)
    else if (event === 'rejected') {
      const single = recordErrors(batch, part, error)
      this.meet(batch, event, error, {
        baseOffset: -1,
        logAppendTime: -1,
        error: single?.others ?? error,
        ...(single && { recordErrors: single.named }),
      })
    } else this.#putOff(batch, event, error)
  }

  #eventOf(batch: ProducerBatch, action: Action, isStateLost: boolean): BatchEvent {
    const { config } = this.#options
    return eventOfRefusal({
      action,
      mayBeAppended: config.acks === 'all',
      isExhausted: batch.attempts > config.retries,
      isFirst: this.#queueOf(batch).isFirst(batch),
      isDivisible: batch.count > 1,
      isStateLost,
    })
  }

  /** An attempt has failed; mostly there will be another one. */
  #putOff(batch: ProducerBatch, event: BatchEvent, error: Error): void {
    batch.lastError = error
    this.meet(batch, event, error)
    if (!batch.isSettled) this.failing(this.#queueOf(batch), error)
  }

  #split(queue: PartitionQueue, batch: ProducerBatch): void {
    const { config } = this.#options
    const bytes = batch.finish(config.compressionType as CodecName, config.compressionLevel)
    const limit = Math.min(config.batchSize, Math.ceil(batch.writer.sizeInBytes / 2))
    const parts = splitBatch(bytes, limit).map(
      (writer) => new ProducerBatch(batch.topic, batch.partition, writer, batch.createdAt, batch.deadline),
    )
    const share = Math.ceil(batch.reservedBytes / parts.length)
    for (const part of parts) {
      part.reservedBytes = Math.min(share, batch.reservedBytes)
      batch.reservedBytes -= part.reservedBytes
    }
    queue.replace(batch, parts)
    batch.result.split(parts.map(({ result, count }) => ({ result, count })))
  }

  #settle(batch: ProducerBatch, outcome: Outcome): void {
    this.#options.accumulator.release(batch)
    batch.result.settle(outcome)
    this.#options.onSettled(batch, outcome.error)
  }

  #observe(batch: ProducerBatch, event: string): void {
    observe(this.#options.cluster, batch, event)
  }

  #queueOf({ topic, partition }: ProducerBatch): PartitionQueue {
    return this.#options.accumulator.queue(topic, partition)
  }
}

/** Tells where a batch stands and what it meets. */
export function observe({ runtime }: Cluster, batch: ProducerBatch, event: string): void {
  runtime.observe?.('batch', observedState(batch), event)
}

function outcomeOf(error: Error | undefined): Outcome {
  return { baseOffset: -1, logAppendTime: -1, error }
}

/** Whether an attempt that failed may have reached the broker. */
function hasLeft(error: Error): boolean {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return error.sent
  // These are found before anything is written; what is unknown is taken for the worse.
  const isBefore =
    error instanceof EncodeError ||
    error instanceof UnsupportedVersionError ||
    error instanceof AuthenticationError ||
    (error instanceof KafkaError && error.code === 'CLOSED')
  return !isBefore
}

/** Where a batch stands, for whoever counts: what is told of it is a little less than is known. */
function observedState({ state }: ProducerBatch): string {
  if (state === 'astray') return 'undecided'
  return state === 'inFlightUndecided' || state === 'inFlightAstray' ? 'inFlightAgain' : state
}
