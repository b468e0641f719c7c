import type { CodecName } from '@samsa/protocol'
import { addSequence, type BatchWriter, headerOf } from '@samsa/protocol'
import { BatchResult } from './batch-result.ts'
import type { BatchState } from './delivery.ts'
import { isInDoubt, isInFlight } from './delivery.ts'

/** Id and epoch under which a producer numbers its batches. */
export interface ProducerIdentity {
  id: bigint
  epoch: number
}

export function isSameIdentity(a: ProducerIdentity | undefined, b: ProducerIdentity | undefined): boolean {
  return a?.id === b?.id && a?.epoch === b?.epoch
}

/**
 * A batch on its way: filled while it waits, then bytes that are sent until their result is known. Where it stands is
 * written by its `PartitionQueue` alone, as `delivery.ts` decides.
 */
export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly result: BatchResult
  readonly writer: BatchWriter
  /** Monotonic. */
  readonly createdAt: number
  /** Monotonic: when the batch has failed if nothing was heard. */
  readonly deadline: number
  /** Bytes that its records were counted with against bufferMemory. */
  reservedBytes = 0
  state: BatchState = 'waiting'
  /** How often a request with it was begun. */
  attempts = 0
  /** Monotonic: not to be sent before. */
  retryAt = 0
  /** Whether the request that it is in has been handed to the connection. */
  isWritten = false
  /** Whether any request with it was. */
  wasWritten = false
  lastError: Error | undefined
  identity: ProducerIdentity | undefined
  baseSequence = -1
  /** The how-manieth of its partition it was to be numbered. */
  ordinal = 0
  #bytes: Uint8Array | undefined

  constructor(topic: string, partition: number, writer: BatchWriter, createdAt: number, deadline: number) {
    this.topic = topic
    this.partition = partition
    this.writer = writer
    this.createdAt = createdAt
    this.deadline = deadline
    this.result = new BatchResult(() => this.mayBeStored)
  }

  get count(): number {
    return this.writer.count
  }

  get isInFlight(): boolean {
    return isInFlight(this.state)
  }

  /** Whether its records have their outcome. */
  get isSettled(): boolean {
    return this.state === 'settled' || this.state === 'givenUpInFlight'
  }

  /** Whether a broker may have stored it without our knowing. */
  get mayBeStored(): boolean {
    return isInDoubt(this.state) || (this.isInFlight && this.isWritten)
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

  /** Takes its number away: it gets another one when it is sent. */
  unnumber(): void {
    this.identity = undefined
    this.baseSequence = -1
  }

  /** The bytes as they go out; the batch is closed from then on. */
  finish(codec: CodecName, level: number | undefined): Uint8Array {
    const { identity, baseSequence } = this
    const numbers = identity ? { producerId: identity.id, producerEpoch: identity.epoch, baseSequence } : {}
    this.#bytes ??= this.writer.finish({ codec, level, ...numbers })
    return this.#bytes
  }
}
