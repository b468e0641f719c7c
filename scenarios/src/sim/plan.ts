import type { ConsumerOptions, ProducerOptions } from '@samsa/client'
import type { DiskSettings, NetworkSettings, Place } from '@samsa/runtime'
import { Random } from '@samsa/runtime'

/** `faults`: everything but the broker's end. `crashes`: also that, with a data directory. */
export const scenarios = ['faults', 'crashes'] as const
export type Scenario = (typeof scenarios)[number]

export const TOPIC = 'orders'
export const PARTITIONS = 4
export const NODES = 3
export const FIRST_PORT = 19_092
export const BROKER = 'broker'
export const PRODUCERS = ['producer-1', 'producer-2'] as const
export const MEMBERS = ['member-1', 'member-2'] as const
export const READER = 'reader'
export const GROUP = 'group'
const CLIENTS = [...PRODUCERS, ...MEMBERS, READER]

/** Something that goes wrong at a time (ms), and for faults that last, how long. */
export type Fault = { readonly at: number; readonly forMs: number } & (
  | { readonly kind: 'split'; readonly from: Place; readonly to: Place; readonly oneWay: boolean }
  | { readonly kind: 'slow'; readonly from: string; readonly to: string; readonly factor: number }
  /** `pick` chooses among the connections that are open then. */
  | {
      readonly kind: 'cut'
      readonly pick: number
      readonly side: 'client' | 'server'
      readonly when: CutPlan
    }
  | { readonly kind: 'move'; readonly topic: string; readonly partition: number; readonly node: number }
  | { readonly kind: 'stopNode'; readonly node: number }
  | { readonly kind: 'jump'; readonly host: string; readonly ms: number }
  | { readonly kind: 'dropReply'; readonly api: string; readonly nth: number }
  | { readonly kind: 'killMember'; readonly host: string }
  | { readonly kind: 'restart' | 'kill' | 'cutPower' }
)

type CutPlan = 'now' | 'beforeWrite' | 'afterWrite' | { readonly afterBytes: number }
type FaultKind = Fault['kind']

/** What a seed stands for: how the clients are set, how much they do, and what goes wrong. */
export interface Plan {
  readonly producer: ProducerOptions<string, string>
  readonly consumer: ConsumerOptions<string, string>
  /** How fast hosts talk and disks force. */
  readonly network: Partial<NetworkSettings>
  readonly disk: Partial<DiskSettings>
  /** Longest pauses: between two bursts of sends, and while a record is worked on. Milliseconds. */
  readonly sendPauseMs: number
  readonly workMs: number
  readonly faults: readonly Fault[]
  /** When everything is healed. Virtual milliseconds. */
  readonly healAt: number
}

const FAULTS_FROM_MS = 500
const FAULTS_UNTIL_MS = 15_000
const LONGEST_FAULT_MS = 8000
const FAST_MS = [0.1, 4] as const
const SLOW_MS = [5, 60] as const
const OFFSETS_TOPIC = '__consumer_offsets'
const OFFSETS_PARTITIONS = 50

/** Kinds of faults, the more frequent ones several times. */
const usual: readonly FaultKind[] = [
  'split',
  'split',
  'slow',
  'cut',
  'cut',
  'cut',
  'move',
  'move',
  'stopNode',
  'jump',
  'dropReply',
  'killMember',
]
const ends: readonly FaultKind[] = ['restart', 'kill', 'cutPower', 'cutPower']

/** Draws a plan; it depends on seed and scenario only. */
export function planOf(seed: number, scenario: Scenario): Plan {
  const random = new Random(`${seed} ${scenario}`)
  const faults = Array.from({ length: random.whole(4, 12) }, () => faultOf(random, random.pick(usual)))
  if (scenario === 'crashes') {
    for (let count = random.whole(1, 4); count > 0; count--) {
      const end = faultOf(random, random.pick(ends))
      faults.push(end)
      // What a killed broker had not forced is put to the test by a power cut soon after it is back.
      if (end.kind !== 'kill' || random.chance(0.5)) continue
      const at = end.at + end.forMs + random.between(20, 1500)
      faults.push({ ...faultOf(random, 'cutPower'), at })
    }
  }
  faults.sort((a, b) => a.at - b.at)
  const healAt = Math.max(...faults.map(({ at, forMs }) => at + forMs))
  const requestTimeoutMs = random.pick([700, 1500, 3000, 10_000])
  const sessionTimeoutMs = random.pick([1500, 3000, 6000])
  const shared = {
    requestTimeoutMs,
    metadataMaxAgeMs: random.pick([2000, 300_000]),
    socketConnectionSetupTimeoutMs: random.pick([1000, 10_000]),
  }
  return {
    producer: {
      ...shared,
      lingerMs: random.pick([0, 5, 50]),
      batchSize: random.pick([1000, 4000, 16_384]),
      compressionType: random.pick(['none', 'gzip', 'snappy', 'lz4'] as const),
      deliveryTimeoutMs: requestTimeoutMs * random.pick([1, 3, 100]) + 60,
      maxInFlightRequestsPerConnection: random.pick([1, 2, 5]),
      bufferMemory: random.pick([20_000, 33_554_432]),
    },
    consumer: {
      ...shared,
      autoOffsetReset: 'earliest',
      fetchMaxWaitMs: random.pick([50, 500]),
      fetchMinBytes: random.pick([1, 400]),
      maxPartitionFetchBytes: random.pick([2000, 1_048_576]),
      queuedMaxBytes: random.pick([1000, 67_108_864]),
      sessionTimeoutMs,
      heartbeatIntervalMs: sessionTimeoutMs / random.pick([3, 6]),
      maxPollIntervalMs: random.pick([10_000, 60_000]),
      autoCommitIntervalMs: random.pick([100, 1000, 5000]),
      partitionAssignmentStrategy: [random.pick(['range', 'roundrobin'])],
      keyDeserializer: 'string',
      valueDeserializer: 'string',
    },
    network: { delayMs: random.pick([FAST_MS, FAST_MS, SLOW_MS]) },
    disk: { syncMs: random.pick([FAST_MS, SLOW_MS]), stallChance: random.pick([0, 0.02]) },
    sendPauseMs: random.pick([30, 60, 200]),
    workMs: random.pick([1, 20]),
    faults,
    healAt,
  }
}

function faultOf(random: Random, kind: FaultKind): Fault {
  const at = random.between(FAULTS_FROM_MS, FAULTS_UNTIL_MS)
  const forMs = random.between(50, random.pick([1000, LONGEST_FAULT_MS]))
  const client = random.pick(CLIENTS)
  const node = random.whole(1, NODES)
  switch (kind) {
    case 'split': {
      const to = random.chance(0.5) ? BROKER : `${BROKER}:${FIRST_PORT + node - 1}`
      const [from, end] = random.chance(0.5) ? [client, to] : [to, client]
      return { at, forMs, kind, from, to: end, oneWay: random.chance(0.4) }
    }
    case 'slow': {
      const [from, to] = random.chance(0.5) ? [client, BROKER] : [BROKER, client]
      return { at, forMs, kind, from, to, factor: random.pick([10, 100, 400]) }
    }
    case 'cut': {
      const bytes = { afterBytes: random.whole(1, random.pick([20, 2000])) }
      const when = random.pick<CutPlan>(['now', 'beforeWrite', 'afterWrite', bytes])
      return { at, forMs: 0, kind, pick: random.next(), side: random.pick(['client', 'server']), when }
    }
    case 'move': {
      const isOffsets = random.chance(0.4)
      const topic = isOffsets ? OFFSETS_TOPIC : TOPIC
      // Every partition of the offsets topic that matters is one: the group's.
      const partition = isOffsets ? coordinatorPartition(GROUP) : random.whole(0, PARTITIONS - 1)
      return { at, forMs: 0, kind, topic, partition, node }
    }
    case 'stopNode':
      return { at, forMs, kind, node }
    case 'jump':
      return {
        at,
        forMs: 0,
        kind,
        host: random.pick([...CLIENTS, BROKER]),
        ms: random.whole(-60_000, 60_000),
      }
    case 'killMember':
      return { at, forMs, kind, host: random.pick(MEMBERS) }
    case 'dropReply': {
      const apis = [
        'Produce',
        'Fetch',
        'JoinGroup',
        'SyncGroup',
        'Heartbeat',
        'OffsetCommit',
        'InitProducerId',
      ]
      return { at, forMs: 0, kind, api: random.pick(apis), nth: random.whole(1, 3) }
    }
    default:
      return { at, forMs, kind }
  }
}

/** Java's `abs(hashCode) % 50`, as Kafka places a group. */
function coordinatorPartition(group: string): number {
  let hash = 0
  for (const letter of group) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0
  return Math.abs(hash) % OFFSETS_PARTITIONS
}
