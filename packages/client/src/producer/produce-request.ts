import type { CodecName, Request, Response } from '@samsa/protocol'
import { type Produce, zeroUuid } from '@samsa/protocol'
import type { LeaderHint, Metadata } from '../cluster/metadata.ts'
import type { Broker } from '../net/endpoint.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerConfig } from './producer-config.ts'

export type ProduceAnswer = Response<typeof Produce>
export type PartitionAnswer = ProduceAnswer['responses'][number]['partitionResponses'][number]

/** A Produce request, with what is needed to read its answer. */
export interface ProduceRequest {
  /** Makes the body when it is written: what was given up until then is left out, so that it has never left. */
  body: () => Request<typeof Produce>
  /** The newest version that can be used; undefined: whichever. */
  maxVersion: number | undefined
  batches: readonly ProducerBatch[]
  /** Names of the topics by their ids, as they were when it was made. */
  names: ReadonlyMap<string, string>
}

/** The newest version that names topics by name; the ones after it want ids. */
const LAST_WITH_NAMES = 12

/** Makes one request of batches that go to the same broker, at most one for each partition. */
export function produceRequest(
  batches: readonly ProducerBatch[],
  config: ProducerConfig,
  metadata: Metadata,
): ProduceRequest {
  const names = new Map<string, string>()
  const ids = new Map<string, string>()
  for (const { topic } of batches) {
    const id = metadata.topics.get(topic)?.id ?? zeroUuid
    ids.set(topic, id)
    if (id !== zeroUuid) names.set(id, topic)
  }
  // Where an id is missing the newest version that uses names is taken (franz-go learned this the hard way).
  const maxVersion = names.size === ids.size ? undefined : LAST_WITH_NAMES
  return { body: () => bodyOf(batches, config, ids), maxVersion, batches, names }
}

function bodyOf(
  batches: readonly ProducerBatch[],
  config: ProducerConfig,
  ids: ReadonlyMap<string, string>,
): Request<typeof Produce> {
  const { compressionType, compressionLevel, requestTimeoutMs: timeoutMs } = config
  const topics = new Map<string, { index: number; records: Uint8Array }[]>()
  for (const batch of batches) {
    if (batch.isSettled) continue
    const records = batch.finish(compressionType as CodecName, compressionLevel)
    const partitions = topics.get(batch.topic)
    if (partitions) partitions.push({ index: batch.partition, records })
    else topics.set(batch.topic, [{ index: batch.partition, records }])
  }
  const topicData = [...topics].map(([name, partitionData]) => ({
    name,
    topicId: ids.get(name) ?? zeroUuid,
    partitionData,
  }))
  const acks = config.acks === 'all' ? -1 : (config.acks as number)
  return { acks, timeoutMs, topicData }
}

/** What an answer says of each batch of its request. */
export interface ProduceOutcome {
  batch: ProducerBatch
  /** Undefined where the answer does not name the batch. */
  answer: PartitionAnswer | undefined
}

/** Reads an answer by its request: one outcome for each batch, in the order of the answer; what it leaves out comes last. */
export function produceOutcomes({ batches, names }: ProduceRequest, answer: ProduceAnswer): ProduceOutcome[] {
  const left = new Map(batches.map((batch) => [`${batch.topic} ${batch.partition}`, batch]))
  const outcomes: ProduceOutcome[] = []
  for (const { name, topicId, partitionResponses } of answer.responses) {
    const topic = names.get(topicId) ?? name
    for (const part of partitionResponses) {
      const key = `${topic} ${part.index}`
      const batch = left.get(key)
      // What was not asked for, or is told twice, is passed over.
      if (batch && left.delete(key)) outcomes.push({ batch, answer: part })
    }
  }
  for (const batch of left.values()) outcomes.push({ batch, answer: undefined })
  return outcomes
}

/** Codes with which a broker may name the leader that it knows of (KIP-951). */
const HINTING = new Set([6, 74])

/**
 * The leaders that refusals name (KIP-951), with where they are. Only NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH name
 * one, and only with its epoch. Source: `Sender.handleProduceResponse`.
 */
export function leaderHints(
  outcomes: readonly ProduceOutcome[],
  answer: ProduceAnswer,
): { hints: LeaderHint[]; endpoints: Broker[] } {
  const hints = outcomes.flatMap(({ batch, answer: part }) => {
    if (!part || !HINTING.has(part.errorCode)) return []
    const { leaderId: leader, leaderEpoch } = part.currentLeader
    return leader < 0 || leaderEpoch < 0
      ? []
      : [{ topic: batch.topic, partition: batch.partition, leader, leaderEpoch }]
  })
  const endpoints =
    hints.length === 0
      ? []
      : answer.nodeEndpoints.map(({ nodeId: id, host, port, rack }) => ({ id, host, port, rack }))
  return { hints, endpoints }
}
