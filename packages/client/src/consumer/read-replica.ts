import type { Cluster } from '../cluster/cluster.ts'
import type { AssignedPartition } from './positions.ts'

/**
 * From which broker each partition is read: its leader, or the follower that the leader has named as nearer (KIP-392).
 * That one is forgotten after `metadataMaxAgeMs`, when it leaves the cluster, and after an error of it; that it names
 * nobody itself means nothing. Source: `AbstractFetch.selectReadReplica`.
 */
export class ReadReplicas {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** The broker to ask; undefined while no leader is known. */
  nodeOf(partition: AssignedPartition, now: number): number | undefined {
    const { readReplica } = partition
    if (readReplica) {
      if (readReplica.until > now && this.#cluster.metadata.brokers.has(readReplica.node))
        return readReplica.node
      this.forget(partition)
    }
    return this.leaderOf(partition)
  }

  leaderOf({ topic, partition }: AssignedPartition): number | undefined {
    const { topics, brokers } = this.#cluster.metadata
    const leader = topics.get(topic)?.partitions[partition]?.leader ?? -1
    return leader >= 0 && brokers.has(leader) ? leader : undefined
  }

  /** -1 when it is unknown. */
  leaderEpochOf({ topic, partition }: AssignedPartition): number {
    return this.#cluster.metadata.topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1
  }

  /** Reads from a follower that was named. False when it is where it was read from, or nobody knows it. */
  follow(partition: AssignedPartition, node: number, asked: number): boolean {
    const { metadata, runtime, config } = this.#cluster
    if (node === asked) return false
    if (!metadata.brokers.has(node)) {
      this.#cluster.requestRefresh()
      return false
    }
    if (node === this.leaderOf(partition)) this.forget(partition)
    else partition.readReplica = { node, until: runtime.now() + config.metadataMaxAgeMs }
    return true
  }

  /** Reads from the leader again. False when it was read from there. */
  forget(partition: AssignedPartition): boolean {
    const isFollowing = partition.readReplica !== undefined
    partition.readReplica = undefined
    return isFollowing
  }
}
