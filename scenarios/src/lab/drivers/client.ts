import type { DriverOptions } from './options.ts'
import type { Settlement } from './settlement.ts'

/** What the roles need of a JavaScript client; each client's program gives it. */
export interface DriverClient {
  /** Name and version. */
  readonly title: string
  producer(options: DriverOptions): Promise<ProducerAdapter>
  /** Joins the group and hands what comes to `listener` until it is closed. */
  member(options: DriverOptions, listener: MemberListener): Promise<MemberAdapter>
  /** Reads partitions of its own choice from their starts. Missing where the client cannot do without a group. */
  reader(options: DriverOptions, partitions: readonly Partition[]): Promise<ReaderAdapter>
  /** Whether `reader` can also be asked to go on for ever; a drain is what each can do. */
  readonly canAssign: boolean
  /** Missing where the client has no transactions. */
  transactional?(options: DriverOptions): Promise<TransactionalAdapter>
}

export interface Partition {
  tp: string
  topic: string
  partition: number
}

export interface Outgoing {
  topic: string
  partition: number
  key: string | undefined
  value: string
}

export type Settle = (index: number, settlement: Settlement) => void

export interface ProducerAdapter {
  /** Calls of `send` that may be under way; a client without an accumulator is given few, of many records each. */
  readonly callsAtOnce: number
  /** Never rejects: every record is settled once, with its index in `records`. Resolves when all are. */
  send(records: readonly Outgoing[], settle: Settle): Promise<void>
  close(timeoutMs: number): Promise<void>
}

/** A record that was read. */
export interface Incoming {
  tp: string
  off: number
  value: Uint8Array | null
}

export type Positions = Record<string, number>

/** What a member of a group hears of. Nothing of it throws. */
export interface MemberListener {
  /** A call for records begins; gives what takes them. For a client that pushes, both happen at once. */
  polling(): (records: readonly Incoming[]) => void
  /**
   * Processes what was read; the client goes on when it resolves.
   * @param beat called between records; when it rejects, so does `handle`
   * @returns how many of the records, from the first, are done with; the others must come again
   */
  handle(records: readonly Incoming[], beat?: () => Promise<void>): Promise<number>
  /** `generation` is -1 when the client does not tell. */
  assigned(tps: readonly string[], generation: number): void
  revoked(tps: readonly string[], generation: number): void
  lost(tps: readonly string[], generation: number): void
  beat(): void
  reset(tp: string, why: 'out of range' | 'truncated'): void
  /** A call failed, and the client goes on. */
  trouble(error: Error): void
  /** The client has given up. */
  died(error: Error): void
}

export interface MemberAdapter {
  commit(offsets: Positions): Promise<void>
  /** Goes on at these offsets. */
  seek(offsets: Positions): void
  /** Leaves the group. */
  close(timeoutMs: number): Promise<void>
  /** Is gone from one moment to the next, without a word to the group. */
  die(): Promise<void>
}

export interface ReaderAdapter {
  /** Ends of all partitions, at the isolation level of the reader. */
  ends(): Promise<Positions>
  /** Records within some time, and where each partition stands after them, also behind records that are not shown. */
  poll(timeoutMs: number): Promise<{ records: Incoming[]; positions: Positions }>
  close(timeoutMs: number): Promise<void>
}

export interface TransactionalAdapter {
  init(): Promise<void>
  begin(): Promise<void>
  /** As the producer's. */
  send(records: readonly Outgoing[], settle: Settle): Promise<void>
  sendOffsets(offsets: Positions, member: MemberAdapter): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
  close(timeoutMs: number): Promise<void>
}

/** The name of an error: Kafka's own where there is one. */
export function codeOf(error: unknown): string {
  const { code, type, name } = (error ?? {}) as { code?: unknown; type?: unknown; name?: unknown }
  for (const each of [type, code, name]) if (typeof each === 'string' && each !== '') return each
  return 'UNKNOWN'
}
