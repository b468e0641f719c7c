import type { Request, Response } from '@samsa/protocol'
import { Fetch, zeroUuid } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { LeaderHint, Metadata } from '../cluster/metadata.ts'
import { ServerError } from '../errors.ts'
import type { Lane } from '../net/lane.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { AssignedPartition } from './positions.ts'

type Topic = Request<typeof Fetch>['topics'][number]
export type PartitionAnswer = Response<typeof Fetch>['responses'][number]['partitions'][number]

/** The newest version that names topics; later ones need ids for every one of them. */
const LAST_WITH_NAMES = 12

/** A partition as it was when it was asked for. */
export interface Asked {
  readonly partition: AssignedPartition
  readonly offset: number
  /** Leader epoch of the batch before that offset; -1 when unknown. */
  readonly epoch: number
  /** Epoch of its leader as it was known then; -1 when unknown. */
  readonly leaderEpoch: number
}

export interface FetchQuestion {
  node: number
  lane: Lane
  maxWaitMs: number
  maxBytes: number
  /** In the order in which the broker fills its answer. */
  asked: readonly Asked[]
}

/**
 * Asks one broker, once.
 * @returns what the answer says of each partition that was asked for, in the order of the answer
 * @throws ServerError when the whole was refused, and what keeps a request from being answered
 */
export async function askFetch(
  cluster: Cluster,
  config: ConsumerConfig,
  { node, lane, maxWaitMs, maxBytes, asked }: FetchQuestion,
): Promise<[Asked, PartitionAnswer][]> {
  const { topics } = cluster.metadata
  const idOf = ({ partition: { topic } }: Asked) => topics.get(topic)?.id ?? zeroUuid
  const ids = new Map(asked.map((each) => [idOf(each), each.partition.topic]))
  const answer = await cluster.request(
    Fetch,
    {
      maxWaitMs,
      minBytes: config.fetchMinBytes,
      maxBytes,
      isolationLevel: config.isolationLevel === 'read_committed' ? 1 : 0,
      topics: topicsOf(topics, asked, config.maxPartitionFetchBytes),
      forgottenTopicsData: [],
      rackId: config.clientRack,
    },
    { node, holdMs: maxWaitMs, lane, ...(ids.has(zeroUuid) ? { maxVersion: LAST_WITH_NAMES } : {}) },
  )
  if (answer.errorCode !== 0) throw new ServerError(answer.errorCode, { api: 'Fetch' })
  const byName = new Map(asked.map((each) => [`${each.partition.topic} ${each.partition.partition}`, each]))
  const parts: [Asked, PartitionAnswer][] = []
  const hints: LeaderHint[] = []
  for (const { topic: given, topicId, partitions } of answer.responses) {
    const topic = topicId === zeroUuid ? given : (ids.get(topicId) ?? given)
    for (const part of partitions) {
      const each = byName.get(`${topic} ${part.partitionIndex}`)
      if (each) parts.push([each, part])
      const { leaderId: leader, leaderEpoch } = part.currentLeader
      if (leader >= 0 && leaderEpoch >= 0)
        hints.push({ topic, partition: part.partitionIndex, leader, leaderEpoch })
    }
  }
  // Leaders that refusals name (KIP-951).
  if (hints.length > 0) {
    const { nodeEndpoints } = answer
    const endpoints = nodeEndpoints.map(({ nodeId: id, host, port, rack }) => ({ id, host, port, rack }))
    cluster.learnLeaders(hints, endpoints)
  }
  return parts
}

function topicsOf(metadata: Metadata['topics'], asked: readonly Asked[], partitionMaxBytes: number): Topic[] {
  const topics = new Map<string, Topic & { partitions: Topic['partitions'][number][] }>()
  for (const { partition, offset: fetchOffset, epoch, leaderEpoch: currentLeaderEpoch } of asked) {
    const { topic, partition: index } = partition
    let entry = topics.get(topic)
    if (!entry) {
      entry = { topic, topicId: metadata.get(topic)?.id ?? zeroUuid, partitions: [] }
      topics.set(topic, entry)
    }
    entry.partitions.push({
      partition: index,
      currentLeaderEpoch,
      fetchOffset,
      lastFetchedEpoch: epoch,
      partitionMaxBytes,
    })
  }
  return [...topics.values()]
}
