import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { Membership } from '../group/membership.ts'
import type { AssignedPartition } from './positions.ts'

interface Departure {
  readonly membership: Membership | undefined
  readonly partitions: readonly AssignedPartition[]
  readonly over: Promise<void>
}

/** What is still done for partitions that were given up: the last commit, telling the user, leaving the group. */
export class Departures {
  readonly #underWay = new Set<Departure>()

  /** @param over settles when others may have the partitions; it never rejects */
  add(
    membership: Membership | undefined,
    partitions: readonly AssignedPartition[],
    over: Promise<void>,
  ): void {
    const departure = { membership, partitions, over }
    this.#underWay.add(departure)
    void over.finally(() => this.#underWay.delete(departure))
  }

  /** Partitions that are being given up and still can be committed. */
  get partitions(): readonly AssignedPartition[] {
    return [...this.#underWay].flatMap(({ partitions }) => partitions.filter(({ isGone }) => !isGone))
  }

  find(target: TopicPartition): AssignedPartition | undefined {
    return this.partitions.find(
      ({ topic, partition }) => topic === target.topic && partition === target.partition,
    )
  }

  /** Settles when the partitions of a membership that was given up may be given to others. */
  async of(membership: Membership): Promise<void> {
    for (const departure of this.#underWay) if (departure.membership === membership) await departure.over
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#underWay].map(({ over }) => over))
  }
}
