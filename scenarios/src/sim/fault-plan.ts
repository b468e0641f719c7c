import { coordinatorPartition } from '@samsa/protocol'
import type { Place, Random } from '@samsa/runtime'
import type { ClientPlan } from './client-plan.ts'
import { GROUPS } from './client-plan.ts'

export const BROKER = 'broker'
export const NODES = 3
export const FIRST_PORT = 19_092

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
  /** What a client wrote arrives late, when the client has long given up the connection. */
  | { readonly kind: 'hold'; readonly pick: number }
  /** `pick` chooses among the partitions of the topics that are in use. */
  | { readonly kind: 'move'; readonly pick: number; readonly node: number }
  /** Another node looks after a group: a partition of the topic of offsets moves. */
  | { readonly kind: 'moveGroup'; readonly partition: number; readonly node: number }
  | { readonly kind: 'stopNode'; readonly node: number }
  | { readonly kind: 'jump'; readonly host: string; readonly ms: number }
  | { readonly kind: 'dropReply' | 'close'; readonly api: string; readonly nth: number }
  | { readonly kind: 'delayReply'; readonly api: string; readonly nth: number; readonly ms: number }
  | { readonly kind: 'wrongReply'; readonly api: string; readonly nth: number; readonly code: number }
  | { readonly kind: 'killClient' | 'leave'; readonly host: string }
  /** A topic makes room for a new one. */
  | { readonly kind: 'rotate' }
  /** Reads of the broker's files give wrong bits. */
  | { readonly kind: 'damage'; readonly chance: number }
  /** The process of a client stands still, and then goes on. */
  | { readonly kind: 'freeze'; readonly host: string }
  /** A topic is deleted, and made anew when it is over. */
  | { readonly kind: 'doom' }
  | { readonly kind: 'restart' | 'kill' | 'cutPower' }
)

type CutPlan = 'now' | 'beforeWrite' | 'afterWrite' | { readonly afterBytes: number }
export type FaultKind = Fault['kind']

const FROM_MS = 500
const UNTIL_MS = 12_000
const LONGEST_MS = 8000
/** How long what is held back is late. Milliseconds. */
const HOLD_MS = [5000, 60_000] as const
const OFFSETS_PARTITIONS = 50

/** Kinds of faults, the more frequent ones several times. */
const usual: readonly FaultKind[] = [
  ...([
    'split',
    'split',
    'slow',
    'cut',
    'cut',
    'cut',
    'hold',
    'move',
    'move',
    'moveGroup',
    'stopNode',
  ] as const),
  ...([
    'jump',
    'dropReply',
    'close',
    'delayReply',
    'wrongReply',
    'killClient',
    'killClient',
    'leave',
    'rotate',
  ] as const),
]
const ends: readonly FaultKind[] = ['restart', 'kill', 'cutPower', 'cutPower']

/** APIs whose answers get lost, and with which codes they may be answered although they were carried out. */
const codes: Readonly<Record<string, readonly number[]>> = {
  // NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND
  Produce: [6, 7, 20],
  // NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR, UNKNOWN_LEADER_EPOCH
  Fetch: [6, 56, 75],
  // COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR
  JoinGroup: [14, 16],
  SyncGroup: [14, 16],
  // COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, REBALANCE_IN_PROGRESS
  Heartbeat: [15, 16, 27],
  OffsetCommit: [14, 16],
  OffsetFetch: [14, 16],
  FindCoordinator: [15],
  ListOffsets: [6],
  InitProducerId: [14, 16],
}
const apis = Object.keys(codes)

/** Draws what goes wrong, in the order of time. */
export function faultPlan(random: Random, isCrashing: boolean, clients: readonly ClientPlan[]): Fault[] {
  const draw = (kind: FaultKind) => faultOf(random, kind, clients)
  const faults = Array.from({ length: random.whole(4, 14) }, () => draw(random.pick(usual)))
  if (isCrashing) {
    if (random.chance(0.2)) faults.push(draw('damage'))
    for (let count = random.whole(1, 4); count > 0; count--) {
      const end = draw(random.pick(ends))
      faults.push(end)
      // What a killed broker had not forced is put to the test by a power cut soon after it is back.
      if (end.kind !== 'kill' || random.chance(0.5)) continue
      faults.push({ ...draw('cutPower'), at: end.at + end.forMs + random.between(20, 1500) })
    }
  }
  return faults.sort((a, b) => a.at - b.at)
}

/** What goes on in a world where nobody does anything wrong. */
const orderly: readonly FaultKind[] = [
  'leave',
  'leave',
  'leave',
  'move',
  'moveGroup',
  'rotate',
  'delayReply',
  'jump',
]
/** Answers that may be late for as long (ms) as a rebalance may take. */
const SLOW_APIS = ['JoinGroup', 'SyncGroup', 'OffsetFetch', 'OffsetCommit'] as const
const LATE_MS = 1000

/** Members leave and come back, leaders and coordinators move, topics grow: nothing that may make work be done twice. */
export function orderlyPlan(random: Random, clients: readonly ClientPlan[]): Fault[] {
  const workers = clients.filter(({ role }) => role === 'worker')
  const faults = Array.from({ length: random.whole(3, 9) }, () =>
    faultOf(random, random.pick(orderly), workers),
  )
  return faults
    .map((fault): Fault => {
      if (fault.kind !== 'delayReply') return fault
      return { ...fault, api: random.pick(SLOW_APIS), ms: random.whole(1, LATE_MS) }
    })
    .sort((a, b) => a.at - b.at)
}

/** Most of the time (ms) between two ends of the broker in a storm, and how long it is down. */
const STORM_PAUSE_MS = [20, 400] as const
const STORM_DOWN_MS = [2, 40] as const

/** Power cuts, one soon after the other, and now and then a kill: each is an image of a disk that has to be opened. */
export function stormPlan(random: Random): Fault[] {
  let at = FROM_MS
  return Array.from({ length: random.whole(50, 150) }, () => {
    at += random.between(...STORM_PAUSE_MS)
    const forMs = random.between(...STORM_DOWN_MS)
    const fault: Fault = { at, forMs, kind: random.chance(0.9) ? 'cutPower' : 'kill' }
    at += forMs
    return fault
  })
}

function faultOf(random: Random, kind: FaultKind, clients: readonly ClientPlan[]): Fault {
  const at = random.between(FROM_MS, UNTIL_MS)
  const forMs = random.between(50, random.pick([1000, LONGEST_MS]))
  const { name: client } = random.pick(clients)
  const node = random.whole(1, NODES)
  const api = random.pick(apis)
  const nth = random.whole(1, 3)
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
    case 'hold':
      return { at, forMs: random.between(...HOLD_MS), kind, pick: random.next() }
    case 'move':
      return { at, forMs: 0, kind, pick: random.next(), node }
    case 'moveGroup': {
      const partition = coordinatorPartition(random.pick(GROUPS), OFFSETS_PARTITIONS)
      return { at, forMs: 0, kind, partition, node }
    }
    case 'stopNode':
      return { at, forMs, kind, node }
    case 'jump':
      return { at, forMs: 0, kind, host: random.pick([client, BROKER]), ms: random.whole(-60_000, 60_000) }
    case 'dropReply':
    case 'close':
      return { at, forMs: 0, kind, api, nth }
    case 'delayReply':
      return { at, forMs: 0, kind, api, nth, ms: random.whole(1, 5000) }
    case 'wrongReply':
      return { at, forMs: 0, kind, api, nth, code: random.pick(codes[api] as number[]) }
    case 'killClient':
    case 'leave':
      return { at, forMs, kind, host: client }
    case 'damage':
      return { at, forMs, kind, chance: random.pick([0.05, 0.5]) }
    case 'freeze':
      return { at, forMs, kind, host: client }
    case 'rotate':
      return { at, forMs: 0, kind }
    default:
      return { at, forMs, kind }
  }
}
