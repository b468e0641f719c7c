import type { ConsumerRecord, KafkaError } from '@samsa/client'
import { KafkaConsumer } from '@samsa/client'
import type { Host, Random } from '@samsa/runtime'
import type { ConsumerPlan } from './client-plan.ts'
import type { Author } from './history.ts'
import type { Target } from './pool.ts'
import { placeOf, TOPICS } from './pool.ts'
import { nameIn } from './record.ts'
import type { Surroundings } from './surroundings.ts'
import { sleep } from './surroundings.ts'

type Received = ConsumerRecord<string, string>

/** Pause after an error. Milliseconds. */
const ERROR_PAUSE_MS = 100
/** How long a poll waits. Milliseconds. */
const POLL_MS = 300
/** Longest pause of a partition. Milliseconds. */
const PAUSE_MS = 1500
/** Clocks may be so much faster or slower than the world's. */
const FROZEN_FACTOR = 1.05
/** Longest time without a subscription. Milliseconds. */
const AWAY_MS = 2000
/** What a reader may be told while the broker's disk reads wrong bits. */
const DAMAGE = new Set([
  'UNREADABLE_BATCH',
  'CORRUPT_RECORD',
  'CORRUPT_MESSAGE',
  'MALFORMED',
  'KAFKA_STORAGE_ERROR',
])

/** A consumer that takes down everything that it is given; a member of a group, or one with all partitions. */
export class ConsumerTask {
  readonly name: string
  /** Resolves when it has been closed and reads no more. */
  readonly over: Promise<void>
  /** How often it was given partitions. */
  assignments = 0
  /** Whether it stays with what it has subscribed. */
  isCalm = false
  readonly #host: Host
  readonly #author: Author
  readonly #surroundings: Surroundings
  readonly #random: Random
  readonly #plan: ConsumerPlan
  readonly #consumer: KafkaConsumer<string, string>
  /** Whose records it shares with others: its group, or itself. */
  readonly #group: string
  readonly #stopListening: () => void
  #stint = 0
  #isHolding = false
  /** It stood still for longer than a session, and has not heard of its group since. */
  #isStale = false
  /** The call that is under way to handle a record. */
  #handed: number | undefined
  #isClosing = false
  #inHand: readonly [string, number][] = []
  /** How many of them were begun to be handled. */
  #begun = 0

  /** @param inc name of this incarnation */
  constructor(host: Host, inc: string, plan: ConsumerPlan, surroundings: Surroundings) {
    const { random, bootstrapServers, logger, pool, history } = surroundings
    this.name = plan.name
    this.#host = host
    this.#author = { who: plan.name, inc }
    this.#plan = plan
    this.#surroundings = surroundings
    this.#random = random.fork(`task ${inc}`)
    this.#group = plan.group ?? plan.name
    this.#consumer = new KafkaConsumer({ ...plan.options, bootstrapServers }, { runtime: host, logger })
    history.moment(this.#author, { f: 'open' })
    if (plan.group) {
      this.#watch(plan.group)
      this.#consumer.subscribe(TOPICS)
      this.#stopListening = () => {}
    } else {
      this.#isHolding = true
      this.#assignAll()
      this.#stopListening = pool.onGrown(() => this.#assignAll())
    }
    this.over = this.#read()
  }

  /** Offsets behind the last records of all partitions. */
  async endOffsets(): Promise<Map<string, number>> {
    const { targets } = this.#surroundings.pool
    const ends = await this.#consumer.endOffsets(targets)
    return new Map(targets.map((target, index) => [placeOf(target), ends[index] as number]))
  }

  /** The process was killed. */
  crash(): void {
    this.#stopListening()
    this.#surroundings.history.moment(this.#author, { f: 'crash' })
  }

  /** The process stood still: a session that is over by its own clock hands nothing over any more. */
  frozen(ms: number): void {
    const { sessionTimeoutMs = 45_000 } = this.#plan.options
    if (this.#plan.group && this.#isHolding && ms > sessionTimeoutMs * FROZEN_FACTOR) this.#isStale = true
  }

  /** Closes; what it has in hand counts as done then. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#stopListening()
    for (const [tp, offset] of this.#inHand) this.#surroundings.ledger.finish(this.#group, tp, offset)
    this.#endHanded()
    for (const [tp, off] of this.#inHand.slice(this.#begun)) {
      this.#beginHanded(tp, off)
      this.#endHanded()
    }
    await this.#consumer.close()
    await this.over
    this.#surroundings.history.moment(this.#author, { f: 'close' })
  }

  async #read(): Promise<void> {
    for (;;) {
      try {
        const records = await this.#ask()
        if (!records) return
        this.#inHand = records.map((record) => [placeOf(record), record.offset])
        this.#begun = 0
        for (const record of records) if (!this.#isClosing) await this.#handle(record)
        this.#inHand = []
        if (!this.isCalm && this.#random.chance(this.#plan.changeChance)) await this.#goAway()
        this.#seek(records.at(-1))
      } catch (error) {
        const { code, name, message } = error as KafkaError
        if (code === 'CLOSED') return
        const isExpected = code === 'TIMEOUT' || (this.#surroundings.isDamaging && DAMAGE.has(code))
        if (!isExpected) this.#surroundings.ledger.problem(`${this.name} failed to read: ${name}: ${message}`)
        await sleep(this.#host, ERROR_PAUSE_MS)
      }
    }
  }

  /** The next records; undefined when it is closed. All of them count as handed over from then on. */
  async #ask(): Promise<Received[] | undefined> {
    const { history } = this.#surroundings
    const { isolationLevel: iso = 'read_uncommitted' } = this.#plan.options
    const { group } = this.#plan
    const op = history.begin(this.#author, { f: 'poll', iso, ...(group ? { group } : {}) })
    let records: Received[] = []
    try {
      if (this.#plan.style === 'poll') records = await this.#consumer.poll({ timeoutMs: POLL_MS })
      else {
        const { value, done } = await this.#consumer.next()
        if (done) return undefined
        records = [value]
      }
    } finally {
      const recs: Record<string, number[]> = {}
      for (const record of records) this.#take(record, recs)
      history.end(op, this.#author, { f: 'poll', recs })
    }
    return records
  }

  #take(record: Received, recs: Record<string, number[]>): void {
    const { ledger, note } = this.#surroundings
    const { offset, value } = record
    const tp = placeOf(record)
    const named = nameIn(value)
    const list = recs[tp] ?? []
    recs[tp] = list
    list.push(offset, named?.v ?? -1, named ? 1 : 0)
    if (!this.#isHolding)
      ledger.problem(
        `${this.name} was given ${tp}-${offset} of a partition that was taken from it`,
        'revoked',
      )
    if (this.#isStale)
      ledger.problem(`${this.name} was given ${tp}-${offset} after its session was over`, 'stale')
    if (!named) {
      ledger.problem(`${this.name} was given ${JSON.stringify(value)} at ${tp}-${offset}`, 'mangled')
      return
    }
    if (named.tp !== tp)
      ledger.problem(`${named.v} was sent to ${named.tp} and is at ${tp}-${offset}`, 'misrouted')
    const id = String(named.v)
    ledger.hand(this.#group, { reader: this.#author.inc, stint: this.#stint, tp, offset, value: id })
    note('handed', this.name, `${tp}-${offset} ${id}`)
  }

  async #handle(record: Received): Promise<void> {
    const { ledger } = this.#surroundings
    const tp = placeOf(record)
    this.#beginHanded(tp, record.offset)
    if (this.#random.chance(0.1)) await sleep(this.#host, this.#random.between(0, this.#plan.workMs))
    this.#endHanded()
    ledger.finish(this.#group, tp, record.offset)
    if (this.#random.chance(this.#plan.pauseChance)) this.#pause(record)
  }

  #beginHanded(tp: string, off: number): void {
    this.#begun++
    this.#handed = this.#surroundings.history.begin(this.#author, { f: 'handed', tp, off })
  }

  /** What is being handled is done. */
  #endHanded(): void {
    if (this.#handed === undefined) return
    this.#surroundings.history.end(this.#handed, this.#author, { f: 'handed' })
    this.#handed = undefined
  }

  /** Lets a partition rest for a while, if it is still there. */
  #pause(target: Target): void {
    const isAssigned = () => this.#consumer.assignment().some((each) => placeOf(each) === placeOf(target))
    if (!isAssigned()) return
    const tps = [placeOf(target)]
    const { history } = this.#surroundings
    this.#consumer.pause(target)
    history.moment(this.#author, { f: 'pause', tps })
    void sleep(this.#host, this.#random.between(0, PAUSE_MS)).then(() => {
      if (this.#isClosing || !isAssigned()) return
      this.#consumer.resume(target)
      history.moment(this.#author, { f: 'resume', tps })
    })
  }

  /** Gives its subscription up for a while. */
  async #goAway(): Promise<void> {
    const { note, history } = this.#surroundings
    this.#consumer.unsubscribe()
    note('unsubscribed', this.name, '')
    await sleep(this.#host, this.#random.between(0, AWAY_MS))
    if (this.#isClosing) return
    this.#consumer.subscribe(TOPICS)
    history.moment(this.#author, { f: 'subscribe' })
    note('subscribed', this.name, '')
  }

  /** Reads a stretch again, or from its beginning. */
  #seek(record: Received | undefined): void {
    const { seekChance = 0 } = this.#plan
    if (!record || this.isCalm || this.#isClosing || seekChance === 0 || !this.#random.chance(seekChance))
      return
    const tp = placeOf(record)
    const offset = this.#random.whole(0, record.offset + 1)
    this.#consumer.seek(record, offset)
    this.#surroundings.ledger.seek(this.#author.inc, this.#stint, tp, offset)
    this.#surroundings.history.moment(this.#author, { f: 'seek', offs: { [tp]: offset } })
  }

  #assignAll(): void {
    const { pool, history } = this.#surroundings
    this.#consumer.assign(pool.targets)
    history.moment(this.#author, { f: 'assign', tps: pool.targets.map(placeOf) })
  }

  #watch(group: string): void {
    const { ledger, note, history } = this.#surroundings
    const author = this.#author
    const consumer = this.#consumer
    consumer.on('assigned', ({ partitions }) => {
      const tps = partitions.map(placeOf)
      this.#stint++
      this.#isStale = false
      this.assignments++
      this.#isHolding = true
      ledger.assign(group, author.inc, this.#stint, tps)
      history.moment(author, { f: 'reb', kind: 'assigned', group, tps, gen: this.#stint })
      note('assigned', this.name, tps.join())
    })
    for (const kind of ['revoked', 'lost'] as const) {
      consumer.on(kind, ({ partitions }) => {
        const tps = partitions.map(placeOf)
        this.#isHolding = false
        this.#isStale = false
        history.moment(author, { f: 'reb', kind, group, tps, gen: this.#stint })
        note(kind, this.name, tps.join())
      })
    }
    consumer.on('committed', ({ offsets }) => {
      const offs = Object.fromEntries(offsets.map((each) => [placeOf(each), each.offset]))
      // Of one that is told when its partition is gone nobody knows when it was carried out.
      const has = new Set(consumer.assignment().map(placeOf))
      for (const [tp, offset] of Object.entries(offs)) ledger.commit(group, tp, offset, has.has(tp))
      const r = Object.keys(offs).every((tp) => has.has(tp)) ? 'ok' : 'unk'
      history.end(history.begin(author, { f: 'commit', group, offs }), author, { f: 'commit', r })
      note('committed', this.name, JSON.stringify(offs))
    })
    consumer.on('commitFailed', ({ error }) => note('commitFailed', this.name, error.message))
    consumer.on('offsetReset', ({ partition, from, to }) =>
      ledger.problem(`${this.name} was moved from ${from} to ${to} in partition ${partition}`, 'reset'),
    )
  }
}
