import { setMaxListeners } from 'node:events'
import type { Api, Response } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import type { ClientConfig } from '../config/client-settings.ts'
import type { BootstrapAddress } from '../config/setting.ts'
import { AuthenticationError, ConfigError, closedError, ServerError, TimeoutError } from '../errors.ts'
import type { ClientEvents, Events } from '../events.ts'
import { Complaints } from '../net/complaints.ts'
import type { Body } from '../net/connection.ts'
import type { Broker } from '../net/endpoint.ts'
import type { Lane } from '../net/lane.ts'
import { NodePool } from '../net/node-pool.ts'
import { noneReached } from '../net/unreachable.ts'
import { sleep, within } from '../time/deadline.ts'
import { Coordinators } from './coordinators.ts'
import type { LeaderHint, Metadata, TopicMetadata } from './metadata.ts'
import { unknownTopic } from './metadata.ts'
import { MetadataUpdater } from './metadata-updater.ts'
import { recover, recovery } from './recovery.ts'
import type { RetryOptions } from './retry.ts'
import { backoffOf, retrying } from './retry.ts'
import type { CoordinatorType, RoutedName, routing } from './routing.ts'
import { routeOf } from './routing.ts'
import type { Part, SplitBody } from './split.ts'
import { joinByTopic, joinOfAll, splitByLeader } from './split.ts'

/** An API that routing.ts names. */
export type RoutedApi = Api & { readonly name: RoutedName }

interface RequestOptions {
  /** Time that the broker itself may hold the request (fetch wait, rebalance), on top of `requestTimeoutMs`. */
  holdMs?: number
  maxVersion?: number
  /** The connection to take instead of the route's own. */
  lane?: Lane
  noResponse?: boolean
  /** The request has been written: what is sent to the same node from now on comes after it. */
  onWritten?: () => void
}

/** What a request has to say about where it goes; everything else stands in routing.ts. */
type Where<To> = To extends 'node'
  ? { node: number }
  : To extends CoordinatorType
    ? { key: string }
    : To extends 'leader'
      ? LeaderOptions
      : object

interface LeaderOptions {
  /** Asks this node about all of it, without splitting. */
  node?: number
  /**
   * Told of each part that was not answered, with why; the others are in the answer. Without it, the first such part
   * fails the request.
   */
  onPartFailed?: (error: Error, part: object) => void
}

export type ClusterRequestOptions<A extends RoutedApi> = RequestOptions &
  Where<(typeof routing)[A['name']]['to']>

/** Options may be left out where nothing has to be said. */
type OptionsOf<A extends RoutedApi> =
  object extends ClusterRequestOptions<A>
    ? [options?: ClusterRequestOptions<A>]
    : [options: ClusterRequestOptions<A>]

/** All options that there are, once the types have done their work. */
interface AnyOptions extends RequestOptions, LeaderOptions {
  key?: string
}

const NO_LEADER = 5

/**
 * The client's view of the cluster: who is there, who leads what, and one way to send a request to the right place.
 * A request is one attempt; `retrying` repeats what its caller wants repeated.
 */
export class Cluster {
  readonly config: ClientConfig
  readonly runtime: Runtime
  readonly events: Events<ClientEvents>
  readonly complaints: Complaints
  readonly #nodes: NodePool
  readonly #updater: MetadataUpdater
  readonly #coordinators: Coordinators
  readonly #closing = new AbortController()

  constructor(config: ClientConfig, runtime: Runtime, events: Events<ClientEvents>) {
    this.config = config
    this.runtime = runtime
    this.events = events
    this.complaints = new Complaints(runtime, events.logger)
    // Everybody who waits listens to it, which are more than Node takes for a leak.
    setMaxListeners(0, this.#closing.signal)
    const { signal } = this.#closing
    this.#nodes = new NodePool({
      config,
      runtime,
      events,
      bootstrap: config.bootstrapServers as readonly BootstrapAddress[],
      signal,
      // Whoever may not go back to the bootstrap addresses could not make up for a wrong cluster either (KIP-1242).
      clusterId: () => (config.metadataRecoveryStrategy === 'none' ? null : this.#updater.clusterId),
      onLost: () => this.requestRefresh(),
      complaints: this.complaints,
    })
    this.#coordinators = new Coordinators(this)
    this.#updater = new MetadataUpdater({
      config,
      runtime,
      events,
      nodes: this.#nodes,
      complaints: this.complaints,
      signal,
      others: () => this.#coordinators.brokers,
      onRebootstrap: () => this.#coordinators.forgetAll(),
    })
  }

  /** The newest snapshot. */
  get metadata(): Metadata {
    return this.#updater.metadata
  }

  /** Why brokers cannot be reached at the moment; undefined while nothing is known to be wrong. */
  get trouble(): Error | undefined {
    const { failures, isConnected } = this.#nodes
    if (failures.length === 0) return undefined
    return noneReached(failures, isConnected ? 'these brokers cannot be reached' : undefined)
  }

  /** Aborted when the cluster closes; whoever waits should listen to it. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Keeps a topic in every later refresh until it is unwanted as often as it was wanted. */
  want(topic: string): void {
    this.#updater.want(topic)
  }

  unwant(topic: string): void {
    this.#updater.unwant(topic)
  }

  /**
   * Says that somebody uses a topic that was there before and is missing now: the next question may create it, where
   * `allowAutoCreateTopics` and the broker allow that. Asking by itself never brings back what was deleted.
   */
  mayCreate(topic: string): void {
    this.#updater.mayCreate(topic)
  }

  /** Whether refreshes ask for all topics, as a subscription by pattern needs. */
  wantAll(all: boolean): void {
    this.#updater.wantAll(all)
  }

  /** Calls back with each new snapshot; returns what takes the listener off. */
  onMetadata(listener: (metadata: Metadata) => void): () => void {
    return this.#updater.onMetadata(listener)
  }

  /**
   * Asks for metadata now; calls in the meantime share one answer.
   * @throws ConnectionError that lists every address that was tried when none answered.
   */
  refresh(): Promise<Metadata> {
    return this.#updater.refresh()
  }

  /**
   * Asks for metadata soon, in the background, again and again until a broker answers. The pauses grow, also when the
   * answers change nothing.
   */
  requestRefresh(): void {
    this.#updater.requestRefresh()
  }

  /** Refreshes in the background when the snapshot is older than `metadataMaxAgeMs`. */
  refreshIfOld(): void {
    this.#updater.refreshIfOld()
  }

  /** Takes leaders that a refusal named (KIP-951); a refresh follows all the same. */
  learnLeaders(hints: readonly LeaderHint[], endpoints: readonly Broker[]): void {
    this.#updater.learnLeaders(hints, endpoints)
  }

  /** Takes the addresses of brokers that spoke of themselves. */
  learnBrokers(brokers: readonly Broker[]): void {
    this.#updater.learnBrokers(brokers)
  }

  /**
   * Waits until a topic is known to exist, and if a partition is asked for, until its index is known.
   * A missing topic is waited for, since a new one takes time to be known everywhere.
   * @param deadline monotonic
   * @throws TimeoutError that names the topic, with the last problem as its cause; ServerError, AuthenticationError and
   * ConfigError at once where time cannot help
   */
  async awaitTopic(topic: string, deadline: number, partition = 0): Promise<TopicMetadata> {
    const started = this.runtime.now()
    this.want(topic)
    try {
      let problem: Error | undefined
      let lookedAt = Number.POSITIVE_INFINITY
      for (let attempt = 0; ; attempt++) {
        const known = this.metadata.topics.get(topic)
        if (known && known.errorCode === 0 && known.partitions[partition]) return known
        if (known && known.errorCode !== 0)
          problem = new ServerError(known.errorCode, { api: 'Metadata', topic })
        // What is remembered may have been healed since; only a fresh answer is final.
        if (attempt > 0 && problem && isFinal(problem)) throw problem
        const pause = attempt === 0 ? 0 : backoffOf(this, attempt - 1)
        if (this.runtime.now() + pause >= deadline) {
          throw unknownTopic(topic, known, partition, this.runtime.now() - started, problem)
        }
        await sleep(this.runtime, pause, this.signal)
        if (this.signal.aborted) throw closedError('the client')
        // Somebody else's answer, which came meanwhile, is as good.
        problem = this.#updater.answeredAt > lookedAt ? undefined : await this.#refreshed(deadline)
        lookedAt = this.runtime.now()
      }
    } finally {
      this.unwant(topic)
    }
  }

  /**
   * Sends one request to where routing.ts says and gives its answer; one attempt. Error codes inside the answer are the
   * caller's to read.
   * @throws ConnectionError, TimeoutError, UnsupportedVersionError, AuthenticationError, MalformedError, EncodeError
   */
  async request<A extends RoutedApi>(api: A, body: Body<A>, ...[given]: OptionsOf<A>): Promise<Response<A>> {
    if (this.signal.aborted) throw closedError('the client')
    const options = (given ?? {}) as AnyOptions
    const route = routeOf(api.name)
    const { to } = route
    const lane = options.lane ?? route.lane
    if (to === 'leader' && options.node === undefined) return this.#requestOfLeaders(api, body, lane, options)
    if (to === 'everyBroker') return this.#requestOfAll(api, body, lane, options)
    const timeoutMs = this.config.requestTimeoutMs + (options.holdMs ?? 0)
    const started = this.runtime.now()
    const node = options.node ?? (await this.#nodeOf(to, options.key))
    const connection = await this.#nodes.connect(node, lane, started + this.config.requestTimeoutMs)
    // A broker that asked for silence reads nothing until then (KIP-219).
    const silence = connection.throttledUntil - this.runtime.now()
    if (silence > 0) await sleep(this.runtime, silence, this.signal)
    const answer = connection.request(api, body, { ...options, timeoutMs })
    options.onWritten?.()
    return answer
  }

  /** Monotonic time before which a node asked for silence (KIP-219), or before which it is not dialled again. */
  notBefore(node: number, lane: Lane): number {
    return this.#nodes.notBefore(node, lane)
  }

  /** Id of the broker that looks after a group or transactional id. */
  coordinator(type: CoordinatorType, key: string): Promise<number> {
    return this.#coordinators.find(type, key)
  }

  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.#coordinators.forget(type, key)
  }

  /** Repeats an attempt for as long as the recovery table of its place says so; see `retrying` in retry.ts. */
  retrying<T>(options: RetryOptions, attempt: (onWritten: () => void) => Promise<T>): Promise<T> {
    return retrying(this, options, attempt)
  }

  /** Closes every connection; whoever waits is rejected. */
  close(): void {
    if (this.signal.aborted) return
    const cause = closedError('the client')
    this.#closing.abort(cause)
    this.#nodes.close(cause)
    this.#updater.close()
  }

  async #nodeOf(to: string, key: string | undefined): Promise<number> {
    if (key !== undefined) return this.coordinator(to as CoordinatorType, key)
    // Before anything is known, whoever gives metadata first is known to be alive.
    if (this.metadata.brokers.size === 0) await this.refresh()
    const { controllerId, brokers } = this.metadata
    return to === 'controller' && brokers.has(controllerId) ? controllerId : this.#nodes.leastLoaded(brokers)
  }

  async #requestOfLeaders<A extends RoutedApi>(
    api: A,
    body: Body<A>,
    lane: Lane,
    options: AnyOptions,
  ): Promise<Response<A>> {
    const parts = splitByLeader(body as unknown as SplitBody, this.metadata)
    const answers = await this.#requestOfParts<A, SplitBody>(api, parts, lane, options)
    return (joinByTopic(answers as unknown as SplitBody[]) ?? { topics: [] }) as unknown as Response<A>
  }

  async #requestOfAll<A extends RoutedApi>(
    api: A,
    body: Body<A>,
    lane: Lane,
    options: AnyOptions,
  ): Promise<Response<A>> {
    if (this.metadata.brokers.size === 0) await this.refresh()
    const parts = [...this.metadata.brokers.keys()].map((node) => ({ node, body: body as object }))
    const answers = await this.#requestOfParts<A, object>(api, parts, lane, options)
    return joinOfAll(api.name as 'ListGroups', answers as object[]) as Response<A>
  }

  /** Asks each broker for its part; those that answered. A part that nobody leads fails by itself. */
  async #requestOfParts<A extends RoutedApi, B extends object>(
    api: A,
    parts: readonly Part<B>[],
    lane: Lane,
    { onPartFailed, ...options }: AnyOptions,
  ): Promise<Response<A>[]> {
    const timeoutMs = this.config.requestTimeoutMs + (options.holdMs ?? 0)
    const ask = async ({ node, body }: Part<B>) => {
      if (node < 0) throw new ServerError(NO_LEADER, { api: 'Metadata', ...placeOf(body) })
      const deadline = this.runtime.now() + this.config.requestTimeoutMs
      const connection = await this.#nodes.connect(node, lane, deadline)
      return connection.request(api, body as unknown as Body<A>, { ...options, timeoutMs })
    }
    const outcomes = await Promise.allSettled(parts.map(ask))
    const answers: Response<A>[] = []
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') answers.push(outcome.value)
      else if (onPartFailed) onPartFailed(outcome.reason, parts[index]?.body ?? {})
      else throw outcome.reason
    })
    return answers
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
}

/** Errors that time does not heal. */
function isFinal(error: Error): boolean {
  if (error instanceof ServerError || error instanceof AuthenticationError)
    return recover(error, recovery.metadata) === 'fail'
  return error instanceof ConfigError
}

/** The first partition of a part, for messages. */
function placeOf(body: object): { topic?: string | undefined; partition?: number | undefined } {
  const [first] =
    (body as { topics?: { name?: string; topic?: string; partitions: object[] }[] }).topics ?? []
  const [at] = (first?.partitions ?? []) as { partitionIndex?: number; partition?: number }[]
  return { topic: first?.name ?? first?.topic, partition: at?.partitionIndex ?? at?.partition }
}
