import { KafkaError } from '@samsa/protocol'
import type { Node } from '../state.ts'

/**
 * The leaders that an assignment by hand asks for: of each partition the first of its replicas that is up.
 * Source: `ReplicationControlManager.validateManualPartitionAssignment`.
 * @param replicas of each partition, the ids of its nodes
 * @throws KafkaError INVALID_REPLICA_ASSIGNMENT
 */
export function assignedLeaders(replicas: readonly (readonly number[])[], nodes: readonly Node[]): number[] {
  const refuse = (what: string) =>
    new KafkaError('INVALID_REPLICA_ASSIGNMENT', `The manual partition assignment includes ${what}.`)
  return replicas.map((ids) => {
    if (ids.length === 0) throw refuse('an empty replica list')
    if (new Set(ids).size < ids.length) throw refuse(`a broker more than once: ${ids.join(', ')}`)
    if (ids.length !== replicas[0]?.length) throw refuse('partitions with different numbers of replicas')
    const stranger = ids.find((id) => !nodes.some((node) => node.id === id))
    if (stranger !== undefined) throw refuse(`broker ${stranger}, but no such broker is registered`)
    const leader = ids.find((id) => nodes.some((node) => node.id === id && node.isUp))
    if (leader === undefined) throw refuse(`a partition all of whose brokers are down: ${ids.join(', ')}`)
    return leader
  })
}

/** The most partitions that one request may create (`QuorumController.MAX_RECORDS_PER_USER_OP`). */
export const MOST_NEW_PARTITIONS = 10_000
