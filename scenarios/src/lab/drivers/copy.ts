import type {
  DriverClient,
  Incoming,
  MemberAdapter,
  MemberListener,
  Outgoing,
  Partition,
  TransactionalAdapter,
} from './client.ts'
import { codeOf } from './client.ts'
import { RoleNotPossible } from './consume.ts'
import { endOfPoll } from './group-reader.ts'
import type { Author } from './history-writer.ts'
import type { DriverOptions } from './options.ts'
import { partitionsOf } from './options.ts'
import type { World } from './produce.ts'
import { readRecordText, recordText } from './record-text.ts'
import { endOfSend } from './settlement.ts'
import { within } from './stop.ts'

const REOPEN_MS = 1000
const CLOSE_MS = 15_000

/** Reads as a member of a group and writes what it read in transactions, in which the offsets go too. */
export async function copy(client: DriverClient, options: DriverOptions, world: World): Promise<void> {
  if (!client.transactional) throw new RoleNotPossible(`${client.title} has no transactions`)
  const counters = { value: options.firstValue }
  while (!world.stop.isAsked) {
    const author = world.history.open(options.who, client.title)
    const copier = new Copier(options, world, author, counters)
    try {
      await copier.run(client, await client.transactional(options))
    } catch (error) {
      world.history.moment(author, { f: 'note', text: `${codeOf(error)}: ${(error as Error).message}` })
      await world.stop.pause(REOPEN_MS)
    }
  }
}

/** One incarnation of a copier. After what its client cannot mend it is over, and the next one's `init` cleans up. */
class Copier implements MemberListener {
  readonly #options: DriverOptions
  readonly #world: World
  readonly #author: Author
  readonly #counters: { value: number }
  readonly #targets
  readonly #owned = new Set<string>()
  readonly #next = new Map<string, number>()
  readonly #sequences = new Map<string, number>()
  #transactions = 0
  #producer: TransactionalAdapter | undefined
  #member: MemberAdapter | undefined
  #isOver = false
  #end: (error: Error | undefined) => void = () => {}

  constructor(options: DriverOptions, world: World, author: Author, counters: { value: number }) {
    this.#options = options
    this.#world = world
    this.#author = author
    this.#counters = counters
    this.#targets = partitionsOf(options.to)
  }

  async run(client: DriverClient, producer: TransactionalAdapter): Promise<void> {
    const { stop } = this.#world
    this.#producer = producer
    const over = new Promise<Error | undefined>((resolve) => {
      this.#end = resolve
    })
    let error: Error | undefined
    try {
      await this.#step('init', '', () => producer.init())
      this.#member = await client.member(
        { ...this.#options, topics: this.#options.from, commit: 'none' },
        this,
      )
      error = (await Promise.race([stop.asked(), over])) ?? undefined
    } catch (thrown) {
      error = thrown as Error
    }
    this.#isOver = true
    const end = this.#world.history.begin(this.#author, { f: 'close' })
    await within(Promise.resolve(this.#member?.close(CLOSE_MS)), CLOSE_MS)
    await within(producer.close(CLOSE_MS), CLOSE_MS)
    end()
    if (error) throw error
  }

  polling(): (records: readonly Incoming[]) => void {
    // The lines of a poll are written with the transaction that it is for.
    return () => {}
  }

  async handle(records: readonly Incoming[], beat?: () => Promise<void>): Promise<number> {
    for (let from = 0; from < records.length; from += this.#options.batch) {
      if (this.#isOver || this.#world.stop.isAsked) return from
      const batch = records.slice(from, from + this.#options.batch).filter(({ tp }) => this.#owned.has(tp))
      if (batch.length === 0) continue
      try {
        if (!(await this.#transaction(batch))) return from
      } catch (error) {
        this.#isOver = true
        this.#end(error as Error)
        return from
      }
      await beat?.()
    }
    return records.length
  }

  /** Whether it was committed; else reading has gone back to where it began. */
  async #transaction(batch: readonly Incoming[]): Promise<boolean> {
    const producer = this.#producer as TransactionalAdapter
    const member = this.#member as MemberAdapter
    const { inc } = this.#author
    const txn = `${inc}/${this.#transactions++}`
    await this.#step('begin', txn, () => producer.begin())
    const { isolation: iso, group, abortOneIn } = this.#options
    this.#world.history.begin(this.#author, { f: 'poll', iso, group, txn })(endOfPoll(batch, this.#next))
    const isWhole = await this.#sends(batch, txn)
    const offs = Object.fromEntries(batch.map(({ tp, off }) => [tp, off + 1]))
    // Not at random, so that a run can be repeated.
    let isGood = isWhole && this.#transactions % abortOneIn !== 0
    if (isGood) {
      try {
        await this.#step('offsets', txn, () => producer.sendOffsets(offs, member), { offs, group })
      } catch (error) {
        this.trouble(error as Error)
        isGood = false
      }
    }
    if (isGood) {
      await this.#step('commit', txn, () => producer.commit())
      this.#world.tally.count('committed')
      return true
    }
    await this.#step('abort', txn, () => producer.abort())
    this.#world.tally.count('aborted')
    this.#goBack(batch, member)
    return false
  }

  #goBack(batch: readonly Incoming[], member: MemberAdapter): void {
    const offs: Record<string, number> = {}
    for (const { tp, off } of batch) if (this.#owned.has(tp)) offs[tp] ??= off
    for (const [tp, off] of Object.entries(offs)) this.#next.set(tp, off)
    this.#world.history.moment(this.#author, { f: 'seek', offs })
    member.seek(offs)
  }

  async #sends(batch: readonly Incoming[], txn: string): Promise<boolean> {
    const { run, valueBytes } = this.#options
    const { inc } = this.#author
    const records: Outgoing[] = []
    const ends: ((ending: object) => void)[] = []
    for (const { tp: source, off, value: read } of batch) {
      const index = Number(source.slice(source.lastIndexOf('-') + 1))
      const { topic, partition, tp } = this.#targets[index % this.#targets.length] as Partition
      const seq = this.#sequences.get(tp) ?? 0
      this.#sequences.set(tp, seq + 1)
      const v = this.#counters.value++
      const [original] = readRecordText(read)
      const src = `${source}@${off}`
      ends.push(this.#world.history.begin(this.#author, { f: 'send', tp, v, txn, src, of: original }))
      records.push({
        topic,
        partition,
        key: undefined,
        value: recordText({ run, inc, seq, txn, tp, v }, valueBytes),
      })
    }
    this.#world.history.flush()
    let isWhole = true
    await this.#producer?.send(records, (index, settlement) => {
      const ended = endOfSend(settlement)
      isWhole &&= ended.r === 'ok'
      this.#world.tally.count(ended.r)
      ends[index]?.(ended)
    })
    return isWhole
  }

  async #step(step: string, txn: string, call: () => Promise<void>, more: object = {}): Promise<void> {
    const named = { step, tid: this.#options.transactionalId, txn }
    const end = this.#world.history.begin(this.#author, { f: 'txn', ...named, ...more })
    try {
      await call()
      end({ ...named, r: 'ok' })
    } catch (error) {
      end({ ...named, r: 'unk', code: codeOf(error) })
      throw error
    }
  }

  assigned(tps: readonly string[], generation: number): void {
    for (const tp of tps) {
      this.#owned.add(tp)
      this.#next.delete(tp)
    }
    this.#rebalance('assigned', tps, generation)
  }

  revoked(tps: readonly string[], generation: number): void {
    for (const tp of tps) this.#owned.delete(tp)
    this.#rebalance('revoked', tps, generation)
  }

  lost(tps: readonly string[], generation: number): void {
    for (const tp of tps) this.#owned.delete(tp)
    this.#rebalance('lost', tps, generation)
  }

  #rebalance(kind: string, tps: readonly string[], gen: number): void {
    const event = { f: 'reb', kind, group: this.#options.group, tps, gen }
    this.#world.history.begin(this.#author, event)(event)
  }

  beat(): void {
    this.#world.history.moment(this.#author, { f: 'beat' })
  }

  reset(tp: string, why: 'out of range' | 'truncated'): void {
    this.#world.history.moment(this.#author, { f: 'reset', tp, why })
  }

  trouble(error: Error): void {
    this.#world.history.moment(this.#author, { f: 'note', text: `${codeOf(error)}: ${error.message}` })
  }

  died(error: Error): void {
    this.#end(error)
  }
}
