import type { HistoryIndex } from './history-index.ts'
import { ensure } from './lists.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A time in which a member owned a partition. */
export interface Ownership {
  incarnation: number
  partition: number
  /** The first and the last generation in which it had it; -1 when the client does not tell. */
  generation: number
  lastGeneration: number
  from: number
  /** When its revocation had ended, or it learned that it was lost, or had been closed. */
  to: number
  /** Whether that was a revocation, or a loss, and not the end of its client. */
  isGivenBack: boolean
}

/** By group, in the order in which partitions were assigned. */
export function ownerships(index: HistoryIndex): Map<string, Ownership[]> {
  const groups = new Map<string, Ownership[]>()
  /** By incarnation: what it owns now. */
  const holding = new Map<number, Map<number, Ownership>>()
  for (const event of index.events) {
    const incarnation = index.incarnations.number(event.inc)
    const held = ensure(holding, incarnation, () => new Map<number, Ownership>())
    if (event.f === 'crash' || (event.f === 'close' && event.ph === 'e')) {
      for (const each of held.values()) each.to = event.t
      held.clear()
    }
    if (event.f !== 'reb' || event.ph !== 'e') continue
    if (event.kind !== 'assigned') {
      for (const tp of event.tps) {
        const partition = index.partitions.of(tp)
        const each = held.get(partition)
        if (each) Object.assign(each, { to: event.t, isGivenBack: true })
        held.delete(partition)
      }
      continue
    }
    const { gen: generation, t: from } = event
    for (const tp of event.tps) {
      const partition = index.partitions.of(tp)
      const before = held.get(partition)
      if (before) before.to = from
      const range = { generation, lastGeneration: generation }
      const each = { incarnation, partition, ...range, from, to: NEVER, isGivenBack: false }
      held.set(partition, each)
      ensure(groups, event.group, () => [] as Ownership[]).push(each)
    }
    // What it was not told to give back it still has in this generation.
    for (const each of held.values()) each.lastGeneration = Math.max(each.lastGeneration, generation)
  }
  return groups
}
