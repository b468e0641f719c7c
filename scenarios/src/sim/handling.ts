/** A record that somebody works on, or has finished. */
interface Hold {
  readonly who: string
  readonly offset: number
}

/**
 * Who works on what in a world where everybody joins and leaves in order: nobody crashes, no session ends, no answer is
 * lost. There a group handles each record once, one member at a time, and what was read is handled to its end.
 */
export class Handling {
  readonly #problem: (what: string, kind: string) => void
  readonly #now: () => number
  /** By group and partition: whoever is at work there, and since when it was told to give it back. */
  readonly #atWork = new Map<string, Hold>()
  readonly #owners = new Map<string, string>()
  readonly #abandoned = new Set<string>()
  /** By group and partition: who has finished which offset. Those that may come once more are not among them. */
  readonly #finished = new Map<string, Map<number, string>>()

  /**
   * @param problem told what must not be
   * @param now milliseconds of the world
   */
  constructor(problem: (what: string, kind: string) => void, now: () => number) {
    this.#problem = problem
    this.#now = now
  }

  /** A member was told that a partition is its own; its listener may still be at work. */
  own(group: string, who: string, tp: string): void {
    const owner = this.#owners.get(`${group} ${tp}`)
    if (owner !== undefined && owner !== who)
      this.#problem(
        `${who} was assigned ${tp} at ${this.#at} while ${owner} had not done with giving it back`,
        'owners',
      )
    this.#owners.set(`${group} ${tp}`, who)
  }

  /** A member has given a partition back: its listener is done, or it is closed. */
  disown(group: string, who: string, tp: string): void {
    if (this.#owners.get(`${group} ${tp}`) === who) this.#owners.delete(`${group} ${tp}`)
  }

  begin(group: string, who: string, tp: string, offset: number): void {
    const place = `${group} ${tp}`
    const other = this.#atWork.get(place)
    if (other && other.who !== who)
      this.#problem(
        `${who} was given ${tp}-${offset} at ${this.#at} while ${other.who} was at work on ${tp}-${other.offset}`,
        'overlap',
      )
    const first = this.#finished.get(place)?.get(offset)
    if (first !== undefined)
      this.#problem(`${who} was given ${tp}-${offset} at ${this.#at}, which ${first} had handled`, 'again')
    this.#atWork.set(place, { who, offset })
  }

  end(group: string, who: string, tp: string, offset: number): void {
    const place = `${group} ${tp}`
    if (this.#abandoned.delete(`${who} ${tp}-${offset}`)) return
    if (this.#atWork.get(place)?.who === who) this.#atWork.delete(place)
    const finished = this.#finished.get(place) ?? new Map<number, string>()
    finished.set(offset, who)
    this.#finished.set(place, finished)
  }

  /** Its member goes while its handler is at work: the record is somebody else's from now on. */
  abandon(group: string, who: string, tp: string, offset: number): void {
    this.fail(group, who, tp)
    this.#abandoned.add(`${who} ${tp}-${offset}`)
  }

  /** Its handler failed: the record is to be handled once more. */
  fail(group: string, who: string, tp: string): void {
    if (this.#atWork.get(`${group} ${tp}`)?.who === who) this.#atWork.delete(`${group} ${tp}`)
  }

  /** Records from an offset on may come once more: their member went without having said that it was done with them. */
  excuse(group: string, tp: string, from: number): void {
    const finished = this.#finished.get(`${group} ${tp}`)
    for (const offset of finished?.keys() ?? []) if (offset >= from) finished?.delete(offset)
  }

  get #at(): string {
    return `${this.#now().toFixed(0)} ms`
  }
}
