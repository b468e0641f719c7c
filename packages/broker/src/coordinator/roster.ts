import type { GroupProtocol, Member } from './member.ts'

/** The members of a classic group, in the order in which they came. */
export class Roster implements Iterable<Member> {
  readonly #byId = new Map<string, Member>()

  get size(): number {
    return this.#byId.size
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#byId.values()
  }

  /** The members at this moment; the roster may change while they are looked at. */
  get all(): Member[] {
    return [...this.#byId.values()]
  }

  get(id: string): Member | undefined {
    return this.#byId.get(id)
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** The static member of that instance id. */
  instance(groupInstanceId: string | null): Member | undefined {
    return groupInstanceId === null
      ? undefined
      : this.all.find(({ instanceId }) => instanceId === groupInstanceId)
  }

  add(member: Member): void {
    this.#byId.set(member.id, member)
  }

  remove(id: string): void {
    this.#byId.delete(id)
  }

  /** Whether this is a member and its newest incarnation: NONE or the error. Source: `ClassicGroup.validateMember`. */
  identify(memberId: string, groupInstanceId: string | null): string {
    if (groupInstanceId === null) return this.has(memberId) ? 'NONE' : 'UNKNOWN_MEMBER_ID'
    const known = this.instance(groupInstanceId)
    if (!known) return 'UNKNOWN_MEMBER_ID'
    return known.id === memberId ? 'NONE' : 'FENCED_INSTANCE_ID'
  }

  /** How long a rebalance may take: as long as the most patient member allows. */
  get rebalanceTimeoutMs(): number {
    return this.all.reduce((longest, member) => Math.max(longest, member.rebalanceTimeoutMs), 0)
  }

  /** Members whose join is held back. */
  get joining(): Member[] {
    return this.all.filter(({ joining }) => joining !== undefined)
  }

  /** Members that have not asked for their assignment of this generation. */
  get notSynced(): Member[] {
    return this.all.filter(({ hasSynced }) => !hasSynced)
  }

  /** Whether one of these protocols is one that every member has. */
  supportsAny(protocols: readonly GroupProtocol[]): boolean {
    return protocols.some(({ name }) => this.#isCommon(name))
  }

  /** Each member votes for the first of its protocols that all have. Source: `ClassicGroup.selectProtocol`. */
  vote(): string {
    const votes = new Map<string, number>()
    for (const { protocols } of this) {
      const choice = protocols.find(({ name }) => this.#isCommon(name))?.name ?? ''
      votes.set(choice, (votes.get(choice) ?? 0) + 1)
    }
    return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0]
  }

  #isCommon(name: string): boolean {
    return this.all.every(({ protocols }) => protocols.some((protocol) => protocol.name === name))
  }
}
