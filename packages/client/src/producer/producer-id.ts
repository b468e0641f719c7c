import { InitProducerId } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { recovery } from '../cluster/recovery.ts'
import { backoffOf } from '../cluster/retry.ts'
import { ServerError } from '../errors.ts'
import type { ProducerIdentity } from './producer-batch.ts'
import { isSameIdentity } from './producer-batch.ts'

/** Source: Short.MAX_VALUE; beyond it a new producer id is needed. */
const LAST_EPOCH = 32_767

export interface ProducerIdsOptions {
  cluster: Cluster
  /** An identity was given. */
  onKnown: () => void
  /** No identity can be had; asking again may help. */
  onFailed: (error: Error) => void
}

/** Id and epoch of an idempotent producer: asked of a broker once, and counted up here (KIP-360). */
export class ProducerIds {
  readonly #options: ProducerIdsOptions
  #current: ProducerIdentity | undefined
  #isAsking = false
  /** Counts the times when all that was asked before became worthless. */
  #generation = 0
  #failures = 0
  #askAt = 0
  #problem: Error | undefined

  constructor(options: ProducerIdsOptions) {
    this.#options = options
  }

  /** Undefined until a broker gave one. */
  get current(): ProducerIdentity | undefined {
    return this.#current
  }

  /** Why there is none; undefined while nothing is known to be wrong. */
  get problem(): Error | undefined {
    return this.#problem
  }

  /** Monotonic time before which it is not asked again. */
  get askAt(): number {
    return this.#askAt
  }

  /** Asks for an identity unless there is one, or it is asked for already, or that has just failed. */
  need(): void {
    if (this.#current || this.#isAsking || this.#options.cluster.runtime.now() < this.#askAt) return
    this.#isAsking = true
    const generation = this.#generation
    void this.#ask().then(
      (identity) => this.#answered(generation, identity),
      (error: Error) => this.#refused(error),
    )
  }

  /**
   * Begins the next epoch, unless `used` is not the current one any more: then there is a newer one already. The one
   * place where epochs are counted up.
   */
  bumpEpoch(used: ProducerIdentity | undefined): void {
    if (!this.#current || !isSameIdentity(used, this.#current)) return
    const { id, epoch } = this.#current
    this.#current = epoch < LAST_EPOCH ? { id, epoch: epoch + 1 } : undefined
    this.need()
  }

  /** The cluster does not know the identity: another one is asked for, unless that has happened already. */
  renew(used: ProducerIdentity | undefined): void {
    if (this.#current && !isSameIdentity(used, this.#current)) return
    this.#current = undefined
    this.#generation++
    this.need()
  }

  #answered(generation: number, identity: ProducerIdentity): void {
    this.#isAsking = false
    if (generation !== this.#generation) {
      this.need()
      return
    }
    this.#failures = 0
    this.#problem = undefined
    this.#current = identity
    this.#options.onKnown()
  }

  #refused(error: Error): void {
    const { cluster, onFailed } = this.#options
    this.#isAsking = false
    this.#askAt = cluster.runtime.now() + backoffOf(cluster, this.#failures++)
    this.#problem = error
    onFailed(error)
  }

  #ask(): Promise<ProducerIdentity> {
    const { cluster } = this.#options
    const attempt = async () => {
      try {
        const body = { transactionalId: null, transactionTimeoutMs: 0 }
        const { errorCode, producerId, producerEpoch } = await cluster.request(InitProducerId, body)
        if (errorCode !== 0) throw new ServerError(errorCode, { api: 'InitProducerId' })
        return { id: producerId, epoch: producerEpoch }
      } catch (error) {
        this.#problem = error as Error
        throw error
      }
    }
    const options = {
      what: 'a producer id',
      place: recovery.initProducerId,
      deadline: Number.POSITIVE_INFINITY,
    }
    return cluster.retrying(options, attempt)
  }
}
