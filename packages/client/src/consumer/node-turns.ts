import type { Cluster } from '../cluster/cluster.ts'
import { backoffOf } from '../cluster/retry.ts'
import type { Lane } from '../net/lane.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { AssignedPartition } from './positions.ts'

/** A broker that answers at once with nothing is asked again after this at the earliest, however little it may wait. */
const LEAST_PAUSE_MS = 10

/** How a broker is asked: on which connection, how long it may wait for records, and for how much. */
export interface FetchTerms {
  lane: Lane
  maxWaitMs: number
  maxBytes: number
}

/** Sends a request; says whether the answer brought anything. Never rejects. */
export type SendFetch = (
  node: number,
  partitions: readonly AssignedPartition[],
  terms: FetchTerms,
) => Promise<boolean>

interface Turn {
  /** A request that the broker holds back until there are records. */
  isPolling: boolean
  /** One that it answers at once, on the other connection. */
  isHurrying: boolean
  /** Answers without anything that came at once, one after the other. */
  empties: number
  /** Monotonic: not to be polled before. */
  restUntil: number
}

/**
 * When each broker is asked. One request polls: it waits with the broker for records of all its partitions. A broker works
 * at one request of a connection at a time, so a partition with a backlog that becomes ready meanwhile would wait for
 * the end of that poll, however quiet the others are (KAFKA-17182); it is asked for at once on the connection
 * for short requests, by one that waits for nothing.
 */
export class NodeTurns {
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig
  readonly #turns = new Map<number, Turn>()

  readonly #onOver: () => void

  /** @param onOver a request is over: there may be something to ask */
  constructor(cluster: Cluster, config: ConsumerConfig, onOver: () => void) {
    this.#cluster = cluster
    this.#config = config
    this.#onOver = onOver
  }

  /**
   * Asks a broker for partitions, if it is its turn; else they are left for another look.
   * @param room bytes that may still be buffered; nothing or less: only what cannot be left out
   * @returns when to look again (monotonic), as far as time alone decides
   */
  begin(
    node: number,
    partitions: readonly AssignedPartition[],
    room: number,
    now: number,
    send: SendFetch,
  ): number {
    const { fetchMaxBytes, maxPartitionFetchBytes, fetchMaxWaitMs } = this.#config
    const maxBytes = Math.min(fetchMaxBytes, room > 0 ? room : maxPartitionFetchBytes)
    const turn = this.#turn(node)
    const behind = partitions.filter(({ isBehind }) => isBehind)
    if (!turn.isPolling) {
      const rest = behind.length > 0 ? 0 : turn.restUntil
      const from = Math.max(rest, this.#cluster.notBefore(node, 'fetch'))
      if (from > now) return from
      void this.#poll(
        turn,
        now,
        send(node, partitions, { lane: 'fetch', maxWaitMs: fetchMaxWaitMs, maxBytes }),
      )
    } else if (!turn.isHurrying && behind.length > 0) {
      const from = this.#cluster.notBefore(node, 'main')
      if (from > now) return from
      turn.isHurrying = true
      void send(node, behind, { lane: 'main', maxWaitMs: 0, maxBytes }).finally(() => {
        turn.isHurrying = false
        this.#onOver()
      })
    }
    return Number.POSITIVE_INFINITY
  }

  async #poll(turn: Turn, began: number, sent: Promise<boolean>): Promise<void> {
    turn.isPolling = true
    const hasNews = await sent
    turn.isPolling = false
    this.#polled(turn, began, hasNews)
    this.#onOver()
  }

  #polled(turn: Turn, began: number, hasNews: boolean): void {
    const { fetchMaxWaitMs } = this.#config
    const { runtime } = this.#cluster
    const elapsed = runtime.now() - began
    if (hasNews || elapsed >= fetchMaxWaitMs / 2) {
      // A wait of no length is over at once, and says nothing about the broker.
      turn.empties = 0
      turn.restUntil = hasNews || fetchMaxWaitMs > 0 ? 0 : runtime.now() + LEAST_PAUSE_MS
      return
    }
    const pause = backoffOf(this.#cluster, turn.empties++)
    turn.restUntil = runtime.now() + Math.min(pause, Math.max(LEAST_PAUSE_MS, fetchMaxWaitMs - elapsed))
  }

  #turn(node: number): Turn {
    let turn = this.#turns.get(node)
    if (!turn) {
      turn = { isPolling: false, isHurrying: false, empties: 0, restUntil: 0 }
      this.#turns.set(node, turn)
    }
    return turn
  }
}
