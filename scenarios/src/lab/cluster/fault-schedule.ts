import { Random } from '@samsa/runtime'

/** What a schedule can do to a cluster; `run-schedule.ts` says how. */
export const faultKinds = [
  'none',
  'kill',
  'restart',
  'rolling-restart',
  'freeze',
  'leader-move',
  'coordinator-move',
  'add-partitions',
  'recreate-topic',
  'unclean-election',
  'full-disk',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** One fault of a schedule. Times are milliseconds from the start of the run. */
export interface ClusterFault {
  readonly atMs: number
  readonly kind: FaultKind | 'heal'
  /** How long it is kept up: until a killed node is started, a frozen one goes on. Moves and the like have 0. */
  readonly forMs: number
  /** How many nodes at once, where it is about nodes. */
  readonly nodes: number
  /** From 0 to 2^32-1: chooses among what there is to break when it begins. */
  readonly pick: number
}

/** From and to, both included, or always the same. Milliseconds. */
export type Span = number | readonly [number, number]

export interface ScheduleOptions {
  /** Those that are drawn from, all alike. */
  readonly kinds: readonly Exclude<FaultKind, 'none'>[]
  /** From the beginning of one fault to that of the next. Where a fault is kept up longer, the next one waits for it. */
  readonly everyMs: Span
  /** How long a fault is kept up. Default 5 to 15 s. */
  readonly holdMs?: Span
  /** How long there are faults; the healing comes after it. */
  readonly durationMs: number
  /** How long the cluster is left alone after it was healed, so that all can be finished and read. */
  readonly healMs: number
  /** How many nodes are killed or frozen at once. Default 1. */
  readonly nodesAtOnce?: number
  /** How often nothing happens instead of a fault. Default a quarter of the time. */
  readonly noneShare?: number
}

const HOLD_MS = [5_000, 15_000] as const
const NONE_SHARE = 0.25
const MOST_PICK = 2 ** 32 - 1
/** Those that last; the others are over once they are done. */
const kept: ReadonlySet<string> = new Set([
  'none',
  'kill',
  'restart',
  'freeze',
  'unclean-election',
  'full-disk',
])

/**
 * What goes wrong in a run and when, from its seed alone: one fault after the other, each over before the next begins
 * and before the healing, which is the last.
 * @throws RangeError for spans that are no time, and when there is nothing to draw from
 */
export function faultSchedule(seed: number | string, options: ScheduleOptions): ClusterFault[] {
  const { kinds, everyMs, holdMs = HOLD_MS, durationMs, healMs } = options
  const { nodesAtOnce: nodes = 1, noneShare = NONE_SHARE } = options
  check(options, holdMs)
  const random = new Random(`cluster faults ${seed}`)
  const faults: ClusterFault[] = []
  let atMs = drawn(random, everyMs)
  for (;;) {
    // Everything is drawn for every fault, so that a share of none changes no other fault.
    const isNone = random.chance(noneShare)
    const drawnKind = random.pick(kinds)
    const hold = drawn(random, holdMs)
    const pick = random.whole(0, MOST_PICK)
    const step = drawn(random, everyMs)
    const kind = isNone ? 'none' : drawnKind
    const forMs = kept.has(kind) ? hold : 0
    if (atMs + forMs > durationMs) break
    faults.push({ atMs, kind, forMs, nodes, pick })
    atMs += Math.max(step, forMs)
  }
  faults.push({ atMs: durationMs, kind: 'heal', forMs: healMs, nodes, pick: 0 })
  return faults
}

function drawn(random: Random, span: Span): number {
  return typeof span === 'number' ? span : random.whole(span[0], span[1])
}

function check({ kinds, everyMs, durationMs, healMs }: ScheduleOptions, holdMs: Span): void {
  if (kinds.length === 0) throw new RangeError('a schedule needs kinds of faults')
  for (const [name, span, least] of [
    ['everyMs', everyMs, 1],
    ['holdMs', holdMs, 0],
    ['durationMs', durationMs, 0],
    ['healMs', healMs, 0],
  ] as const) {
    const [from, to] = typeof span === 'number' ? [span, span] : span
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= least && to >= from))
      throw new RangeError(`${name} must be whole milliseconds from ${least} on, not ${JSON.stringify(span)}`)
  }
}
