import { KafkaError } from '@samsa/protocol'
import type { Listener, Runtime, Transport } from '@samsa/runtime'
import { formatAddress, NetworkError, nodeRuntime } from '@samsa/runtime'
import { takeDataDirectory } from './data-directory.ts'
import type { RequestLog } from './faults.ts'
import { Faults } from './faults.ts'
import { handlers } from './handlers/index.ts'
import { Session } from './session.ts'
import type { BrokerSettings } from './settings.ts'
import { brokerSettings } from './settings.ts'
import type { Node } from './state.ts'
import { BrokerState } from './state.ts'
import { showState } from './weaknesses.ts'

export interface BrokerOptions extends Partial<BrokerSettings> {
  /** The world to run in; the real one by default. */
  runtime?: Runtime
  /** Told why a connection was closed from this side: bytes that are no request, or a fault. Default: nobody. */
  onProblem?: (remote: string, error: Error) => void
}

/**
 * Starts the embedded broker. In memory unless `dataDirectory` is given; on any free port unless `port` is.
 * @throws KafkaError with code CONFIG for a setting that cannot be, ADDRESS_IN_USE for a port that is taken,
 * ADDRESS_NOT_AVAILABLE for a host or port that cannot be listened on
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { runtime = nodeRuntime(), onProblem = () => {}, ...given } = options
  const settings = brokerSettings(given)
  const broker = new Broker(runtime, settings, onProblem)
  try {
    await broker.listen()
  } catch (error) {
    await broker.close()
    throw error
  }
  return broker
}

/** A running broker, of one node or several in one process. */
export class Broker {
  /** Faults made for tests. */
  readonly faults = new Faults([...handlers.values()].map(({ api }) => api.name))
  readonly #runtime: Runtime
  readonly #settings: BrokerSettings
  readonly #state: BrokerState
  readonly #lock: { release(): void } | undefined
  readonly #listeners = new Map<number, Listener>()
  readonly #sessions = new Map<Session, number>()
  readonly #onProblem: (remote: string, error: Error) => void
  /** Nodes on their way up. */
  readonly #starting = new Map<number, Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(runtime: Runtime, settings: BrokerSettings, onProblem: (remote: string, error: Error) => void) {
    this.#onProblem = onProblem
    this.#runtime = runtime
    this.#settings = settings
    if (settings.dataDirectory) this.#lock = takeDataDirectory(runtime.disk, settings.dataDirectory)
    const { host, advertisedHost = host, port } = settings
    const nodes = Array.from({ length: settings.brokers }, (_, index) => ({
      id: index + 1,
      host: advertisedHost,
      port: port === 0 ? 0 : port + index,
      isUp: true,
    }))
    try {
      this.#state = new BrokerState(runtime, settings, nodes)
    } catch (error) {
      this.#lock?.release()
      throw error
    }
    showState(this, this.#state)
  }

  /** Addresses of all nodes, as clients take them. */
  get bootstrapServers(): string {
    return this.#state.nodes.map(({ host, port }) => formatAddress(host, port)).join(',')
  }

  get nodes(): readonly { id: number; host: string; port: number; isUp: boolean }[] {
    return this.#state.nodes
  }

  /** The last requests that came in. */
  get requests(): RequestLog {
    return this.#state.requests
  }

  /** Opens the ports of all nodes. */
  async listen(): Promise<void> {
    for (const { id } of this.#state.nodes) await this.#listen(id)
  }

  /** Speaks Kafka on any connection, as if it had come in on a node's port. */
  handle(transport: Transport, node = 1): void {
    if (this.#closing) {
      transport.destroy()
      return
    }
    const session: Session = new Session({
      state: this.#state,
      runtime: this.#runtime,
      transport,
      node,
      handlers,
      faults: this.faults,
      onProblem: this.#onProblem,
      onEnd: () => void this.#sessions.delete(session),
    })
    this.#sessions.set(session, node)
  }

  /**
   * Creates a topic.
   * @throws KafkaError with Kafka's name of what is wrong, e.g. TOPIC_ALREADY_EXISTS
   */
  createTopic(name: string, options: { partitions?: number; configs?: Record<string, string> } = {}): void {
    const { partitions = -1, configs = {} } = options
    this.#state.topics.create({ name, partitions, configs: new Map(Object.entries(configs)) })
  }

  /** Whether a topic of that name exists. */
  hasTopic(name: string): boolean {
    return this.#state.topics.get(name) !== undefined
  }

  /** Makes another node lead a partition; clients find out as they would with Kafka. */
  moveLeader(topic: string, partition: number, node: number): void {
    const found = this.#state.topics.partition(topic, partition)
    if (!found) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic}-${partition} does not exist`)
    this.#state.topics.moveLeader(found, this.#node(node).id)
  }

  /**
   * Takes a node down: its port closes, its connections break, and other nodes lead what it led.
   * @throws KafkaError BROKER_NOT_AVAILABLE when there is no such node
   */
  async stopNode(node: number): Promise<void> {
    const found = this.#node(node)
    if (!found.isUp) return
    found.isUp = false
    const others = this.#state.upNodes
    for (const topic of this.#state.topics.all) {
      for (const partition of topic.partitions) {
        const next = others[partition.index % Math.max(1, others.length)]
        if (partition.leader === node && next) this.#state.topics.moveLeader(partition, next.id)
      }
    }
    await this.#closeNode(node)
  }

  /**
   * Brings a node back on its old port. What it led stays where it is.
   * @throws KafkaError ADDRESS_IN_USE when the port was taken meanwhile, BROKER_NOT_AVAILABLE when there is no such node
   */
  async startNode(node: number): Promise<void> {
    const found = this.#node(node)
    if (this.#closing) throw new KafkaError('BROKER_NOT_AVAILABLE', 'the broker is closed')
    if (found.isUp) return
    const starting =
      this.#starting.get(node) ?? this.#listen(node).finally(() => void this.#starting.delete(node))
    this.#starting.set(node, starting)
    await starting
    found.isUp = true
  }

  /** Stops in order: ports, connections, logs. Legal at any time, also twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#starting.values())
    for (const { id } of this.#state.nodes) await this.#closeNode(id)
    for (const session of [...this.#sessions.keys()]) session.close()
    this.#state.groups.close()
    try {
      this.#state.topics.close()
    } finally {
      this.#lock?.release()
    }
  }

  #node(id: number): Node {
    const node = this.#state.nodes.find((each) => each.id === id)
    if (!node) throw new KafkaError('BROKER_NOT_AVAILABLE', `there is no node ${id}`)
    return node
  }

  async #listen(id: number): Promise<void> {
    const node = this.#node(id)
    try {
      const listener = await this.#runtime.listen(
        { host: this.#settings.host, port: node.port },
        (transport) => this.handle(transport, id),
      )
      node.port = listener.port
      this.#listeners.set(id, listener)
    } catch (error) {
      if (error instanceof NetworkError) throw new KafkaError(codeOf(error), error.message, { cause: error })
      throw error
    }
  }

  async #closeNode(node: number): Promise<void> {
    const closing = this.#listeners.get(node)?.close()
    this.#listeners.delete(node)
    for (const [session, on] of [...this.#sessions]) if (on === node) session.close()
    await closing
  }
}

/** A host that is not there is another mistake than a port that is taken. */
function codeOf({ code }: NetworkError): string {
  return code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_NOT_AVAILABLE'
}
