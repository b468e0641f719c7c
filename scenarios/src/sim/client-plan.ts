import type { ConsumerOptions, ProducerOptions } from '@samsa/client'
import type { Random } from '@samsa/runtime'
import type { WorkerPlan } from './worker-plan.ts'
import { workerPlan } from './worker-plan.ts'

export const GROUPS = ['group-1', 'group-2'] as const

/** A client of a run, by the name of its host. */
export type ClientPlan = ProducerPlan | ConsumerPlan | WorkerPlan

export interface ProducerPlan {
  readonly role: 'producer'
  readonly name: string
  readonly options: ProducerOptions<string, string>
  /** Longest pause between two bursts of records. Milliseconds. */
  readonly pauseMs: number
  /** How likely a record is a big one. */
  readonly bigChance?: number
}

export interface ConsumerPlan {
  readonly role: 'consumer'
  readonly name: string
  readonly options: ConsumerOptions<string, string>
  /** A member of it; without one the client reads all partitions by itself. */
  readonly group?: string
  /** How it asks for records. */
  readonly style: 'next' | 'poll'
  /** Longest time that a record is worked on. Milliseconds. */
  readonly workMs: number
  /** How likely it pauses partitions for a while after a record. */
  readonly pauseChance: number
  /** How likely a member gives its subscription up after a read, and comes back a while later. */
  readonly changeChance: number
  /** How likely a reader goes somewhere else after a read. */
  readonly seekChance?: number
}

export const FAST_MS = [0.1, 4] as const
export const SLOW_MS = [5, 60] as const

/** Draws the clients of a run, each with settings of its own. */
export function clientPlans(random: Random): ClientPlan[] {
  const named = (what: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${what}-${index + 1}`)
  const second = random.pick([0, 0, 1, 2])
  const strategies = GROUPS.map(() => [random.pick(['range', 'roundrobin', 'sticky'])])
  return [
    ...named('producer', random.whole(1, 3)).map((name) => producerPlan(name, random)),
    ...named('member', random.whole(2, 3)).map((name) =>
      consumerPlan(name, random, GROUPS[0], strategies[0]),
    ),
    ...named('other', second).map((name) => consumerPlan(name, random, GROUPS[1], strategies[1])),
    ...named('reader', random.whole(1, 2)).map((name) => consumerPlan(name, random)),
  ]
}

/** Draws the clients of a world where everybody joins and leaves in order and works as long as it likes. */
export function orderlyClients(random: Random): ClientPlan[] {
  const strategy = [random.pick(['range', 'roundrobin', 'sticky'])]
  const producers = Array.from({ length: random.whole(1, 2) }, (_, index) => {
    const { options, ...plan } = producerPlan(`producer-${index + 1}`, random)
    return { ...plan, pauseMs: random.pick([300, 1000]), options: { ...options, ...LASTING } }
  })
  const workers = Array.from({ length: random.whole(2, 4) }, (_, index) =>
    workerPlan(`worker-${index + 1}`, random, GROUPS[0], strategy),
  )
  return [...producers, ...workers]
}

/** Settings of a producer that keeps all its promises, whatever happens for a while. */
const LASTING = { acks: 'all', enableIdempotence: true, deliveryTimeoutMs: 120_000 } as const

/** Which group a client is a member of, and reads for; a reader alone is a group of its own. */
export function groupOf(plan: ClientPlan): string | undefined {
  return plan.role === 'producer' ? undefined : plan.group
}

interface Common {
  readonly requestTimeoutMs: number
  readonly metadataMaxAgeMs: number
  readonly socketConnectionSetupTimeoutMs: number
}

function common(random: Random): Common {
  return {
    requestTimeoutMs: random.pick([700, 1500, 3000, 10_000]),
    metadataMaxAgeMs: random.pick([2000, 15_000]),
    socketConnectionSetupTimeoutMs: random.pick([1000, 10_000]),
  }
}

/** Most producers are idempotent; some are set to promise less. */
function producerPlan(name: string, random: Random): ProducerPlan {
  const shared = common(random)
  const kind = random.pick(['idempotent', 'idempotent', 'idempotent', 'plain', 'leader', 'nobody'])
  const acks = kind === 'leader' ? 1 : kind === 'nobody' ? 0 : 'all'
  return {
    role: 'producer',
    name,
    pauseMs: random.pick([80, 200, 500]),
    options: {
      ...shared,
      acks,
      enableIdempotence: kind === 'idempotent',
      lingerMs: random.pick([0, 5, 50]),
      batchSize: random.pick([1000, 4000, 16_384]),
      compressionType: random.pick(['none', 'none', 'gzip', 'snappy', 'lz4'] as const),
      deliveryTimeoutMs: shared.requestTimeoutMs * random.pick([1, 3, 20]) + 60,
      maxInFlightRequestsPerConnection: random.pick([1, 2, 5]),
      bufferMemory: random.pick([20_000, 33_554_432]),
    },
  }
}

function consumerPlan(name: string, random: Random, group?: string, strategy?: string[]): ConsumerPlan {
  const sessionTimeoutMs = random.pick([1500, 3000, 6000])
  return {
    role: 'consumer',
    name,
    ...(group ? { group } : {}),
    style: random.pick(['next', 'poll']),
    workMs: random.pick([1, 20]),
    pauseChance: random.pick([0, 0, 0.01]),
    changeChance: group ? random.fork(`${name} changes`).pick([0, 0, 1 / 64]) : 0,
    options: {
      ...common(random),
      ...(group ? { groupId: group } : {}),
      ...(strategy ? { partitionAssignmentStrategy: strategy } : {}),
      autoOffsetReset: 'earliest',
      fetchMaxWaitMs: random.pick([100, 500, 1000]),
      fetchMinBytes: random.pick([1, 400]),
      maxPartitionFetchBytes: random.pick([2000, 1_048_576]),
      queuedMaxBytes: random.pick([1000, 67_108_864]),
      maxPollRecords: random.pick([1, 20, 500]),
      isolationLevel: random.pick(['read_committed', 'read_uncommitted'] as const),
      sessionTimeoutMs,
      heartbeatIntervalMs: sessionTimeoutMs / random.pick([3, 6]),
      maxPollIntervalMs: random.pick([10_000, 60_000]),
      autoCommitIntervalMs: random.pick([100, 1000, 5000]),
      keyDeserializer: 'string',
      valueDeserializer: 'string',
    },
  }
}
