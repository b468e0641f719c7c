import type { GroupMembership } from './group-membership.ts'

/** What is still done for partitions that were given up: the last commit, and behind it leaving the group. */
export class Partings {
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #commits = new WeakMap<GroupMembership, Promise<void>>()

  /**
   * @param commit of what was processed; it never rejects
   * @param membership left when the commit is over
   */
  add(commit: Promise<void>, membership?: GroupMembership): void {
    if (membership) this.#commits.set(membership, commit)
    const parting = commit.then(() => membership?.leave())
    this.#underWay.add(parting)
    void parting.finally(() => this.#underWay.delete(parting))
  }

  /** The last commit of a membership that was given up: until it is over others must not get the partitions. */
  commitOf(membership: GroupMembership): Promise<void> | undefined {
    return this.#commits.get(membership)
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }
}
