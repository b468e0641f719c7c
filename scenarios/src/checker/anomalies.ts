/** What a history can show that must not be. Sources: Jepsen's Kafka workload, and what it leaves out. */
export const anomalies = {
  S1: 'divergent offset: two values at one offset',
  S2: 'duplicate: one value at two offsets',
  S3: 'phantom: a value that nobody sent',
  S4: 'mangled: the record does not match its own checksum',
  S5: 'misrouted: a value in a partition that it was not sent to',
  S6: 'the end of the log goes back',
  L1: 'lost: acknowledged, passed by a reader, read by nobody',
  L2: 'unseen: acknowledged, missing from the final drain',
  L3: 'a refused or aborted value was read (G1a)',
  O1: 'order inversion of sends that were under way together',
  O2: 'order inversion of sends one after the other',
  O3: 'real-time inversion: stored before a record that was acknowledged earlier',
  C1: 'a poll skips a record',
  C2: 'a record is skipped between polls',
  C3: 'a poll goes backwards',
  C4: 'a poll begins before the end of the last one',
  C5: 'two members own a partition',
  C6: 'a record is handed over after its partition was revoked',
  C7: 'a commit is ahead of what was processed',
  C8: 'a committed offset goes back',
  C9: 'a position jumps although an offset is committed, and nothing is said',
  T1: 'a transaction reads its own uncommitted write',
  T2: 'a read of a value whose commit had not begun',
  T3: 'torn transaction: some of its writes are visible, some are not',
  T4: 'lost commit: committed, but a write or an offset is not visible',
  T5: 'zombie: a write of an instance that had been fenced is visible',
  T6: 'a cycle of write-read edges (G1c)',
  T7: 'a cycle of write-write edges (G0); Kafka does not isolate writes',
  T8: 'not exactly once: an input has no output, or several',
  T9: 'after an abort the input is not read again from where it was',
  T10: 'a hanging transaction holds back the last stable offset',
  V1: 'never settled: a call without an end',
  V2: 'settled late, or twice',
  V3: 'no progress after healing',
  V4: 'an acknowledged record stays unread too long',
} as const

export type Code = keyof typeof anomalies
export const codes = Object.keys(anomalies) as Code[]

/** How the clients of a run were set, and what is asked of them. Times in milliseconds. */
export interface Mode {
  /** Producers drop nothing twice and keep their order. */
  idempotent: boolean
  /** Requests under way to one broker at most. */
  inFlight: number
  /** A call may take so long, and a second of grace. */
  deadlineMs: number
  /** Longest time without progress after healing. */
  progressMs: number
  /** Longest time from acknowledgement to being read, after healing. */
  lagMs: number
  /** Operations that make a run conclusive. */
  expectedOps: number
  /** Faults that make a run conclusive. */
  expectedFaults: number
}

export const defaultMode: Mode = {
  idempotent: true,
  inFlight: 5,
  deadlineMs: 120_000,
  progressMs: 60_000,
  lagMs: 120_000,
  expectedOps: 1,
  expectedFaults: 0,
}

/** What may happen in a mode and is reported all the same. */
export function allowed(mode: Mode): ReadonlySet<Code> {
  const set = new Set<Code>(['T7'])
  if (!mode.idempotent) {
    set.add('S2')
    // A retry that overtakes: known of Kafka without idempotence and with more than one request in flight.
    if (mode.inFlight > 1) for (const code of ['O1', 'O2'] as const) set.add(code)
  }
  return set
}

/** One finding. */
export interface Finding {
  code: Code
  /** Of the partition, where it is one's. */
  tp?: string
  /** What is at odds, with offsets, values and who. */
  text: string
}
