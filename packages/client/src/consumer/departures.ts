import type { ClassicMembership } from '../group/classic-membership.ts'

/** What is still done for partitions that were given up: the last commit, and behind it leaving the group. */
export class Departures {
  readonly #inFlight = new Set<Promise<unknown>>()
  readonly #commits = new WeakMap<ClassicMembership, Promise<void>>()

  /**
   * @param commit of what was processed; it never rejects
   * @param membership left when the commit is over
   */
  add(commit: Promise<void>, membership?: ClassicMembership): void {
    if (membership) this.#commits.set(membership, commit)
    const parting = commit.then(() => membership?.leave())
    this.#inFlight.add(parting)
    void parting.finally(() => this.#inFlight.delete(parting))
  }

  /** The last commit of a membership that was given up: until it is over others must not get the partitions. */
  commitOf(membership: ClassicMembership): Promise<void> | undefined {
    return this.#commits.get(membership)
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
  }
}
