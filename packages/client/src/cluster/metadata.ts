import type { Metadata as MetadataApi, Response } from '@samsa/protocol'
import { zeroUuid } from '@samsa/protocol'
import { TimeoutError } from '../errors.ts'
import type { Broker } from '../net/endpoint.ts'

export interface PartitionMetadata {
  index: number
  /** Broker id; -1 while there is none. */
  leader: number
  /** -1 when the broker does not say (before Metadata v7, and some services). */
  leaderEpoch: number
  replicas: readonly number[]
  isr: readonly number[]
  errorCode: number
}

export interface TopicMetadata {
  name: string
  /** `zeroUuid` before Metadata v10. */
  id: string
  isInternal: boolean
  errorCode: number
  /** By index; an index that the broker left out is missing. */
  partitions: readonly (PartitionMetadata | undefined)[]
}

/** What is known of the cluster: a value that never changes. A newer answer gives a new one. */
export interface Metadata {
  /** Counts the snapshots: two failures seen under one generation need one refresh. */
  generation: number
  clusterId: string | null
  controllerId: number
  brokers: ReadonlyMap<number, Broker>
  topics: ReadonlyMap<string, TopicMetadata>
}

export const noMetadata: Metadata = {
  generation: 0,
  clusterId: null,
  controllerId: -1,
  brokers: new Map(),
  topics: new Map(),
}

/**
 * Merges an answer into a snapshot. A leader with an older epoch never replaces a newer one, since brokers learn of
 * moves at different times; a topic with another id was recreated and begins anew. Source: `Metadata.java`.
 * @param wanted topics to keep although the answer does not name them; an answer for all topics names each
 */
export function mergeMetadata(
  old: Metadata,
  answer: Response<typeof MetadataApi>,
  wanted: ReadonlySet<string>,
): Metadata {
  // An answer without brokers is from a broker that is itself not ready.
  if (answer.brokers.length === 0) return old
  const brokers = new Map<number, Broker>()
  for (const { nodeId, host, port, rack } of answer.brokers)
    brokers.set(nodeId, { id: nodeId, host, port, rack })
  const topics = new Map<string, TopicMetadata>()
  for (const name of wanted) {
    const kept = old.topics.get(name)
    if (kept) topics.set(name, kept)
  }
  for (const topic of answer.topics) {
    if (topic.name === null) continue
    topics.set(topic.name, mergeTopic(old.topics.get(topic.name), topic, topic.name))
  }
  const clusterId = answer.clusterId ?? old.clusterId
  return { generation: old.generation + 1, clusterId, controllerId: answer.controllerId, brokers, topics }
}

/**
 * What is left when the client goes back to its bootstrap addresses: no broker is believed in, while topics are kept
 * until the next answer tells whether it is still the same cluster.
 */
export function withoutBrokers(old: Metadata): Metadata {
  return { ...old, generation: old.generation + 1, controllerId: -1, brokers: new Map() }
}

/** The same snapshot for another cluster: nothing of what was known holds there. */
export function anotherCluster(old: Metadata): Metadata {
  return { ...noMetadata, generation: old.generation }
}

/** Adds brokers whose addresses came by another way; one that is known at the same address changes nothing. */
export function withBrokers(old: Metadata, added: readonly Broker[]): Metadata {
  const fresh = added.filter(({ id, host, port }) => {
    const known = old.brokers.get(id)
    return !known || known.host !== host || known.port !== port
  })
  if (fresh.length === 0) return old
  const brokers = new Map(old.brokers)
  for (const broker of fresh)
    brokers.set(broker.id, { ...broker, rack: old.brokers.get(broker.id)?.rack ?? broker.rack })
  return { ...old, generation: old.generation + 1, brokers }
}

/** Whether a newer snapshot says nothing that was not known: asking again at once would give the same. */
export function isUnchanged(old: Metadata, newer: Metadata): boolean {
  return (
    old.clusterId === newer.clusterId &&
    old.controllerId === newer.controllerId &&
    old.brokers.size === newer.brokers.size &&
    old.topics.size === newer.topics.size &&
    [...newer.brokers.values()].every(({ id, host, port }) => {
      const known = old.brokers.get(id)
      return known?.host === host && known.port === port
    }) &&
    [...newer.topics.values()].every((topic) => isSameTopic(old.topics.get(topic.name), topic))
  )
}

function isSameTopic(old: TopicMetadata | undefined, newer: TopicMetadata): boolean {
  if (old === newer) return true
  if (!old || old.id !== newer.id || old.errorCode !== newer.errorCode) return false
  if (old.partitions.length !== newer.partitions.length) return false
  return newer.partitions.every((partition, index) => {
    const known = old.partitions[index]
    if (!known || !partition) return known === partition
    const { leader, leaderEpoch, errorCode } = partition
    return known.leader === leader && known.leaderEpoch === leaderEpoch && known.errorCode === errorCode
  })
}

type AnsweredTopic = Response<typeof MetadataApi>['topics'][number]

function mergeTopic(old: TopicMetadata | undefined, answer: AnsweredTopic, name: string): TopicMetadata {
  const id = answer.topicId
  const same = old && (old.id === id || old.id === zeroUuid || id === zeroUuid)
  // An error without partitions says nothing about leaders: what is known of them stays until it is contradicted.
  if (answer.errorCode !== 0 && answer.partitions.length === 0) {
    return {
      name,
      id: same ? old.id : id,
      isInternal: answer.isInternal,
      errorCode: answer.errorCode,
      partitions: same ? old.partitions : [],
    }
  }
  const partitions: (PartitionMetadata | undefined)[] = []
  for (const partition of answer.partitions) {
    const index = partition.partitionIndex
    const known = same ? old.partitions[index] : undefined
    partitions[index] = newer(known, {
      index,
      leader: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      replicas: partition.replicaNodes,
      isr: partition.isrNodes,
      errorCode: partition.errorCode,
    })
  }
  // A broker that has not heard of added partitions leaves them out; they do not cease to exist.
  if (same) {
    for (const known of old.partitions) if (known) partitions[known.index] ??= known
  }
  return { name, id, isInternal: answer.isInternal, errorCode: answer.errorCode, partitions }
}

function newer(known: PartitionMetadata | undefined, answered: PartitionMetadata): PartitionMetadata {
  if (known && answered.leaderEpoch >= 0 && answered.leaderEpoch < known.leaderEpoch) return known
  return answered
}

export interface LeaderHint {
  topic: string
  partition: number
  leader: number
  leaderEpoch: number
}

/** Applies the leaders that a refusal named (KIP-951); hints that are not newer change nothing. */
export function mergeLeaders(
  old: Metadata,
  hints: readonly LeaderHint[],
  endpoints: readonly Broker[],
): Metadata {
  const brokers = new Map(old.brokers)
  for (const broker of endpoints) brokers.set(broker.id, broker)
  const topics = new Map(old.topics)
  let changed = false
  for (const { topic, partition, leader, leaderEpoch } of hints) {
    const known = topics.get(topic)
    const before = known?.partitions[partition]
    if (!known || !before || leader < 0 || leaderEpoch <= before.leaderEpoch || !brokers.has(leader)) continue
    const partitions = known.partitions.slice()
    partitions[partition] = { ...before, leader, leaderEpoch, errorCode: 0 }
    topics.set(topic, { ...known, partitions })
    changed = true
  }
  return changed ? { ...old, generation: old.generation + 1, brokers, topics } : old
}

/** The error of who waited in vain for a topic, or for one of its partitions. */
export function unknownTopic(
  topic: string,
  known: TopicMetadata | undefined,
  partition: number,
  waitedMs: number,
  cause: Error | undefined,
): TimeoutError {
  if (known?.errorCode !== 0) return new TimeoutError(`topic ${topic} to be known`, waitedMs, { cause })
  const hint = `The topic has partitions 0 to ${known.partitions.length - 1}: name one of them, or add partitions`
  return new TimeoutError(`partition ${partition} of topic ${topic} to be known`, waitedMs, { cause, hint })
}
