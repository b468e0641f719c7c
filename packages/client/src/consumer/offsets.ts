import { ListOffsets, OffsetCommit, OffsetFetch } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
import { named } from '../cluster/topic-partition.ts'
import { ConnectionError, ServerError } from '../errors.ts'
import type { MemberIdentity } from '../group/membership.ts'

/** ListOffsets' names for the ends of a log. */
export const EARLIEST = -2
export const LATEST = -1
/** The newest version that names topics; later ones need ids for every one of them. */
const LAST_WITH_NAMES = 9
/** Kafka's code for a group whose members are rejoining. */
const REBALANCE_IN_PROGRESS = 27

type Isolation = 'read_uncommitted' | 'read_committed'

/** Where a time was found. */
export interface FoundTime {
  offset: number
  /** Milliseconds since the epoch; -1 when none was found or asked for, and when it is no safe integer. */
  timestamp: number
  /** The time exactly; there only where it is no safe integer. */
  timestampBigInt?: bigint
}

export interface FoundOffset extends FoundTime {
  leaderEpoch: number
}

/** What was found, for users; undefined when nothing was. */
export function foundTime(found: FoundOffset | undefined): FoundTime | undefined {
  if (!found || found.offset < 0) return undefined
  const { leaderEpoch: _, ...time } = found
  return time
}

/**
 * Offsets of partitions by time (or EARLIEST, LATEST), asked of the leaders.
 * @throws TimeoutError or ServerError
 */
export async function listOffsets(
  cluster: Cluster,
  wanted: readonly (TopicPartition & { timestamp: number })[],
  isolation: Isolation,
  deadline: number,
): Promise<Map<string, FoundOffset>> {
  const found = new Map<string, FoundOffset>()
  const what = `offsets of ${wanted.map(named).join(', ')}`
  await cluster.retrying({ what, place: recovery.listOffsets, deadline }, async () => {
    const missing = wanted.filter((each) => !found.has(named(each)))
    const problems: Error[] = []
    const ask = async ([node, group]: [number, (TopicPartition & { timestamp: number })[]]) => {
      for (const [name, answer] of await askOffsets(cluster, node, group, isolation)) {
        if (answer instanceof ServerError) problems.push(answer)
        else found.set(name, answer)
      }
    }
    const outcomes = await Promise.allSettled([...(await byLeader(cluster, missing, deadline))].map(ask))
    for (const outcome of outcomes) if (outcome.status === 'rejected') problems.push(outcome.reason)
    if (problems[0]) throw problems[0]
    const left = wanted.find((each) => !found.has(named(each)))
    if (left)
      throw new ConnectionError(`the answer to ListOffsets leaves ${named(left)} out`, named(left), true)
  })
  return found
}

/**
 * Asks one leader, once.
 * @returns for each partition what was found, or why it was refused
 * @throws what keeps the whole request from being answered
 */
export async function askOffsets(
  cluster: Cluster,
  node: number,
  wanted: readonly (TopicPartition & { timestamp: number })[],
  isolation: Isolation,
): Promise<Map<string, FoundOffset | ServerError>> {
  const topics = byTopic(wanted).map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition: partitionIndex, timestamp }) => ({
      partitionIndex,
      timestamp,
      currentLeaderEpoch: cluster.metadata.topics.get(name)?.partitions[partitionIndex]?.leaderEpoch ?? -1,
    })),
  }))
  const isolationLevel = isolation === 'read_committed' ? 1 : 0
  const answer = await cluster.request(ListOffsets, { replicaId: -1, isolationLevel, topics }, { node })
  const found = new Map<string, FoundOffset | ServerError>()
  for (const { name: topic, partitions } of answer.topics) {
    for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions) {
      const isRefused = errorCode !== 0
      const place = { api: 'ListOffsets', topic, partition }
      found.set(
        named({ topic, partition }),
        isRefused ? new ServerError(errorCode, place) : { offset, leaderEpoch, ...timed(timestamp) },
      )
    }
  }
  return found
}

function timed(timestamp: number | bigint): Pick<FoundOffset, 'timestamp' | 'timestampBigInt'> {
  return typeof timestamp === 'bigint' ? { timestamp: -1, timestampBigInt: timestamp } : { timestamp }
}

async function byLeader<T extends TopicPartition>(
  cluster: Cluster,
  wanted: readonly T[],
  deadline: number,
): Promise<Map<number, T[]>> {
  const groups = new Map<number, T[]>()
  for (const each of wanted) {
    const topic = await cluster.awaitTopic(each.topic, deadline, each.partition)
    const leader = topic.partitions[each.partition]?.leader ?? -1
    if (leader < 0)
      throw new ServerError(5, { api: 'Metadata', topic: each.topic, partition: each.partition })
    const group = groups.get(leader)
    if (group) group.push(each)
    else groups.set(leader, [each])
  }
  return groups
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
  const attempt = () => askCommitted(cluster, groupId, wanted)
  return cluster.retrying({ what, place: recovery.offsetFetch, deadline, coordinator }, attempt)
}

/** As `fetchCommitted`, asked once. */
export async function askCommitted(
  cluster: Cluster,
  groupId: string,
  wanted: readonly TopicPartition[],
): Promise<Map<string, TopicPartitionOffset>> {
  const asked = byTopic(wanted).map(([name, partitions]) => ({
    name,
    partitionIndexes: partitions.map(({ partition }) => partition),
  }))
  const answer = await cluster.request(
    OffsetFetch,
    (version) => ({
      ...(version >= 8
        ? { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: asked }] }
        : { groupId, topics: asked }),
      // Offsets of a transaction that is not decided yet are waited for (KIP-447).
      ...(version >= 7 ? { requireStable: true } : {}),
    }),
    { key: groupId, maxVersion: LAST_WITH_NAMES },
  )
  const group = answer.groups[0] ?? answer
  if (group.errorCode !== 0)
    throw new ServerError(group.errorCode, { api: 'OffsetFetch', about: `group ${groupId}` })
  const found = new Map<string, TopicPartitionOffset>()
  for (const { name: topic, partitions } of group.topics) {
    for (const each of partitions) {
      const { partitionIndex: partition, committedLeaderEpoch: leaderEpoch } = each
      // Anybody may commit any number. No log reaches this one either, and the fetch says so: OFFSET_OUT_OF_RANGE.
      const offset = Math.min(Number(each.committedOffset), Number.MAX_SAFE_INTEGER)
      if (each.errorCode !== 0)
        throw new ServerError(each.errorCode, { api: 'OffsetFetch', topic, partition })
      const metadata = each.metadata ?? ''
      if (offset >= 0)
        found.set(named({ topic, partition }), { topic, partition, offset, leaderEpoch, metadata })
    }
  }
  return found
}

/**
 * Commits offsets: the next ones to read. One that is refused, as that of a topic which was deleted, does not keep the
 * others from being stored.
 * @param onStored called for each that was
 * @throws ServerError; REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION and UNKNOWN_MEMBER_ID mean that the partitions are not
 * this member's any more. TimeoutError
 */
export async function commitOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
  /** The member that commits, asked for each attempt; undefined for partitions of one's own choice. */
  member: (() => MemberIdentity | undefined) | undefined,
  groupInstanceId: string | undefined,
  deadline: number,
  onStored: (target: TopicPartition) => void,
): Promise<void> {
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
  const attempt = async (onWritten: () => void) => {
    const identity = member?.()
    // Without a generation the coordinator of an empty group would take it as coming from no member at all.
    if (member && !identity)
      throw new ServerError(REBALANCE_IN_PROGRESS, { api: 'OffsetCommit', about: `group ${groupId}` })
    const answer = await cluster.request(
      OffsetCommit,
      {
        groupId,
        generationIdOrMemberEpoch: identity?.generation ?? -1,
        memberId: identity?.memberId ?? '',
        topics,
        groupInstanceId: (member && groupInstanceId) ?? null,
      },
      { key: groupId, maxVersion: LAST_WITH_NAMES, onWritten },
    )
    const refusals: ServerError[] = []
    for (const { name: topic, partitions } of answer.topics) {
      for (const { partitionIndex: partition, errorCode } of partitions) {
        const place = { api: 'OffsetCommit', topic, partition, about: `group ${groupId}` }
        if (errorCode === 0) onStored({ topic, partition })
        else refusals.push(new ServerError(errorCode, place))
      }
    }
    // What another try can mend comes first: after it, what it cannot.
    const isPassing = (error: Error) => recover(error, recovery.commit) !== 'fail'
    const [first] = [...refusals.filter(isPassing), ...refusals]
    if (first) throw first
  }
  const what = `the commit of group ${groupId}`
  await cluster.retrying({ what, place: recovery.commit, deadline, coordinator }, attempt)
}

export function byTopic<T extends TopicPartition>(partitions: readonly T[]): [string, T[]][] {
  const topics = new Map<string, T[]>()
  for (const each of partitions) {
    const known = topics.get(each.topic)
    if (known) known.push(each)
    else topics.set(each.topic, [each])
  }
  return [...topics]
}
