/** What a send came to. */
interface Sent {
  readonly producer: string
  readonly promise: SendPromise
  /** Counts the producer's sends. */
  readonly number: number
  outcome: 'open' | 'acknowledged' | 'failed'
  /** Acknowledged: where; offset -1 where the broker did not say. */
  tp: string
  offset: number
  /** Failed, and the error says that the record had never left. */
  wasNeverSent: boolean
}

/** What the settings of a producer promise. */
export interface SendPromise {
  /** What is acknowledged is stored (`acks` is not 0). */
  readonly isKept: boolean
  /** Nothing is stored twice, and what is sent later is stored later (`enableIdempotence`). */
  readonly isIdempotent: boolean
}

const everything: SendPromise = { isKept: true, isIdempotent: true }

/** A record that was handed to a reader. `stint`: which of the reader's assignments it came under. */
export interface Handed {
  readonly reader: string
  readonly stint: number
  /** `topic-0`. */
  readonly tp: string
  readonly offset: number
  readonly value: string
}

/** What was committed, and how many requests of members had been carried out late until then. */
interface Floor {
  readonly offset: number
  readonly late: number
}

/** Most findings of one kind that are told. */
const MOST_TOLD = 3

/**
 * What producers were told and what readers were given, and whether that fits together. The rules are those of the
 * broker's and the clients' promises:
 *
 * - What was acknowledged is read at the offset that was told, exactly once; nothing is read twice or made up.
 * - The records of a producer are in the order in which they were sent, in every partition.
 * - Within an assignment offsets follow one another without a gap, and everybody finds the same record at an offset.
 * - A group skips nothing and commits only what it is done with; whoever takes a partition over begins where a commit was acknowledged, or later.
 */
export class Ledger {
  readonly #groups: readonly string[]
  readonly #late: () => number
  readonly #sent = new Map<string, Sent>()
  readonly #counts = new Map<string, number>()
  /** Sent, and without an outcome. */
  readonly #open = new Set<string>()
  /** Acknowledged, and not read by a group, which has them all to read. */
  readonly #unread: ReadonlyMap<string, Set<string>>
  readonly #seen: ReadonlyMap<string, Set<string>>
  /** The highest offset that a commit of a group was acknowledged for, by partition. */
  readonly #committed = new Map<string, Floor>()
  /** Where the next record is, and the first one may be, by reader, stint and partition. */
  readonly #nextOffsets = new Map<string, number>()
  readonly #floors = new Map<string, Floor>()
  /** Values at (partition, offset), whoever saw them first. */
  readonly #log = new Map<string, string>()
  readonly #findings = new Map<string, string[]>()
  /** Highest offsets that anybody of a group was handed, and was done with, by partition. */
  readonly #highest = new Map<string, number>()
  readonly #done = new Map<string, number>()
  #handed = 0

  /**
   * @param groups those that read everything, each as a whole; a reader alone is a group of its own
   * @param late how many requests of members may have been carried out after these had given up the connection. An
   *   older commit may be among them, which takes the group back, as it does with Kafka: it was tried again, and its
   *   first attempt came last
   */
  constructor(groups: readonly string[], late: () => number = () => 0) {
    this.#groups = groups
    this.#late = late
    const sets = () => new Map(groups.map((group) => [group, new Set<string>()]))
    this.#unread = sets()
    this.#seen = sets()
  }

  /** @param producer an incarnation of one: its records are in order among themselves */
  send(producer: string, value: string, promise = everything): void {
    const number = (this.#counts.get(producer) ?? 0) + 1
    this.#counts.set(producer, number)
    const sent: Sent = { producer, promise, number, outcome: 'open', tp: '', offset: -1, wasNeverSent: false }
    this.#sent.set(value, sent)
    this.#open.add(value)
  }

  acknowledge(value: string, tp: string, offset: number): void {
    const sent = this.#settle(value)
    if (!sent) return
    Object.assign(sent, { outcome: 'acknowledged', tp, offset })
    if (!sent.promise.isKept) return
    for (const group of this.#groups)
      if (!this.#seen.get(group)?.has(value)) this.#unread.get(group)?.add(value)
  }

  fail(value: string, wasNeverSent: boolean): void {
    const sent = this.#settle(value)
    if (sent) Object.assign(sent, { outcome: 'failed', wasNeverSent })
  }

  /** An incarnation of a producer is dead: nobody learns what became of what it had sent. */
  crash(producer: string): void {
    for (const value of [...this.#open])
      if (this.#sent.get(value)?.producer === producer) this.fail(value, false)
  }

  /** A reader was assigned partitions: it must not begin before what its group had committed until now. */
  assign(group: string, reader: string, stint: number, tps: readonly string[]): void {
    for (const tp of tps)
      this.#floors.set(
        `${reader} ${stint} ${tp}`,
        this.#committed.get(`${group} ${tp}`) ?? { offset: 0, late: 0 },
      )
  }

  /** A reader went somewhere else by itself: its next record of the partition is that one. */
  seek(reader: string, stint: number, tp: string, offset: number): void {
    this.#nextOffsets.set(`${reader} ${stint} ${tp}`, offset)
  }

  /** A record was given to a reader. `group`: whose readers share the partitions. */
  hand(group: string, handed: Handed): void {
    const { reader, stint, tp, offset, value } = handed
    this.#handed++
    const place = `${tp}-${offset}`
    const known = this.#log.get(place)
    if (known === undefined) this.#log.set(place, value)
    else if (known !== value)
      this.#find('divergent', `${reader} found ${value} at ${place}, where ${known} is`)
    const chain = `${reader} ${stint} ${tp}`
    const expected = this.#nextOffsets.get(chain)
    const highest = this.#highest.get(`${group} ${tp}`) ?? -1
    if (expected !== undefined && offset !== expected)
      this.#find('gap', `${reader} was given ${place} (${value}) where offset ${expected} was next`)
    if (expected === undefined) {
      if (offset > highest + 1)
        this.#find('skip', `${reader} began at ${place}, while nobody of ${group} had read beyond ${highest}`)
      const floor = this.#floors.get(chain)
      if (floor && offset < floor.offset && floor.late === this.#late())
        this.#find('back', `${reader} began at ${place}, although ${floor.offset} had been committed before`)
    }
    this.#nextOffsets.set(chain, offset + 1)
    this.#highest.set(`${group} ${tp}`, Math.max(highest, offset))
    this.#seen.get(group)?.add(value)
    this.#unread.get(group)?.delete(value)
  }

  /** A reader is done with a record. */
  finish(group: string, tp: string, offset: number): void {
    const name = `${group} ${tp}`
    this.#done.set(name, Math.max(this.#done.get(name) ?? -1, offset))
  }

  /**
   * A commit of a group was acknowledged.
   * @param isHeld whether its member has the partition still: of a commit that is told later than that nobody knows what
   *   was carried out behind it
   */
  commit(group: string, tp: string, offset: number, isHeld = true): void {
    const name = `${group} ${tp}`
    const done = this.#done.get(name) ?? -1
    if (offset > done + 1)
      this.#find('ahead', `${group} committed ${tp}-${offset} and was done with up to ${done} only`)
    if (!isHeld) return
    const late = this.#late()
    const known = this.#committed.get(name)
    if (!known || known.late !== late || known.offset < offset) this.#committed.set(name, { offset, late })
  }

  /** Something that must not happen, whatever the rest looks like. */
  problem(what: string, kind = 'problem'): void {
    this.#find(kind, what)
  }

  get counts(): { sent: number; acknowledged: number; failed: number; handed: number } {
    let [acknowledged, failed] = [0, 0]
    for (const { outcome } of this.#sent.values()) {
      if (outcome === 'acknowledged') acknowledged++
      if (outcome === 'failed') failed++
    }
    return { sent: this.#sent.size, acknowledged, failed, handed: this.#handed }
  }

  /** Whether every send has its outcome, and all that was acknowledged is read by everybody. */
  get isSettled(): boolean {
    if (this.#open.size > 0) return false
    for (const unread of this.#unread.values()) if (unread.size > 0) return false
    return true
  }

  /** Everything that breaks a promise; call it when all is over. `ends`: offsets behind the last records. */
  findings(ends: ReadonlyMap<string, number>): string[] {
    for (const value of this.#open) this.#find('missing', `${value} has no outcome`)
    for (const [group, unread] of this.#unread)
      for (const value of unread) this.#find('missing', `${group} has not read ${value}`)
    this.#checkLog(ends)
    return [...this.#findings].flatMap(([kind, all]) => {
      const more = all.length > MOST_TOLD ? [`${kind}: ... and ${all.length - MOST_TOLD} more`] : []
      return [...all.slice(0, MOST_TOLD).map((each) => `${kind}: ${each}`), ...more]
    })
  }

  /** The log as it was read: no duplicate, nothing made up, in the producers' order, where it was acknowledged. */
  #checkLog(ends: ReadonlyMap<string, number>): void {
    const places = new Map<string, string[]>()
    for (const [tp, end] of ends) {
      const last = new Map<string, number>()
      for (let offset = 0; offset < end; offset++) this.#checkPlace(tp, offset, end, places, last)
    }
    for (const [value, { outcome, promise, tp, offset }] of this.#sent) {
      if (outcome !== 'acknowledged' || !promise.isKept) continue
      const found = places.get(value) ?? []
      const isRight = found.some(
        (place) => place.startsWith(`${tp}-`) && (offset < 0 || place === `${tp}-${offset}`),
      )
      if (!isRight) this.#find('lost', `${value} was acknowledged at ${tp}-${offset} and is at ${found[0]}`)
    }
  }

  #checkPlace(
    tp: string,
    offset: number,
    end: number,
    places: Map<string, string[]>,
    last: Map<string, number>,
  ): void {
    const place = `${tp}-${offset}`
    const value = this.#log.get(place)
    if (value === undefined) {
      this.#find('unread', `nobody has read ${place}, and the log ends at ${end}`)
      return
    }
    const twins = places.get(value) ?? []
    places.set(value, [...twins, place])
    const sent = this.#sent.get(value)
    if (!sent) {
      this.#find('phantom', `${value} at ${place} was never sent`)
      return
    }
    const { producer, number, promise, wasNeverSent } = sent
    if (twins.length > 0 && promise.isIdempotent)
      this.#find('duplicate', `${value} is at ${twins[0]} and at ${place}`)
    if (wasNeverSent) this.#find('liar', `${value} is at ${place}, its error said it had never left`)
    const before = last.get(producer) ?? 0
    if (number < before && promise.isIdempotent)
      this.#find('order', `${value} at ${place} comes after record ${before} of ${producer}`)
    last.set(producer, number)
  }

  #settle(value: string): Sent | undefined {
    const sent = this.#sent.get(value)
    if (sent && sent.outcome !== 'open') this.#find('twice', `${value} was settled twice`)
    this.#open.delete(value)
    return sent
  }

  #find(kind: string, what: string): void {
    this.#findings.set(kind, [...(this.#findings.get(kind) ?? []), what])
  }
}
