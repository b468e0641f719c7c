/** Where a classic group stands. */
export type GroupState =
  | { at: 'empty' }
  | { at: 'preparing'; deadline: number; initial: InitialDelay | undefined }
  | { at: 'completing'; syncDeadline: number }
  | { at: 'stable'; syncDeadline: number }

/** The first rebalance of a group waits for those who start at the same time (KIP-134). */
interface InitialDelay {
  until: number
  /** How much longer it may be put off, as long as members arrive. */
  remainingMs: number
  hasGrown: boolean
}

/** Kafka's names of the states, as DescribeGroups shows them. */
export const stateNames: Record<GroupState['at'], string> = {
  empty: 'Empty',
  preparing: 'PreparingRebalance',
  completing: 'CompletingRebalance',
  stable: 'Stable',
}

/** From where to where a group may go. */
const legal: Record<GroupState['at'], readonly GroupState['at'][]> = {
  empty: ['preparing', 'empty'],
  preparing: ['preparing', 'completing', 'empty'],
  completing: ['stable', 'preparing', 'empty'],
  stable: ['preparing', 'empty'],
}

export function mayMove(from: GroupState, to: GroupState): boolean {
  return legal[from.at].includes(to.at)
}

/** A delay that begins now and takes its share of the time that a rebalance may last. */
export function initialDelay(now: number, delayMs: number, limitMs: number): InitialDelay {
  const takenMs = Math.min(delayMs, limitMs)
  return { until: now + takenMs, remainingMs: limitMs - takenMs, hasGrown: false }
}
