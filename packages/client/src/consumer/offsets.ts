import { ListOffsets, OffsetCommit, OffsetFetch } from '@samsa/protocol'
import type { Cluster } from '../cluster.ts'
import { ServerError } from '../errors.ts'
import { recovery } from '../recovery.ts'
import type { Place } from './group-membership.ts'
import type { TopicPartition, TopicPartitionOffset } from './topic-partition.ts'
import { named } from './topic-partition.ts'

/** ListOffsets' names for the ends of a log. */
export const EARLIEST = -2
export const LATEST = -1
/** Kafka's code for a group whose members are rejoining. */
const REBALANCE_IN_PROGRESS = 27
/** The newest version that names topics; later ones need ids for every one of them. */
const LAST_WITH_NAMES = 9
const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5

export interface FoundOffset {
  offset: number
  /** -1 when none was found or asked for. */
  timestamp: number
  leaderEpoch: number
}

/**
 * Offsets of partitions by time (or EARLIEST, LATEST), asked of the leaders, of all at the same time.
 * @param onFound called for each partition as soon as it has its answer, also when others get none
 * @throws TimeoutError or ServerError
 */
export async function listOffsets(
  cluster: Cluster,
  wanted: readonly TimedPartition[],
  isolationLevel: number,
  deadline: number,
  onFound: (name: string, found: FoundOffset) => void,
): Promise<Map<string, FoundOffset>> {
  const found = new Map<string, FoundOffset>()
  const note = (name: string, offset: FoundOffset) => {
    found.set(name, offset)
    onFound(name, offset)
  }
  const attempt = async () => {
    const open = wanted.filter((each) => !found.has(named(each)))
    if (open.some(({ topic }) => !cluster.metadata.topics.has(topic))) await cluster.refresh()
    const { groups, problems } = byLeader(cluster, open)
    const asked = [...groups].map(([node, group]) => askLeader(cluster, node, group, isolationLevel, note))
    for (const outcome of await Promise.allSettled(asked)) {
      if (outcome.status === 'rejected') problems.push(outcome.reason)
    }
    if (problems.length > 0) throw problems[0]
  }
  for (const { topic } of wanted) cluster.want(topic)
  try {
    const what = `offsets of ${wanted.map(named).join(', ')}`
    await cluster.retrying(what, recovery.listOffsets, deadline, attempt)
  } finally {
    for (const { topic } of wanted) cluster.unwant(topic)
  }
  return found
}

type TimedPartition = TopicPartition & { timestamp: number }

/** @throws ServerError for the first partition that was refused, after every other one was noted */
async function askLeader(
  cluster: Cluster,
  node: number,
  group: readonly TimedPartition[],
  isolationLevel: number,
  note: (name: string, found: FoundOffset) => void,
): Promise<void> {
  const topics = byTopic(group).map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition: partitionIndex, timestamp }) => ({
      partitionIndex,
      timestamp,
      currentLeaderEpoch: cluster.metadata.topics.get(name)?.partitions[partitionIndex]?.leaderEpoch ?? -1,
    })),
  }))
  const answer = await cluster.request(ListOffsets, { replicaId: -1, isolationLevel, topics }, { node })
  let problem: ServerError | undefined
  for (const { name: topic, partitions } of answer.topics) {
    for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions) {
      if (errorCode === 0) note(named({ topic, partition }), { offset, timestamp, leaderEpoch })
      else problem ??= new ServerError(errorCode, { api: 'ListOffsets', topic, partition })
    }
  }
  if (problem) throw problem
}

/** Partitions by the node that leads them; those without a leader are problems, and no reason to leave the others. */
function byLeader(
  cluster: Cluster,
  wanted: readonly TimedPartition[],
): { groups: Map<number, TimedPartition[]>; problems: unknown[] } {
  const groups = new Map<number, TimedPartition[]>()
  const problems: unknown[] = []
  const { topics, brokers } = cluster.metadata
  for (const each of wanted) {
    const { topic, partition } = each
    const known = topics.get(topic)
    const leader = known?.partitions[partition]?.leader ?? -1
    if (known && leader >= 0 && brokers.has(leader)) {
      groups.set(leader, [...(groups.get(leader) ?? []), each])
      continue
    }
    const missing = known?.partitions[partition] ? LEADER_NOT_AVAILABLE : UNKNOWN_TOPIC_OR_PARTITION
    problems.push(new ServerError(known?.errorCode || missing, { api: 'Metadata', topic, partition }))
  }
  return { groups, problems }
}

/**
 * What a group has committed; partitions without a commit are missing from the result.
 * @throws TimeoutError or ServerError: a refusal never looks like "nothing was committed"
 */
export function fetchCommitted(
  cluster: Cluster,
  groupId: string,
  wanted: readonly TopicPartition[],
  deadline: number,
): Promise<Map<string, TopicPartitionOffset>> {
  const coordinator = { type: 'group', key: groupId } as const
  const what = `the committed offsets of group ${groupId}`
  const asked = byTopic(wanted).map(([name, partitions]) => ({
    name,
    partitionIndexes: partitions.map(({ partition }) => partition),
  }))
  const attempt = async () => {
    const answer = await cluster.request(
      OffsetFetch,
      (version) => ({
        ...(version >= 8
          ? { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: asked }] }
          : { groupId, topics: asked }),
        // Offsets of a transaction that is not decided yet are waited for (KIP-447).
        ...(version >= 7 ? { requireStable: true } : {}),
      }),
      { coordinator: 'group', key: groupId },
      { maxVersion: LAST_WITH_NAMES },
    )
    const group = answer.groups[0] ?? answer
    if (group.errorCode !== 0)
      throw new ServerError(group.errorCode, { api: 'OffsetFetch', about: `group ${groupId}` })
    const found = new Map<string, TopicPartitionOffset>()
    for (const { name: topic, partitions } of group.topics) {
      for (const {
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        metadata,
        errorCode,
      } of partitions) {
        if (errorCode !== 0) throw new ServerError(errorCode, { api: 'OffsetFetch', topic, partition })
        if (offset >= 0)
          found.set(named({ topic, partition }), {
            topic,
            partition,
            offset,
            leaderEpoch,
            metadata: metadata ?? '',
          })
      }
    }
    return found
  }
  return cluster.retrying(what, recovery.offsetFetch, deadline, attempt, coordinator)
}

/**
 * Commits offsets: the next ones to read.
 * @param place of a member of the group, when the records were handed over. Every attempt is made in its name: under a
 *   later generation the partitions may be somebody else's, whose commits this one would undo
 * @throws ServerError; REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION and UNKNOWN_MEMBER_ID mean that the partitions are not
 * this member's any more. TimeoutError
 */
export async function commitOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
  place: Place | undefined,
  groupInstanceId: string | undefined,
  deadline: number,
): Promise<void> {
  if (place && place.generation < 0)
    throw new ServerError(REBALANCE_IN_PROGRESS, { api: 'OffsetCommit', about: `group ${groupId}` })
  const coordinator = { type: 'group', key: groupId } as const
  const topics = byTopic(offsets).map(([name, partitions]) => ({
    name,
    partitions: partitions.map(
      ({ partition: partitionIndex, offset: committedOffset, metadata = '', leaderEpoch = -1 }) => ({
        partitionIndex,
        committedOffset,
        committedMetadata: metadata,
        committedLeaderEpoch: leaderEpoch,
      }),
    ),
  }))
  const attempt = async () => {
    const answer = await cluster.request(
      OffsetCommit,
      (version) => ({
        groupId,
        generationIdOrMemberEpoch: place?.generation ?? -1,
        memberId: place?.memberId ?? '',
        topics,
        ...(version >= 7 && place ? { groupInstanceId: groupInstanceId ?? null } : {}),
      }),
      { coordinator: 'group', key: groupId },
      { maxVersion: LAST_WITH_NAMES },
    )
    for (const { name: topic, partitions } of answer.topics) {
      for (const { partitionIndex: partition, errorCode } of partitions) {
        if (errorCode !== 0)
          throw new ServerError(errorCode, {
            api: 'OffsetCommit',
            topic,
            partition,
            about: `group ${groupId}`,
          })
      }
    }
  }
  await cluster.retrying(
    `the commit of group ${groupId}`,
    recovery.offsetCommit,
    deadline,
    attempt,
    coordinator,
  )
}

function byTopic<T extends TopicPartition>(partitions: readonly T[]): [string, T[]][] {
  const topics = new Map<string, T[]>()
  for (const each of partitions) topics.set(each.topic, [...(topics.get(each.topic) ?? []), each])
  return [...topics]
}
