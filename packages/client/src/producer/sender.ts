import type { CodecName, Response } from '@samsa/protocol'
import { Produce, prepareCodec, splitBatch, zeroUuid } from '@samsa/protocol'
import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import type { Action } from '../cluster/recovery.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { ConnectionError, ServerError, TimeoutError } from '../errors.ts'
import { backoffMs } from '../time/backoff.ts'
import type { Accumulator } from './accumulator.ts'
import { expired, recordErrors, undecidable } from './batch-errors.ts'
import { InFlight } from './in-flight.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { ProducerBatch } from './producer-batch.ts'
import type { ProducerConfig } from './producer-config.ts'
import { ProducerIds } from './producer-id.ts'

type PartitionAnswer = Response<typeof Produce>['responses'][number]['partitionResponses'][number]

export interface SenderOptions {
  cluster: Cluster
  config: ProducerConfig
  accumulator: Accumulator
  /** A batch was settled; its records have their outcome. `unobserved` is how many of them nobody looks at. */
  onSettled: (batch: ProducerBatch, error: Error | undefined, unobserved: number) => void
}

/**
 * Sends batches. One look (`wake`) does all that can be done now for every broker, and arms one timer for the earliest
 * thing that time will change: so a batch that waits always has a request, a refresh or a timer that comes back to it.
 */
export class Sender {
  readonly #options: SenderOptions
  readonly #inFlight = new InFlight(() => this.wake())
  readonly #identity: ProducerIds
  #failure: Error | undefined
  #isPrepared: boolean
  #isWoken = false
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: SenderOptions) {
    this.#options = options
    this.#identity = new ProducerIds(
      options.cluster,
      () => this.wake(),
      (error) => this.#failAll(error),
    )
    const preparing = prepareCodec(options.config.compressionType as CodecName)
    this.#isPrepared = preparing === undefined
    preparing?.then(
      () => {
        this.#isPrepared = true
        this.wake()
      },
      (error: Error) => this.#failAll(error),
    )
    options.cluster.onMetadata(() => this.wake())
  }

  /** Looks at everything, once, at the end of this turn. */
  wake(): void {
    if (this.#isWoken || this.#isClosed) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#look()
    })
  }

  /** @param reason what everything that waits learns */
  close(reason: Error): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#failAll(reason)
  }

  #look(): void {
    if (this.#isClosed) return
    const { accumulator, cluster } = this.#options
    const now = cluster.runtime.now()
    for (const batch of accumulator.expired(now)) this.#expire(batch, now)
    if (accumulator.isEmpty) {
      this.#timer?.cancel()
      this.#timer = undefined
      return
    }
    cluster.refreshIfOld()
    let wakeAt = accumulator.nextDeadline
    if (this.#isPrepared && this.#isIdentified()) wakeAt = Math.min(wakeAt, this.#sendReady(now))
    this.#timer?.cancel()
    this.#timer = cluster.runtime.timer(wakeAt, () => this.wake())
  }

  /** Sends what may go; gives when to look again, for what only time can change. */
  #sendReady(now: number): number {
    const { accumulator, cluster, config } = this.#options
    const byNode = new Map<number, PartitionQueue[]>()
    let wakeAt = Number.POSITIVE_INFINITY
    for (const queue of accumulator.active) {
      // A partition begins anew under the next epoch; the others follow when nothing of theirs is under way.
      if (queue.canRenumber) this.#identity.leave(queue.renumber())
      const head = queue.next(this.#identity.current, config.enableIdempotence)
      if (!head) continue
      const leader = cluster.metadata.topics.get(queue.topic)?.partitions[queue.partition]?.leader ?? -1
      // The pause is for the broker that refused; another one need not be spared (KIP-951).
      if (head.attempts > 0 && leader >= 0 && leader !== queue.node)
        head.retryAt = Math.min(head.retryAt, now)
      const at = accumulator.readyAt(queue, head)
      if (at > now) {
        wakeAt = Math.min(wakeAt, at)
        continue
      }
      if (leader >= 0 && !queue.mayGoTo(leader)) continue
      if (leader < 0 || !cluster.metadata.brokers.has(leader)) {
        cluster.requestRefresh()
        wakeAt = Math.min(wakeAt, now + config.retryBackoffMs)
        continue
      }
      const queues = byNode.get(leader)
      if (queues) queues.push(queue)
      else byNode.set(leader, [queue])
    }
    for (const [node, queues] of byNode) wakeAt = Math.min(wakeAt, this.#serve(node, queues, now))
    return wakeAt
  }

  /** Sends to one broker until its requests under way are as many as allowed. */
  #serve(node: number, queues: PartitionQueue[], now: number): number {
    const { cluster, config, accumulator } = this.#options
    const { maxInFlightRequestsPerConnection: most, maxRequestSize, enableIdempotence } = config
    const notBefore = cluster.notBefore(node, 'main')
    if (notBefore > now) return notBefore
    let left = queues
    while (left.length > 0 && this.#inFlight.hasRoom(node, most)) {
      const batches: ProducerBatch[] = []
      const later: PartitionQueue[] = []
      let bytes = 0
      for (const queue of left) {
        const head = queue.next(this.#identity.current, enableIdempotence)
        if (!head || accumulator.readyAt(queue, head) > now) continue
        if (bytes > 0 && bytes + head.sizeInBytes > maxRequestSize) {
          later.push(queue)
          continue
        }
        bytes += head.sizeInBytes
        this.#observe(head, 'send')
        batches.push(queue.take(this.#identity.current, enableIdempotence, node))
        later.push(queue)
      }
      if (batches.length === 0) break
      void this.#produce(node, batches)
      // Who was served first stands last next time, so that no partition starves.
      left = later.length > 1 ? [...later.slice(1), later[0] as PartitionQueue] : later
    }
    return Number.POSITIVE_INFINITY
  }

  async #produce(node: number, batches: readonly ProducerBatch[]): Promise<void> {
    const request = this.#inFlight.begin(node)
    try {
      const answer = await this.#request(node, batches, request.written)
      this.#absorb(batches, answer)
    } catch (error) {
      for (const batch of batches) this.#unreached(batch, error as Error)
    } finally {
      request.over()
      if (!this.#options.cluster.signal.aborted) this.wake()
    }
  }

  #request(
    node: number,
    batches: readonly ProducerBatch[],
    onWritten: () => void,
  ): Promise<Response<typeof Produce> | undefined> {
    const { cluster, config } = this.#options
    const { compressionType, compressionLevel, requestTimeoutMs: timeoutMs } = config
    const topics = new Map<string, { index: number; records: Uint8Array }[]>()
    let hasIds = true
    for (const batch of batches) {
      const records = batch.finish(compressionType as CodecName, compressionLevel)
      const partitions = topics.get(batch.topic)
      if (partitions) partitions.push({ index: batch.partition, records })
      else topics.set(batch.topic, [{ index: batch.partition, records }])
    }
    const topicData = [...topics].map(([name, partitionData]) => {
      const topicId = cluster.metadata.topics.get(name)?.id ?? zeroUuid
      if (topicId === zeroUuid) hasIds = false
      return { name, topicId, partitionData }
    })
    const acks = config.acks === 'all' ? -1 : (config.acks as number)
    // Where an id is missing the newest version that uses names is taken (franz-go learned this the hard way).
    const options = { noResponse: acks === 0, onWritten, ...(hasIds ? {} : { maxVersion: 12 }) }
    return cluster.request(Produce, { acks, timeoutMs, topicData }, { node, ...options })
  }

  #absorb(batches: readonly ProducerBatch[], answer: Response<typeof Produce> | undefined): void {
    const { cluster } = this.#options
    if (!answer) {
      for (const batch of batches) this.#stored(batch, -1, -1)
      return
    }
    const left = new Map(batches.map((batch) => [`${batch.topic} ${batch.partition}`, batch]))
    const names = new Map(
      batches.map(({ topic }) => [cluster.metadata.topics.get(topic)?.id ?? zeroUuid, topic]),
    )
    const hints = []
    for (const { name, topicId, partitionResponses } of answer.responses) {
      const topic = topicId === zeroUuid ? name : (names.get(topicId) ?? name)
      for (const part of partitionResponses) {
        const key = `${topic} ${part.index}`
        const batch = left.get(key)
        if (!batch || !left.delete(key)) continue
        const { leaderId: leader, leaderEpoch } = part.currentLeader
        if (leader >= 0) hints.push({ topic: batch.topic, partition: batch.partition, leader, leaderEpoch })
        this.#answered(batch, part)
      }
    }
    if (hints.length > 0) {
      const endpoints = answer.nodeEndpoints.map(({ nodeId: id, host, port, rack }) => ({
        id,
        host,
        port,
        rack,
      }))
      cluster.learnLeaders(hints, endpoints)
    }
    for (const batch of left.values()) {
      const address = `${batch.topic}-${batch.partition}`
      this.#unreached(
        batch,
        new ConnectionError(`the answer to Produce leaves ${address} out`, address, true),
      )
    }
  }

  #answered(batch: ProducerBatch, part: PartitionAnswer): void {
    if (part.errorCode === 0) {
      this.#stored(batch, part.baseOffset, part.logAppendTimeMs)
      return
    }
    const { topic, partition } = batch
    const error = new ServerError(part.errorCode, {
      api: 'Produce',
      topic,
      partition,
      detail: part.errorMessage,
    })
    const action = recover(error, recovery.produce)
    this.#observe(batch, `refused: ${action}`)
    this.#refused(batch, error, action, recordErrors(batch, part))
  }

  #stored(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void {
    this.#observe(batch, 'stored')
    const queue = this.#completed(batch)
    queue.remove(batch)
    this.#settle(batch, { baseOffset, logAppendTime, error: undefined })
    this.#options.accumulator.tidy(queue)
  }

  #unreached(batch: ProducerBatch, error: Error): void {
    const sent = !(error instanceof ConnectionError || error instanceof TimeoutError) || error.sent
    this.#observe(batch, sent ? 'unanswered' : 'unsent')
    if (sent) {
      batch.isOutcomeUnknown = true
      batch.mayStillArrive = true
    }
    this.#refused(batch, error, recover(error, recovery.produce))
  }

  #refused(batch: ProducerBatch, error: Error, action: Action, recordErrors?: Map<number, Error>): void {
    const { accumulator, cluster, config } = this.#options
    const queue = this.#completed(batch)
    batch.lastError = error
    if (action === 'success') {
      queue.remove(batch)
      this.#settle(batch, { baseOffset: -1, logAppendTime: -1, error: undefined })
    } else if (action === 'split' && batch.count > 1 && !batch.isSettled) {
      this.#split(queue, batch)
    } else if (action === 'sequence' && batch.mayStillArrive) {
      this.#giveUp(queue, batch, undecidable(batch, error))
    } else if (
      batch.isSettled ||
      batch.attempts > config.retries ||
      action === 'fail' ||
      action === 'split'
    ) {
      if (action === 'fail' || action === 'split') batch.isOutcomeUnknown = false
      this.#giveUp(queue, batch, error, recordErrors)
    } else {
      if (action === 'sequence') {
        // The broker has looked at the number, so the batch is certainly not stored.
        batch.isOutcomeUnknown = false
        if (queue.inFlightBySequence[0] === batch || queue.inFlightBySequence.length === 0) queue.leaveGap()
      } else if (error instanceof ServerError && config.acks === 'all') batch.isOutcomeUnknown = true
      if (action === 'refresh') cluster.requestRefresh()
      batch.retryAt = cluster.runtime.now() + this.#pause(batch.attempts - 1)
      queue.reenqueue(batch)
    }
    accumulator.tidy(queue)
  }

  #split(queue: PartitionQueue, batch: ProducerBatch): void {
    const { config, accumulator } = this.#options
    const bytes = batch.finish(config.compressionType as CodecName, config.compressionLevel)
    const limit = Math.min(config.batchSize, Math.ceil(batch.writer.sizeInBytes / 2))
    const parts = splitBatch(bytes, limit).map((writer) => {
      const part = new ProducerBatch(batch.topic, batch.partition, writer, batch.createdAt, batch.deadline)
      part.attempts = batch.attempts
      return part
    })
    const share = Math.ceil(batch.reservedBytes / parts.length)
    for (const part of parts) {
      part.reservedBytes = Math.min(share, batch.reservedBytes)
      batch.reservedBytes -= part.reservedBytes
    }
    batch.isSettled = true
    batch.result.split(parts.map(({ result, count }) => ({ result, count })))
    queue.replace(batch, parts)
    accumulator.tidy(queue)
  }

  #expire(batch: ProducerBatch, now: number): void {
    const queue = this.#options.accumulator.queue(batch.topic, batch.partition)
    const error = expired(batch, now)
    this.#observe(batch, 'expire')
    if (batch.isInFlight) this.#settle(batch, { baseOffset: -1, logAppendTime: -1, error })
    else this.#giveUp(queue, batch, error)
    this.#options.accumulator.tidy(queue)
  }

  #giveUp(
    queue: PartitionQueue,
    batch: ProducerBatch,
    error: Error,
    recordErrors?: Map<number, Error>,
  ): void {
    const hadNumber = batch.hasSequence
    queue.remove(batch)
    if (hadNumber) queue.leaveGap()
    this.#settle(batch, {
      baseOffset: -1,
      logAppendTime: -1,
      error,
      ...(recordErrors?.size ? { recordErrors } : {}),
    })
  }

  #settle(batch: ProducerBatch, outcome: Parameters<ProducerBatch['result']['settle']>[0]): void {
    if (batch.isSettled) return
    batch.isSettled = true
    this.#options.accumulator.release(batch)
    const unobserved = outcome.error ? batch.count - batch.result.observed : 0
    batch.result.settle(outcome)
    this.#options.onSettled(batch, outcome.error, unobserved)
  }

  #observe(batch: ProducerBatch, event: string): void {
    this.#options.cluster.runtime.observe?.('batch', batch.state, event)
  }

  #completed(batch: ProducerBatch): PartitionQueue {
    const queue = this.#options.accumulator.queue(batch.topic, batch.partition)
    queue.completed(batch)
    return queue
  }

  #pause(attempt: number): number {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#options.config
    return backoffMs(attempt, { initialMs, maxMs }, () => this.#options.cluster.runtime.random())
  }

  /** Whether batches can be numbered; asks for an id when there is none. */
  #isIdentified(): boolean {
    if (this.#failure) return false
    if (!this.#options.config.enableIdempotence) return true
    this.#identity.need()
    return this.#identity.current !== undefined
  }

  /** Nothing can be sent any more: everything that waits learns why. */
  #failAll(error: Error): void {
    this.#failure = error
    for (const batch of [...this.#options.accumulator.batches()]) {
      const queue = this.#options.accumulator.queue(batch.topic, batch.partition)
      if (!batch.isInFlight) queue.remove(batch)
      this.#settle(batch, { baseOffset: -1, logAppendTime: -1, error })
      this.#options.accumulator.tidy(queue)
    }
  }

  /** Why nothing can be sent any more; undefined while it can. */
  get failure(): Error | undefined {
    return this.#failure
  }
}
