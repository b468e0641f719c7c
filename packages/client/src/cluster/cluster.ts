import { setMaxListeners } from 'node:events'
import type { Api, Response } from '@samsa/protocol'
import {
  EncodeError,
  FindCoordinator,
  type KafkaError,
  Metadata as MetadataApi,
  zeroUuid,
} from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import type { ClientConfig } from '../config/client-settings.ts'
import type { BootstrapAddress } from '../config/setting.ts'
import { AuthenticationError, closedError, ServerError, TimeoutError } from '../errors.ts'
import type { ClientEvents, Events } from '../events.ts'
import { describeError } from '../events.ts'
import type { Body } from '../net/connection.ts'
import type { Broker } from '../net/endpoint.ts'
import type { Lane } from '../net/lane.ts'
import { inOrder, NodePool } from '../net/node-pool.ts'
import { noneReached } from '../net/unreachable.ts'
import { backoffMs } from '../time/backoff.ts'
import { sleep, within } from '../time/deadline.ts'
import { firstAnswer } from '../time/first-answer.ts'
import type { LeaderHint, Metadata, TopicMetadata } from './metadata.ts'
import { mergeLeaders, mergeMetadata, noMetadata, unknownTopic } from './metadata.ts'
import type { Recovery } from './recovery.ts'
import { recover, recovery } from './recovery.ts'
import { routeOf } from './routing.ts'

/** Where a request goes. Left out: where routing.ts sends it, if that needs no key. */
export type Target = { node: number } | { coordinator: CoordinatorType; key: string } | 'any' | 'controller'

export type CoordinatorType = 'group' | 'transaction'

export interface ClusterRequestOptions {
  /** Time that the broker itself may hold the request (fetch wait, rebalance), on top of `requestTimeoutMs`. */
  holdMs?: number
  maxVersion?: number
  /** The connection to take instead of the route's own. */
  lane?: Lane
  noResponse?: boolean
  /** The request has been written: what is sent to the same node from now on comes after it. */
  onWritten?: () => void
}

const NOT_ONE = 'no broker can be reached'
const coordinatorTypes: Record<CoordinatorType, number> = { group: 0, transaction: 1 }
/** How long a broker may take for metadata before another one is asked besides. */
const PATIENCE_MS = 1000

/**
 * The client's view of the cluster: who is there, who leads what, and one way to send a request to the right place.
 * A request is one attempt; `retrying` repeats what its caller wants repeated.
 */
export class Cluster {
  readonly config: ClientConfig
  readonly runtime: Runtime
  readonly events: Events<ClientEvents>
  #metadata: Metadata = noMetadata
  #metadataAt = Number.NEGATIVE_INFINITY
  readonly #wanted = new Map<string, number>()
  #wantsAll = false
  readonly #nodes: NodePool
  readonly #listeners = new Set<(metadata: Metadata) => void>()
  readonly #coordinators = new Map<string, number>()
  readonly #closing = new AbortController()
  #refreshing: Promise<Metadata> | undefined
  /** Counts topics that became wanted; a request that went out under an older count does not name them all. */
  #wants = 0
  #refreshingWants = 0
  #background = false

  constructor(config: ClientConfig, runtime: Runtime, events: Events<ClientEvents>) {
    this.config = config
    this.runtime = runtime
    this.events = events
    // Everybody who waits listens to it, which are more than Node takes for a leak.
    setMaxListeners(0, this.#closing.signal)
    const bootstrap = config.bootstrapServers as readonly BootstrapAddress[]
    this.#nodes = new NodePool({ config, runtime, events, bootstrap, signal: this.#closing.signal })
  }

  /** The newest snapshot. */
  get metadata(): Metadata {
    return this.#metadata
  }

  /** Why brokers cannot be reached at the moment; undefined while nothing is known to be wrong. */
  get trouble(): Error | undefined {
    const { failures } = this.#nodes
    if (failures.length === 0) return undefined
    return noneReached(this.#nodes.isConnected ? 'these brokers cannot be reached' : NOT_ONE, failures)
  }

  /** Aborted when the cluster closes; whoever waits should listen to it. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Keeps a topic in every later refresh until it is unwanted as often as it was wanted. */
  want(topic: string): void {
    const count = this.#wanted.get(topic) ?? 0
    if (count === 0) this.#wants++
    this.#wanted.set(topic, count + 1)
  }

  unwant(topic: string): void {
    const count = (this.#wanted.get(topic) ?? 0) - 1
    if (count > 0) this.#wanted.set(topic, count)
    else this.#wanted.delete(topic)
  }

  /** Whether refreshes ask for all topics, as a subscription by pattern needs. */
  wantAll(all: boolean): void {
    if (all && !this.#wantsAll) this.#wants++
    this.#wantsAll = all
  }

  /** Calls back with each new snapshot; returns what takes the listener off. */
  onMetadata(listener: (metadata: Metadata) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Asks for metadata now; calls in the meantime share one answer.
   * @throws ConnectionError that lists every address that was tried when none answered.
   */
  refresh(): Promise<Metadata> {
    // A request that is under way does not name a topic that became wanted since: it is followed by another one.
    if (this.#refreshing && this.#refreshingWants === this.#wants) return this.#refreshing
    const before = this.#refreshing?.catch(() => undefined)
    const refreshing: Promise<Metadata> = Promise.resolve(before)
      .then(() => this.#refresh())
      .finally(() => {
        if (this.#refreshing === refreshing) this.#refreshing = undefined
      })
    refreshing.catch(() => undefined)
    this.#refreshing = refreshing
    this.#refreshingWants = this.#wants
    return refreshing
  }

  /** Asks for metadata soon, in the background, again and again with growing pauses until a broker answers. */
  requestRefresh(): void {
    if (this.#background || this.signal.aborted) return
    this.#background = true
    void this.#refreshUntilAnswered().finally(() => {
      this.#background = false
    })
  }

  /** Refreshes in the background when the snapshot is older than `metadataMaxAgeMs`. */
  refreshIfOld(): void {
    if (this.runtime.now() - this.#metadataAt > this.config.metadataMaxAgeMs) this.requestRefresh()
  }

  /**
   * Waits until a topic is known to exist, and if a partition is asked for, until its index is known.
   * A missing topic is waited for, since a new one takes time to be known everywhere.
   * @param deadline monotonic
   * @throws TimeoutError that names the topic, with the last problem as its cause; ServerError and AuthenticationError
   * at once where time cannot help
   */
  async awaitTopic(topic: string, deadline: number, partition = 0): Promise<TopicMetadata> {
    const started = this.runtime.now()
    this.want(topic)
    try {
      let problem: Error | undefined
      for (let attempt = 0; ; attempt++) {
        const known = this.#metadata.topics.get(topic)
        if (known && known.errorCode === 0 && known.partitions[partition]) return known
        if (known && known.errorCode !== 0)
          problem = new ServerError(known.errorCode, { api: 'Metadata', topic })
        // What is remembered may have been healed since; only a fresh answer is final.
        if (attempt > 0 && problem && isFinal(problem)) throw problem
        const pause = attempt === 0 ? 0 : this.#pause(attempt - 1)
        if (this.runtime.now() + pause >= deadline) {
          throw unknownTopic(topic, known, partition, this.runtime.now() - started, problem)
        }
        await sleep(this.runtime, pause, this.signal)
        if (this.signal.aborted) throw closedError('the client')
        problem = await this.#refreshed(deadline)
      }
    } finally {
      this.unwant(topic)
    }
  }

  /** Takes leaders that a refusal named (KIP-951); a refresh follows all the same. */
  learnLeaders(hints: readonly LeaderHint[], endpoints: readonly Broker[]): void {
    this.#publish(mergeLeaders(this.#metadata, hints, endpoints))
  }

  /**
   * Sends one request and gives its answer; one attempt. Error codes inside the answer are the caller's to read.
   * @throws ConnectionError, TimeoutError, UnsupportedVersionError, AuthenticationError, MalformedError
   */
  async request<A extends Api>(
    api: A,
    body: Body<A>,
    target: Target = 'any',
    options: ClusterRequestOptions = {},
  ): Promise<Response<A>> {
    if (this.signal.aborted) throw closedError('the client')
    const timeoutMs = this.config.requestTimeoutMs + (options.holdMs ?? 0)
    const started = this.runtime.now()
    const node = await this.#nodeOf(target)
    const lane = options.lane ?? routeOf(api.name).lane
    const connection = await this.#nodes.connect(node, lane, started + this.config.requestTimeoutMs)
    const answer = connection.request(api, body, { ...options, timeoutMs })
    options.onWritten?.()
    return answer
  }

  /** Monotonic time before which a node asked for silence (KIP-219), or before which it is not dialled again. */
  notBefore(node: number, lane: Lane): number {
    return this.#nodes.notBefore(node, lane)
  }

  /** Id of the broker that looks after a group or transactional id. */
  async coordinator(type: CoordinatorType, key: string): Promise<number> {
    const known = this.#coordinators.get(`${type}:${key}`)
    if (known !== undefined && this.#metadata.brokers.has(known)) return known
    const keyType = coordinatorTypes[type]
    const answer = await this.request(FindCoordinator, (version) =>
      version >= 4 ? { keyType, coordinatorKeys: [key] } : { key, keyType },
    )
    const found = answer.coordinators[0] ?? answer
    if (found.errorCode !== 0) {
      const { errorCode, errorMessage: detail } = found
      throw new ServerError(errorCode, { api: 'FindCoordinator', about: `${type} ${key}`, detail })
    }
    const { nodeId, host, port } = found
    this.#coordinators.set(`${type}:${key}`, nodeId)
    if (!this.#metadata.brokers.has(nodeId)) {
      const brokers = new Map(this.#metadata.brokers).set(nodeId, { id: nodeId, host, port, rack: null })
      this.#publish({ ...this.#metadata, generation: this.#metadata.generation + 1, brokers })
    }
    return nodeId
  }

  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.#coordinators.delete(`${type}:${key}`)
  }

  /**
   * Repeats an attempt with growing pauses for as long as the recovery table of its place says so.
   * @param what names the call in errors, e.g. `offsets of my.topic`
   * @param deadline monotonic
   * @throws the error itself when repeating cannot help; TimeoutError with it as the cause when time ran out
   */
  async retrying<T>(
    what: string,
    place: Recovery,
    deadline: number,
    attempt: () => Promise<T>,
    coordinator?: { type: CoordinatorType; key: string },
  ): Promise<T> {
    const started = this.runtime.now()
    let problem: unknown
    let expired: TimeoutError | undefined
    const expire = () => {
      const cause = this.trouble ?? problem
      expired = new TimeoutError(what, this.runtime.now() - started, { sent: true, cause })
      return expired
    }
    for (let count = 0; ; count++) {
      try {
        return await within(this.runtime, attempt(), deadline, expire)
      } catch (error) {
        if (error === expired) throw error
        problem = error
        const action = recover(error, place)
        if (action === 'recoordinate' && coordinator)
          this.forgetCoordinator(coordinator.type, coordinator.key)
        else if (action === 'refresh') this.requestRefresh()
        else if (action !== 'retry') throw error
        const pause = this.#pause(count)
        if (this.runtime.now() + pause >= deadline) {
          const cause = error instanceof ServerError ? error : (this.trouble ?? error)
          throw new TimeoutError(what, this.runtime.now() - started, { cause })
        }
        await sleep(this.runtime, pause, this.signal)
        if (this.signal.aborted) throw closedError('the client')
      }
    }
  }

  /** Closes every connection; whoever waits is rejected. */
  close(): void {
    if (this.signal.aborted) return
    const cause = closedError('the client')
    this.#closing.abort(cause)
    this.#nodes.close(cause)
    this.#listeners.clear()
  }

  async #nodeOf(target: Target): Promise<number> {
    if (target === 'any') {
      // Before anything is known, whoever gives metadata first is known to be alive.
      if (this.#metadata.generation === 0) await this.refresh()
      return this.#nodes.leastLoaded(this.#metadata.brokers)
    }
    if (target === 'controller') {
      const { controllerId, brokers } = this.#metadata
      return brokers.has(controllerId) ? controllerId : this.#nodes.leastLoaded(this.#metadata.brokers)
    }
    if ('node' in target) return target.node
    return this.coordinator(target.coordinator, target.key)
  }

  #pause(attempt: number): number {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.config
    return backoffMs(attempt, { initialMs, maxMs }, () => this.runtime.random())
  }

  /** One refresh bounded by a deadline; gives the problem instead of throwing it. */
  async #refreshed(deadline: number): Promise<Error | undefined> {
    const started = this.runtime.now()
    const expire = () => this.trouble ?? new TimeoutError('metadata', this.runtime.now() - started)
    try {
      await within(this.runtime, this.refresh(), deadline, expire)
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  async #refreshUntilAnswered(): Promise<void> {
    for (let attempt = 0; !this.signal.aborted; attempt++) {
      // Also an answer that changed nothing counts as an attempt: whoever still misses something asks again.
      const rest = this.#metadataAt + this.config.retryBackoffMs - this.runtime.now()
      await sleep(this.runtime, attempt === 0 ? Math.max(0, rest) : this.#pause(attempt - 1), this.signal)
      if (this.signal.aborted) return
      try {
        await this.refresh()
        return
      } catch (error) {
        // Said once for each outage: a log that repeats itself is not read.
        const message = `no metadata, trying on: ${describeError(error)}`
        if (attempt === 3) this.events.logger.warn(message)
        else this.events.logger.debug(message)
      }
    }
  }

  async #refresh(): Promise<Metadata> {
    const failures: [number, Error][] = []
    const asks = this.#nodes.candidates(this.#metadata.brokers).map((node) => async () => {
      if (this.signal.aborted) throw closedError('the client')
      try {
        return await this.#ask(node)
      } catch (error) {
        failures.push([node, error as Error])
        throw error
      }
    })
    const isFinal = (error: Error) => error instanceof EncodeError || (error as KafkaError).code === 'CLOSED'
    try {
      return await firstAnswer(asks, { runtime: this.runtime, patienceMs: PATIENCE_MS, isFinal })
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error
      failures.sort(([a], [b]) => inOrder(a, b))
      const errors = failures.map(([, failure]) => failure)
      throw noneReached(NOT_ONE, errors)
    }
  }

  async #ask(node: number): Promise<Metadata> {
    const names = [...this.#wanted.keys()]
    const topics = this.#wantsAll ? null : names.map((name) => ({ name, topicId: zeroUuid }))
    const { requestTimeoutMs: timeoutMs, allowAutoCreateTopics } = this.config
    const connection = await this.#nodes.connect(node, 'main', this.runtime.now() + timeoutMs)
    const body = {
      topics,
      allowAutoTopicCreation: allowAutoCreateTopics,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    const answer = await connection.request(MetadataApi, body, { timeoutMs })
    this.#metadataAt = this.runtime.now()
    this.#nodes.answeredBy(node)
    // An answer for all topics names each: what it leaves out was deleted.
    const kept = new Set(topics === null ? [] : this.#wanted.keys())
    this.#publish(mergeMetadata(this.#metadata, answer, kept))
    return this.#metadata
  }

  #publish(metadata: Metadata): void {
    if (metadata === this.#metadata) return
    this.#metadata = metadata
    this.#nodes.learn(metadata.brokers)
    this.events.emit('metadata', { generation: metadata.generation })
    for (const listener of [...this.#listeners]) listener(metadata)
  }
}

/** Errors that time does not heal. */
function isFinal(error: Error): boolean {
  const isRefusal = error instanceof ServerError || error instanceof AuthenticationError
  return isRefusal && recover(error, recovery.metadata) === 'fail'
}
