import { delay } from '../cluster/surroundings.ts'
import type { DriverClient, Incoming, MemberAdapter, MemberListener, Positions } from './client.ts'
import { codeOf } from './client.ts'
import type { Author } from './history-writer.ts'
import type { DriverOptions } from './options.ts'
import type { World } from './produce.ts'
import { readRecordText } from './record-text.ts'
import type { Stop } from './stop.ts'
import { within } from './stop.ts'

const AFTER_DEATH_MS = 5000

/** `recs` and `pos` of a poll's end. `next` is where each partition stood before, and is brought forward. */
export function endOfPoll(records: readonly Incoming[], next: Map<string, number>) {
  const recs: Record<string, number[]> = {}
  const pos: Record<string, [number, number]> = {}
  for (const { tp, off, value } of records) {
    const list = recs[tp] ?? []
    recs[tp] = list
    list.push(off, ...readRecordText(value))
    // A client does not tell where it begins; the first record of an assignment shows it.
    const [before] = pos[tp] ?? [next.get(tp) ?? off]
    pos[tp] = [before, off + 1]
  }
  for (const [tp, [, after]] of Object.entries(pos)) next.set(tp, after)
  return { recs, pos }
}

/** One member of a group for as long as its client lives: writes down what it is told, and processes what it is handed. */
export class GroupReader implements MemberListener {
  readonly author: Author
  /** The client has given up by itself. */
  readonly death: Promise<Error>
  readonly #options: DriverOptions
  readonly #world: World
  readonly #isNeeded: () => boolean
  readonly #owned = new Set<string>()
  readonly #next = new Map<string, number>()
  readonly #done = new Map<string, number>()
  #member: MemberAdapter | undefined
  #held: readonly Incoming[] = []
  #die: (error: Error) => void = () => {}

  constructor(options: DriverOptions, world: World, author: Author, isNeeded: () => boolean) {
    this.author = author
    this.#options = options
    this.#world = world
    this.#isNeeded = isNeeded
    this.death = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  static async join(
    client: DriverClient,
    options: DriverOptions,
    world: World,
    who: string,
    isNeeded: () => boolean,
  ) {
    const reader = new GroupReader(options, world, world.history.open(who, client.title), isNeeded)
    reader.#member = await client.member(options, reader)
    return reader
  }

  get #group(): string {
    return this.#options.group
  }

  polling(): (records: readonly Incoming[]) => void {
    const { isolation: iso } = this.#options
    const end = this.#world.history.begin(this.author, { f: 'poll', iso, group: this.#group })
    return (records) => {
      this.#world.tally.count('read', records.length)
      end(endOfPoll(records, this.#next))
    }
  }

  async handle(records: readonly Incoming[], beat?: () => Promise<void>): Promise<number> {
    const ready = this.#options.ignoreRevocations ? this.#held : records
    this.#held = records
    let done = 0
    for (const record of ready) {
      if (!this.#isNeeded()) break
      done++
      // A good handler looks whether the partition is still its own; the positive control does not.
      if (!this.#owned.has(record.tp) && !this.#options.ignoreRevocations) continue
      await this.#process(record)
      await beat?.()
    }
    if (this.#options.commit === 'manual') await this.#commit()
    return this.#options.ignoreRevocations ? records.length : done
  }

  async #process({ tp, off }: Incoming): Promise<void> {
    const { handed, handleMs, handleMostMs, commit } = this.#options
    const takesMs = handleMs + Math.random() * Math.max(0, handleMostMs - handleMs)
    const end = handed ? this.#world.history.begin(this.author, { f: 'handed', tp, off }) : undefined
    if (takesMs > 0) await delay(takesMs)
    end?.()
    if (this.#owned.has(tp)) this.#done.set(tp, off + 1)
    if (commit === 'each') await this.#commit()
  }

  async #commit(): Promise<void> {
    const offs: Positions = Object.fromEntries(this.#done)
    if (Object.keys(offs).length === 0) return
    this.#done.clear()
    const end = this.#world.history.begin(this.author, { f: 'commit', group: this.#group, offs })
    try {
      await this.#member?.commit(offs)
      this.#world.tally.count('commits')
      end({ r: 'ok' })
    } catch (error) {
      // What earlier attempts of the call did is not told.
      end({ r: 'unk', code: codeOf(error) })
    }
  }

  assigned(tps: readonly string[], generation: number): void {
    this.#rebalance('assigned', tps, generation)
    for (const tp of tps) {
      this.#owned.add(tp)
      this.#next.delete(tp)
      this.#done.delete(tp)
    }
  }

  revoked(tps: readonly string[], generation: number): void {
    this.#letGo('revoked', tps, generation)
  }

  lost(tps: readonly string[], generation: number): void {
    this.#letGo('lost', tps, generation)
  }

  #letGo(kind: 'revoked' | 'lost', tps: readonly string[], generation: number): void {
    for (const tp of tps) {
      this.#owned.delete(tp)
      this.#done.delete(tp)
    }
    this.#rebalance(kind, tps, generation)
  }

  #rebalance(kind: string, tps: readonly string[], gen: number): void {
    this.#world.tally.count(kind)
    const event = { f: 'reb', kind, group: this.#group, tps, gen }
    this.#world.history.begin(this.author, event)(event)
  }

  /** The partitions that it owns at the moment, for a client that does not say which it gives back. */
  get owned(): string[] {
    return [...this.#owned]
  }

  beat(): void {
    this.#world.history.moment(this.author, { f: 'beat' })
  }

  reset(tp: string, why: 'out of range' | 'truncated'): void {
    this.#world.history.moment(this.author, { f: 'reset', tp, why })
  }

  trouble(error: Error): void {
    this.#world.tally.count('troubles')
    this.#world.history.moment(this.author, { f: 'note', text: `${codeOf(error)}: ${error.message}` })
  }

  died(error: Error): void {
    this.#die(error)
  }

  async close(stop: Stop): Promise<void> {
    const end = this.#world.history.begin(this.author, { f: 'close' })
    const patience = stop.patience(30_000)
    await within(Promise.resolve(this.#member?.close(patience)), patience)
    end()
  }

  /** After the client has given up: its place is made free, and another client must go on. */
  async bury(error: Error, stop: Stop): Promise<void> {
    this.#world.tally.count('deaths')
    this.#world.history.moment(this.author, { f: 'crash', text: `${codeOf(error)}: ${error.message}` })
    await within(Promise.resolve(this.#member?.close(AFTER_DEATH_MS)), AFTER_DEATH_MS)
    await stop.pause(AFTER_DEATH_MS / 5)
  }

  /** Gone without a word: what it held is nobody's until the session is over. */
  async vanish(): Promise<void> {
    this.#world.history.moment(this.author, { f: 'crash', text: 'on purpose' })
    await this.#member?.die()
  }
}
