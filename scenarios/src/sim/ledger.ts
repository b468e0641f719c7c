/** What a send came to. */
interface Sent {
  readonly producer: string
  /** Counts the producer's sends. */
  readonly number: number
  outcome: 'open' | 'acknowledged' | 'failed'
  /** Acknowledged: where; offset -1 where the broker did not say. */
  partition: number
  offset: number
  /** Failed, and the error says that the record had never left. */
  wasNeverSent: boolean
}

/** A record that was handed to a reader. `stint`: which of the reader's assignments it came under. */
export interface Handed {
  readonly reader: string
  readonly stint: number
  readonly partition: number
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
  readonly #late: () => number
  readonly #sent = new Map<string, Sent>()
  readonly #handed: Handed[] = []
  readonly #counts = new Map<string, number>()
  /** The highest offset that a commit was acknowledged for, by partition. */
  readonly #committed = new Map<number, Floor>()
  /** Where the next record is, and the first one may be, by reader, stint and partition. */
  readonly #nextOffsets = new Map<string, number>()
  readonly #floors = new Map<string, Floor>()
  /** Values at (partition, offset), whoever saw them first. */
  readonly #log = new Map<string, string>()
  readonly #seen = new Map<string, Set<string>>()
  readonly #findings = new Map<string, string[]>()
  /** Highest offsets that anybody of a group was handed, and was done with, by partition. */
  readonly #highest = new Map<string, number>()
  readonly #done = new Map<string, number>()

  /**
   * @param late how many requests of members may have been carried out after these had given up the connection. An
   *   older commit may be among them, which takes the group back, as it does with Kafka: it was tried again, and its
   *   first attempt came last
   */
  constructor(late: () => number = () => 0) {
    this.#late = late
  }

  send(producer: string, value: string): void {
    const number = (this.#counts.get(producer) ?? 0) + 1
    this.#counts.set(producer, number)
    this.#sent.set(value, {
      producer,
      number,
      outcome: 'open',
      partition: -1,
      offset: -1,
      wasNeverSent: false,
    })
  }

  acknowledge(value: string, partition: number, offset: number): void {
    const sent = this.#settle(value)
    if (sent) Object.assign(sent, { outcome: 'acknowledged', partition, offset })
  }

  fail(value: string, wasNeverSent: boolean): void {
    const sent = this.#settle(value)
    if (sent) Object.assign(sent, { outcome: 'failed', wasNeverSent })
  }

  /** A reader was assigned partitions: it must not begin before what was committed until now. */
  assign(reader: string, stint: number, partitions: readonly number[]): void {
    for (const partition of partitions)
      this.#floors.set(
        `${reader} ${stint} ${partition}`,
        this.#committed.get(partition) ?? { offset: 0, late: 0 },
      )
  }

  /** A record was given to a reader. `group`: whose readers share the partitions; a reader alone is a group of its own. */
  hand(group: string, handed: Handed): void {
    const { reader, stint, partition, offset, value } = handed
    this.#handed.push(handed)
    const place = `${partition}-${offset}`
    const known = this.#log.get(place)
    if (known === undefined) this.#log.set(place, value)
    else if (known !== value)
      this.#find('divergent', `${reader} found ${value} at ${place}, where ${known} is`)
    const chain = `${reader} ${stint} ${partition}`
    const expected = this.#nextOffsets.get(chain)
    const highest = this.#highest.get(`${group} ${partition}`) ?? -1
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
    this.#highest.set(`${group} ${partition}`, Math.max(highest, offset))
    const seen = this.#seen.get(group) ?? new Set()
    this.#seen.set(group, seen.add(value))
  }

  /** A reader is done with a record. */
  finish(group: string, partition: number, offset: number): void {
    const name = `${group} ${partition}`
    this.#done.set(name, Math.max(this.#done.get(name) ?? -1, offset))
  }

  /** A commit of a group was acknowledged. */
  commit(group: string, partition: number, offset: number): void {
    const done = this.#done.get(`${group} ${partition}`) ?? -1
    if (offset > done + 1)
      this.#find('ahead', `${group} committed ${partition}-${offset} and was done with up to ${done} only`)
    const late = this.#late()
    const known = this.#committed.get(partition)
    if (!known || known.late !== late || known.offset < offset)
      this.#committed.set(partition, { offset, late })
  }

  /** Something that must not happen, whatever the rest looks like. */
  problem(what: string): void {
    this.#find('problem', what)
  }

  get counts(): { sent: number; acknowledged: number; failed: number; handed: number } {
    const of = (outcome: Sent['outcome']) =>
      [...this.#sent.values()].filter((sent) => sent.outcome === outcome)
    return {
      sent: this.#sent.size,
      acknowledged: of('acknowledged').length,
      failed: of('failed').length,
      handed: this.#handed.length,
    }
  }

  /** What is not settled or not read yet, told in words. */
  missing(groups: readonly string[]): string[] {
    const found: string[] = []
    for (const [value, { outcome }] of this.#sent) {
      if (outcome === 'open') found.push(`${value} has no outcome`)
      if (outcome !== 'acknowledged') continue
      for (const group of groups)
        if (!this.#seen.get(group)?.has(value)) found.push(`${group} has not read ${value}`)
    }
    return found
  }

  /** Everything that breaks a promise; call it when all is over. */
  findings(groups: readonly string[], ends: readonly number[]): string[] {
    for (const what of this.missing(groups)) this.#find('missing', what)
    this.#checkLog(ends)
    return [...this.#findings].flatMap(([kind, all]) => {
      const more = all.length > MOST_TOLD ? [`${kind}: ... and ${all.length - MOST_TOLD} more`] : []
      return [...all.slice(0, MOST_TOLD).map((each) => `${kind}: ${each}`), ...more]
    })
  }

  /** The log as it was read: no duplicate, nothing made up, in the producers' order, where it was acknowledged. */
  #checkLog(ends: readonly number[]): void {
    const places = new Map<string, string>()
    ends.forEach((end, partition) => {
      const last = new Map<string, number>()
      for (let offset = 0; offset < end; offset++) {
        const place = `${partition}-${offset}`
        const value = this.#log.get(place)
        if (value === undefined) {
          this.#find('unread', `nobody has read ${place}, and the log ends at ${end}`)
          continue
        }
        const twin = places.get(value)
        if (twin !== undefined) this.#find('duplicate', `${value} is at ${twin} and at ${place}`)
        places.set(value, place)
        const sent = this.#sent.get(value)
        if (!sent) {
          this.#find('phantom', `${value} at ${place} was never sent`)
          continue
        }
        if (sent.wasNeverSent) this.#find('liar', `${value} is at ${place}, its error said it had never left`)
        const before = last.get(sent.producer) ?? 0
        if (sent.number < before)
          this.#find('order', `${value} at ${place} comes after record ${before} of ${sent.producer}`)
        last.set(sent.producer, sent.number)
      }
    })
    for (const [value, { outcome, partition, offset }] of this.#sent) {
      if (outcome !== 'acknowledged') continue
      const place = places.get(value)
      const isRight = place?.startsWith(`${partition}-`) && (offset < 0 || place === `${partition}-${offset}`)
      if (!isRight)
        this.#find('lost', `${value} was acknowledged at ${partition}-${offset} and is at ${place}`)
    }
  }

  #settle(value: string): Sent | undefined {
    const sent = this.#sent.get(value)
    if (sent && sent.outcome !== 'open') this.#find('twice', `${value} was settled twice`)
    return sent
  }

  #find(kind: string, what: string): void {
    this.#findings.set(kind, [...(this.#findings.get(kind) ?? []), what])
  }
}
