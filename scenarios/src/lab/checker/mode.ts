import type { Code } from './anomalies.ts'
import type { Isolation } from './history.ts'

/** How the clients of a run were set, and what is asked of them. Times in milliseconds. */
export interface Mode {
  /** Producers drop nothing twice and keep their order. */
  idempotent: boolean
  /** Requests under way to one broker at most. */
  inFlight: number
  /** What an acknowledgement means. With 1 a leader may lose it, with 0 it means nothing. */
  acks: 'all' | '1' | '0'
  /** What readers, apart from those of the final drain, are held to, whatever they say of themselves. */
  isolation: Isolation | 'as told'
  /** Members of groups come and leave in order: nobody dies, stalls or seeks, and coordinators stay. */
  orderly: boolean
  /** Records whose key came again later may be gone. */
  compacted: boolean
  /** A send may take so long, and a second of grace. */
  deliveryMs: number
  /** The same of every other call; polls and handlers may take as long as they like. */
  callMs: number
  /** Longest time without progress after healing, while something is asked for. */
  progressMs: number
  /** Longest time from acknowledgement to being read, after healing. */
  lagMs: number
  /** Longest time that a transaction may hold the last stable offset: its timeout and the slack of the coordinator. */
  stableMs: number
  /** A call that took longer may have been tried again, and its first attempt be carried out after everything else. */
  retryMs: number
  /** Operations that make a run conclusive. */
  expectedOps: number
  /** Faults that make a run conclusive. */
  expectedFaults: number
}

/** What Kafka's clients do when nothing is said, and a run that means to show something. */
export const defaultMode: Mode = {
  idempotent: true,
  inFlight: 5,
  acks: 'all',
  isolation: 'as told',
  orderly: false,
  compacted: false,
  deliveryMs: 120_000,
  callMs: 120_000,
  progressMs: 60_000,
  lagMs: 120_000,
  stableMs: 75_000,
  retryMs: 1000,
  expectedOps: 1,
  expectedFaults: 1,
}

/** What may happen in a mode and is reported all the same. */
export function allowedIn(mode: Mode): ReadonlySet<Code> {
  // Kafka does not isolate writes.
  const set = new Set<Code>(['T7'])
  if (!mode.idempotent) {
    set.add('S2')
    // A retry that overtakes.
    if (mode.inFlight > 1) for (const code of ['O1', 'O2'] as const) set.add(code)
  }
  // Nobody promised that an acknowledged record stays, nor, with that, that its offset is not used again.
  if (mode.acks !== 'all') for (const code of ['L1', 'L2', 'S1', 'S6'] as const) set.add(code)
  // ... nor that it is stored before others that were sent later.
  if (mode.acks === '0') set.add('O3')
  return set
}
