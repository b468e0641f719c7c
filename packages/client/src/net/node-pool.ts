import type { KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { formatAddress } from '@samsa/runtime'
import type { ClientConfig } from '../config/client-settings.ts'
import type { BootstrapAddress } from '../config/setting.ts'
import { ConnectionError, closedError, TimeoutError } from '../errors.ts'
import type { ClientEvents, Events } from '../events.ts'
import { backoffMs } from '../time/backoff.ts'
import { sleep, within } from '../time/deadline.ts'
import type { Complaints } from './complaints.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './dial.ts'
import type { Broker, Endpoint } from './endpoint.ts'
import { brokerName } from './endpoint.ts'
import { anotherCluster, OtherClusterError } from './handshake.ts'
import type { Lane } from './lane.ts'
import { lanes } from './lane.ts'

export interface NodePoolOptions {
  config: ClientConfig
  runtime: Runtime
  events: Events<ClientEvents>
  bootstrap: readonly BootstrapAddress[]
  /** Aborted when the client closes. */
  signal: AbortSignal
  /** The cluster that brokers have to belong to; null: any. */
  clusterId: () => string | null
  /** A connection that had worked broke: whoever it led to may not be there any more. */
  onLost: () => void
  complaints: Complaints
}

interface Slot {
  endpoint: Endpoint
  connection: Connection | undefined
  opening: Promise<Connection> | undefined
  /** Attempts that failed since the last connection that worked. */
  failures: number
  /** Why the last of them failed; undefined once a connection worked. */
  failure: KafkaError | undefined
  /** Monotonic time before which the node is not dialled again. */
  retryAt: number
  /** The broker has moved or left: a connection that is still being opened is not wanted any more. */
  isGone: boolean
}

/**
 * The connections, one for each node and lane, opened when first needed and again after they broke, with growing
 * pauses (KIP-580, KIP-601). Bootstrap addresses are nodes with negative ids until their real ids are known.
 */
export class NodePool {
  readonly #options: NodePoolOptions
  readonly #endpoints = new Map<number, Endpoint>()
  readonly #slots = new Map<string, Slot>()
  readonly #bootstrap: readonly number[]
  /** The broker whose answer our endpoints come from, as named in messages. */
  #advertisedBy = ''

  constructor(options: NodePoolOptions) {
    this.#options = options
    this.#bootstrap = options.bootstrap.map(({ host, port }, index) => {
      const node = -1 - index
      this.#endpoints.set(node, { node, host, port, advertisedBy: undefined })
      return node
    })
  }

  /** The connection to a node; opens it if there is none. */
  async connect(node: number, lane: Lane, deadline: number): Promise<Connection> {
    const { runtime } = this.#options
    const started = runtime.now()
    const slot = this.#slot(node, lane)
    if (slot.connection) return slot.connection
    slot.opening ??= this.#open(slot).finally(() => {
      slot.opening = undefined
    })
    slot.opening.catch(() => undefined)
    const { host, port } = slot.endpoint
    const expire = () =>
      slot.failure ??
      new TimeoutError(`a connection to ${formatAddress(host, port)}`, runtime.now() - started)
    return within(runtime, slot.opening, deadline, expire)
  }

  /** Why brokers cannot be reached at the moment: one error for each that was tried in vain, in their order. */
  get failures(): KafkaError[] {
    const failures = new Map<string, KafkaError>()
    const slots = [...this.#slots.values()].sort((a, b) => inOrder(a.endpoint.node, b.endpoint.node))
    for (const { connection, failure } of slots) {
      if (failure && !connection) failures.set(failure.message, failure)
    }
    return [...failures.values()]
  }

  get isConnected(): boolean {
    return [...this.#slots.values()].some(({ connection }) => connection)
  }

  /** Monotonic time before which a node asked for silence (KIP-219), or before which it is not dialled again. */
  notBefore(node: number, lane: Lane): number {
    const slot = this.#slots.get(`${lane} ${node}`)
    return slot ? Math.max(slot.connection?.throttledUntil ?? 0, slot.connection ? 0 : slot.retryAt) : 0
  }

  /**
   * Every node that could answer, the most promising first: connected and idle, known, then the bootstrap addresses,
   * which are asked again where all known ones fail (KIP-899), unless `metadataRecoveryStrategy` forbids it.
   */
  candidates(brokers: ReadonlyMap<number, Broker>): number[] {
    const { runtime, config } = this.#options
    const known = shuffled([...brokers.keys()], runtime)
    const bootstrap = shuffled([...this.#bootstrap], runtime)
    const isKnownOnly = known.length > 0 && config.metadataRecoveryStrategy === 'none'
    const all = isKnownOnly ? known : [...known, ...bootstrap]
    const rank = new Map(all.map((node) => [node, this.#rank(node)]))
    return all.sort((a, b) => (rank.get(a) as number) - (rank.get(b) as number))
  }

  leastLoaded(brokers: ReadonlyMap<number, Broker>): number {
    return this.candidates(brokers)[0] as number
  }

  /** Takes over the addresses that metadata gives; a broker that moved is dialled at its new one. */
  learn(brokers: ReadonlyMap<number, Broker>): void {
    for (const { id, host, port } of brokers.values()) {
      const known = this.#endpoints.get(id)
      if (known && known.host === host && known.port === port) continue
      const endpoint = { node: id, host, port, advertisedBy: this.#advertisedBy || undefined }
      this.#endpoints.set(id, endpoint)
      for (const lane of lanes) this.#move(`${lane} ${id}`, endpoint)
    }
    for (const [node] of this.#endpoints) if (node >= 0 && !brokers.has(node)) this.#forget(node)
  }

  /** Remembers who gave the newest metadata. */
  answeredBy(node: number): void {
    const endpoint = this.#endpoints.get(node)
    if (endpoint) this.#advertisedBy = brokerName(endpoint)
  }

  /** How a node is named in messages. */
  nameOf(node: number): string {
    const endpoint = this.#endpoints.get(node)
    return endpoint ? brokerName(endpoint) : `broker ${node}`
  }

  /**
   * Refuses what a node of another cluster says, and ends its connections.
   * @throws ConnectionError
   */
  checkCluster(node: number, found: string | null): void {
    const clusterId = this.#options.clusterId()
    const endpoint = this.#endpoints.get(node)
    if (!endpoint || clusterId === null || found === null || found === clusterId) return
    const address = formatAddress(endpoint.host, endpoint.port)
    const cause = anotherCluster({ broker: brokerName(endpoint), address, clusterId }, found)
    this.#options.complaints.failed(complaintOf(endpoint), cause, 0)
    for (const lane of lanes) this.#slots.get(`${lane} ${node}`)?.connection?.close(cause)
    throw cause
  }

  /** Says in the log which brokers have failed for long, while others answer; those that are tried again and again. */
  complain(): void {
    for (const { endpoint, failure, failures, connection } of this.#slots.values())
      if (failure && failures > 1 && !connection)
        this.#options.complaints.failed(complaintOf(endpoint), failure)
  }

  /** Goes back to the bootstrap addresses as they were given: their names are resolved anew, and nothing is held against them. */
  rebootstrap(): void {
    for (const node of [...this.#endpoints.keys()]) if (node >= 0) this.#forget(node)
    for (const [name, slot] of [...this.#slots]) {
      if (!slot.connection) this.#drop(name, slot)
    }
  }

  close(cause: KafkaError): void {
    for (const slot of this.#slots.values()) slot.connection?.close(cause)
    this.#slots.clear()
  }

  #rank(node: number): number {
    const slot = this.#slots.get(`main ${node}`)
    const now = this.#options.runtime.now()
    const isSilenced = slot?.connection !== undefined && slot.connection.throttledUntil > now
    if (slot?.connection && !isSilenced) return slot.connection.inFlight / 1000
    const resting = slot && !isSilenced ? Math.max(0, slot.retryAt - now) : 0
    const connecting = slot?.opening && slot.failures === 0 ? 0.5 : 0
    return (node >= 0 ? 1 : 2) - connecting + (slot?.failures ?? 0) + (isSilenced ? 1 : 0) + resting / 1000
  }

  #slot(node: number, lane: Lane): Slot {
    const name = `${lane} ${node}`
    const known = this.#slots.get(name)
    if (known) return known
    const endpoint = this.#endpoints.get(node)
    if (!endpoint) throw new ConnectionError(`broker ${node} is not part of the cluster any more`, '', false)
    const slot: Slot = {
      endpoint,
      connection: undefined,
      opening: undefined,
      failures: 0,
      failure: undefined,
      retryAt: 0,
      isGone: false,
    }
    this.#slots.set(name, slot)
    return slot
  }

  async #open(slot: Slot): Promise<Connection> {
    const { runtime, config, events, signal, clusterId, onLost, complaints } = this.#options
    await sleep(runtime, slot.retryAt - runtime.now(), signal)
    if (signal.aborted) throw closedError('the client')
    const { endpoint } = slot
    const address = formatAddress(endpoint.host, endpoint.port)
    let ended: KafkaError | undefined
    let opened: Connection | undefined
    try {
      opened = await openConnection({
        runtime,
        config,
        endpoint,
        clusterId: this.#isSeen(endpoint) ? null : clusterId(),
        timeoutMs: this.#setupTimeout(slot.failures),
        signal,
        onEnd: (cause) => {
          ended = cause
          if (opened && slot.connection === opened) slot.connection = undefined
          // What the user closes himself is not lost.
          if (!opened || signal.aborted) return
          events.emit('disconnected', { node: endpoint.node, address, cause })
          // Source: `NetworkClient.processDisconnection`. What was closed from here is not lost.
          if (!slot.isGone && !opened.isIdle) onLost()
        },
      })
    } catch (error) {
      slot.failures++
      slot.retryAt = runtime.now() + this.#reconnectPause(slot.failures - 1)
      if (signal.aborted) throw closedError('the client')
      slot.failure = error as KafkaError
      if (error instanceof OtherClusterError) complaints.failed(complaintOf(endpoint), error, 0)
      throw error
    }
    if (signal.aborted) opened.close(closedError('the client'))
    if (slot.isGone)
      opened.close(
        new ConnectionError(`${address} is not the address of the broker any more`, address, false),
      )
    if (!opened.isOpen && ended) throw ended
    slot.failures = 0
    slot.failure = undefined
    complaints.healed(complaintOf(endpoint))
    slot.retryAt = runtime.now() + this.#reconnectPause(0)
    slot.connection = opened
    events.emit('connected', { node: endpoint.node, address })
    return opened
  }

  /** Whether an open connection leads to the same address: then it is known whose it is. */
  #isSeen({ host, port }: Endpoint): boolean {
    return [...this.#slots.values()].some(
      ({ endpoint, connection }) => connection && endpoint.host === host && endpoint.port === port,
    )
  }

  #reconnectPause(attempt: number): number {
    const { reconnectBackoffMs: initialMs, reconnectBackoffMaxMs: maxMs } = this.#options.config
    return backoffMs(attempt, { initialMs, maxMs }, () => this.#options.runtime.random())
  }

  #setupTimeout(failures: number): number {
    const { socketConnectionSetupTimeoutMs: initialMs, socketConnectionSetupTimeoutMaxMs: maxMs } =
      this.#options.config
    return backoffMs(failures, { initialMs, maxMs }, () => this.#options.runtime.random())
  }

  #move(name: string, endpoint: Endpoint): void {
    const slot = this.#slots.get(name)
    if (!slot) return
    this.#drop(name, slot)
    const { host, port } = endpoint
    slot.connection?.close(
      new ConnectionError(`broker ${endpoint.node} moved to ${formatAddress(host, port)}`, name, false),
    )
  }

  #drop(name: string, slot: Slot): void {
    this.#slots.delete(name)
    slot.isGone = true
    this.#options.complaints.healed(complaintOf(slot.endpoint))
  }

  #forget(node: number): void {
    this.#endpoints.delete(node)
    for (const lane of lanes) {
      const slot = this.#slots.get(`${lane} ${node}`)
      if (!slot) continue
      this.#drop(`${lane} ${node}`, slot)
      slot.connection?.close(new ConnectionError(`broker ${node} left the cluster`, '', false))
    }
  }
}

function complaintOf(endpoint: Endpoint): string {
  return `${brokerName(endpoint)} fails, trying on`
}

/** Brokers by their ids, then the bootstrap addresses as they were given. */
export function inOrder(a: number, b: number): number {
  return a >= 0 === b >= 0 ? Math.abs(a) - Math.abs(b) : b - a
}

function shuffled(nodes: number[], runtime: Runtime): number[] {
  for (let last = nodes.length - 1; last > 0; last--) {
    const other = Math.floor(runtime.random() * (last + 1))
    const swapped = nodes[last] as number
    nodes[last] = nodes[other] as number
    nodes[other] = swapped
  }
  return nodes
}
