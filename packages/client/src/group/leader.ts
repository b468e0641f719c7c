import type { AssignorMember, AssignorTopic } from '@samsa/protocol'
import { encodeAssignment } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { Metadata } from '../cluster/metadata.ts'
import { KafkaError } from '../errors.ts'
import { assignors } from './assignors.ts'

/**
 * What the leader of a classic group has to do: share the partitions out, and watch the topics of the whole group, also
 * those that only other members subscribed to. A leader that comes back to its place and is told to leave the assignment
 * as it is (KIP-814) watches all the same. Source: `ConsumerCoordinator.onLeaderElected`.
 */
export class Leader {
  readonly #cluster: Cluster
  /** Topics of the group, and the numbers of their partitions when they were shared out; undefined for a follower. */
  #watched: { topics: readonly string[]; counts: string } | undefined

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Whether the topics of the group have other partitions than were shared out. */
  get isOutdated(): boolean {
    return this.#watched !== undefined && this.#counts(this.#watched.topics) !== this.#watched.counts
  }

  /** Watches the topics of the members, from what is known of them now. */
  async watch(members: readonly AssignorMember[]): Promise<readonly string[]> {
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort()
    this.#keep(topics)
    if (topics.some((topic) => !this.#cluster.metadata.topics.has(topic))) await this.#cluster.refresh()
    this.#watched = { topics, counts: this.#counts(topics) }
    return topics
  }

  /** Another member leads, or this one has left. */
  resign(): void {
    this.#keep(undefined)
  }

  /** Every member's share, from the newest metadata. */
  async assignments(
    members: readonly AssignorMember[],
    protocol: string,
  ): Promise<{ memberId: string; assignment: Uint8Array }[]> {
    const topics = await this.watch(members)
    const assign = assignors[protocol]
    if (!assign)
      throw new KafkaError(
        'INCONSISTENT_GROUP_PROTOCOL',
        `the group chose the assignor ${protocol}, which is not known here`,
      )
    return [...assign(members, facts(this.#cluster.metadata, topics))].map(([memberId, assignment]) => ({
      memberId,
      assignment: encodeAssignment({
        assignedPartitions: [...assignment].map(([topic, partitions]) => ({ topic, partitions })),
        userData: null,
      }),
    }))
  }

  #counts(topics: readonly string[]): string {
    const known = this.#cluster.metadata.topics
    return topics.map((topic) => `${topic}:${known.get(topic)?.partitions.length ?? 0}`).join()
  }

  /** Keeps topics in the metadata for as long as this member watches them. */
  #keep(topics: readonly string[] | undefined): void {
    for (const topic of topics ?? []) this.#cluster.want(topic)
    for (const topic of this.#watched?.topics ?? []) this.#cluster.unwant(topic)
    this.#watched = topics && { topics, counts: '' }
  }
}

/** What the leader knows of topics; those that do not exist are missing. */
function facts({ brokers, topics }: Metadata, names: readonly string[]): Map<string, AssignorTopic> {
  const result = new Map<string, AssignorTopic>()
  for (const name of names) {
    const known = topics.get(name)
    if (!known) continue
    const racks = known.partitions.map((partition) =>
      (partition?.replicas ?? []).flatMap((id) => brokers.get(id)?.rack ?? []),
    )
    result.set(name, { partitions: known.partitions.length, racks })
  }
  return result
}
