/**
 * Members in the order of how many partitions they have. From the bottom those with least take turns, and as their level
 * rises it takes in those above; from the top those with most take turns, and as their level sinks it takes in those below.
 * The counts change meanwhile, by the caller, as members are named here. Source:
 * `UniformHeterogeneousAssignmentBuilder.MemberAssignmentBalancer`.
 */
export class Levels {
  readonly #counts: Int32Array
  readonly #members: number[]
  /** Members below this place have the lowest count. */
  #lowEnd = 0
  #lowCount: number
  #lowNext = 0
  /** Members from this place up to `#highEnd` have the highest count, of those that can give. */
  #highStart: number
  #highEnd: number
  #highCount: number
  #highNext: number

  constructor(members: readonly number[], counts: Int32Array) {
    this.#counts = counts
    this.#members = [...members].sort((a, b) => (counts[a] as number) - (counts[b] as number) || a - b)
    const { length } = members
    this.#lowCount = this.#countAt(0) - 1
    this.#highStart = length
    this.#highEnd = length
    this.#highCount = this.#countAt(length - 1) + 1
    this.#highNext = length - 1
  }

  /** How far the counts lay apart in the beginning. */
  get spread(): number {
    return this.#highCount - this.#lowCount - 2
  }

  /** Whether taking from the top for the bottom would not make it more even. */
  get isLevel(): boolean {
    return this.#highCount - this.#lowCount <= 1
  }

  /** The member that is to get the next partition. */
  nextLeast(): number {
    if (this.#lowNext >= this.#lowEnd) {
      this.#lowCount++
      while (this.#lowEnd < this.#members.length && this.#countAt(this.#lowEnd) === this.#lowCount)
        this.#lowEnd++
      this.#lowNext = 0
    }
    return this.#members[this.#lowNext++] as number
  }

  /** The member that is to give the next partition; undefined when nobody can. */
  nextMost(canGive: (member: number) => boolean): number | undefined {
    for (;;) {
      if (this.#highNext < this.#highStart) this.#sink()
      if (this.#highNext < 0) return undefined
      const place = this.#highNext--
      const member = this.#members[place] as number
      if (canGive(member)) return member
      // It leaves those with most: the last of them takes its place.
      this.#highEnd--
      this.#members[place] = this.#members[this.#highEnd] as number
      this.#members[this.#highEnd] = member
    }
  }

  #sink(): void {
    const hasNobody = this.#highEnd <= this.#highStart && this.#highStart > 0
    this.#highCount = hasNobody ? this.#countAt(this.#highStart - 1) : this.#highCount - 1
    while (this.#highStart > 0 && this.#countAt(this.#highStart - 1) === this.#highCount) this.#highStart--
    this.#highNext = this.#highEnd - 1
  }

  #countAt(place: number): number {
    return this.#counts[this.#members[place] as number] as number
  }
}
