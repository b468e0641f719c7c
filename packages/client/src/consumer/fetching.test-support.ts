import type { Reply } from '@samsa/protocol'
import { BatchWriter, Fetch, Metadata, zeroUuid } from '@samsa/protocol'
import { Cluster } from '../cluster/cluster.ts'
import type { ClientEvents, Logger } from '../events.ts'
import { Events } from '../events.ts'
import type { Asked, FakeBroker } from '../world.test-support.ts'
import { FakeWorld } from '../world.test-support.ts'
import { CompletedFetch } from './completed-fetch.ts'
import type { ConsumerSettings } from './consumer-config.ts'
import { consumerConfig } from './consumer-config.ts'
import { Fetcher } from './fetcher.ts'
import type { Divergence } from './log-truncation.ts'
import type { AssignedPartition } from './positions.ts'
import { Positions } from './positions.ts'

/** For tests only: a batch of so many records from an offset on, whose values are their offsets. */
export function batchAt(baseOffset: number, count: number, leaderEpoch = 0): Buffer {
  const writer = new BatchWriter()
  for (let index = 0; index < count; index++) writer.append(0, null, `${baseOffset + index}`, undefined)
  const bytes = Buffer.from(writer.finish({ codec: 'none', level: undefined }))
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(leaderEpoch, 12)
  return bytes
}

/** For tests only: what an answer of t-0 holds. */
export function fetchOf(offset: number, records: Buffer): CompletedFetch {
  const rules = { checkCrcs: true, isCommittedOnly: false, maxDecompressedBytes: 1_000_000 }
  return new CompletedFetch(
    { topic: 't', partition: 0 },
    offset,
    { records, abortedTransactions: null },
    rules,
  )
}

type Part = Partial<Reply<typeof Fetch>['responses'][number]['partitions'][number]>

/** A request for partitions of t: what was asked, and what answers it. */
export interface AskedFetch {
  partitions: {
    partition: number
    fetchOffset: number
    lastFetchedEpoch: number
    currentLeaderEpoch: number
  }[]
  maxWaitMs: number
  maxBytes: number
  /** The number of the connection on which it came. */
  connection: number
  answer: (parts: readonly (Part & { partition?: number })[]) => void
}

/** Metadata of the topic t, whose partitions are led by these brokers. */
export function metadataOf(
  leaders: readonly number[],
  leaderEpoch = 0,
  topicId = zeroUuid,
  errorCode = 0,
): Reply<typeof Metadata> {
  return {
    brokers: [1, 2].map((nodeId) => ({ nodeId, host: `k${nodeId}`, port: 1 })),
    controllerId: 1,
    topics: [
      {
        errorCode,
        name: 't',
        topicId,
        partitions: leaders.map((leaderId, partitionIndex) => ({
          ...{ errorCode: 0, partitionIndex, leaderId, leaderEpoch },
          ...{ replicaNodes: [1, 2], isrNodes: [1, 2], offlineReplicas: [] },
        })),
      },
    ],
  }
}

function askedFetch(broker: FakeBroker, asked: Asked): AskedFetch {
  const { connection, version, correlationId, body } = asked
  const topicId = body.topics[0].topicId ?? zeroUuid
  return {
    ...body,
    partitions: body.topics[0].partitions,
    connection: broker.connections.indexOf(connection),
    answer: (parts) =>
      connection.answer(Fetch, version, correlationId, {
        errorCode: 0,
        responses: [
          {
            topic: 't',
            topicId,
            partitions: parts.map(({ partition = 0, ...part }) => ({
              ...{ partitionIndex: partition, errorCode: 0, highWatermark: 99 },
              ...{ records: null, abortedTransactions: null, ...part },
            })),
          },
        ],
      }),
  }
}

export interface FetchingOptions {
  settings?: ConsumerSettings
  /** Leaders of the partitions of t. */
  leaders?: readonly number[]
  /** What each broker does with a fetch. */
  onFetch: (asked: AskedFetch, node: number) => void
}

/** For tests only: a fetcher of partitions of t in a world whose clock is moved by hand. */
export class Fetching {
  readonly world = new FakeWorld()
  readonly brokers: readonly [FakeBroker, FakeBroker] = [this.world.broker('k1:1'), this.world.broker('k2:1')]
  readonly positions = new Positions()
  readonly errors: Error[] = []
  readonly outOfRange: AssignedPartition[] = []
  readonly truncated: [AssignedPartition, Divergence | undefined][] = []
  readonly recreated: AssignedPartition[] = []
  readonly warnings: string[] = []
  readonly cluster: Cluster
  readonly fetcher: Fetcher
  readonly partitions: readonly AssignedPartition[]

  constructor({ settings, leaders = [1], onFetch }: FetchingOptions) {
    const config = consumerConfig({ bootstrapServers: 'k1:1', retryBackoffMs: 100, ...settings })
    this.describe(metadataOf(leaders))
    this.brokers.forEach((broker, index) => {
      broker.on(Fetch, (asked) => onFetch(askedFetch(broker, asked), index + 1))
    })
    const none = () => {}
    const logger: Logger = { debug: none, info: none, warn: (line) => this.warnings.push(line), error: none }
    this.cluster = new Cluster(config, this.world, new Events<ClientEvents>(logger))
    this.partitions = this.positions.assign(leaders.map((_, partition) => ({ topic: 't', partition })))
    this.fetcher = new Fetcher({
      ...{ config, cluster: this.cluster, positions: this.positions },
      onArrived: none,
      onOutOfRange: (partition) => this.outOfRange.push(partition),
      onTruncated: (partition, divergence) => this.truncated.push([partition, divergence]),
      onRecreated: (partition) => this.recreated.push(partition),
      onError: (error) => this.errors.push(error),
    })
  }

  get partition(): AssignedPartition {
    return this.partitions[0] as AssignedPartition
  }

  /** What brokers say of the cluster from now on. */
  describe(metadata: Reply<typeof Metadata>): void {
    for (const broker of this.brokers) broker.answers(Metadata, metadata)
  }

  /** Begins at these offsets, one for each partition. */
  async begin(...offsets: number[]): Promise<void> {
    this.cluster.want('t')
    await this.cluster.refresh()
    for (const [index, offset] of offsets.entries()) this.partitions[index]?.moveTo(offset)
    this.fetcher.wake()
    await this.world.settle()
  }

  /** Values that can be handed over now, in their turns; up to what cannot be read, and why. */
  takeBefore(): { values: string[]; error?: Error } {
    const values: string[] = []
    try {
      for (let partition = this.positions.next(); partition; partition = this.positions.next()) {
        if (partition.recordIndex >= partition.records.length && !this.fetcher.open(partition)) continue
        const view = partition.records[partition.recordIndex++]
        if (!view) continue
        partition.position = view.offset + 1
        values.push(String(view.value))
        if (partition.recordIndex < partition.records.length) continue
        partition.position = partition.recordsEnd
        partition.records = []
        partition.recordIndex = 0
        this.positions.rotate(partition)
        this.fetcher.wake()
      }
    } catch (error) {
      return { values, error: error as Error }
    }
    return { values }
  }

  /** Values that can be handed over now. */
  take(): string[] {
    const { values, error } = this.takeBefore()
    if (error) throw error
    return values
  }

  close(): void {
    this.fetcher.close()
    this.cluster.close()
  }
}
