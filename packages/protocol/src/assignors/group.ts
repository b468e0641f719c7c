import type { Assignment, AssignorMember, AssignorTopic, TopicPartitions } from './assignor.ts'
import { compare } from './assignor.ts'
import { Subscriptions } from './subscriptions.ts'

/** Nobody, where the number of a member is expected. */
export const NOBODY = -1

/**
 * A group with its members and partitions numbered, so that assignors work with arrays of numbers. Members stand in the
 * order that is given; topics in the order of their names, each with a run of partition numbers. Topics that do not exist
 * or that nobody subscribed to are left out.
 */
export class Group {
  readonly members: readonly AssignorMember[]
  readonly topics: readonly string[]
  /** By topic: the number of its first partition; one more entry says how many partitions there are. */
  readonly first: readonly number[]
  /** By topic: who subscribed, in ascending order; topics with the same subscribers have the same array. */
  readonly subscribers: readonly (readonly number[])[]
  /** By partition: its topic. */
  readonly topicOf: Int32Array
  /** Whether all members subscribed to the same topics, those that do not exist included. */
  readonly isEven: boolean
  readonly #facts: ReadonlyMap<string, AssignorTopic>
  readonly #topicNumbers: ReadonlyMap<string, number>
  readonly #subscriptions: Subscriptions
  readonly #racksOfMembers = new Map<readonly number[], ReadonlySet<string>>()

  constructor(members: readonly AssignorMember[], facts: ReadonlyMap<string, AssignorTopic>) {
    this.members = members
    this.#facts = facts
    this.#subscriptions = new Subscriptions(members)
    const { subscribers } = this.#subscriptions
    this.topics = [...subscribers.keys()].filter((name) => facts.has(name)).sort(compare)
    this.#topicNumbers = new Map(this.topics.map((name, topic) => [name, topic]))
    this.subscribers = this.topics.map((name) => subscribers.get(name) as readonly number[])
    this.isEven = [...subscribers.values()].every(({ length }) => length === members.length)
    const first = [0]
    for (const name of this.topics) first.push((first.at(-1) as number) + (facts.get(name)?.partitions ?? 0))
    this.first = first
    this.topicOf = new Int32Array(this.partitions)
    for (let topic = 0; topic < this.topics.length; topic++)
      this.topicOf.fill(topic, first[topic], first[topic + 1])
  }

  /** How many partitions there are. */
  get partitions(): number {
    return this.first.at(-1) as number
  }

  subscribes(member: number, topic: number): boolean {
    return this.#subscriptions.has(member, this.topics[topic] as string)
  }

  facts(topic: number): AssignorTopic {
    return this.#facts.get(this.topics[topic] as string) as AssignorTopic
  }

  /** The partition's number within its topic, as others know it. */
  indexOf(partition: number): number {
    return partition - (this.first[this.topicOf[partition] as number] as number)
  }

  /** The racks of a partition's replicas. */
  racksOf(partition: number): readonly string[] {
    return this.facts(this.topicOf[partition] as number).racks?.[this.indexOf(partition)] ?? []
  }

  /** The rack of a member; undefined when it does not say. */
  rackOf(member: number): string | undefined {
    return this.members[member]?.rackId || undefined
  }

  /** The racks in which some of these members stand: all of them or the subscribers of a topic. */
  racksOfMembers(members: readonly number[]): ReadonlySet<string> {
    const known = this.#racksOfMembers.get(members)
    if (known) return known
    const racks = new Set<string>()
    for (const member of members) {
      const rack = this.rackOf(member)
      if (rack !== undefined) racks.add(rack)
    }
    this.#racksOfMembers.set(members, racks)
    return racks
  }

  /** What of a list exists, without repetitions; members name their partitions themselves and may be wrong. */
  numbersOf(owned: readonly TopicPartitions[] | undefined): Set<number> {
    const numbers = new Set<number>()
    for (const { topic: name, partitions } of owned ?? []) {
      const topic = this.#topicNumbers.get(name)
      if (topic === undefined) continue
      const first = this.first[topic] as number
      const count = (this.first[topic + 1] as number) - first
      for (const index of partitions)
        if (Number.isInteger(index) && index >= 0 && index < count) numbers.add(first + index)
    }
    return numbers
  }

  /** The answer, from the partitions of each member; each list is sorted here. */
  answer(shares: readonly Iterable<number>[]): Map<string, Assignment> {
    const result = new Map<string, Assignment>(this.members.map(({ memberId }) => [memberId, new Map()]))
    shares.forEach((share, member) => {
      const assignment = result.get(this.members[member]?.memberId as string) as Assignment
      for (const partition of [...share].sort((a, b) => a - b)) {
        const name = this.topics[this.topicOf[partition] as number] as string
        const list = assignment.get(name)
        if (list) list.push(this.indexOf(partition))
        else assignment.set(name, [this.indexOf(partition)])
      }
    })
    return result
  }

  /** The partitions of each member, when each partition has one owner or `NOBODY`. */
  sharesOf(owners: Int32Array): number[][] {
    const shares: number[][] = this.members.map(() => [])
    owners.forEach((owner, partition) => {
      shares[owner]?.push(partition)
    })
    return shares
  }
}

/** Members in the order of their ids, which does not depend on how they were listed. */
export function byId(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((a, b) => compare(a.memberId, b.memberId))
}
