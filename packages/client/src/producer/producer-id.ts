import { InitProducerId } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { recovery } from '../cluster/recovery.ts'
import { ServerError } from '../errors.ts'
import type { ProducerIdentity } from './producer-batch.ts'

/** Source: Short.MAX_VALUE; beyond it a new producer id is needed. */
const LAST_EPOCH = 32_767

/** Id and epoch of an idempotent producer: asked of a broker once, and counted up here (KIP-360). */
export class ProducerIds {
  readonly #cluster: Cluster
  readonly #onKnown: () => void
  readonly #onFailed: (error: Error) => void
  #current: ProducerIdentity | undefined
  #isAsking = false

  constructor(cluster: Cluster, onKnown: () => void, onFailed: (error: Error) => void) {
    this.#cluster = cluster
    this.#onKnown = onKnown
    this.#onFailed = onFailed
  }

  /** Undefined until a broker gave one. */
  get current(): ProducerIdentity | undefined {
    return this.#current
  }

  /** Asks for an identity unless there is one or it is asked for already. */
  need(): void {
    if (this.#current || this.#isAsking) return
    this.#isAsking = true
    void this.#ask().then(
      (identity) => {
        this.#isAsking = false
        this.#current = identity
        this.#onKnown()
      },
      (error: Error) => {
        this.#isAsking = false
        this.#onFailed(error)
      },
    )
  }

  /** Begins the next epoch, unless `used` is not the current one any more: then there is a newer one already. */
  leave(used: ProducerIdentity | undefined): void {
    if (!this.#current || used?.id !== this.#current.id || used.epoch !== this.#current.epoch) return
    const { id, epoch } = this.#current
    this.#current = epoch < LAST_EPOCH ? { id, epoch: epoch + 1 } : undefined
    this.need()
  }

  #ask(): Promise<ProducerIdentity> {
    const cluster = this.#cluster
    const body = { transactionalId: null, transactionTimeoutMs: 0 }
    const attempt = async () => {
      const { errorCode, producerId, producerEpoch } = await cluster.request(InitProducerId, body)
      if (errorCode !== 0) throw new ServerError(errorCode, { api: 'InitProducerId' })
      return { id: producerId, epoch: producerEpoch }
    }
    const options = {
      what: 'a producer id',
      place: recovery.initProducerId,
      deadline: Number.POSITIVE_INFINITY,
    }
    return cluster.retrying(options, attempt)
  }
}
