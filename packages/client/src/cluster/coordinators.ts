import { FindCoordinator } from '@samsa/protocol'
import { ServerError } from '../errors.ts'
import type { Broker } from '../net/endpoint.ts'
import type { Cluster } from './cluster.ts'
import type { CoordinatorType } from './routing.ts'

/** Source: `FindCoordinatorRequest.CoordinatorType`. */
const keyTypes: Readonly<Record<CoordinatorType, number>> = { group: 0, transaction: 1, share: 2 }
const COORDINATOR_NOT_AVAILABLE = 15

/** Which broker looks after which key: asked for when it is first needed, and again when it was forgotten. */
export class Coordinators {
  readonly #cluster: Cluster
  readonly #found = new Map<string, Broker>()
  /** Questions under way: whoever else wants the same waits for the same answer. */
  readonly #asked = new Map<string, Promise<Broker>>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Brokers that look after something, as they were named. Metadata may not have heard of them yet. */
  get brokers(): Broker[] {
    return [...this.#found.values()]
  }

  /** @throws ServerError, and whatever a request throws */
  async find(type: CoordinatorType, key: string): Promise<number> {
    const name = `${type}:${key}`
    const known = this.#found.get(name)
    if (known && this.#cluster.metadata.brokers.has(known.id)) return known.id
    const asked = this.#asked.get(name)
    if (asked) return (await asked).id
    const asking = this.#ask(type, key)
    this.#asked.set(name, asking)
    try {
      const broker = await asking
      this.#found.set(name, broker)
      // It has just spoken of itself, so its address is newer than what metadata says.
      this.#cluster.learnBrokers([broker])
      return broker.id
    } finally {
      this.#asked.delete(name)
    }
  }

  forget(type: CoordinatorType, key: string): void {
    this.#found.delete(`${type}:${key}`)
  }

  /** The addresses of another time, or of another cluster, are worth nothing. */
  forgetAll(): void {
    this.#found.clear()
  }

  async #ask(type: CoordinatorType, key: string): Promise<Broker> {
    const keyType = keyTypes[type]
    const answer = await this.#cluster.request(FindCoordinator, (version) =>
      version >= 4 ? { keyType, coordinatorKeys: [key] } : { key, keyType },
    )
    const { errorCode, errorMessage, nodeId: id, host, port } = answer.coordinators[0] ?? answer
    const place = { api: 'FindCoordinator', about: `${type} ${key}` }
    if (errorCode !== 0) throw new ServerError(errorCode, { ...place, detail: errorMessage })
    if (id < 0 || host === '')
      throw new ServerError(COORDINATOR_NOT_AVAILABLE, { ...place, detail: 'the answer names nobody' })
    return { id, host, port, rack: null }
  }
}
