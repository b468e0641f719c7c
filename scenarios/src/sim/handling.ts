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
  readonly #finished = new Map<string, string>()
  readonly #excused = new Set<string>()

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
    const name = `${place}-${offset}`
    const first = this.#finished.get(name)
    if (first !== undefined && !this.#excused.delete(name))
      this.#problem(`${who} was given ${tp}-${offset} at ${this.#at}, which ${first} had handled`, 'again')
    this.#atWork.set(place, { who, offset })
  }

  end(group: string, who: string, tp: string, offset: number): void {
    const place = `${group} ${tp}`
    if (this.#atWork.get(place)?.who === who) this.#atWork.delete(place)
    this.#finished.set(`${place}-${offset}`, who)
  }

  /** Its handler failed: the record is to be handled once more. */
  fail(group: string, who: string, tp: string): void {
    if (this.#atWork.get(`${group} ${tp}`)?.who === who) this.#atWork.delete(`${group} ${tp}`)
  }

  /** A record may come once more: its member went without having said that it was done with it. */
  excuse(group: string, tp: string, offset: number): void {
    this.#excused.add(`${group} ${tp}-${offset}`)
  }

  isFinished(group: string, tp: string, offset: number): boolean {
    return this.#finished.has(`${group} ${tp}-${offset}`)
  }

  get #at(): string {
    return `${this.#now().toFixed(0)} ms`
  }
}
