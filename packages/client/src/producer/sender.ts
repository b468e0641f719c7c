import type { CodecName } from '@samsa/protocol'
import { Produce, prepareCodec, zeroUuid } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { backoffOf } from '../cluster/retry.ts'
import { KafkaError, ServerError, UnsupportedVersionError } from '../errors.ts'
import { WorkLoop } from '../time/work-loop.ts'
import type { Accumulator } from './accumulator.ts'
import { abandoned, disowned, expired } from './batch-errors.ts'
import { Completion, observe } from './completion.ts'
import { InFlight } from './in-flight.ts'
import type { NodeLatency } from './node-latency.ts'
import type { Leader, PartitionQueue } from './partition-queue.ts'
import { produceRequest } from './produce-request.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerConfig } from './producer-config.ts'
import { ProducerIds } from './producer-id.ts'

export interface SenderOptions {
  cluster: Cluster
  config: ProducerConfig
  accumulator: Accumulator
  latency: NodeLatency
  /** A batch was settled; its records have their outcome. */
  onSettled: (batch: ProducerBatch, error: Error | undefined) => void
}

/**
 * How a producer fails: `fatal` for good, so that everything that comes later fails at once; `passing` for what waits now
 * only, since asking again may help.
 */
export type FailureKind = 'fatal' | 'passing'

/**
 * Sends batches. One look (`wake`) does all that can be done now for every broker, and arms one timer for the earliest
 * thing that time will change: so a batch that waits always has a request, a refresh or a timer that comes back to it.
 * What becomes of a batch is decided in `delivery.ts` and done in `completion.ts`.
 */
export class Sender {
  readonly #options: SenderOptions
  readonly #inFlight = new InFlight(() => this.wake())
  readonly #ids: ProducerIds
  readonly #completion: Completion
  #failure: Error | undefined
  #isPrepared: boolean
  readonly #loop: WorkLoop
  /** Counts how often queues were served. */
  #served = 0
  #clusterId: string | null = null
  /** How often leaders that are missing were asked for in vain, and when they are asked for again (monotonic). */
  #asked = 0
  #askAt = 0

  constructor(options: SenderOptions) {
    this.#options = options
    const { cluster, config } = options
    this.#ids = new ProducerIds({
      cluster,
      onKnown: () => this.wake(),
      onFailed: (error) => this.#fail(error, isFatal(error) ? 'fatal' : 'passing'),
    })
    this.#loop = new WorkLoop(cluster.runtime, (now) => this.#look(now))
    this.#completion = new Completion({ ...options, ids: this.#ids })
    const preparing = prepareCodec(config.compressionType as CodecName)
    this.#isPrepared = preparing === undefined
    preparing?.then(
      () => {
        this.#isPrepared = true
        this.wake()
      },
      (error: Error) => this.#fail(error, 'fatal'),
    )
    cluster.onMetadata(() => this.#learn())
  }

  /** Looks at everything, once, at the end of this turn. */
  wake(): void {
    this.#loop.wake()
  }

  /** @param reason what everything that waits learns */
  close(reason: Error): void {
    this.#loop.close()
    this.#fail(reason, 'fatal')
  }

  /** Why nothing can be sent any more; undefined while it can. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Expires what is over, and sends what may go; gives when to look again. */
  #look(now: number): number {
    const { accumulator, cluster } = this.#options
    for (const batch of accumulator.expired(now))
      this.#completion.meet(batch, 'expired', expired(batch, now, this.#ids.problem))
    if (accumulator.isEmpty) return Number.POSITIVE_INFINITY
    cluster.refreshIfOld()
    const deadline = accumulator.nextDeadline
    if (!this.#isPrepared) return deadline
    if (!this.#isIdentified()) return this.#ids.askAt > now ? Math.min(deadline, this.#ids.askAt) : deadline
    const { byNode, lookAt } = this.#ready(now)
    let wakeAt = Math.min(deadline, lookAt)
    for (const [node, queues] of byNode) wakeAt = Math.min(wakeAt, this.#serve(node, queues, now))
    return wakeAt
  }

  /** What may go to which broker; and when to look again, for what only time can change. */
  #ready(now: number): { byNode: Map<number, PartitionQueue[]>; lookAt: number } {
    const { accumulator, cluster, config } = this.#options
    const byNode = new Map<number, PartitionQueue[]>()
    let lookAt = Number.POSITIVE_INFINITY
    const leaderless: PartitionQueue[] = []
    for (const queue of accumulator.active) {
      this.#beginAnew(queue, now)
      const leader = this.#leaderOf(queue)
      const head = queue.next(this.#ids.current, config.enableIdempotence, leader)
      if (!head) continue
      // The pause is for the leader that refused; a newer one need not be spared (KIP-951).
      const isNewer = leader.leaderEpoch > (queue.leader?.leaderEpoch ?? leader.leaderEpoch)
      if (isNewer && leader.node !== queue.leader?.node) head.retryAt = Math.min(head.retryAt, now)
      const at = accumulator.readyAt(queue, head)
      if (at > now) {
        lookAt = Math.min(lookAt, at)
        continue
      }
      if (leader.node < 0 || !cluster.metadata.brokers.has(leader.node)) {
        leaderless.push(queue)
        continue
      }
      const queues = byNode.get(leader.node)
      if (queues) queues.push(queue)
      else byNode.set(leader.node, [queue])
    }
    return { byNode, lookAt: Math.min(lookAt, this.#askForLeaders(leaderless, now)) }
  }

  /** A partition with a gap begins anew under the next epoch; the others follow when nothing of theirs is in flight. */
  #beginAnew(queue: PartitionQueue, now: number): void {
    for (const batch of queue.undecidable) this.#completion.meet(batch, 'disowned', disowned(batch))
    if (queue.canRenumber) this.#ids.bumpEpoch(queue.renumber(now))
  }

  #leaderOf(queue: PartitionQueue): Leader {
    const topic = this.#options.cluster.metadata.topics.get(queue.topic)
    const partition = topic?.partitions[queue.partition]
    const { leader: node = -1, leaderEpoch = -1 } = partition ?? {}
    const topicId = topic?.id ?? zeroUuid
    const known = queue.leader
    if (known?.node === node && known.leaderEpoch === leaderEpoch && known.topicId === topicId) return known
    return { node, leaderEpoch, topicId }
  }

  /** Leaders are missing: they are asked for, all at once and with growing pauses; gives when to look again. */
  #askForLeaders(leaderless: readonly PartitionQueue[], now: number): number {
    const { cluster } = this.#options
    if (leaderless.length === 0) {
      this.#asked = 0
      return Number.POSITIVE_INFINITY
    }
    for (const queue of leaderless) {
      const { head, topic, partition } = queue
      const code = cluster.metadata.topics.get(topic)?.partitions[partition]?.errorCode
      const error = code ? new ServerError(code, { api: 'Metadata', topic, partition }) : cluster.trouble
      if (head) head.lastError = error ?? head.lastError
      // Records wait for it, so it is in use: where it was deleted it may be created again, as Java's producer does.
      cluster.mayCreate(topic)
      this.#completion.failing(queue, error ?? new Error('the partition has no leader'))
    }
    if (this.#asked > 0 && now < this.#askAt) return this.#askAt
    cluster.requestRefresh()
    this.#askAt = now + backoffOf(cluster, this.#asked++)
    return this.#askAt
  }

  /** Sends to one broker until its requests in flight are as many as allowed; gives when to look again. */
  #serve(node: number, queues: PartitionQueue[], now: number): number {
    const { cluster, config, accumulator, latency } = this.#options
    const { maxInFlightRequestsPerConnection: most, maxRequestSize, enableIdempotence } = config
    const notBefore = cluster.notBefore(node, 'main')
    const canSend = notBefore <= now && this.#inFlight.hasRoom(node, most)
    latency.looked(node, canSend, now)
    if (notBefore > now) return notBefore
    let left = queues
    // Who has waited longest goes first, so that no partition starves behind those that always have more.
    const size = queues.reduce((sum, { head }) => sum + (head?.sizeInBytes ?? 0), 0)
    if (size > maxRequestSize) left.sort((a, b) => a.servedAt - b.servedAt)
    while (left.length > 0 && this.#inFlight.hasRoom(node, most)) {
      const batches: ProducerBatch[] = []
      const served: PartitionQueue[] = []
      const passedOver: PartitionQueue[] = []
      let bytes = 0
      for (const queue of left) {
        const leader = this.#leaderOf(queue)
        const head = queue.next(this.#ids.current, enableIdempotence, leader)
        if (!head || accumulator.readyAt(queue, head) > now) continue
        if (bytes > 0 && bytes + head.sizeInBytes > maxRequestSize) {
          passedOver.push(queue)
          continue
        }
        bytes += head.sizeInBytes
        observe(cluster, head, 'send')
        batches.push(queue.take(this.#ids.current, enableIdempotence, leader, now))
        queue.servedAt = ++this.#served
        served.push(queue)
      }
      if (batches.length === 0) break
      void this.#produce(node, batches)
      left = [...passedOver, ...served]
    }
    return Number.POSITIVE_INFINITY
  }

  /** One request, and what comes of it. */
  async #produce(node: number, batches: readonly ProducerBatch[]): Promise<void> {
    const { cluster, config } = this.#options
    const slot = this.#inFlight.begin(node)
    const onWritten = () => {
      for (const batch of batches) {
        if (batch.isSettled) continue
        batch.isWritten = true
        batch.wasWritten = true
      }
      slot.written()
    }
    try {
      const request = produceRequest(batches, config, cluster.metadata)
      const { body, maxVersion } = request
      const noResponse = config.acks === 0
      const options = { noResponse, onWritten, ...(maxVersion === undefined ? {} : { maxVersion }) }
      const answer = await cluster.request(Produce, body, { node, ...options })
      // Sent without being answered (acks 0) is all that can be known.
      if (noResponse) for (const batch of batches) this.#completion.stored(batch, -1, -1)
      else this.#completion.answered(request, answer)
    } catch (error) {
      for (const batch of batches) if (batch.isInFlight) this.#completion.unanswered(batch, error as Error)
    } finally {
      slot.over()
      if (!cluster.signal.aborted) this.wake()
    }
  }

  /** Whether batches can be numbered; asks for an id when there is none. */
  #isIdentified(): boolean {
    if (this.#failure) return false
    if (!this.#options.config.enableIdempotence) return true
    this.#ids.need()
    return this.#ids.current !== undefined
  }

  /** Metadata has changed: what waits may go elsewhere, and what was numbered for another cluster may not go. */
  #learn(): void {
    const { accumulator, cluster } = this.#options
    const { clusterId } = cluster.metadata
    if (clusterId !== null && this.#clusterId !== null && clusterId !== this.#clusterId) {
      this.#ids.renew(this.#ids.current)
      for (const queue of accumulator.active) queue.disown()
    }
    this.#clusterId = clusterId ?? this.#clusterId
    this.wake()
  }

  /** What waits learns why it cannot be sent; with a fatal failure, what is in flight and what comes later does too. */
  #fail(error: Error, kind: FailureKind): void {
    if (kind === 'fatal') this.#failure = error
    for (const batch of [...this.#options.accumulator.batches()]) {
      if (kind === 'fatal' || !batch.hasSequence)
        this.#completion.meet(batch, 'abandoned', abandoned(batch, error))
    }
  }
}

/** Errors of asking for a producer id that asking again cannot heal. Source: `TransactionManager.InitProducerIdHandler`. */
function isFatal(error: Error): boolean {
  return (
    error instanceof UnsupportedVersionError ||
    (error instanceof KafkaError && /^(CLUSTER|TRANSACTIONAL_ID)_AUTHORIZATION_FAILED$/.test(error.code))
  )
}
