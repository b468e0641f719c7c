import { BreakersGround, breakers } from './breakers.ts'
import type { ControlledCluster } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import type { ClusterFault, FaultKind } from './fault-schedule.ts'
import { delay } from './surroundings.ts'

/**
 * What a run reports, for the lines of a history: `fault` before a fault is made and `heal` when it is over, `note` when
 * nothing could be chosen for it.
 */
export interface FaultNote {
  readonly f: 'fault' | 'heal' | 'note'
  readonly text: string
}

/** What of the cluster may be broken, and where the run takes the time from. */
export interface RunOptions {
  /** Topics that have leaders to kill and to move, and that grow or are made anew. */
  readonly topics: readonly string[]
  /** Groups whose coordinators are moved. */
  readonly groups?: readonly string[]
  /** Cuts the schedule short: what is broken is mended at once. */
  readonly signal?: AbortSignal
  /** How long waiting for leaders and replicas may take in the end. Default 2 minutes. */
  readonly healLimitMs?: number
  readonly clock?: Clock
}

export interface Clock {
  /** Milliseconds since any moment. */
  now(): number
  /** Resolves after a while, at once when the signal comes. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>
}

/** How a run went. */
export interface RunSummary {
  /** Faults that were made. */
  readonly made: number
  /** Why others could not be, in order. */
  readonly failed: readonly string[]
  /** From the moment of healing until all topics were led, and until all replicas were in sync. Milliseconds. */
  readonly ledMs: number
  readonly inSyncMs: number
}

type Note = (note: FaultNote) => void

const HEAL_LIMIT_MS = 120_000

/**
 * Makes the faults of a schedule when their time comes, and heals the cluster in the end, whatever has happened: no
 * node stays dead or frozen, and no disk full. A fault that cannot be made is noted and left out. Faults that take
 * longer than the schedule allows put off those after them.
 * @throws Error when the cluster cannot be healed within its time
 */
export async function runSchedule(
  cluster: ControlledCluster,
  schedule: readonly ClusterFault[],
  note: Note,
  options: RunOptions,
): Promise<RunSummary> {
  const { topics, groups = [], signal, healLimitMs = HEAL_LIMIT_MS, clock = realClock } = options
  const sleep = async (ms: number) => {
    if (ms > 0 && !signal?.aborted) await clock.sleep(ms, signal)
  }
  const ground = new BreakersGround(cluster, topics, groups, sleep)
  const begun = clock.now()
  const failed: string[] = []
  let made = 0
  let quietMs = 0
  let healed: Healing
  try {
    for (const fault of schedule) {
      await sleep(begun + fault.atMs - clock.now())
      if (fault.kind === 'heal') quietMs = fault.forMs
      if (fault.kind === 'heal' || signal?.aborted) continue
      const failure = await carryOut(ground, fault, fault.kind, note)
      if (failure === undefined) made++
      else failed.push(failure)
    }
  } finally {
    healed = await heal(cluster, topics, healLimitMs, clock)
  }
  const { ledMs, inSyncMs } = healed
  note({
    f: 'heal',
    text: `all: led after ${Math.round(ledMs)} ms, in sync after ${Math.round(inSyncMs)} ms`,
  })
  await sleep(quietMs)
  return { made, failed, ...healed }
}

/** @returns why it could not be made or mended; undefined when it was */
async function carryOut(
  ground: BreakersGround,
  fault: ClusterFault,
  kind: FaultKind,
  note: Note,
): Promise<string | undefined> {
  let what = ''
  let hasBegun = false
  try {
    const breakage = await breakers[kind](ground, fault)
    what = `: ${breakage.what}`
    hasBegun = true
    note({ f: 'fault', text: `${kind}${what}` })
    const said = await breakage.make()
    if (said) what += ` ${said}`
    if (breakage.mend) {
      await ground.sleep(fault.forMs)
      await breakage.mend()
    }
    note({ f: 'heal', text: `${kind}${what}` })
    return undefined
  } catch (error) {
    const text = `${kind}${what} failed: ${(error as Error).message}`
    await revive(ground.cluster).catch(() => {}) // The healing tries again, and tells.
    note({ f: hasBegun ? 'heal' : 'note', text })
    return text
  }
}

interface Healing {
  ledMs: number
  inSyncMs: number
}

/** Mends whatever a fault has left, and waits until all is as it was. */
async function heal(
  cluster: ControlledCluster,
  topics: readonly string[],
  limitMs: number,
  clock: Clock,
): Promise<Healing> {
  const begun = clock.now()
  let failure: unknown
  await cluster.freeDisk().catch((error) => {
    if (!(error instanceof NotPossible)) failure = error
  })
  await revive(cluster)
  if (failure !== undefined) throw failure
  const left = () => Math.max(0, begun + limitMs - clock.now())
  for (const topic of topics) await cluster.waitUntilLed(topic, left())
  const ledMs = clock.now() - begun
  for (const topic of topics) await cluster.waitUntilInSync(topic, left())
  return { ledMs, inSyncMs: clock.now() - begun }
}

/** Gets every node running, and only then tells of those that could not be started. */
async function revive({ nodes }: ControlledCluster): Promise<void> {
  for (const node of nodes) node.thaw()
  const started = await Promise.allSettled(nodes.map((node) => node.start()))
  const failure = started.find(({ status }) => status === 'rejected')
  if (failure) throw (failure as PromiseRejectedResult).reason
}

const realClock: Clock = { now: () => performance.now(), sleep: delay }
