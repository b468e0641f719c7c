import type { ConsumerOptions } from '@samsa/client'
import type { Random } from '@samsa/runtime'

/** A member of a group that works on its records as users do. */
export interface WorkerPlan {
  readonly role: 'worker'
  readonly name: string
  readonly group: string
  readonly options: ConsumerOptions<string, string>
  /** How it asks for records. */
  readonly style: 'loop' | 'next' | 'poll'
  /**
   * `auto`: the consumer commits. `record`: each record when it is done with. `later`: now and then the last one of a
   * partition that is done with. `revoked`: now and then, and what is left when the partition is given back.
   */
  readonly commits: 'auto' | 'record' | 'later' | 'revoked'
  /** Whether a handler waits, or works without giving the event loop a turn. */
  readonly work: 'waits' | 'blocks'
  /** Between which times (ms) a handler takes, and now and then a long one. */
  readonly workMs: readonly [number, number]
  readonly longMs: number
  readonly longChance: number
  /** How likely a handler throws once, so that the loop ends and is begun again. */
  readonly throwChance: number
  /** How long its listeners take at most. Milliseconds. */
  readonly listenerMs: number
  /** Whether it closes while its handler is at work. */
  readonly closesAmid: boolean
  /** When (ms after its begin) a second loop over the same consumer is tried; 0: never. */
  readonly secondLoopMs: number
}

/** Sessions in an orderly world are never short of a turn, also where a handler blocks for a while. */
const BLOCK_SHARE = 8

/** Draws a member of an orderly world. */
export function workerPlan(name: string, random: Random, group: string, strategy: string[]): WorkerPlan {
  const sessionTimeoutMs = random.pick([3000, 6000])
  const style = random.pick(['loop', 'loop', 'next', 'poll'] as const)
  const work = random.pick(['waits', 'waits', 'blocks'] as const)
  const commits = random.pick(['auto', 'auto', 'record', 'later', 'revoked'] as const)
  const most = random.pick([0, 5, 60, 200])
  // Who asks for single records may never ask again: a rebalance waits for him for no longer than a session.
  const longShare = work === 'blocks' ? 1 / BLOCK_SHARE : style === 'next' ? 0.3 : random.pick([0.3, 1.5])
  const hasTwoLoops = style === 'loop' && (commits === 'auto' || commits === 'record') && random.chance(0.3)
  return {
    role: 'worker',
    name,
    group,
    style,
    commits,
    work,
    workMs: [0, work === 'blocks' ? Math.min(most, sessionTimeoutMs / BLOCK_SHARE) : most],
    longMs: sessionTimeoutMs * longShare,
    longChance: random.pick([0, 0.05]),
    throwChance: style === 'loop' && !hasTwoLoops ? random.pick([0, 0, 0.02]) : 0,
    listenerMs: random.pick([0, 0, 40, 300]),
    closesAmid: style === 'loop' && random.chance(0.3),
    secondLoopMs: hasTwoLoops ? random.whole(1000, 8000) : 0,
    options: {
      groupId: group,
      ...(random.chance(0.3) ? { groupInstanceId: name } : {}),
      partitionAssignmentStrategy: strategy,
      requestTimeoutMs: random.pick([3000, 10_000]),
      metadataMaxAgeMs: random.pick([2000, 15_000]),
      autoOffsetReset: 'earliest',
      enableAutoCommit: commits === 'auto',
      autoCommitIntervalMs: random.pick([100, 1000, 5000]),
      fetchMaxWaitMs: random.pick([100, 500]),
      maxPollRecords: random.pick([1, 5, 20]),
      sessionTimeoutMs,
      heartbeatIntervalMs: sessionTimeoutMs / random.pick([3, 6]),
      maxPollIntervalMs: 120_000,
      keyDeserializer: 'string',
      valueDeserializer: 'string',
    },
  }
}
