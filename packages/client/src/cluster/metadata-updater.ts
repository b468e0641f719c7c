import type { Response } from '@samsa/protocol'
import { EncodeError, type KafkaError, Metadata as MetadataApi, zeroUuid } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import type { ClientConfig } from '../config/client-settings.ts'
import { closedError, ServerError } from '../errors.ts'
import type { ClientEvents, Events } from '../events.ts'
import type { Complaints } from '../net/complaints.ts'
import type { Broker } from '../net/endpoint.ts'
import { inOrder, type NodePool } from '../net/node-pool.ts'
import { noneReached } from '../net/unreachable.ts'
import { backoffMs } from '../time/backoff.ts'
import { firstAnswer } from '../time/first-answer.ts'
import { wait } from '../time/wait.ts'
import type { LeaderHint, Metadata } from './metadata.ts'
import {
  anotherCluster,
  isUnchanged,
  mergeLeaders,
  mergeMetadata,
  noMetadata,
  withBrokers,
  withoutBrokers,
} from './metadata.ts'

export interface MetadataUpdaterOptions {
  config: ClientConfig
  runtime: Runtime
  events: Events<ClientEvents>
  nodes: NodePool
  complaints: Complaints
  /** Aborted when the client closes. */
  signal: AbortSignal
  /** Brokers that are known by another way than by metadata, and stay known. */
  others: () => readonly Broker[]
  /** What was learned of the cluster is worth nothing any more. */
  onRebootstrap: () => void
}

type Answer = Response<typeof MetadataApi>

/** How long a broker may take for metadata before another one is asked besides. */
const PATIENCE_MS = 1000
const REBOOTSTRAP_REQUIRED = 129
const COMPLAINT = 'no metadata, trying on'

/**
 * Keeps the view of the cluster: which topics are wanted, when brokers are asked, what is believed of their answers.
 * Nobody asks without a pause: it grows with each question that fails, and with each answer that changes nothing.
 * Source: `Metadata`, `NetworkClient.DefaultMetadataUpdater`; KIP-526, KIP-580, KIP-899, KIP-1102, KIP-1242.
 */
export class MetadataUpdater {
  readonly #options: MetadataUpdaterOptions
  #metadata: Metadata = noMetadata
  readonly #wanted = new Map<string, number>()
  /** Wanted topics that were there once: asking for them must not bring them back when they were deleted. */
  readonly #seen = new Set<string>()
  #wantsAll = false
  readonly #listeners = new Set<(metadata: Metadata) => void>()
  #refreshing: Promise<Metadata> | undefined
  /** Counts topics that became wanted; a request that went out under an older count does not name them all. */
  #wants = 0
  #refreshingWants = 0
  #answeredWants = 0
  /** Ends the pause of the background. */
  readonly #pausing = new Set<() => void>()
  #isInBackground = false
  #answeredAt = Number.NEGATIVE_INFINITY
  /** Answers in a row that changed nothing. */
  #unchanged = 0
  /** Since when nobody has answered; undefined while somebody does. */
  #outageSince: number | undefined
  /** The cluster that is worked with; null before it is known, and after going back to the bootstrap addresses. */
  #clusterId: string | null = null
  #rebootstraps = 0

  constructor(options: MetadataUpdaterOptions) {
    this.#options = options
  }

  get metadata(): Metadata {
    return this.#metadata
  }

  /** Monotonic time of the newest answer. */
  get answeredAt(): number {
    return this.#answeredAt
  }

  /** The cluster that brokers have to belong to; null while any will do. */
  get clusterId(): string | null {
    return this.#clusterId
  }

  want(topic: string): void {
    const count = this.#wanted.get(topic) ?? 0
    this.#wanted.set(topic, count + 1)
    if (count === 0) this.#wantsMore()
  }

  unwant(topic: string): void {
    const count = (this.#wanted.get(topic) ?? 0) - 1
    if (count > 0) this.#wanted.set(topic, count)
    else {
      this.#wanted.delete(topic)
      this.#seen.delete(topic)
    }
  }

  /** The next question may create the topic, where settings and brokers allow it, also when it was there before. */
  mayCreate(topic: string): void {
    this.#seen.delete(topic)
  }

  wantAll(all: boolean): void {
    const isNew = all && !this.#wantsAll
    this.#wantsAll = all
    if (isNew) this.#wantsMore()
  }

  /** What is new is not asked for with the pauses of what was asked for in vain. */
  #wantsMore(): void {
    this.#wants++
    for (const told of [...this.#pausing]) told()
  }

  onMetadata(listener: (metadata: Metadata) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Asks now; calls in the meantime share one answer. */
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

  /** Asks soon, in the background, again and again with growing pauses until a broker answers. */
  requestRefresh(): void {
    if (this.#isInBackground || this.#options.signal.aborted) return
    this.#isInBackground = true
    void this.#refreshUntilAnswered().finally(() => {
      this.#isInBackground = false
    })
  }

  refreshIfOld(): void {
    const { runtime, config } = this.#options
    if (runtime.now() - this.#answeredAt > config.metadataMaxAgeMs) this.requestRefresh()
  }

  /** Takes leaders that a refusal named (KIP-951); a refresh follows all the same. */
  learnLeaders(hints: readonly LeaderHint[], endpoints: readonly Broker[]): void {
    this.#publish(mergeLeaders(this.#metadata, hints, endpoints))
  }

  /** Takes the addresses of brokers that spoke of themselves. */
  learnBrokers(brokers: readonly Broker[]): void {
    this.#publish(withBrokers(this.#metadata, brokers))
  }

  close(): void {
    this.#listeners.clear()
  }

  async #refreshUntilAnswered(): Promise<void> {
    const { runtime, signal, config } = this.#options
    for (let attempt = 0; !signal.aborted; attempt++) {
      // Also an answer that changed nothing counts as an attempt: whoever still misses something asks again.
      const rest = this.#unchanged === 0 ? config.retryBackoffMs : this.#pause(this.#unchanged)
      const left = this.#wants === this.#answeredWants ? this.#answeredAt + rest - runtime.now() : 0
      await this.#sleep(attempt === 0 ? Math.max(0, left) : this.#pause(attempt - 1))
      if (signal.aborted) return
      try {
        await this.refresh()
        return
      } catch {
        // Said by complaints, once for each outage.
      }
    }
  }

  async #sleep(ms: number): Promise<void> {
    const { runtime, signal } = this.#options
    const on = (told: () => void) => {
      this.#pausing.add(told)
      return () => void this.#pausing.delete(told)
    }
    await wait(runtime, { until: runtime.now() + ms, signal, on })
  }

  async #refresh(mayRebootstrap = true): Promise<Metadata> {
    const { nodes, runtime, signal, complaints } = this.#options
    const rebootstraps = this.#rebootstraps
    const wants = this.#wants
    const failures: [number, Error][] = []
    const asks = nodes.candidates(this.#metadata.brokers).map((node) => async () => {
      if (signal.aborted) throw closedError('the client')
      try {
        return await this.#ask(node)
      } catch (error) {
        failures.push([node, error as Error])
        throw error
      }
    })
    const isFinal = (error: Error) => error instanceof EncodeError || (error as KafkaError).code === 'CLOSED'
    try {
      const answer = await firstAnswer(asks, { runtime, patienceMs: PATIENCE_MS, isFinal })
      this.#answeredWants = wants
      return answer
    } catch (error) {
      if (signal.aborted) throw error
      if (mayRebootstrap && this.#rebootstraps !== rebootstraps) return this.#refresh(false)
      failures.sort(([a], [b]) => inOrder(a, b))
      const told = error instanceof AggregateError ? noneReached(failures.map(([, each]) => each)) : error
      complaints.failed(COMPLAINT, told)
      this.#unanswered()
      throw told
    }
  }

  /** Asks one broker. A topic that was never there may be created by asking; one that was there must not. */
  async #ask(node: number): Promise<Metadata> {
    const { nodes, runtime, config } = this.#options
    const names = [...this.#wanted.keys()]
    const isFresh = (name: string) => config.allowAutoCreateTopics && !this.#seen.has(name)
    const fresh = names.filter(isFresh)
    const old = names.filter((name) => !isFresh(name))
    const isNamed = !this.#wantsAll
    const timeoutMs = config.requestTimeoutMs
    const connection = await nodes.connect(node, 'main', runtime.now() + timeoutMs)
    const ask = (topics: readonly string[] | null, allowAutoTopicCreation: boolean) =>
      connection.request(MetadataApi, question(topics, allowAutoTopicCreation), { timeoutMs })
    const asked: Promise<Answer>[] = []
    if (isNamed && fresh.length > 0) asked.push(ask(fresh, true))
    if (!isNamed || old.length > 0 || fresh.length === 0) asked.push(ask(isNamed ? old : null, false))
    const answers = await Promise.all(asked)
    return this.#take(node, answers, isNamed)
  }

  #take(node: number, answers: readonly Answer[], isNamed: boolean): Metadata {
    const { nodes, runtime, complaints, others, events } = this.#options
    const last = answers.at(-1) as Answer
    const errorCode = answers.find((answer) => answer.errorCode !== 0)?.errorCode ?? 0
    if (errorCode === REBOOTSTRAP_REQUIRED) this.#rebootstrap(`${nodes.nameOf(node)} asks for it`)
    if (errorCode !== 0) throw new ServerError(errorCode, { api: 'Metadata', about: nodes.nameOf(node) })
    for (const { clusterId } of answers) nodes.checkCluster(node, clusterId)
    if (last.clusterId !== null) this.#clusterId ??= last.clusterId
    this.#answeredAt = runtime.now()
    this.#outageSince = undefined
    complaints.healed(COMPLAINT)
    nodes.answeredBy(node)
    nodes.complain()
    const before = this.#isOther(last) ? anotherCluster(this.#metadata) : this.#metadata
    if (before !== this.#metadata)
      events.logger.warn(`the cluster is another one now: ${last.clusterId}, not ${this.#metadata.clusterId}`)
    // An answer for all topics names each: what it leaves out was deleted.
    const kept = new Set(isNamed ? this.#wanted.keys() : [])
    const topics = answers.flatMap((answer) => answer.topics)
    for (const { name, errorCode } of topics)
      if (name !== null && errorCode === 0 && this.#wanted.has(name)) this.#seen.add(name)
    const merged = mergeMetadata(before, { ...last, topics }, kept)
    const unnamed = others().filter(({ id }) => !merged.brokers.has(id))
    const newer = merged === before ? merged : withBrokers(merged, unnamed)
    this.#unchanged = isUnchanged(this.#metadata, newer) ? this.#unchanged + 1 : 0
    this.#publish(newer)
    return this.#metadata
  }

  #isOther({ clusterId }: Answer): boolean {
    const known = this.#metadata.clusterId
    return known !== null && clusterId !== null && known !== clusterId
  }

  /** Where nobody of the cluster has answered for so long, it may have moved: one begins anew (KIP-899, KIP-1102). */
  #unanswered(): void {
    const { runtime, config } = this.#options
    this.#outageSince ??= runtime.now()
    const limit = config.metadataRecoveryRebootstrapTriggerMs
    if (runtime.now() - this.#outageSince >= limit)
      this.#rebootstrap(`no broker has answered for ${limit} ms`)
  }

  #rebootstrap(why: string): void {
    const { config, nodes, events, onRebootstrap } = this.#options
    if (config.metadataRecoveryStrategy === 'none') return
    events.logger.warn(`going back to bootstrapServers, since ${why}`)
    this.#rebootstraps++
    this.#clusterId = null
    this.#outageSince = undefined
    nodes.rebootstrap()
    onRebootstrap()
    if (this.#metadata.generation > 0) this.#publish(withoutBrokers(this.#metadata))
  }

  #publish(metadata: Metadata): void {
    if (metadata === this.#metadata) return
    this.#metadata = metadata
    this.#options.nodes.learn(metadata.brokers)
    this.#options.events.emit('metadata', { generation: metadata.generation })
    for (const listener of [...this.#listeners]) listener(metadata)
  }

  #pause(attempt: number): number {
    const { config, runtime } = this.#options
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = config
    return backoffMs(attempt, { initialMs, maxMs }, () => runtime.random())
  }
}

function question(topics: readonly string[] | null, allowAutoTopicCreation: boolean) {
  return {
    topics: topics?.map((name) => ({ name, topicId: zeroUuid })) ?? null,
    allowAutoTopicCreation,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}
