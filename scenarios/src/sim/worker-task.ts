import type { ConsumerRecord, KafkaError } from '@samsa/client'
import { KafkaConsumer } from '@samsa/client'
import type { Host, Random } from '@samsa/runtime'
import type { Author } from './history.ts'
import type { Target } from './pool.ts'
import { placeOf, TOPICS } from './pool.ts'
import { nameIn } from './record.ts'
import type { Surroundings } from './surroundings.ts'
import { sleep } from './surroundings.ts'
import { WorkerCommits } from './worker-commits.ts'
import type { WorkerPlan } from './worker-plan.ts'

type Received = ConsumerRecord<string, string>

const ERROR_PAUSE_MS = 100
/** Most time that work takes once everything is to come to an end. Milliseconds. */
const CALM_WORK_MS = 5
const POLL_MS = 300

/** Thrown by a handler on purpose. */
class HandlerError extends Error {}

/** A member that works on its records as users do: slowly, without a turn, with errors of its own, committing by itself. */
export class WorkerTask {
  readonly name: string
  readonly group: string
  readonly over: Promise<void>
  assignments = 0
  isCalm = false
  readonly #host: Host
  readonly #author: Author
  readonly #surroundings: Surroundings
  readonly #random: Random
  readonly #plan: WorkerPlan
  readonly #consumer: KafkaConsumer<string, string>
  readonly #commits: WorkerCommits
  readonly #owned = new Map<string, Target>()
  #stint = 0
  #isReady = true
  #isClosing = false
  #isDone = false
  #second: Promise<void> | undefined
  /** Records whose handlers are at work, or are about to be. */
  readonly #atWork = new Set<Received>()
  /** What each loop was given last. */
  readonly #last = new Map<number, Received>()
  #whenIdle: (() => void)[] = []

  /** @param inc name of this incarnation */
  constructor(host: Host, inc: string, plan: WorkerPlan, surroundings: Surroundings) {
    const { random, bootstrapServers, logger, history, ledger, handling } = surroundings
    this.name = plan.name
    this.group = plan.group
    this.#host = host
    this.#author = { who: plan.name, inc }
    this.#plan = plan
    this.#surroundings = surroundings
    this.#random = random.fork(`worker ${inc}`)
    this.#consumer = new KafkaConsumer({ ...plan.options, bootstrapServers }, { runtime: host, logger })
    this.#commits = new WorkerCommits({
      plan,
      consumer: this.#consumer,
      isLeaving: () => this.#isClosing && plan.closesAmid,
      problem: (what, kind) => ledger.problem(what, kind),
      onUncommitted: (record) => handling.excuse(plan.group, placeOf(record), record.offset),
    })
    history.moment(this.#author, { f: 'open' })
    this.#watch()
    this.#consumer.subscribe(TOPICS)
    this.over = this.#work()
    if (plan.secondLoopMs > 0)
      host.timer(host.now() + plan.secondLoopMs, () => {
        this.#second = this.#secondLoop()
      })
  }

  /** Records of a partition that may be uncommitted while it goes on: all, when it commits now and then. */
  get slack(): number {
    const { commits } = this.#plan
    return commits === 'later' || commits === 'revoked' ? Number.POSITIVE_INFINITY : 0
  }

  /** What the group has committed, and where its partitions end; for partitions in the order given. */
  async lag(targets: readonly Target[]): Promise<{ tp: string; committed: number; end: number }[]> {
    const [committed, ends] = [
      await this.#consumer.committed(targets),
      await this.#consumer.endOffsets(targets),
    ]
    return targets.map((target, index) => ({
      tp: placeOf(target),
      committed: committed[index]?.offset ?? 0,
      end: ends[index] as number,
    }))
  }

  crash(): void {
    this.#surroundings.history.moment(this.#author, { f: 'crash' })
  }

  /** Closes: amid its work, or when what it has in hand is done. */
  async close(): Promise<void> {
    this.#isClosing = true
    const { closesAmid, style, commits } = this.#plan
    const { handling, history } = this.#surroundings
    if (!closesAmid) {
      // While it commits its loop may be given one more.
      do {
        await this.#idle()
        await this.#commits.rest()
      } while (this.#atWork.size > 0 || this.#commits.isBehind)
    }
    // What a loop has in hand is not committed by closing.
    if (closesAmid) this.#commits.lost()
    const inHand = style === 'loop' && commits === 'auto' ? this.#last.values() : this.#atWork
    for (const record of inHand) handling.excuse(this.group, placeOf(record), record.offset)
    // What its handlers are still at work on may be somebody else's from now on.
    for (const record of this.#atWork) handling.abandon(this.group, this.name, placeOf(record), record.offset)
    await this.#consumer.close()
    await this.#idle()
    await this.over
    await this.#second
    for (const tp of this.#owned.keys()) handling.disown(this.group, this.name, tp)
    history.moment(this.#author, { f: 'close' })
  }

  /** Resolves when no handler is at work. */
  #idle(): Promise<void> {
    if (this.#atWork.size === 0) return Promise.resolve()
    return new Promise((resolve) => void this.#whenIdle.push(resolve))
  }

  async #work(): Promise<void> {
    while (!this.#isDone) {
      try {
        if (this.#plan.style === 'loop') await this.#loop(0)
        else await this.#ask()
        if (this.#isClosing) return
      } catch (error) {
        if (error instanceof HandlerError) continue
        const { code, name, message } = error as KafkaError
        if (code === 'CLOSED') return
        if (code !== 'TIMEOUT')
          this.#surroundings.ledger.problem(`${this.name} failed to read: ${name}: ${message}`, 'reading')
        await sleep(this.#host, ERROR_PAUSE_MS)
      }
    }
  }

  /** @param loop its number */
  async #loop(loop: number): Promise<void> {
    let op = this.#beginPoll()
    try {
      for await (const record of this.#consumer) {
        this.#endPoll(op, [record])
        op = undefined
        this.#last.set(loop, record)
        await this.#handle(record)
        if (this.#isClosing) break
        op = this.#beginPoll()
      }
    } finally {
      if (op !== undefined) this.#endPoll(op, [])
    }
  }

  async #ask(): Promise<void> {
    const op = this.#beginPoll()
    let records: Received[] = []
    try {
      if (this.#plan.style === 'poll') records = await this.#consumer.poll({ timeoutMs: POLL_MS })
      else {
        const { value, done } = await this.#consumer.next()
        if (done) this.#isDone = true
        else records = [value]
      }
    } finally {
      this.#endPoll(op, records)
    }
    // Its list is handled to the end, also where it is to close meanwhile.
    for (const record of records) await this.#handle(record)
  }

  #beginPoll(): number | undefined {
    const { history } = this.#surroundings
    return history.begin(this.#author, { f: 'poll', iso: 'read_uncommitted', group: this.group })
  }

  #endPoll(op: number | undefined, records: readonly Received[]): void {
    const { history } = this.#surroundings
    const recs: Record<string, number[]> = {}
    for (const record of records) this.#take(record, recs)
    if (op !== undefined) history.end(op, this.#author, { f: 'poll', recs })
    // From the hand-over on the whole list is in hand.
    for (const record of records) this.#atWork.add(record)
  }

  #take(record: Received, recs: Record<string, number[]>): void {
    const { ledger, note } = this.#surroundings
    const tp = placeOf(record)
    const named = nameIn(record.value)
    const list = recs[tp] ?? []
    recs[tp] = list
    list.push(record.offset, named?.v ?? -1, named ? 1 : 0)
    if (!this.#isReady)
      ledger.problem(`${this.name} was given ${tp}-${record.offset} while its listener was at work`, 'early')
    if (!this.#owned.has(tp))
      ledger.problem(`${this.name} was given ${tp}-${record.offset}, which is not its own`, 'revoked')
    if (!named) {
      ledger.problem(`${this.name} was given ${JSON.stringify(record.value)} at ${tp}`, 'mangled')
      return
    }
    const value = String(named.v)
    ledger.hand(this.group, {
      reader: this.#author.inc,
      stint: this.#stint,
      tp,
      offset: record.offset,
      value,
    })
    note('handed', this.name, `${tp}-${record.offset} ${value}`)
  }

  async #handle(record: Received): Promise<void> {
    const { handling, ledger, history } = this.#surroundings
    const tp = placeOf(record)
    const op = history.begin(this.#author, { f: 'handed', tp, off: record.offset })
    handling.begin(this.group, this.name, tp, record.offset)
    try {
      await this.#toil()
      if (!this.isCalm && !this.#isClosing && this.#random.chance(this.#plan.throwChance)) {
        handling.fail(this.group, this.name, tp)
        // What a loop that failed had in hand comes once more.
        ledger.seek(this.#author.inc, this.#stint, tp, record.offset)
        history.moment(this.#author, { f: 'seek', offs: { [tp]: record.offset } })
        throw new HandlerError('the handler failed')
      }
      ledger.finish(this.group, tp, record.offset)
      handling.end(this.group, this.name, tp, record.offset)
      history.end(op, this.#author, { f: 'handed' })
      await this.#commits.finished(record)
    } finally {
      this.#rest(record)
    }
  }

  async #toil(): Promise<void> {
    const { work, workMs, longMs, longChance } = this.#plan
    const isLong = this.#random.chance(longChance)
    const wanted = isLong ? longMs : this.#random.between(...workMs)
    const ms = this.isCalm ? Math.min(wanted, CALM_WORK_MS) : wanted
    if (work === 'blocks') this.#host.block(ms)
    else if (ms > 0) await sleep(this.#host, ms)
  }

  #rest(record: Received): void {
    this.#atWork.delete(record)
    if (this.#atWork.size > 0) return
    const waiting = this.#whenIdle
    this.#whenIdle = []
    for (const resume of waiting) resume()
  }

  /** A second loop over the same consumer is refused, or each of them has what it was given. */
  async #secondLoop(): Promise<void> {
    if (this.#isClosing) return
    try {
      await this.#loop(1)
    } catch (error) {
      const { code, message } = error as KafkaError
      if (code !== 'ILLEGAL_STATE' && code !== 'CLOSED')
        this.#surroundings.ledger.problem(
          `${this.name}: a second loop was told ${code}: ${message}`,
          'twoLoops',
        )
    }
  }

  #watch(): void {
    const { ledger, note, history, handling } = this.#surroundings
    const { group, listenerMs } = this.#plan
    const author = this.#author
    const consumer = this.#consumer
    consumer.on('assigned', async ({ partitions }) => {
      const tps = partitions.map(placeOf)
      this.#stint++
      this.assignments++
      for (const partition of partitions) this.#owned.set(placeOf(partition), partition)
      ledger.assign(group, author.inc, this.#stint, tps)
      history.moment(author, { f: 'reb', kind: 'assigned', group, tps, gen: this.#stint })
      note('assigned', this.name, tps.join())
      for (const tp of tps) handling.own(group, this.name, tp)
      await this.#listen(listenerMs)
    })
    for (const kind of ['revoked', 'lost'] as const) {
      consumer.on(kind, async ({ partitions }) => {
        const tps = partitions.map(placeOf)
        note(kind, this.name, tps.join())
        if (kind === 'lost') {
          ledger.problem(`${this.name} lost ${tps.join()}, and everybody was in order`, 'lost partitions')
          this.#commits.lost()
        } else await this.#commits.revoked(partitions)
        await this.#listen(listenerMs)
        history.moment(author, { f: 'reb', kind, group, tps, gen: this.#stint })
        for (const tp of tps) {
          handling.disown(group, this.name, tp)
          this.#owned.delete(tp)
        }
      })
    }
    consumer.on('committed', ({ offsets }) => {
      const offs = Object.fromEntries(offsets.map((each) => [placeOf(each), each.offset]))
      const isHeld = Object.keys(offs).every((tp) => this.#owned.has(tp))
      for (const [tp, offset] of Object.entries(offs)) ledger.commit(group, tp, offset, isHeld)
      const r = isHeld ? 'ok' : 'unk'
      history.end(history.begin(author, { f: 'commit', group, offs }), author, { f: 'commit', r })
      note('committed', this.name, JSON.stringify(offs))
    })
    consumer.on('commitFailed', ({ error }) =>
      ledger.problem(`a commit of ${this.name} failed: ${error.message}`, 'commitFailed'),
    )
    consumer.on('offsetReset', ({ partition, from, to }) =>
      ledger.problem(`${this.name} was moved from ${from} to ${to} in partition ${partition}`, 'reset'),
    )
  }

  async #listen(ms: number): Promise<void> {
    if (ms === 0 || this.#isClosing) return
    this.#isReady = false
    await sleep(this.#host, this.#random.between(0, ms))
    this.#isReady = true
  }
}
