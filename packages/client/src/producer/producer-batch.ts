import type { CodecName } from '@samsa/protocol'
import { addSequence, type BatchWriter, headerOf } from '@samsa/protocol'
import { BatchResult } from './batch-result.ts'

/** Id and epoch under which a producer numbers its batches. */
export interface ProducerIdentity {
  id: bigint
  epoch: number
}

/** A batch on its way: filled while it is open, then bytes that are sent until their result is known. */
export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly result = new BatchResult()
  readonly writer: BatchWriter
  /** Monotonic. */
  readonly createdAt: number
  /** Monotonic: when the batch has failed if nothing was heard. */
  readonly deadline: number
  /** Bytes that its records were counted with against bufferMemory. */
  reservedBytes = 0
  attempts = 0
  /** Monotonic: not to be sent before. */
  retryAt = 0
  /**
   * An attempt has left and was never answered, so it may be on its way still: even when the broker refuses the number
   * of a later one, the records can be stored by the earlier one. They are never given another number.
   */
  mayStillArrive = false
  /** An attempt may have been stored: then it must neither be renumbered nor given up before that is decided. */
  isOutcomeUnknown = false
  isInFlight = false
  isSettled = false
  lastError: Error | undefined
  identity: ProducerIdentity | undefined
  baseSequence = -1
  #bytes: Uint8Array | undefined

  constructor(topic: string, partition: number, writer: BatchWriter, createdAt: number, deadline: number) {
    this.topic = topic
    this.partition = partition
    this.writer = writer
    this.createdAt = createdAt
    this.deadline = deadline
  }

  /** Where it stands, in a word. */
  get state(): string {
    if (this.isSettled) return this.isInFlight ? 'givenUpInFlight' : 'settled'
    const isAgain = this.attempts > (this.isInFlight ? 1 : 0)
    if (this.isInFlight) return isAgain ? 'inFlightAgain' : 'inFlight'
    if (!isAgain) return 'waiting'
    return this.isOutcomeUnknown ? 'undecided' : 'refused'
  }

  get count(): number {
    return this.writer.count
  }

  /** No record can be added any more. */
  get isClosed(): boolean {
    return this.#bytes !== undefined
  }

  get sizeInBytes(): number {
    return this.#bytes?.length ?? this.writer.sizeInBytes
  }

  get hasSequence(): boolean {
    return this.baseSequence >= 0
  }

  get nextSequence(): number {
    return addSequence(this.baseSequence, this.count)
  }

  /** Gives the batch its number; one that it had before is overwritten. */
  number(identity: ProducerIdentity, baseSequence: number): void {
    this.identity = identity
    this.baseSequence = baseSequence
    if (this.#bytes) headerOf(this.#bytes).stampProducer(identity.id, identity.epoch, baseSequence)
  }

  /** The bytes as they go out; the batch is closed from then on. */
  finish(codec: CodecName, level: number | undefined): Uint8Array {
    const { identity, baseSequence } = this
    const numbers = identity ? { producerId: identity.id, producerEpoch: identity.epoch, baseSequence } : {}
    this.#bytes ??= this.writer.finish({ codec, level, ...numbers })
    return this.#bytes
  }
}
