import { headerOf, InitProducerId, Metadata, Produce, readBatches } from '@samsa/protocol'
import type { Asked, FakeBroker } from '../world.test-support.ts'
import { FakeWorld } from '../world.test-support.ts'

const REMEMBERED_BATCHES = 5
const NO_ERROR = 0
const NOT_LEADER_OR_FOLLOWER = 6
const MESSAGE_TOO_LARGE = 10
const NOT_ENOUGH_REPLICAS = 19
const NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45

/** For tests only: numbers from a seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Partition {
  leader: number
  leaderEpoch: number
  /** Values in the order of the log. */
  log: string[]
  /** By producer: the epoch and the newest batches, as `ProducerStateEntry` remembers them. */
  producers: Map<bigint, { epoch: number; batches: { first: number; last: number; offset: number }[] }>
}

/** What happens to one request. */
export type Fate =
  | 'fine'
  | 'late'
  | 'refused'
  | 'refused after it was appended'
  | 'left out'
  | 'cut before'
  | 'cut after'
  | 'hangs'
  | 'hangs and arrives late'

export const fates: readonly Fate[] = [
  'late',
  'refused',
  'refused after it was appended',
  'left out',
  'cut before',
  'cut after',
  'hangs',
  'hangs and arrives late',
]

/**
 * For tests only: two brokers with one topic, which take batches by Kafka's rules (`ProducerAppendInfo`: of a producer that
 * is not known any first number is taken) and, while they are rough, do to requests what a seed says.
 */
export class ModelCluster {
  readonly world: FakeWorld
  readonly partitions: Partition[]
  /** How many Produce requests meet trouble, and how many did. */
  troubles: number
  met = 0
  readonly #random: () => number
  readonly #maxBatchBytes: number
  readonly #fates: readonly Fate[]
  readonly #answers = new Map<unknown, { isReady: boolean; give: () => void }[]>()

  constructor(options: {
    seed: number
    partitions: number
    troubles: number
    maxBatchBytes: number
    fates?: readonly Fate[]
  }) {
    const random = randomOf(options.seed)
    this.#random = random
    this.world = new (class extends FakeWorld {
      override random(): number {
        return random()
      }
      override wallTime(): number {
        return Math.floor(super.wallTime())
      }
    })()
    this.troubles = options.troubles
    this.#maxBatchBytes = options.maxBatchBytes
    this.#fates = options.fates ?? fates
    this.partitions = Array.from({ length: options.partitions }, () => ({
      leader: random() < 0.5 ? 1 : 2,
      leaderEpoch: 0,
      log: [],
      producers: new Map(),
    }))
    for (const node of [1, 2]) this.#serve(this.world.broker(`b${node}:9092`), node)
  }

  #serve(broker: FakeBroker, node: number): void {
    broker.answers(Metadata, () => ({
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: `b${nodeId}`, port: 9092, rack: null })),
      clusterId: 'model',
      controllerId: 1,
      topics: [
        {
          errorCode: NO_ERROR,
          name: 't',
          topicId: 'AAAAAAAAAAAAAAAAAAAACg',
          partitions: this.partitions.map(({ leader, leaderEpoch }, partitionIndex) => ({
            errorCode: NO_ERROR,
            partitionIndex,
            leaderId: leader,
            leaderEpoch,
            replicaNodes: [1, 2],
            isrNodes: [1, 2],
          })),
        },
      ],
    }))
    broker.answers(InitProducerId, { errorCode: NO_ERROR, producerId: 7n, producerEpoch: 0 })
    broker.on(Produce, (asked) => this.#produce(node, asked))
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }

  #produce(node: number, asked: Asked): void {
    const isTrouble = this.troubles > 0 && this.#random() < 0.7
    if (isTrouble) {
      this.troubles--
      this.met++
    }
    const fate: Fate = isTrouble ? this.#pick(this.#fates) : 'fine'
    const { world } = this
    if (isTrouble && this.#random() < 0.3) this.#move(this.#pick(this.partitions))
    if (fate === 'cut before') {
      asked.connection.close()
      return
    }
    if (fate === 'hangs' || fate === 'hangs and arrives late') {
      // The connection is given up by the client; the bytes may be read all the same.
      this.#queue(asked)
      const late = world.time + 200 + this.#random() * 2500
      if (fate !== 'hangs') world.timer(late, () => this.#apply(node, asked, 'fine'))
      return
    }
    const results = fate === 'late' ? undefined : this.#apply(node, asked, fate)
    if (fate === 'cut after') {
      asked.connection.close()
      return
    }
    const answer = this.#queue(asked)
    if (fate === 'fine' || this.#random() < 0.5) answer(results ?? this.#apply(node, asked, fate))
    else
      world.timer(world.time + this.#random() * 400, () => answer(results ?? this.#apply(node, asked, fate)))
  }

  /** Answers go out in the order of the requests of a connection. */
  #queue({ connection, version, correlationId }: Asked): (responses: never[]) => void {
    const queue = this.#answers.get(connection) ?? []
    this.#answers.set(connection, queue)
    const entry = { isReady: false, give: () => {} }
    queue.push(entry)
    return (responses) => {
      entry.isReady = true
      entry.give = () => connection.answer(Produce, version, correlationId, { responses })
      for (let head = queue[0]; head?.isReady; head = queue[0]) {
        queue.shift()
        head.give()
      }
    }
  }

  #move(partition: Partition): void {
    partition.leader = 3 - partition.leader
    partition.leaderEpoch++
  }

  #apply(node: number, { body }: Asked, fate: Fate): never[] {
    const responses = body.topicData.map(
      (topic: { topicId: string; partitionData: { index: number; records: Uint8Array }[] }) => ({
        name: 't',
        topicId: topic.topicId,
        partitionResponses: topic.partitionData.flatMap(({ index, records }) => {
          const isRefused = fate === 'refused'
          const result = isRefused
            ? { errorCode: NOT_ENOUGH_REPLICAS, baseOffset: -1 }
            : this.#append(node, index, records)
          if (fate === 'left out') return []
          if (fate === 'refused after it was appended' && result.errorCode === NO_ERROR)
            result.errorCode = NOT_ENOUGH_REPLICAS_AFTER_APPEND
          const currentLeader = { leaderId: -1, leaderEpoch: -1 }
          return [{ index, ...result, recordErrors: [], errorMessage: null, currentLeader }]
        }),
      }),
    )
    return responses as never[]
  }

  #append(node: number, index: number, records: Uint8Array): { errorCode: number; baseOffset: number } {
    const partition = this.partitions[index] as Partition
    const refused = (errorCode: number) => ({ errorCode, baseOffset: -1 })
    if (partition.leader !== node) return refused(NOT_LEADER_OR_FOLLOWER)
    if (records.length > this.#maxBatchBytes) return refused(MESSAGE_TOO_LARGE)
    const { producerId, producerEpoch: epoch, baseSequence: first, lastSequence: last } = headerOf(records)
    if (producerId < 0n) return { errorCode: NO_ERROR, baseOffset: this.#store(partition, records) }
    const known = partition.producers.get(producerId)
    const entry = known?.epoch === epoch ? known : { epoch, batches: [] }
    const twin = entry.batches.find((each) => each.first === first && each.last === last)
    if (twin) return { errorCode: NO_ERROR, baseOffset: twin.offset }
    const expected = known === entry ? (entry.batches.at(-1)?.last ?? -1) + 1 : known ? 0 : first
    if (first !== expected || (known && epoch < known.epoch)) return refused(OUT_OF_ORDER_SEQUENCE_NUMBER)
    const offset = this.#store(partition, records)
    entry.batches.push({ first, last, offset })
    if (entry.batches.length > REMEMBERED_BATCHES) entry.batches.shift()
    partition.producers.set(producerId, entry)
    return { errorCode: NO_ERROR, baseOffset: offset }
  }

  #store({ log }: Partition, records: Uint8Array): number {
    const offset = log.length
    for (const batch of readBatches(records))
      for (const record of batch.records()) log.push(String(record.value))
    return offset
  }
}
